package sammyjaeger.tracing;

import static io.opentracing.propagation.Format.Builtin.HTTP_HEADERS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpanContext;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.propagation.TextMapAdapter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/** One tracer: what its settings do, and its end. */
class TracingTest {

  private final Log log = new Log();

  @Test
  void close_sendsWhatStillWaitsAndSaysWhatBecameOfAll() throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      String port = String.valueOf(agent.port());
      Tracing tracing =
          tracing(Map.of("JAEGER_AGENT_PORT", port, "JAEGER_REPORTER_FLUSH_INTERVAL", "600000"));
      finishSpans(3, tracing);
      tracing.tracer().buildSpan("long").withTag("long", "x".repeat(100_000)).start().finish();
      tracing.close();
      assertEquals(3, agent.drain().size());
      String destination = "udp://localhost:" + port;
      assertLogged(destination + ", because a span is too long");
      assertLogged(
          "Of 4 spans, 3 were handed to the network for " + destination + ", and 1 were lost");
    }
  }

  /** More than the reporter takes at once. */
  @Test
  void close_sendsAllOfALongQueue() throws Exception {
    try (HttpCollector collector = new HttpCollector()) {
      Tracing tracing = tracing(Map.of("JAEGER_ENDPOINT", collector.endpoint()));
      finishSpans(3_000, tracing);
      tracing.close();
      assertEquals(3_000, collector.spans.size());
    }
  }

  @Test
  void close_givesUpOnAJaegerThatDoesNotAnswer() throws Exception {
    try (FakeBackend silent = FakeBackend.silent()) {
      Tracing tracing = tracing(Map.of("JAEGER_ENDPOINT", silent.uri().toString()));
      finishSpans(5_000, tracing);
      tracing.close();
      String said = log.lines("Of 5000 spans, 0 were taken by " + silent.uri()).get(0);
      Matcher counts =
          Pattern.compile("and (\\d+) were lost; the fate of (\\d+) is not known").matcher(said);
      assertTrue(counts.find(), said);
      assertEquals(5_000, Integer.parseInt(counts.group(1)) + Integer.parseInt(counts.group(2)));
    }
  }

  @Test
  void close_whenInterruptedEndsAtOnceAndStaysSo() throws Exception {
    try (FakeBackend silent = FakeBackend.silent()) {
      Tracing tracing = tracing(Map.of("JAEGER_ENDPOINT", silent.uri().toString()));
      finishSpans(1, tracing);
      Thread.currentThread().interrupt();
      tracing.close();
      assertTrue(Thread.interrupted());
      assertLogged(silent.uri() + ", and 0 were lost; the fate of 1 is not known");
    }
  }

  @Test
  void start_saysWhereSpansGo() {
    tracing(
            Map.of(
                "JAEGER_SERVICE_NAME", "another",
                "JAEGER_AGENT_HOST", "::1",
                "JAEGER_SAMPLER_TYPE", "probabilistic",
                "JAEGER_SAMPLER_PARAM", "0.5",
                "JAEGER_PROPAGATION", "w3c,b3"))
        .logDestination();
    assertLogged(
        "Spans go to udp://[::1]:6831"
            + " (service another, sampler probabilistic 0.5, propagation w3c,b3)");
    tracing(Map.of("JAEGER_ENDPOINT", "http://collector.invalid:1/x")).logDestination();
    assertLogged(
        "Spans go to http://collector.invalid:1"
            + " (service test, sampler const 1, propagation jaeger)");
  }

  /** A remote sampler may be told to sample more than it begins with. */
  @ParameterizedTest
  @CsvSource({
    "JAEGER_SAMPLER_PARAM, 0, const, 1, 'No trace begins here, because JAEGER_SAMPLER_PARAM is 0'",
    "JAEGER_SAMPLER_PARAM, 0, remote, 0, No trace begins here",
    "JAEGER_PROPAGATION, NONE, const, 1, 'traces of their own, because JAEGER_PROPAGATION is none'",
    "JAEGER_PROPAGATION, jaeger, const, 0, traces of their own",
  })
  void start_saysWhatKeepsTracesFromBeingSeen(
      String name, String value, String sampler, int lines, String line) {
    tracing(Map.of(name, value, "JAEGER_SAMPLER_TYPE", sampler)).logDestination();
    assertEquals(lines, log.ownLines(line).size());
  }

  @Test
  void ratelimitingSampler_takesSomeSpansAndNotTheOthers() throws Exception {
    Tracing tracing =
        tracing(Map.of("JAEGER_SAMPLER_TYPE", "ratelimiting", "JAEGER_SAMPLER_PARAM", "1"));
    Set<Boolean> sampled = new HashSet<>();
    while (sampled.size() < 2) {
      Span span = tracing.tracer().buildSpan("span").start();
      sampled.add(((JaegerSpanContext) span.context()).isSampled());
      Thread.sleep(1);
    }
    tracing.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"jaeger", "w3c,jaeger", "none"})
  void headerOfOver1024Characters_isIgnored(String propagation) {
    Tracing tracing = tracing(Map.of("JAEGER_PROPAGATION", propagation));
    Map<String, String> headers = new HashMap<>(Map.of("uber-trace-id", "1:2:3:1"));
    headers.put("uberctx-a", "x".repeat(1024));
    headers.put("uberctx-b", "x".repeat(1025));
    headers.put("jaeger-baggage", "c=" + "x".repeat(1022));
    assertEquals(Set.of("a", "c"), baggage(tracing.tracer(), headers).keySet());
    headers.put("jaeger-baggage", "c=" + "x".repeat(1023));
    assertEquals(Set.of("a"), baggage(tracing.tracer(), headers).keySet());
    tracing.close();
  }

  private static Map<String, String> baggage(Tracer tracer, Map<String, String> headers) {
    JaegerSpanContext context =
        (JaegerSpanContext) tracer.extract(HTTP_HEADERS, new TextMapAdapter(headers));
    assertEquals("1:2:3:1", context.toString().replaceAll("(^|:)0+", "$1"));
    Map<String, String> baggage = new HashMap<>();
    context.baggageItems().forEach(item -> baggage.put(item.getKey(), item.getValue()));
    return baggage;
  }

  private static void finishSpans(int spans, Tracing tracing) {
    for (int i = 0; i < spans; i++) {
      tracing.tracer().buildSpan("span").start().finish();
    }
  }

  private void assertLogged(String text) {
    assertEquals(1, log.lines(text).size());
  }

  private static Tracing tracing(Map<String, String> environment) {
    TracingSettings settings =
        Settings.read(environment::get, from -> TracingSettings.read(from, "test"));
    return new Tracing(settings, new Metrics());
  }
}
