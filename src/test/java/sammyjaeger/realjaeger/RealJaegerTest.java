package sammyjaeger.realjaeger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
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

  /** A file of a ConfigMap, or what an operator makes one of. */
  private static final Pattern CONFIGURATION =
      Pattern.compile("(?m)^  (?:\\S+\\.yaml: \\||config:)\n((?: {4}.*\n|\n)+)");

  private final RealJaeger jaeger = new RealJaeger();
  private final List<String> traceIds = new ArrayList<>();

  @BeforeAll
  static void requireJaeger() throws Exception {
    if (RealJaeger.command().isEmpty()) {
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
      try (JarProcess backend = start("backend.jar", spansGo, "");
          JarProcess frontend = start("frontend.jar", spansGo, backend.uri())) {
        visit(frontend, 10);
        for (String id : traceIds) {
          awaitEqual(VISIT, () -> jaeger.trace(id));
        }
        assertCountsAgree(backend, frontend);
      }
    }
  }

  @Test
  void firstVisitAfterALateStart_isOneTraceOfSixSpans() throws Exception {
    try (JarProcess backend = start("backend.jar", overUdpTo(jaeger), "");
        JarProcess frontend = start("frontend.jar", overUdpTo(jaeger), backend.uri())) {
      visit(frontend, 10);
      frontend.await(", because nobody listens there");
      backend.await(", because nobody listens there");
      jaeger.start();
      visit(frontend, 1);
      awaitEqual(VISIT, () -> jaeger.trace(traceIds.get(10)));
      assertCountsAgree(backend, frontend);
    }
  }

  /** Jaeger marks a span only if its tag {@code error} is a Boolean. */
  @Test
  void visitWithoutBackend_isAnErrorInBothSpans() throws Exception {
    jaeger.start();
    try (JarProcess frontend = start("frontend.jar", overUdpTo(jaeger), jaeger.uri(5000))) {
      visit(frontend, 1);
      awaitEqual(
          """
          do-visit-counter-frontend GET / server http.status_code=int64:502 error=bool:true
            do-visit-counter-frontend GET /api/counter client error=bool:true logs=1
          """,
          () -> jaeger.trace(traceIds.get(0)));
      assertCountsAgree(frontend);
    }
  }

  /** It answers every path with a web page. */
  @Test
  void uiInPlaceOfTheCollector_hasTakenNoSpans() throws Exception {
    jaeger.start();
    Map<String, String> toTheUi = Map.of("JAEGER_ENDPOINT", jaeger.uri(16686).toString());
    try (JarProcess frontend = start("frontend.jar", toTheUi, jaeger.uri(5000))) {
      visit(frontend, 1);
      assertCountsAgree(frontend);
    }
  }

  /** The overlays that have any, and how many. */
  @ParameterizedTest
  @CsvSource({"., 2", "direct, 1", "durable, 2", "replicated, 2", "scaled, 3", "otel-operator, 2"})
  void configurationsInTheManifests_areValid(String overlay, int count) throws Exception {
    String render = "command -v kubectl > /dev/null || exit 0; kubectl kustomize k8s/" + overlay;
    String rendered = RealJaeger.output(new ProcessBuilder("sh", "-c", render));
    Assumptions.assumeFalse(rendered.isEmpty(), "kubectl is missing");
    int valid = 0;
    for (String object : rendered.split("(?m)^---$")) {
      List<String> files =
          CONFIGURATION.matcher(object).results().map(file -> file.group(1).stripIndent()).toList();
      if (!files.isEmpty()) {
        RealJaeger.validate(files);
        valid++;
      }
    }
    assertEquals(count, valid);
  }

  /** Stops the services: what they say they sent is what Jaeger has. */
  private void assertCountsAgree(JarProcess... services) throws Exception {
    long sent = 0;
    for (JarProcess service : services) {
      service.terminate();
      sent += Long.parseLong(service.await(" spans, ").replaceFirst(".*spans, (\\d+).*", "$1"));
    }
    awaitEqual(sent, jaeger::spans);
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

  /** A service whose spans leave soon, so that a visit is several packets. */
  private static JarProcess start(String jar, Map<String, String> spansGo, Object backend)
      throws IOException {
    Map<String, String> all = new HashMap<>(spansGo);
    all.put("PORT", "0");
    all.put("SIMULATED_DELAY", "20ms");
    all.put("COUNTER_ENDPOINT", backend.toString());
    all.put("JAEGER_REPORTER_FLUSH_INTERVAL", "5");
    return new JarProcess(jar, all);
  }

  private void visit(JarProcess frontend, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      var answer = VisitCounterServices.send("GET", frontend.uri());
      traceIds.add(answer.headers().firstValue("X-Trace-Id").orElseThrow());
    }
  }
}
