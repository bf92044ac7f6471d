package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.Concurrently;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;

/** What one visit leaves in Jaeger, read off the wire. */
class VisitTraceTest {

  private static final String FRONTEND = VisitCounterServices.FRONTEND;
  private static final String BACKEND = VisitCounterServices.BACKEND;
  private static final String TRACE_ID = "463ac35c9f6413ad48485a3953bb6124";
  private static final int SAMPLED = 1;
  private static final int DEBUG = 2;

  @Test
  void visit_isOneTraceOfSixSpans() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "20ms"))) {
      String traceId = services.visit().headers().firstValue("X-Trace-Id").orElseThrow();
      List<WireSpan> spans = services.stop();

      assertEquals(6, spans.size(), spans::toString);
      spans.forEach(span -> assertEquals(traceId, span.traceId()));
      assertTrue(traceId.matches("[0-9a-f]{32}") && !traceId.startsWith("0".repeat(16)), traceId);

      WireSpan visit = only(spans, FRONTEND, "GET /");
      WireSpan getClient = only(spans, FRONTEND, "GET /api/counter");
      WireSpan getServer = only(spans, BACKEND, "GET /api/counter");
      WireSpan postClient = only(spans, FRONTEND, "POST /api/counter");
      WireSpan postServer = only(spans, BACKEND, "POST /api/counter");
      WireSpan delay = only(spans, BACKEND, "simulated-delay");

      assertEquals(0, visit.parentId());
      assertEquals(visit.spanId(), getClient.parentId());
      assertEquals(getClient.spanId(), getServer.parentId());
      assertEquals(visit.spanId(), postClient.parentId());
      assertEquals(postClient.spanId(), postServer.parentId());
      assertEquals(postServer.spanId(), delay.parentId());

      assertTrue(visit.encloses(getClient) && visit.encloses(postClient));
      assertTrue(getClient.encloses(getServer));
      assertTrue(postClient.encloses(postServer));
      assertTrue(postServer.encloses(delay));
      assertEquals(20L, delay.tags().get("delay.ms"));
      assertTrue(delay.durationMicros() >= 20_000, delay::toString);
    }
  }

  @Test
  void serverSpan_hasTheConventionsTags() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      VisitCounterServices.send("GET", services.frontend().resolve("/?secret=1"));
      List<WireSpan> spans = services.stop();

      Map<String, Object> visit = only(spans, FRONTEND, "GET /").tags();
      assertEquals("server", visit.get("span.kind"));
      assertEquals("java-web-servlet", visit.get("component"));
      assertEquals("GET", visit.get("http.method"));
      assertEquals(services.frontend().toString(), visit.get("http.url"));
      assertEquals(200L, visit.get("http.status_code"));
      assertEquals(1L, visit.get("counter.seen"));
      assertEquals(1L, visit.get("visitor.number"));
      assertFalse(visit.containsKey("error"));
    }
  }

  @Test
  void clientSpan_hasTheConventionsTags() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      services.visit();

      Map<String, Object> post = only(services.stop(), FRONTEND, "POST /api/counter").tags();
      assertEquals("client", post.get("span.kind"));
      assertEquals("java.net.http", post.get("component"));
      assertEquals("POST", post.get("http.method"));
      assertEquals(services.counter().toString(), post.get("http.url"));
      assertEquals(200L, post.get("http.status_code"));
      assertEquals(BACKEND, post.get("peer.service"));
      assertEquals("127.0.0.1", post.get("peer.hostname"));
      assertEquals((long) services.counter().getPort(), post.get("peer.port"));
      assertFalse(post.containsKey("error"));
    }
  }

  /** As in the article, whose code injects nothing. */
  @Test
  void visitWithoutPropagation_isThreeTraces() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("JAEGER_PROPAGATION", "none"))) {
      String traceId = services.visit().headers().firstValue("X-Trace-Id").orElseThrow();
      List<WireSpan> spans = services.stop();

      Map<String, Set<String>> traces =
          spans.stream()
              .collect(
                  Collectors.groupingBy(
                      WireSpan::traceId,
                      Collectors.mapping(
                          span -> span.service() + " " + span.operation(), Collectors.toSet())));
      assertEquals(
          Set.of(
              Set.of(
                  FRONTEND + " GET /",
                  FRONTEND + " GET /api/counter",
                  FRONTEND + " POST /api/counter"),
              Set.of(BACKEND + " GET /api/counter"),
              Set.of(BACKEND + " POST /api/counter", BACKEND + " simulated-delay")),
          Set.copyOf(traces.values()));
      assertEquals(3, traces.get(traceId).size());
      assertEquals(0, only(spans, BACKEND, "POST /api/counter").parentId());
    }
  }

  @Test
  void backendAnswers500_markTheSpansAndLogOnce() throws Exception {
    try (FakeBackend broken =
            FakeBackend.sending("HTTP/1.1 500 Broken\r\nContent-Length: 4\r\n\r\noops");
        VisitCounterServices services = VisitCounterServices.with(broken, Map.of())) {
      HttpResponse<String> answer = services.visit();
      List<WireSpan> spans = services.stop();

      assertEquals(2, spans.size(), spans::toString);
      WireSpan client = only(spans, FRONTEND, "GET /api/counter");
      assertEquals(true, client.tags().get("error"));
      assertEquals(500L, client.tags().get("http.status_code"));
      assertErrorLog(client, "java.io.IOException", "answered with status 500");
      WireSpan visit = only(spans, FRONTEND, "GET /");
      assertEquals(true, visit.tags().get("error"));
      assertEquals(502L, visit.tags().get("http.status_code"));
      assertEquals(answer.headers().firstValue("X-Trace-Id").orElseThrow(), visit.traceId());
    }
  }

  @Test
  void backendTimesOut_marksTheClientSpan() throws Exception {
    try (FakeBackend silent = FakeBackend.silent();
        VisitCounterServices services =
            VisitCounterServices.with(silent, Map.of("COUNTER_TIMEOUT", "200ms"))) {
      services.visit();
      List<WireSpan> spans = services.stop();

      WireSpan client = only(spans, FRONTEND, "GET /api/counter");
      assertEquals(true, client.tags().get("error"));
      assertFalse(client.tags().containsKey("http.status_code"));
      assertErrorLog(client, "java.net.http.HttpTimeoutException", "did not answer within 200 ms");
      assertEquals(504L, only(spans, FRONTEND, "GET /").tags().get("http.status_code"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "1:2:3",
        ":::",
        "0:0:0:0",
        "463AC35C9F6413AD48485A3953BB6124:1:0:1",
        "g63ac35c9f6413ad48485a3953bb6124:1:0:1",
        "463ac35c9f6413ad48485a3953bb61240:1:0:1",
        "%zz",
        "%",
        "LONG:1:0:1",
      })
  void malformedContext_startsANewTrace(String header) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      String context = header.replace("LONG", "a".repeat(6000));
      HttpResponse<String> answer = services.visit("uber-trace-id", context);
      List<WireSpan> spans = services.stop();

      assertEquals(200, answer.statusCode());
      assertEquals(6, spans.size(), spans::toString);
      assertEquals(0, only(spans, FRONTEND, "GET /").parentId());
    }
  }

  @Test
  void contextOf64Bits_isJoinedAndShownWith32Digits() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = services.visit("uber-trace-id", "48485a3953bb6124:a:0:1");
      List<WireSpan> spans = services.stop();

      String id = "000000000000000048485a3953bb6124";
      assertEquals(id, answer.headers().firstValue("X-Trace-Id").orElseThrow());
      assertEquals(6, spans.size());
      spans.forEach(span -> assertEquals(id, span.traceId()));
    }
  }

  @Test
  void unsampledContext_isHonouredByBothServices() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = services.visit("uber-trace-id", TRACE_ID + ":a:0:0");

      assertEquals(TRACE_ID, answer.headers().firstValue("X-Trace-Id").orElseThrow());
      assertEquals(List.of(), services.stop());
    }
  }

  @Test
  void debugId_samplesWhereTheSamplerWouldNot() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("JAEGER_SAMPLER_PARAM", "0"))) {
      services.visit();
      services.visit("jaeger-debug-id", "it-was-slow");
      List<WireSpan> spans = services.stop();

      assertEquals(6, spans.size(), spans::toString);
      spans.forEach(span -> assertEquals(SAMPLED | DEBUG, span.flags()));
      assertEquals("it-was-slow", only(spans, FRONTEND, "GET /").tags().get("jaeger-debug-id"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b=1", "%C3%A9=1", "a\"(=1"})
  void baggage_crossesTheHopExceptWhatNoHeaderCanCarry(String other) throws Exception {
    try (FakeBackend backend = FakeBackend.counting();
        VisitCounterServices services = VisitCounterServices.with(backend, Map.of())) {
      HttpResponse<String> answer =
          services.visit(
              "uberctx-user",
              "Sammy%20%C3%A9",
              "jaeger-baggage",
              other,
              "uber-trace-id",
              TRACE_ID + ":a:0:1");

      assertEquals(200, answer.statusCode());
      assertEquals("Sammy+%C3%A9", backend.headers.get("uberctx-user"));
      assertTrue(backend.headers.get("uber-trace-id").startsWith(TRACE_ID + ":"));
    }
  }

  /** Encoded, each quotation mark takes three bytes. */
  @Test
  void baggageThatFitsIntoNoRequest_getsA502AndNobodyElseNotices() throws Exception {
    String[] headers =
        IntStream.range(0, 7)
            .boxed()
            .flatMap(i -> Stream.of("uberctx-" + i, "\"".repeat(1000)))
            .toArray(String[]::new);
    try (VisitCounterServices services = new VisitCounterServices()) {
      assertEquals(502, services.visit(headers).statusCode());
      assertEquals(VisitCounterServices.greeting(1), services.visit().body());
    }
  }

  @ParameterizedTest
  @CsvSource({"jaeger, uber-trace-id", "w3c, traceparent", "b3, x-b3-traceid"})
  void propagation_isWhichHeadersCarryTheContext(String propagation, String header)
      throws Exception {
    try (FakeBackend backend = FakeBackend.counting();
        VisitCounterServices services =
            VisitCounterServices.with(backend, Map.of("JAEGER_PROPAGATION", propagation))) {
      services.visit();
      assertEquals(
          List.of(header),
          Stream.of("uber-trace-id", "traceparent", "x-b3-traceid")
              .filter(backend.headers::containsKey)
              .toList());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "uber-trace-id; TRACE:a:0:1",
        "Uber-Trace-Id; TRACE%3Aa%3A0%3A1",
        "traceparent; 00-TRACE-000000000000000a-01",
        "X-B3-TraceId; TRACE; X-B3-SpanId; 000000000000000a; X-B3-Sampled; 1",
      })
  void contextOfEachPropagation_isJoinedWhenConfigured(String headers) throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("JAEGER_PROPAGATION", "jaeger,w3c,b3"))) {
      services.visit(headers.replace("TRACE", TRACE_ID).split("; "));
      List<WireSpan> spans = services.stop();

      assertEquals(6, spans.size(), spans::toString);
      spans.forEach(span -> assertEquals(TRACE_ID, span.traceId()));
      assertEquals(10, only(spans, FRONTEND, "GET /").parentId());
    }
  }

  @Test
  void concurrentVisits_haveTheirOwnNumbersAndTraces() throws Exception {
    int visits = 100;
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "0..20ms"))) {
      Set<String> greetings = new HashSet<>();
      Set<String> traceIds = new HashSet<>();
      for (HttpResponse<String> answer : Concurrently.call(visits, () -> services.visit())) {
        greetings.add(answer.body());
        traceIds.add(answer.headers().firstValue("X-Trace-Id").orElseThrow());
      }
      for (int number = 1; number <= visits; number++) {
        assertTrue(greetings.contains(VisitCounterServices.greeting(number)), "number " + number);
      }
      assertEquals(visits, traceIds.size());

      Map<String, List<WireSpan>> traces =
          services.stop().stream().collect(Collectors.groupingBy(WireSpan::traceId));
      assertEquals(traceIds, traces.keySet());
      traces.values().forEach(spans -> assertEquals(6, spans.size(), spans::toString));
    }
  }

  @Test
  void settings_reachTheTracer() throws Exception {
    Map<String, String> settings =
        Map.of(
            "JAEGER_SERVICE_NAME", "another-name",
            "JAEGER_TAGS", "team=blue, k8s.pod.name=${NO_SUCH:none},jdk=${java.version}",
            "JAEGER_TRACEID_128BIT", "false");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      services.visit();
      List<WireSpan> spans = services.stop();

      assertEquals(6, spans.size());
      for (WireSpan span : spans) {
        assertEquals("another-name", span.service());
        assertEquals("blue", span.processTags().get("team"));
        assertEquals("none", span.processTags().get("k8s.pod.name"));
        assertEquals(System.getProperty("java.version"), span.processTags().get("jdk"));
        assertTrue(span.traceId().startsWith("0000000000000000"), span::traceId);
      }
    }
  }

  @Test
  void head_isNoVisit() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = VisitCounterServices.send("HEAD", services.frontend());
      assertEquals(200, answer.statusCode());
      assertTrue(answer.headers().firstValue("Content-Length").isEmpty());
      List<String> operations = services.stop().stream().map(WireSpan::operation).toList();
      assertEquals(List.of("HEAD /"), operations);
    }
  }

  private static WireSpan only(List<WireSpan> spans, String service, String operation) {
    return VisitCounterServices.only(spans, service, operation);
  }

  private static void assertErrorLog(WireSpan span, String kind, String message) {
    assertEquals(1, span.logs().size(), span::toString);
    Map<String, Object> log = span.logs().get(0);
    assertEquals("error", log.get("event"));
    assertEquals(kind, log.get("error.kind"));
    assertEquals(message, log.get("message"));
    assertTrue(log.get("error.object").toString().contains(message));
    assertTrue(log.get("stack").toString().contains("CounterClient"));
  }
}
