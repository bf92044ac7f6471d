package sammyjaeger.realjaeger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.VisitCounterServices;

/** What a real Jaeger makes of what the packaged services send, as its UI gets it. */
@Execution(ExecutionMode.SAME_THREAD) // One Jaeger at a time takes a core.
class RealJaegerTest {

  private static final String VISIT =
      """
      do-visit-counter-frontend GET / server http.status_code=int64:200
        do-visit-counter-frontend GET /api/counter client http.status_code=int64:200
          do-visit-counter-backend GET /api/counter server http.status_code=int64:200
        do-visit-counter-frontend POST /api/counter client http.status_code=int64:200
          do-visit-counter-backend POST /api/counter server http.status_code=int64:200
            do-visit-counter-backend simulated-delay delay.ms=int64:20
      """;

  private final RealJaeger jaeger = new RealJaeger();
  private final List<String> traceIds = new ArrayList<>();

  @BeforeAll
  static void requireJaeger() throws Exception {
    if (!RealJaeger.isThere()) {
      System.out.println("There is no program jaeger and no Docker: no real Jaeger is asked");
      Assumptions.abort();
    }
  }

  @AfterEach
  void stopJaeger() throws Exception {
    jaeger.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"over UDP", "over HTTP", "through the sidecar"})
  void visit_isOneTraceOfSixSpans(String way) throws Exception {
    jaeger.start();
    try (RealJaeger sidecar = new RealJaeger()) {
      sidecar.startAsSidecarOf(jaeger);
      Map<String, String> spansGo =
          switch (way) {
            case "over UDP" -> overUdpTo(jaeger);
            case "over HTTP" -> Map.of("JAEGER_ENDPOINT", jaeger.uri(14268) + "/api/traces");
            default -> overUdpTo(sidecar);
          };
      try (JarProcess backend = backend(spansGo);
          JarProcess frontend = frontend(backend.uri(), spansGo)) {
        visit(frontend, 10);
        for (String id : traceIds) {
          awaitEqual(VISIT, () -> jaeger.trace(id).text());
        }
        assertCountsAgree(backend, frontend);
      }
    }
  }

  @Test
  void firstVisitAfterALateStart_isOneTraceOfSixSpans() throws Exception {
    try (JarProcess backend = backend(overUdpTo(jaeger));
        JarProcess frontend = frontend(backend.uri(), overUdpTo(jaeger))) {
      visit(frontend, 10);
      frontend.await(", because nobody listens there");
      backend.await(", because nobody listens there");
      jaeger.start();
      visit(frontend, 1);
      awaitEqual(VISIT, () -> jaeger.trace(traceIds.get(10)).text());
      assertCountsAgree(backend, frontend);
    }
  }

  /** Jaeger marks a span only if its tag {@code error} is a Boolean. */
  @Test
  void visitWithoutBackend_isAnErrorInBothSpans() throws Exception {
    jaeger.start();
    URI nobody = jaeger.uri(5000);
    try (JarProcess frontend = frontend(nobody, overUdpTo(jaeger))) {
      visit(frontend, 1);
      awaitEqual(
          """
          do-visit-counter-frontend GET / server http.status_code=int64:502 error=bool:true
            do-visit-counter-frontend GET /api/counter client error=bool:true logs=1
          """,
          () -> jaeger.trace(traceIds.get(0)).text());
      assertCountsAgree(frontend);
    }
  }

  /** It answers every path with a web page. */
  @Test
  void uiInPlaceOfTheCollector_countsAsALoss() throws Exception {
    jaeger.start();
    Map<String, String> toTheUi = Map.of("JAEGER_ENDPOINT", jaeger.uri(16686).toString());
    try (JarProcess backend = backend(toTheUi);
        JarProcess frontend = frontend(backend.uri(), toTheUi)) {
      visit(frontend, 1);
      frontend.await("Spans don't reach ");
      assertCountsAgree(backend, frontend);
    }
  }

  /** The overlays that have any, and how many. */
  @ParameterizedTest
  @CsvSource({"., 2", "direct, 1", "durable, 2", "replicated, 2", "scaled, 3", "otel-operator, 2"})
  void configurationsInTheManifests_areValid(String overlay, int count) throws Exception {
    int valid = 0;
    for (Object object : new Yaml().loadAll(render("k8s/" + overlay))) {
      List<String> files = configuration((Map<?, ?>) object);
      if (!files.isEmpty()) {
        RealJaeger.validate(files);
        valid++;
      }
    }
    assertEquals(count, valid);
  }

  private static String render(String overlay) throws Exception {
    try {
      return RealJaeger.output(new ProcessBuilder("kubectl", "kustomize", overlay));
    } catch (IOException e) {
      return Assumptions.abort("kubectl is missing");
    }
  }

  /** The files of a ConfigMap (not its variables), or what an operator makes one of. */
  private static List<String> configuration(Map<?, ?> object) {
    if (object.get("spec") instanceof Map<?, ?> spec && spec.get("config") != null) {
      return List.of(new Yaml().dump(spec.get("config")));
    }
    Map<?, ?> data = object.get("data") instanceof Map<?, ?> files ? files : Map.of();
    return data.values().stream()
        .map(Object::toString)
        .filter(text -> text.contains("\n"))
        .toList();
  }

  /** Stops the services: what they say they sent is what Jaeger has of all visits. */
  private void assertCountsAgree(JarProcess... services) throws Exception {
    int sent = 0;
    for (JarProcess service : services) {
      service.terminate();
      String log = String.join("\n", service.log());
      String claim = "(?s).*- Of \\d+ spans, (\\d+) were (handed|taken) .*";
      sent += Integer.parseInt(log.replaceFirst(claim, "$1"));
    }
    awaitEqual(sent, this::spansOfAllVisits);
  }

  private int spansOfAllVisits() throws Exception {
    int spans = 0;
    for (String id : traceIds) {
      spans += jaeger.trace(id).spans();
    }
    return spans;
  }

  /** Jaeger has a trace some time after the visit's answer, and not all of it at once. */
  private static <T> void awaitEqual(T expected, Callable<T> actual) throws Exception {
    for (int i = 0; i < 300 && !actual.call().equals(expected); i++) {
      Thread.sleep(100);
    }
    assertEquals(expected, actual.call());
  }

  private static Map<String, String> overUdpTo(RealJaeger jaeger) {
    return Map.of("JAEGER_AGENT_PORT", "" + jaeger.port(6831));
  }

  private static JarProcess backend(Map<String, String> spansGo) throws IOException {
    return service("backend.jar", spansGo, "SIMULATED_DELAY", "20ms");
  }

  private static JarProcess frontend(URI backend, Map<String, String> spansGo) throws IOException {
    return service("frontend.jar", spansGo, "COUNTER_ENDPOINT", backend.toString());
  }

  /** A service whose spans leave soon, so that a visit is several packets. */
  private static JarProcess service(
      String jar, Map<String, String> spansGo, String setting, String value) throws IOException {
    Map<String, String> all = new HashMap<>(spansGo);
    all.put("PORT", "0");
    all.put("JAEGER_REPORTER_FLUSH_INTERVAL", "5");
    all.put(setting, value);
    return new JarProcess(jar, all);
  }

  private void visit(JarProcess frontend, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      var answer = VisitCounterServices.send("GET", frontend.uri());
      traceIds.add(answer.headers().firstValue("X-Trace-Id").orElseThrow());
    }
  }
}
