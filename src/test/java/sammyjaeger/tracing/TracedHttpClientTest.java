package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.opentracing.Scope;
import io.opentracing.Span;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnJre;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.service.HttpCaller;

/** The client half alone: what each end of a call leaves in its span. */
class TracedHttpClientTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final InMemoryReporter reporter = new InMemoryReporter();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("caller")
          .withReporter(reporter)
          .withSampler(new ConstSampler(true))
          .withExpandExceptionLogs()
          .withManualShutdown()
          .build();
  private final TracedHttpClient http = client(PATIENCE);

  @Test
  void call_isAChildOfTheActiveSpanAndLeavesItActive() throws Exception {
    Span parent = tracer.buildSpan("parent").start();
    try (FakeBackend callee = FakeBackend.counting();
        Scope scope = tracer.activateSpan(parent)) {
      http.call("GET", url(callee), answer -> tracer.activeSpan().setTag("read", answer.body()));
      assertEquals(parent, tracer.activeSpan());
    }
    JaegerSpan span = onlySpan();
    assertEquals(parent.context().toSpanId(), "%016x".formatted(span.context().getParentId()));
    assertEquals("2", span.getTags().get("read"));
  }

  @Test
  void uselessAnswer_marksTheSpanWithTheReadersWords() throws Exception {
    TracedHttpClient.AnswerReader<String> picky =
        answer -> {
          throw new IOException("is of no use");
        };
    try (FakeBackend callee = FakeBackend.counting()) {
      assertThrows(IOException.class, () -> http.call("GET", url(callee), picky));
    }
    assertErrorLog("is of no use");
    assertEquals(200, onlySpan().getTags().get("http.status_code"));
  }

  @Test
  void readerThatFails_marksTheSpan() throws Exception {
    TracedHttpClient.AnswerReader<Integer> failing = answer -> Integer.valueOf("two");
    try (FakeBackend callee = FakeBackend.counting()) {
      assertThrows(NumberFormatException.class, () -> http.call("GET", url(callee), failing));
    }
    assertErrorLog("For input string: \"two\"");
  }

  @Test
  void timeout_hangsUpAndMarksTheSpan() throws Exception {
    try (ServerSocket callee = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      // Long enough to connect and to send, however busy the machine is.
      TracedHttpClient hasty = client(Duration.ofSeconds(3));
      assertThrows(
          HttpTimeoutException.class, () -> hasty.call("POST", url(callee), HttpResponse::body));
      try (Socket call = callee.accept()) {
        String untilItHangsUp = new String(call.getInputStream().readAllBytes());
        assertTrue(untilItHangsUp.startsWith("POST /path HTTP/1.1\r\n"), untilItHangsUp);
      }
    }
    assertErrorLog("did not answer within 3000 ms");
    assertFalse(onlySpan().getTags().containsKey("http.status_code"));
  }

  @Test
  void interrupt_hangsUpAndMarksTheSpanAndStaysSet() throws Exception {
    try (ServerSocket callee = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread caller = Thread.currentThread();
      Thread backend =
          new Thread(
              () -> {
                try (Socket call = callee.accept()) {
                  call.getInputStream().read();
                  caller.interrupt();
                  call.getInputStream().readAllBytes();
                } catch (IOException e) {
                  return; // It hung up.
                }
              });
      backend.start();
      assertThrows(
          InterruptedIOException.class, () -> http.call("GET", url(callee), HttpResponse::body));
      assertTrue(Thread.interrupted());
      backend.join();
    }
    assertErrorLog("did not answer before this service stopped");
  }

  /** RFC 9110, 8.6: it should have none. Some load balancers refuse one. */
  @Test
  @DisabledOnJre(value = JRE.JAVA_17, disabledReason = "The JDK's client always sends one there")
  void get_hasNoContentLength() throws Exception {
    assertFalse(headersOf("GET").containsKey("content-length"));
  }

  @Test
  void request_isPlainHttp11() throws Exception {
    assertEquals("0", headersOf("POST").get("content-length"));
    assertFalse(headersOf("GET").containsKey("upgrade"));
  }

  private Map<String, String> headersOf(String method) throws Exception {
    try (FakeBackend callee = FakeBackend.counting()) {
      http.call(method, url(callee), HttpResponse::body);
      return callee.headers;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://user:password@no-such-host.invalid:1/path?q=1#part, http://no-such-host.invalid:1/path",
    "http://no-such-host.invalid?q=http://@/, http://no-such-host.invalid",
    "http://no-such-host.invalid/a@b, http://no-such-host.invalid/a@b",
  })
  void url_isTaggedWithoutSecrets(String url, String shown) {
    assertThrows(IOException.class, () -> http.call("GET", URI.create(url), HttpResponse::body));
    assertEquals(shown, onlySpan().getTags().get("http.url"));
    assertErrorLog("has a host name that is not known");
  }

  @ParameterizedTest
  @CsvSource({
    "http://no-such-host.invalid/, no-such-host.invalid, 80",
    "https://no-such-host.invalid/, no-such-host.invalid, 443",
    "http://[::1]:1/, ::1, 1",
  })
  void peer_isTaggedWithHostAndPort(String url, String host, int port) {
    assertThrows(IOException.class, () -> http.call("GET", URI.create(url), HttpResponse::body));
    assertEquals(host, onlySpan().getTags().get("peer.hostname"));
    assertEquals(port, onlySpan().getTags().get("peer.port"));
  }

  private TracedHttpClient client(Duration timeout) {
    HttpCaller caller = new HttpCaller();
    return new TracedHttpClient(
        tracer, "callee", request -> caller.send(request, HttpCaller.atMost(1024), timeout));
  }

  private static URI url(FakeBackend callee) {
    return callee.uri().resolve("/path");
  }

  private static URI url(ServerSocket callee) {
    return URI.create("http://localhost:" + callee.getLocalPort() + "/path");
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
