package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.VisitCounterServices;

/** What is said of spans, whatever receives them; and that no send leaves anything open. */
@Isolated("It counts what the whole process has open.")
class ReceiverTest {

  private static final int SENDS = 20;

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, nobody listens there",
    "no-such-host.invalid, it has a host name that is not known",
    "255.255.255.255, it",
  })
  void agentThatIsNotThere_losesEverySpan(String host, String reason) throws Exception {
    assertReported(reason, "JAEGER_AGENT_HOST", host, "JAEGER_AGENT_PORT", FreePort.find());
  }

  /** In an answer, ~ ends a line; LONG and MANY are more than headers may have. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 202 Accepted~~                       | ",
        "HTTP/1.1 202 Accepted~~ENDLESS                | ",
        "HTTP/1.1 200 OK~Content-Length: 99~~cut off   | ",
        "SLOW HTTP/1.1 299 Odd~~                       | ",
        "HTTP/1.1 200 OK~Content-Type: text/html~~     | it answers with a web page (is it a",
        "HTTP/1.1 200 OK~content-type: TEXT/HTML;q=1~~ | it answers with a web page (is it a",
        "HTTP/1.1 307 Moved~Location: /elsewhere~~     | it answers with status 307",
        "HTTP/1.1 404 Not Found~~                      | it answers with status 404",
        "HTTP/1.1 503 Busy~~ENDLESS                    | it answers with status 503",
        "HTTP/1.1 202 Accepted~X: LONG~~               | it gave no answer, or a broken one",
        "HTTP/1.1 202 Accepted~MANY~                   | it gave no answer, or a broken one",
        "SSH-2.0~                                      | it gave no answer, or a broken one",
        "''                                            | it gave no answer, or a broken one",
      })
  void collectorsAnswer_decides(String answer, String reason) throws Exception {
    String text =
        answer
            .replaceAll("SLOW |ENDLESS", "")
            .replace("LONG", "x".repeat(9_000))
            .replace("MANY", "X: y~".repeat(1_500))
            .replace("~", "\r\n");
    try (FakeBackend collector =
        new FakeBackend(
            out -> {
              Thread.sleep(answer.startsWith("SLOW") ? 50 : 0);
              out.write(text.getBytes(StandardCharsets.US_ASCII));
              while (answer.endsWith("ENDLESS")) {
                out.write(new byte[1 << 16]);
              }
            })) {
      assertReported(reason, "JAEGER_ENDPOINT", collector.uri());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, it refused the connection",
    "no-such-host.invalid, it has a host name that is not known",
  })
  void collectorThatIsNotThere_losesEverySpan(String host, String reason) throws Exception {
    assertReported(reason, "JAEGER_ENDPOINT", "http://%s:%d".formatted(host, FreePort.find()));
  }

  @Test
  void collectorThatResets_losesEverySpan() throws Exception {
    try (ServerSocket collector = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      new Thread(() -> resetAll(collector)).start();
      URI uri = URI.create("http://localhost:" + collector.getLocalPort());
      assertReported("it gave no answer, or a broken one", "JAEGER_ENDPOINT", uri);
    }
  }

  private static void resetAll(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket connection = server.accept()) {
        connection.getInputStream().read();
        connection.setSoLinger(true, 0);
      } catch (IOException e) {
        continue; // The test is over.
      }
    }
  }

  @Test
  void collectorWithoutTls_losesEverySpan() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      URI uri = URI.create("https://localhost:" + services.counter().getPort());
      // A process's first handshake can take longer than the reporter waits.
      assertThrows(IOException.class, () -> VisitCounterServices.send("GET", uri));
      assertReported("it has no TLS, or none that is trusted here", "JAEGER_ENDPOINT", uri);
    }
  }

  /** Without a reason for their loss, all spans count as sent; also those that a stop sends. */
  private static void assertReported(String reason, Object... receiver) throws Exception {
    try (ReportedSpans spans = new ReportedSpans(receiver)) {
      spans.finish(1);
      spans.await("sent|failed", 1);
      long open = open();
      for (int sends = 2; sends <= SENDS; sends++) {
        spans.finish(1);
        spans.await("sent|failed", sends);
      }
      long more = open() - open;
      assertTrue(more < SENDS / 2, () -> more + " more are open");
      spans.finish(2);
      long sent = reason == null ? SENDS + 2 : 0;
      spans.assertCounts(SENDS + 2, sent, SENDS + 2 - sent);
      if (reason != null) {
        spans.assertLost(reason);
      }
    }
  }

  private static long open() {
    return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getOpenFileDescriptorCount();
  }
}
