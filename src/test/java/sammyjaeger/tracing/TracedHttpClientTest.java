package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.opentracing.Scope;
import io.opentracing.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.Log;

/** The client half alone: what each end of a call leaves in its span. */
class TracedHttpClientTest {

  /** A context with ids of 64 bits is as long. */
  private static final String CONTEXT = "463ac35c9f6413ad:48485a3953bb6124:463ac35c9f6413ad:1";

  private final Log log = new Log();
  private final InMemoryReporter reporter = new InMemoryReporter();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("caller")
          .withReporter(reporter)
          .withSampler(new ConstSampler(true))
          .withExpandExceptionLogs()
          .withManualShutdown()
          .build();
  private final TracedHttpClient http =
      new TracedHttpClient(tracer, "callee", Duration.ofMinutes(2));

  @Test
  void answer_finishesTheSpan() throws Exception {
    int port;
    try (FakeBackend callee = FakeBackend.counting()) {
      port = callee.uri().getPort();
      assertEquals("2", http.call("GET", url(callee), HttpResponse::body));
    }
    JaegerSpan span = onlySpan();
    assertEquals("GET /path", span.getOperationName());
    assertEquals("client", span.getTags().get("span.kind"));
    assertEquals("callee", span.getTags().get("peer.service"));
    assertEquals(port, span.getTags().get("peer.port"));
    assertEquals(200, span.getTags().get("http.status_code"));
    assertFalse(span.getTags().containsKey("error"));
    assertNull(span.getLogs());
  }

  @Test
  void call_isAChildOfTheActiveSpanAndLeavesItActive() throws Exception {
    Span parent = tracer.buildSpan("parent").start();
    try (FakeBackend callee = FakeBackend.counting();
        Scope scope = tracer.activateSpan(parent)) {
      http.call("GET", url(callee), answer -> tracer.activeSpan().setTag("read", true));
      assertEquals(parent, tracer.activeSpan());
    }
    JaegerSpan span = onlySpan();
    assertEquals(parent.context().toSpanId(), "%016x".formatted(span.context().getParentId()));
    assertEquals(true, span.getTags().get("read"));
  }

  @Test
  void uselessAnswer_marksTheSpanWithTheReadersWords() throws Exception {
    try (FakeBackend callee = FakeBackend.counting()) {
      assertThrows(
          IOException.class,
          () ->
              http.call(
                  "GET",
                  url(callee),
                  answer -> {
                    throw new IOException("of no use");
                  }));
    }
    assertErrorLog("of no use");
    assertEquals(200, onlySpan().getTags().get("http.status_code"));
  }

  @Test
  void failureInTheReader_marksTheSpan() throws Exception {
    try (FakeBackend callee = FakeBackend.counting()) {
      assertThrows(
          NumberFormatException.class,
          () -> http.call("GET", url(callee), answer -> Integer.parseInt("two")));
    }
    assertErrorLog("For input string: \"two\"");
  }

  @Test
  void timeout_hangsUpAndMarksTheSpan() throws Exception {
    try (ServerSocket callee = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI url = URI.create("http://localhost:" + callee.getLocalPort() + "/path");
      // Long enough to connect and to send, however busy the machine is.
      TracedHttpClient hasty = new TracedHttpClient(tracer, "callee", Duration.ofSeconds(3));
      HttpTimeoutException e =
          assertThrows(
              HttpTimeoutException.class, () -> hasty.call("POST", url, HttpResponse::body));
      assertEquals("callee at " + url + " did not answer within 3000 ms.", e.getMessage());
      callee.setSoTimeout(60_000);
      try (Socket call = callee.accept()) {
        call.setSoTimeout(60_000);
        // All that was sent, and then the end: the call is not left to go on.
        String request = new String(call.getInputStream().readAllBytes());
        assertTrue(request.startsWith("POST /path HTTP/1.1\r\n"), request);
      }
      assertErrorLog(e.getMessage());
      assertFalse(onlySpan().getTags().containsKey("http.status_code"));
    }
  }

  @Test
  void interrupt_finishesTheSpanAndStaysSet() throws Exception {
    try (FakeBackend callee = FakeBackend.silent()) {
      Thread.currentThread().interrupt();
      assertThrows(
          InterruptedIOException.class, () -> http.call("GET", url(callee), HttpResponse::body));
      assertTrue(Thread.interrupted());
    }
    assertEquals(true, onlySpan().getTags().get("error"));
  }

  /** The call is not left to go on, though nobody waits for it. */
  @Test
  void interrupt_hangsUp() throws Exception {
    try (ServerSocket callee = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI url = URI.create("http://localhost:" + callee.getLocalPort() + "/path");
      Thread caller =
          new Thread(
              () ->
                  assertThrows(
                      InterruptedIOException.class,
                      () -> http.call("GET", url, HttpResponse::body)));
      caller.start();
      try (Socket call = callee.accept()) {
        call.setSoTimeout(60_000);
        InputStream request = call.getInputStream();
        assertEquals('G', request.read());
        caller.interrupt();
        caller.join();
        request.readAllBytes();
      }
    }
    assertErrorLog(
        "The call of callee at "
            + onlySpan().getTags().get("http.url")
            + " was cut short by a stop.");
  }

  @ParameterizedTest
  @CsvSource({"1024, 200", "1025, "})
  void answer_isReadToOneKibibyte(int length, Integer status) throws Exception {
    String head = "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n";
    try (FakeBackend callee = FakeBackend.sending(head + "1".repeat(length))) {
      if (status != null) {
        assertEquals(length, http.call("GET", url(callee), HttpResponse::body).length());
      } else {
        IOException e =
            assertThrows(
                IOException.class, () -> http.call("GET", url(callee), HttpResponse::body));
        assertEquals("callee at " + url(callee) + " gave a broken answer.", e.getMessage());
      }
    }
    assertEquals(status, onlySpan().getTags().get("http.status_code"));
  }

  /** The context and baggage, each a line of the request; the tracer cuts an item at 2048. */
  @Test
  void injectedHeaders_haveSevenKibibytesOfRoom() throws Exception {
    int room = (7 << 10) - ("uber-trace-id: " + CONTEXT + "\r\n").length();
    int line = "uberctx-a: \r\n".length();
    String item = "x".repeat(2048);
    int last = room - 3 * (line + item.length()) - line;
    assertEquals(4, baggageThatArrives(item, item, item, "x".repeat(last)));
    assertEquals(3, baggageThatArrives(item, item, item, "x".repeat(last + 1)));
    assertEquals(4, baggageThatArrives(item, item, item, item, "x"));
  }

  @Test
  void injectedHeaders_are64AtMost() throws Exception {
    Map<String, String> baggage = new HashMap<>();
    for (int i = 0; i < 120; i++) {
      baggage.put("k" + i, "x");
    }
    try (FakeBackend callee = FakeBackend.counting()) {
      callWithBaggage(callee, baggage);
      assertTrue(callee.headers.containsKey("uber-trace-id"));
      assertEquals(
          63, callee.headers.keySet().stream().filter(name -> name.startsWith("uberctx-")).count());
    }
  }

  @Test
  void contextOfB3_goesBeforeItsBaggage() {
    Map<String, String> headers = new HashMap<>(Map.of("X-B3-TraceId", "1".repeat(32)));
    for (int i = 0; i < 70; i++) {
      headers.put("baggage-k" + i, "x");
    }
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost/"));
    new HeaderLimit().set(headers, request);
    assertTrue(request.build().headers().firstValue("X-B3-TraceId").isPresent());
  }

  /** Once a minute, as every visitor can send such baggage. */
  @Test
  void baggageThatIsLeftOut_isSaidOnce() throws Exception {
    // Names that no header can have, so many that no other test leaves out as many.
    Map<String, String> baggage = new HashMap<>();
    for (int i = 0; i < 37; i++) {
      baggage.put("no header " + i, "x");
    }
    baggage.put("a", "x");
    try (FakeBackend callee = FakeBackend.counting()) {
      for (int i = 0; i < 2; i++) {
        callWithBaggage(callee, baggage);
        assertEquals("x", callee.headers.get("uberctx-a"));
        assertTrue(callee.headers.containsKey("uber-trace-id"));
      }
    }
    assertEquals(
        1, log.lines(" - 37 headers with baggage were too long, too many, or misnamed").size());
  }

  @Test
  void baggageThatFits_isNotLogged() throws Exception {
    try (FakeBackend callee = FakeBackend.counting()) {
      callWithBaggage(callee, Map.of("a", "x"));
    }
    assertEquals(0, log.lines(" 0 headers with baggage").size());
  }

  @Test
  void request_isHttp11WithoutUpgrade() throws Exception {
    try (FakeBackend callee = FakeBackend.counting()) {
      http.call("GET", url(callee), HttpResponse::body);
      assertTrue(callee.headers.containsKey("uber-trace-id"), callee.headers::toString);
      assertFalse(callee.headers.containsKey("upgrade"), callee.headers::toString);
      assertFalse(callee.headers.containsKey("http2-settings"));
    }
  }

  @Test
  void credentialsAndQuery_areNeverShown() throws Exception {
    URI url = URI.create("http://user:password@no-such-host.invalid/path?token=1#part");
    IOException e = assertThrows(IOException.class, () -> http.call("GET", url, answer -> 1));
    String shown = "http://no-such-host.invalid/path";
    assertEquals("callee at " + shown + " has a host name that is not known.", e.getMessage());
    assertEquals(shown, onlySpan().getTags().get("http.url"));
    assertEquals("GET /path", onlySpan().getOperationName());
  }

  @Test
  void defaultPort_isTheSchemes() throws Exception {
    for (Map.Entry<String, Integer> port : Map.of("http", 80, "https", 443).entrySet()) {
      URI url = URI.create(port.getKey() + "://no-such-host.invalid/path");
      IOException e =
          assertThrows(IOException.class, () -> http.call("GET", url, HttpResponse::body));
      assertEquals("callee at " + url + " has a host name that is not known.", e.getMessage());
      assertEquals(port.getValue(), onlySpan().getTags().get("peer.port"));
      reporter.clear();
    }
  }

  private long baggageThatArrives(String... items) throws Exception {
    Map<String, String> baggage = new HashMap<>();
    for (String item : items) {
      baggage.put(String.valueOf((char) ('a' + baggage.size())), item);
    }
    try (FakeBackend callee = FakeBackend.counting()) {
      callWithBaggage(callee, baggage);
      assertEquals(CONTEXT.length(), callee.headers.get("uber-trace-id").length());
      return callee.headers.keySet().stream().filter(name -> name.startsWith("uberctx-")).count();
    }
  }

  private void callWithBaggage(FakeBackend callee, Map<String, String> baggage) throws Exception {
    Span parent = tracer.buildSpan("parent").start();
    baggage.forEach(parent::setBaggageItem);
    try (Scope scope = tracer.activateSpan(parent)) {
      http.call("GET", url(callee), HttpResponse::body);
    }
  }

  private static URI url(FakeBackend callee) {
    return callee.uri().resolve("/path");
  }

  private JaegerSpan onlySpan() {
    List<JaegerSpan> spans = List.copyOf(reporter.getSpans());
    assertEquals(1, spans.size(), spans::toString);
    return spans.get(0);
  }

  private void assertErrorLog(String message) {
    JaegerSpan span = onlySpan();
    assertEquals(true, span.getTags().get("error"));
    assertEquals(1, span.getLogs().size());
    Map<String, ?> fields = span.getLogs().get(0).getFields();
    assertEquals("error", fields.get("event"));
    assertEquals(message, fields.get("message"));
  }
}
