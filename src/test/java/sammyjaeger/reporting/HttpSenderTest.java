package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.VisitCounterServices;

/** What the reporter sends over HTTP, and that a span counts as taken only if it was. */
class HttpSenderTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 202 Accepted~~                         |",
        "HTTP/1.1 202 Accepted~~ENDLESS                  |",
        "HTTP/1.1 200 OK~Content-Length: 99~~cut off     |",
        "SLOW HTTP/1.1 299 Odd~~                         |",
        "HTTP/1.1 200 OK~Content-Type: text/html~~       | answers with a web page (is it a collector?)",
        "HTTP/1.1 200 OK~content-type: TEXT/HTML;q=1~~   | answers with a web page (is it a collector?)",
        "HTTP/1.1 300 Many~~                             | answers with status 300",
        "HTTP/1.1 404 Not Found~~                        | answers with status 404",
        "HTTP/1.1 503 Busy~~ENDLESS                      | answers with status 503",
        "HTTP/1.1 202 Accepted~X: LONG~~                 | gave no answer, or a broken one",
        "HTTP/1.1 202 Accepted~MANY~                     | gave no answer, or a broken one",
        "SSH-2.0~                                        | gave no answer, or a broken one",
        "''                                              | gave no answer, or a broken one",
      })
  void answer_decides(String answer, String reason) throws Exception {
    try (FakeBackend collector = collector(answer)) {
      assertReported(collector.uri(), reason);
    }
  }

  /** Answers all alike. A ~ ends a line; LONG and MANY are more than headers may have. */
  static FakeBackend collector(String answer) throws IOException {
    String text =
        answer
            .replaceAll("SLOW |ENDLESS", "")
            .replace("EARLY", "HTTP/1.1 103 Early~~".repeat(10))
            .replace("~", "\r\n")
            .replace("LONG", "x".repeat(9_000))
            .replace("MANY", "X: y\r\n".repeat(1_500));
    return new FakeBackend(
        out -> {
          Thread.sleep(answer.startsWith("SLOW") ? 200 : 0);
          out.write(text.getBytes(StandardCharsets.US_ASCII));
          while (answer.endsWith("ENDLESS")) {
            out.write(new byte[1 << 16]);
          }
        });
  }

  @Test
  void nobodyOnThePort_isARefusal() throws Exception {
    assertReported(URI.create("http://localhost:" + FreePort.find()), "refused the connection");
  }

  @Test
  void unknownHost_isSaidToBeUnknown() throws Exception {
    assertReported(
        URI.create("http://no-such-host.invalid:" + FreePort.find()),
        "has a host name that is not known");
  }

  @Test
  void collectorWithoutTls_isSaidToHaveNone() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      URI uri = URI.create("https://localhost:" + services.counter().getPort());
      // A process's first handshake can take longer than the reporter waits.
      assertThrows(IOException.class, () -> VisitCounterServices.send("GET", uri));
      assertReported(uri, "has no TLS, or none that is trusted here");
    }
  }

  @Test
  void redirect_isNotFollowed() throws Exception {
    try (FakeBackend elsewhere = collector("HTTP/1.1 202 Accepted~~");
        FakeBackend collector =
            collector("HTTP/1.1 307 Moved~Location: %s~~".formatted(elsewhere.uri()))) {
      assertReported(collector.uri(), "answers with status 307");
      assertTrue(elsewhere.headers.isEmpty(), elsewhere.headers::toString);
    }
  }

  private static void assertReported(URI collector, String reason) throws Exception {
    try (ReportedSpans spans = new ReportedSpans("JAEGER_ENDPOINT", collector + "/api/traces")) {
      spans.finish(2);
      spans.await("sent|failed", 2);
      if (reason == null) {
        spans.assertCounts(2, 2, 0);
        assertEquals(List.of(), spans.said("don't reach"));
      } else {
        spans.assertCounts(2, 0, 2);
        spans.assertLost("it " + reason);
      }
    }
  }

  @Test
  void collectorThatFailsNowAndThen_hasTheSpansThatCountAsTaken() throws Exception {
    AtomicInteger batches = new AtomicInteger();
    AtomicInteger received = new AtomicInteger();
    try (HttpCollector collector =
            new HttpCollector(
                batch -> {
                  if (batches.incrementAndGet() % 2 == 0) {
                    throw new IllegalStateException("now and then");
                  }
                  received.addAndGet(batch.getSpansSize());
                });
        ReportedSpans spans = new ReportedSpans("JAEGER_ENDPOINT", collector.endpoint())) {
      int finished = 0;
      while (batches.get() < 10) {
        spans.finish(1500);
        finished += 1500;
        spans.await("sent|failed", finished);
      }
      assertTrue(received.get() < finished);
      spans.assertCounts(finished, received.get(), finished - received.get());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "token, sammy, shark, Basic c2FtbXk6c2hhcms=",
    "token, sammy, '', Bearer token",
    "'', sammy, '',",
    "'', '', shark,",
  })
  void userAndPassword_goBeforeTheTokenAndNeitherGoesWithoutTheOther(
      String token, String user, String password, String sent) throws Exception {
    try (HttpCollector collector = new HttpCollector();
        ReportedSpans spans =
            new ReportedSpans(
                "JAEGER_ENDPOINT", collector.endpoint(),
                "JAEGER_AUTH_TOKEN", token,
                "JAEGER_USER", user,
                "JAEGER_PASSWORD", password)) {
      spans.finish(1);
      spans.assertCounts(1, 1, 0);
      assertEquals(sent == null ? List.of() : List.of(sent), collector.authorizations);
    }
  }

  /** An older collector does not know HTTP/2, and looks at the type. */
  @Test
  void request_isThriftOverHttp11() throws Exception {
    try (FakeBackend collector = collector("HTTP/1.1 202 Accepted~~")) {
      assertReported(collector.uri(), null);
      assertTrue(collector.headers.containsKey("post /api/traces?format=jaeger.thrift http/1.1"));
      assertEquals("application/x-thrift", collector.headers.get("content-type"));
      assertFalse(collector.headers.containsKey("upgrade"));
    }
  }
}
