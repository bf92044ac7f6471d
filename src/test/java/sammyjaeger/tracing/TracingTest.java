package sammyjaeger.tracing;

import static io.opentracing.propagation.Format.Builtin.HTTP_HEADERS;
import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpanContext;
import io.jaegertracing.spi.Codec;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.propagation.TextMap;
import io.opentracing.propagation.TextMapAdapter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.WireSpan;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/** One tracer: what its settings do, and its end. */
class TracingTest {

  private final Log log = new Log();

  @ParameterizedTest
  @CsvSource({"5, true", "1000, false"})
  void queueSize_isHowManySpansMayWait(String size, boolean full) throws Exception {
    try (FakeBackend silent = FakeBackend.silent()) {
      Tracing tracing =
          tracing(
              Map.of(
                  "JAEGER_ENDPOINT",
                  silent.uri().toString(),
                  "JAEGER_REPORTER_FLUSH_INTERVAL",
                  "5",
                  "JAEGER_REPORTER_MAX_QUEUE_SIZE",
                  size));
      Tracer tracer = tracing.start();
      tracer.buildSpan("first").start().finish();
      while (silent.headers.isEmpty()) {
        Thread.sleep(10);
      }
      // The reporter waits for an answer, and these for the reporter.
      for (int i = 0; i < 500; i++) {
        tracer.buildSpan("waiting").start().finish();
      }
      List<String> said = log.lines(silent.uri() + ", because the reporter's queue is full");
      assertEquals(full, !said.isEmpty(), said::toString);
    }
  }

  /**
   * Each span fills a request by itself, and each request is given up after five seconds. So is the
   * close; the client alone would take fifteen, and send four of them.
   */
  @Test
  void close_givesUpOnAJaegerThatDoesNotAnswer() throws Exception {
    Queue<Socket> requests = new ConcurrentLinkedQueue<>();
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      new Thread(() -> acceptAll(silent, requests)).start();
      String endpoint = "http://localhost:" + silent.getLocalPort();
      CompletableFuture<Tracing> made = new CompletableFuture<>();
      // Not a daemon, as the thread that starts a service is none.
      Thread main = new Thread(() -> made.complete(tracing(Map.of("JAEGER_ENDPOINT", endpoint))));
      main.setDaemon(false);
      main.start();
      Tracing tracing = made.join();
      Tracer tracer = tracing.start();
      for (int i = 0; i < 12; i++) {
        tracer.buildSpan("span").withTag("long", "x".repeat(900_000)).start().finish();
      }
      tracing.close();
      List<Thread> flushes =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().equals("span-reporter"))
              .toList();
      assertTrue(!flushes.isEmpty() && flushes.stream().allMatch(Thread::isDaemon));
      assertTrue(requests.size() < 4, () -> requests.size() + " requests");
      assertEquals(
          1, log.lines("Of 12 spans, 0 were taken by " + endpoint + " and 12 were lost").size());
    } finally {
      for (Socket request : requests) {
        request.close();
      }
    }
  }

  /** More than the reporter takes at once, as when its Jaeger was slow. */
  @Test
  void close_sendsAllOfAFullQueue() throws Exception {
    Semaphore answering = new Semaphore(0);
    LongAdder received = new LongAdder();
    try (HttpCollector slow =
        new HttpCollector(
            batch -> {
              answering.acquireUninterruptibly();
              answering.release();
              received.add(batch.getSpansSize());
            })) {
      Tracing tracing =
          tracing(
              Map.of("JAEGER_ENDPOINT", slow.endpoint(), "JAEGER_REPORTER_FLUSH_INTERVAL", "1"));
      Tracer tracer = tracing.start();
      for (int i = 0; i < 3_000; i++) {
        tracer.buildSpan("span").start().finish();
      }
      CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS).execute(answering::release);
      tracing.close();
      assertEquals(3_000, received.sum());
    }
  }

  @Test
  void close_sendsWhatStillWaitsAndSaysWhatBecameOfAll() throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      Tracing tracing = tracing(agent, Map.of("JAEGER_REPORTER_FLUSH_INTERVAL", "600000"));
      Tracer tracer = tracing.start();
      for (int i = 0; i < 3; i++) {
        tracer.buildSpan("span").start().finish();
      }
      tracing.close();
      assertEquals(3, agent.drain().size());
      assertEquals(
          1,
          log.lines(
                  "Of 3 spans, 3 were handed to the network for udp://localhost:" + agent.port(),
                  " and 0 were lost")
              .size());
    }
  }

  @Test
  void close_whenInterruptedEndsAtOnceAndStaysSo() throws Exception {
    try (FakeBackend silent = FakeBackend.silent()) {
      Tracing tracing = tracing(Map.of("JAEGER_ENDPOINT", silent.uri().toString()));
      tracing.start().buildSpan("span").start().finish();
      Thread.currentThread().interrupt();
      tracing.close();
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void destination_isLoggedWithSamplerAndPropagation() {
    Map<String, String> settings =
        Map.of(
            "JAEGER_AGENT_HOST", "agent.invalid",
            "JAEGER_SAMPLER_TYPE", "probabilistic",
            "JAEGER_SAMPLER_PARAM", "0.5",
            "JAEGER_PROPAGATION", "w3c,b3");
    tracing(settings).logDestination();
    assertEquals(
        1,
        log.lines(
                "Tracing - Spans go to udp://agent.invalid:6831"
                    + " (service test, sampler probabilistic 0.5, propagation w3c,b3)")
            .size());
    tracing(Map.of("JAEGER_ENDPOINT", "http://collector.invalid:1/x")).logDestination();
    assertEquals(
        1,
        log.lines(
                "Tracing - Spans go to http://collector.invalid:1/x"
                    + " (service test, sampler const 1, propagation jaeger)")
            .size());
  }

  @ParameterizedTest
  @CsvSource({
    "JAEGER_SAMPLER_PARAM, 0, 'No trace begins here, because JAEGER_SAMPLER_PARAM is 0'",
    "JAEGER_PROPAGATION, none, 'Calls from here start traces of their own, because JAEGER_PROPAGATION is none'",
    "JAEGER_PROPAGATION, NONE, 'Calls from here start traces of their own, because JAEGER_PROPAGATION is none'",
    "JAEGER_SERVICE_NAME, another, '(service another, sampler'"
  })
  void start_saysWhyNoTraceMayBeSeen(String name, String value, String line) {
    tracing(Map.of(name, value)).logDestination();
    assertEquals(1, log.ownLines(line).size());
  }

  /** A remote sampler may be told to sample more than it begins with. */
  @Test
  void start_saysNothingOfARemoteSamplerThatBeginsWithNone() {
    tracing(Map.of("JAEGER_SAMPLER_TYPE", "remote", "JAEGER_SAMPLER_PARAM", "0.0"))
        .logDestination();
    assertEquals(0, log.lines("No trace begins here, because JAEGER_SAMPLER_PARAM is 0.0").size());
  }

  /** By a packet without spans, of which nothing is to be counted. */
  @Test
  void start_saysThatNobodyTakesSpans() throws Exception {
    int port = FreePort.find();
    Map<String, String> settings = Map.of("JAEGER_AGENT_PORT", String.valueOf(port));
    Tracing tracing = tracing(settings);
    tracing.start();
    tracing.logDestination();
    String destination = "udp://localhost:" + port;
    while (log.lines("Spans don't reach " + destination + ", because nobody listens").isEmpty()) {
      Thread.sleep(10);
    }
    try (UdpAgent agent = new UdpAgent(port);
        HttpCollector collector = new HttpCollector()) {
      tracing.close();
      assertEquals(
          1,
          log.lines("Of 0 spans, 0 were handed to the network for " + destination, "0 were lost")
              .size());

      Tracing overHttp = tracing(Map.of("JAEGER_ENDPOINT", collector.endpoint()));
      overHttp.start();
      overHttp.logDestination();
      while (collector.batches.get() == 0) {
        Thread.sleep(10);
      }
      overHttp.close();
      assertEquals(1, collector.batches.get());
      assertEquals(0, log.lines("Spans don't reach " + collector.endpoint()).size());
    }
  }

  @Test
  void ratelimitingSampler_takesSomeSpansAndNotTheOthers() throws Exception {
    Tracing tracing =
        tracing(Map.of("JAEGER_SAMPLER_TYPE", "ratelimiting", "JAEGER_SAMPLER_PARAM", "1"));
    Tracer tracer = tracing.start();
    Set<Boolean> sampled = new HashSet<>();
    for (int i = 0; i < 10_000 && sampled.size() < 2; i++) {
      JaegerSpanContext context = (JaegerSpanContext) tracer.buildSpan("span").start().context();
      sampled.add(context.isSampled());
      Thread.sleep(1);
    }
    tracing.close();
    assertEquals(Set.of(true, false), sampled);
  }

  @ParameterizedTest
  @CsvSource({"true, 1", "false, 0", "tree, 0", ", 0"})
  void logSpans_isOneLineASpanOrNone(String logSpans, int lines) throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      Map<String, String> settings = new HashMap<>();
      settings.put("JAEGER_REPORTER_LOG_SPANS", logSpans);
      Tracing tracing = tracing(agent, settings);
      Span span = tracing.start().buildSpan("span").start();
      span.finish();
      tracing.close();
      assertEquals(lines, log.lines("Span reported", span.context().toTraceId()).size());
      assertEquals(1, agent.drain().size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jaeger", "w3c,jaeger", "none"})
  void baggageOfTooManyItems_isLeftOutAndItsContextIsNot(String propagation) {
    Tracer tracer = tracing(Map.of("JAEGER_PROPAGATION", propagation)).start();
    assertEquals(64, extract(tracer, 64).baggageCount());
    for (int items : List.of(65, 1064)) {
      JaegerSpanContext context = extract(tracer, items);
      assertEquals(0, context.baggageCount());
      assertEquals("1:2:3:1", context.toString().replaceAll("(^|:)0+", "$1"));
    }
    tracer.close();
  }

  /** Each in a header of its own. */
  @Test
  void baggageOfTooManyHeaders_isLeftOutAndItsContextIsNot() {
    Tracer tracer = tracing(Map.of()).start();
    for (int items : List.of(64, 65)) {
      Map<String, String> headers = new HashMap<>(Map.of("uber-trace-id", "1:2:3:1"));
      IntStream.range(0, items).forEach(i -> headers.put("uberctx-k" + i, "1"));
      JaegerSpanContext context =
          (JaegerSpanContext) tracer.extract(HTTP_HEADERS, new TextMapAdapter(headers));
      assertEquals(items == 64 ? 64 : 0, context.baggageCount());
      assertEquals("1:2:3:1", context.toString().replaceAll("(^|:)0+", "$1"));
    }
    tracer.close();
  }

  @ParameterizedTest
  @CsvSource({
    "jaeger-baggage, 50",
    "Jaeger-Baggage, 50",
    "jaeger-debug-id, 201",
    "Jaeger-Debug-Id, 201",
    "tracestate, 513",
    "TraceState, 513"
  })
  void unboundedHeader_isNotExtracted(String name, int length) {
    assertEquals(List.of(), extractedHeaders(name, "x" + " ".repeat(length)));
    assertEquals(List.of(name), extractedHeaders(name, "+".repeat(length - 1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\t", "+", "%20", "%09", "%0a", "%0D"})
  void whiteSpace_isBoundedAlsoWhenItIsEncoded(String space) {
    assertEquals(
        List.of("jaeger-baggage"), extractedHeaders("jaeger-baggage", "x" + space.repeat(49)));
    assertEquals(List.of(), extractedHeaders("jaeger-baggage", "x" + space.repeat(50)));
  }

  /** Not even for a moment, as a crowd of requests that do would fill a small heap. */
  @ParameterizedTest
  @ValueSource(strings = {",", "%2C", "%2c"})
  void tooManyItems_areNotExtracted(String comma) {
    String items = "k=1" + (comma + "k=1").repeat(63);
    assertEquals(List.of("jaeger-baggage"), extractedHeaders("jaeger-baggage", items));
    assertEquals(List.of(), extractedHeaders("jaeger-baggage", items + comma + "k=1"));
  }

  private static List<String> extractedHeaders(String name, String value) {
    List<String> names = new ArrayList<>();
    Codec<TextMap> codec =
        new Codec<>() {
          @Override
          public JaegerSpanContext extract(TextMap headers) {
            headers.forEach(header -> names.add(header.getKey()));
            return null;
          }

          @Override
          public void inject(JaegerSpanContext context, TextMap headers) {}
        };
    new BaggageLimit(List.of(codec)).extract(new TextMapAdapter(Map.of(name, value)));
    return names;
  }

  @Test
  void noContext_hasNoBaggage() {
    assertNull(new BaggageLimit(List.of()).extract(new TextMapAdapter(Map.of())));
  }

  @Test
  void baggageThatIsLeftOut_isSaidOnce() {
    Tracer tracer = tracing(Map.of()).start();
    extract(tracer, 1967);
    extract(tracer, 1968);
    tracer.close();
    assertEquals(1, log.lines("A request's 1967 items of baggage were left out").size());
    assertEquals(0, log.lines("A request's 1968 items of baggage were left out").size());
  }

  private static JaegerSpanContext extract(Tracer tracer, int baggageItems) {
    String baggage =
        IntStream.range(0, baggageItems).mapToObj(i -> "k" + i + "=1").collect(joining(","));
    Map<String, String> headers = Map.of("uber-trace-id", "1:2:3:1", "jaeger-baggage", baggage);
    return (JaegerSpanContext) tracer.extract(HTTP_HEADERS, new TextMapAdapter(headers));
  }

  @ParameterizedTest
  @CsvSource({"true, 32", "false, 16", ", 32"})
  void traceIds_have128BitsUnlessToldOtherwise(String value, int digits) throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      Map<String, String> settings = new HashMap<>();
      settings.put("JAEGER_TRACEID_128BIT", value);
      Tracing tracing = tracing(agent, settings);
      Span span = tracing.start().buildSpan("span").start();
      assertEquals(digits, span.context().toTraceId().length());
      assertEquals(32, ServerTracingFilter.traceId(span).length());
      assertTrue(ServerTracingFilter.traceId(span).endsWith(span.context().toTraceId()));
      tracing.close();
    }
  }

  /** The only span that a sender never gets. */
  @Test
  void spanThatFitsIntoNoPacket_isLostAndSaidSo() throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      Tracing tracing = tracing(agent, Map.of());
      Tracer tracer = tracing.start();
      tracer.buildSpan("long").withTag("long", "x".repeat(100_000)).start().finish();
      tracer.buildSpan("short").start().finish();
      tracing.close();
      assertEquals(1, agent.drain().size());
      String destination = "udp://localhost:" + agent.port();
      assertEquals(
          1,
          log.lines(destination + ", because one of them can't be encoded, or is too long").size());
      assertEquals(1, log.lines("Of 2 spans, 1 were", destination + " and 1 were lost").size());
    }
  }

  @Test
  void tags_mayBeEmptyOrPadded() throws Exception {
    assertEquals(Map.of("a", "b=c", "d", ""), tagsOf("a = b=c , d="));
    assertEquals(Map.of("a", "${", "b", "}", "c", "${x}y"), tagsOf("a=${,b=},c=${x}y"));
    assertEquals(Map.of("a", "1:2", "b", ""), tagsOf("a=${NO_SUCH : 1:2},b=${NO_SUCH}"));
    assertEquals(Map.of("a", System.getProperty("java.version")), tagsOf("a=${java.version}"));
    assertEquals(Map.of(), tagsOf(""));
  }

  private static void acceptAll(ServerSocket server, Queue<Socket> connections) {
    try {
      while (true) {
        connections.add(server.accept());
      }
    } catch (IOException e) {
      // The test is over.
      return;
    }
  }

  /** The tags of the process, but for those that the client adds itself. */
  private static Map<String, Object> tagsOf(String value) throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      Tracing tracing = tracing(agent, Map.of("JAEGER_TAGS", value));
      tracing.start().buildSpan("span").start().finish();
      tracing.close();
      List<WireSpan> spans = agent.drain();
      Map<String, Object> tags = new HashMap<>(spans.get(0).processTags());
      tags.keySet().removeAll(List.of("hostname", "ip", "jaeger.version", "client-uuid"));
      return tags;
    }
  }

  private static Tracing tracing(UdpAgent agent, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("JAEGER_AGENT_PORT", String.valueOf(agent.port()));
    return tracing(all);
  }

  private static Tracing tracing(Map<String, String> values) {
    Settings settings = new Settings(values::get);
    Tracing tracing = new Tracing(settings, "test", new Metrics());
    settings.check();
    return tracing;
  }
}
