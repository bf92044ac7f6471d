package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;

/** What the counts and the log say of each answer of a collector. */
class HttpSenderTest {

  private final Log log = new Log();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("sender")
          .withReporter(new InMemoryReporter())
          .withSampler(new ConstSampler(true))
          .withManualShutdown()
          .build();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n | ",
        "HTTP/1.1 202 Accepted\\r\\nContent-Length: 0\\r\\n\\r\\n | ",
        "HTTP/1.1 299 Odd\\r\\nContent-Length: 0\\r\\n\\r\\n | ",
        "HTTP/1.1 300 Many\\r\\nContent-Length: 0\\r\\n\\r\\n | 300",
        "HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n | 404",
        "HTTP/1.1 503 Busy\\r\\nContent-Length: 0\\r\\n\\r\\n | 503",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\nnever all of it | ",
      })
  void status_decides(String answer, Integer wrongStatus) throws Exception {
    try (FakeBackend collector = FakeBackend.sending(answer.replace("\\r\\n", "\r\n"))) {
      String reason = wrongStatus == null ? null : "it answers with status " + wrongStatus;
      assertSent(collector.uri(), wrongStatus == null ? 2 : 0, reason);
    }
  }

  @Test
  void redirect_isNotFollowed() throws Exception {
    try (FakeBackend elsewhere =
            FakeBackend.sending("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        FakeBackend collector =
            FakeBackend.sending(
                "HTTP/1.1 307 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                    .formatted(elsewhere.uri()))) {
      assertSent(collector.uri(), 0, "it answers with status 307");
      assertTrue(elsewhere.headers.isEmpty(), elsewhere.headers::toString);
    }
  }

  /** It would fill the memory, or never end. */
  @Test
  void endlessAnswer_isNotRead() throws Exception {
    byte[] much = new byte[1 << 16];
    try (FakeBackend collector =
        new FakeBackend(
            out -> {
              out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
              while (true) {
                out.write(much);
              }
            })) {
      assertSent(collector.uri(), 2, null);
    }
  }

  @Test
  void silence_isGivenUp() throws Exception {
    try (FakeBackend collector = FakeBackend.silent()) {
      assertSent(collector.uri(), 0, "it does not answer in time");
    }
  }

  @Test
  void otherProtocol_isABrokenConnection() throws Exception {
    try (FakeBackend collector = FakeBackend.sending("SSH-2.0\r\n")) {
      assertSent(collector.uri(), 0, "it breaks the connection off");
    }
  }

  @Test
  void collectorWithoutTls_isSaidToHaveNone() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices(Map.of())) {
      int port = services.counter().getPort();
      assertSent(
          URI.create("https://localhost:" + port),
          0,
          "it has no TLS, or none that is trusted here");
    }
  }

  @Test
  void nobodyOnThePort_isARefusal() throws Exception {
    int port = FreePort.find();
    assertSent(URI.create("http://localhost:" + port), 0, "it refuses the connection");
  }

  @Test
  void interrupt_losesTheSpansToo() throws Exception {
    try (FakeBackend collector = FakeBackend.silent()) {
      Thread.currentThread().interrupt();
      assertSent(collector.uri(), 0, "they can't be sent: java.lang.InterruptedException");
      Thread.interrupted();
    }
  }

  @Test
  void userAndPassword_countBeforeTheTokenAndNeitherIsSentAlone() throws Exception {
    try (HttpCollector collector = new HttpCollector()) {
      send(collector.endpoint(), "", "", "shark", new SpanLoss("http://x"));
      send(collector.endpoint(), "", "sammy", "", new SpanLoss("http://x"));
      assertTrue(collector.authorizations.isEmpty());
      send(collector.endpoint(), "token", "sammy", "shark", new SpanLoss("http://x"));
      send(collector.endpoint(), "token", "sammy", "", new SpanLoss("http://x"));
      assertEquals(List.of("Basic c2FtbXk6c2hhcms=", "Bearer token"), collector.authorizations);
      assertEquals(8, collector.spans.size());
    }
  }

  @Test
  void eachBatch_isSentByItself() throws Exception {
    try (HttpCollector collector = new HttpCollector()) {
      HttpSender sender = sender(collector);
      for (String name : List.of("one", "two", "three")) {
        sender.append(tracer.buildSpan(name).start().log("with a log"));
        sender.flush();
      }
      assertEquals(
          List.of("one", "two", "three"),
          collector.spans.stream().map(WireSpan::operation).toList());
    }
  }

  /** Larger ones, a collector may refuse. */
  @Test
  void batch_isBoundedInBytes() throws Exception {
    try (HttpCollector collector = new HttpCollector()) {
      HttpSender sender = sender(collector);
      for (int i = 0; i < 10_000; i++) {
        sender.append(tracer.buildSpan("small").start());
      }
      sender.flush();
      assertEquals(10_000, collector.spans.size());
      int longest = collector.longestBytes.get();
      assertTrue(longest > 500_000 && longest <= 1 << 20, longest + " bytes");
    }
  }

  private static HttpSender sender(HttpCollector collector) throws Exception {
    return new HttpSender(
        URI.create(collector.endpoint()), "", "", "", new SpanLoss(collector.endpoint()));
  }

  /** An older collector does not know HTTP/2, and looks at the type. */
  @Test
  void request_isThriftOverHttp11() throws Exception {
    try (FakeBackend collector =
        FakeBackend.sending("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) {
      send(collector.uri() + "/api/traces", "", "", "", new SpanLoss("http://x"));
      assertTrue(collector.headers.containsKey("post /api/traces?format=jaeger.thrift http/1.1"));
      assertEquals("application/x-thrift", collector.headers.get("content-type"));
      assertNull(collector.headers.get("upgrade"));
      assertFalse(collector.headers.containsKey("authorization"));
    }
  }

  private void assertSent(URI collector, int sent, String reason) throws Exception {
    String endpoint = collector + "/api/traces";
    SpanLoss spanLoss = new SpanLoss(endpoint);
    spanLoss.finished();
    spanLoss.finished();
    send(endpoint, "", "", "", spanLoss);
    assertEquals(
        "Of 2 spans, %d were taken by %s and %d were lost".formatted(sent, endpoint, 2 - sent),
        spanLoss.summary());
    assertEquals(reason == null ? 0 : 1, log.lines("don't reach " + endpoint + ", because").size());
    if (reason != null) {
      assertEquals(1, log.lines(endpoint + ", because " + reason).size());
    }
  }

  private void send(String endpoint, String token, String user, String password, SpanLoss spanLoss)
      throws Exception {
    HttpSender sender = new HttpSender(URI.create(endpoint), token, user, password, spanLoss);
    sender.append(tracer.buildSpan("one").start());
    sender.append(tracer.buildSpan("two").start());
    sender.flush();
  }
}
