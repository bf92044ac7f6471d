package sammyjaeger.realjaeger;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

/** What a real Jaeger makes of what the packaged services send, by its own query API. */
@Execution(ExecutionMode.SAME_THREAD) // Leaves the cores to the tests that measure time.
class RealJaegerTest {

  private static final String VISIT =
      """
      do-visit-counter-frontend GET / server http.status_code{"intValue":"200"}
        do-visit-counter-frontend GET /api/counter client http.status_code{"intValue":"200"}
          do-visit-counter-backend GET /api/counter server http.status_code{"intValue":"200"}
        do-visit-counter-frontend POST /api/counter client http.status_code{"intValue":"200"}
          do-visit-counter-backend POST /api/counter server http.status_code{"intValue":"200"}
            do-visit-counter-backend simulated-delay unspecified delay.ms{"intValue":"20"}
      """;

  private static final Pattern SENT =
      Pattern.compile("Of \\d+ spans, (\\d+) were (handed|taken) .+ \\d+ were lost");

  private final List<String> traceIds = new ArrayList<>();

  @BeforeAll
  static void requireJaeger() {
    if (RealJaeger.COMMAND.isEmpty()) {
      System.out.println("There is no program jaeger and no Docker: no real Jaeger is asked");
      Assumptions.abort();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"over UDP", "over HTTP", "through the sidecar"})
  void visit_isOneTraceOfSixSpans(String way) throws Exception {
    try (RealJaeger jaeger = new RealJaeger();
        RealJaeger sidecar = new RealJaeger()) {
      jaeger.start();
      sidecar.startAsSidecarOf(jaeger);
      String endpoint = "http://localhost:" + jaeger.port(14268) + "/api/traces";
      Map<String, String> spansGo =
          switch (way) {
            case "over UDP" -> overUdpTo(jaeger);
            case "over HTTP" -> Map.of("JAEGER_ENDPOINT", endpoint);
            default -> overUdpTo(sidecar);
          };
      try (JarProcess backend = backend(spansGo);
          JarProcess frontend = frontend(backend.uri(), spansGo)) {
        visit(frontend.uri(), 10);
        for (String id : traceIds) {
          awaitEqual(VISIT, () -> jaeger.trace(id).text());
        }
        assertCountsAgree(jaeger, backend, frontend);
      }
    }
  }

  /**
   * Whether a packet more or less was lost before: an error that eats the next eats every other.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void firstVisitAfterALateStart_isOneTraceOfSixSpans(int more) throws Exception {
    try (RealJaeger jaeger = new RealJaeger();
        JarProcess backend = backend(overUdpTo(jaeger))) {
      URI counter = backend.uri();
      try (JarProcess frontend = frontend(counter, overUdpTo(jaeger))) {
        URI uri = frontend.uri();
        visit(uri, 10);
        visit(counter.resolve("/api/counter"), more);
        visit(uri.resolve("/no-such-page"), more);
        frontend.await(", because nobody listens there");
        backend.await(", because nobody listens there");
        jaeger.start();
        String first = visit(uri, 1);
        awaitEqual(VISIT, () -> jaeger.trace(first).text());
        assertCountsAgree(jaeger, backend, frontend);
      }
    }
  }

  /** Only a Boolean {@code error} sets the status, and is then no attribute any more. */
  @Test
  void visitWithoutBackend_isAnErrorInBothSpans() throws Exception {
    try (RealJaeger jaeger = new RealJaeger();
        JarProcess frontend =
            frontend(URI.create("http://localhost:" + jaeger.port(5000)), overUdpTo(jaeger))) {
      jaeger.start();
      String visit = visit(frontend.uri(), 1);
      awaitEqual(
          """
          do-visit-counter-frontend GET / server http.status_code{"intValue":"502"} {"code":2}
            do-visit-counter-frontend GET /api/counter client [Event[name=error]] {"code":2}
          """,
          () -> jaeger.trace(visit).text());
      assertCountsAgree(jaeger, frontend);
    }
  }

  /** Of each overlay that has any: how many, and that Jaeger takes them. */
  @ParameterizedTest
  @CsvSource({"., 2", "direct, 1", "durable, 2", "replicated, 2", "scaled, 3", "otel-operator, 2"})
  void configurationsInTheManifests_areValid(String overlay, int count) throws Exception {
    int configurations = 0;
    for (Object object : new Yaml().loadAll(render("k8s/" + overlay))) {
      String[] configuration = configuration((Map<?, ?>) object);
      if (configuration.length > 0) {
        assertEquals("", RealJaeger.complaint(configuration));
        configurations++;
      }
    }
    assertEquals(count, configurations);
  }

  private static String render(String overlay) throws Exception {
    try {
      Process kubectl = new ProcessBuilder("kubectl", "kustomize", overlay).start();
      String rendered = new String(kubectl.getInputStream().readAllBytes(), UTF_8);
      assertEquals(0, kubectl.waitFor());
      return rendered;
    } catch (IOException e) {
      return Assumptions.abort("kubectl is missing");
    }
  }

  /** The files of a ConfigMap, or what an operator makes one of. */
  private static String[] configuration(Map<?, ?> object) {
    if (object.get("spec") instanceof Map<?, ?> spec && spec.get("config") != null) {
      return new String[] {new Yaml().dump(spec.get("config"))};
    }
    Map<?, ?> data = object.get("data") instanceof Map<?, ?> map ? map : Map.of();
    return data.keySet().stream()
        .filter(file -> file.toString().endsWith(".yaml"))
        .map(data::get)
        .toArray(String[]::new);
  }

  /** Stops the services: what they say they sent is what Jaeger has of all visits. */
  private void assertCountsAgree(RealJaeger jaeger, JarProcess... services) throws Exception {
    int sent = 0;
    for (JarProcess service : services) {
      service.terminate();
      Matcher count = SENT.matcher(String.join("\n", service.log()));
      assertTrue(count.find());
      sent += Integer.parseInt(count.group(1));
    }
    awaitEqual(
        sent,
        () -> {
          int spans = 0;
          for (String id : traceIds) {
            spans += jaeger.trace(id).spans();
          }
          return spans;
        });
  }

  /** Jaeger has a trace some time after the visit's answer, and not all of it at once. */
  private static <T> void awaitEqual(T expected, Callable<T> actual) throws Exception {
    for (int i = 0; i < 300 && !actual.call().equals(expected); i++) {
      Thread.sleep(100);
    }
    assertEquals(expected, actual.call());
  }

  private static Map<String, String> overUdpTo(RealJaeger jaeger) {
    return Map.of("JAEGER_AGENT_PORT", String.valueOf(jaeger.port(6831)));
  }

  private static JarProcess backend(Map<String, String> spansGo) throws IOException {
    return service("backend.jar", spansGo, "SIMULATED_DELAY", "20ms");
  }

  private static JarProcess frontend(URI backend, Map<String, String> spansGo) throws IOException {
    return service("frontend.jar", spansGo, "COUNTER_ENDPOINT", backend.toString());
  }

  /** A service whose spans leave soon: a visit is several packets, so a lost one is noticed. */
  private static JarProcess service(
      String jar, Map<String, String> spansGo, String setting, String value) throws IOException {
    Map<String, String> all = new HashMap<>(spansGo);
    all.put("PORT", "0");
    all.put("JAEGER_REPORTER_FLUSH_INTERVAL", "5");
    all.put(setting, value);
    return new JarProcess(jar, all);
  }

  /** Visits some times, and returns the last trace's id. */
  private String visit(URI frontend, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      HttpResponse<String> answer = VisitCounterServices.send("GET", frontend);
      traceIds.add(answer.headers().firstValue("X-Trace-Id").orElseThrow());
    }
    return traceIds.get(traceIds.size() - 1);
  }
}
