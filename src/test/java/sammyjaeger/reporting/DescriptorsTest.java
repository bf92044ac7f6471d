package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;

/** A send that fails gives back what it took, however often it fails. */
@Isolated("Counts what the whole process has open")
class DescriptorsTest {

  private static final int TIMES = 20;

  @ParameterizedTest
  @ValueSource(strings = {"no-such-host.invalid", "255.255.255.255", "127.0.0.1"})
  void agentThatCantBeReached_keepsNoSocket(String host) throws Exception {
    assertNothingKept("JAEGER_AGENT_HOST", host, "JAEGER_AGENT_PORT", FreePort.find());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 202 Accepted~~ENDLESS",
        "HTTP/1.1 202 Accepted~Content-Length: 99~~cut off",
        "HTTP/1.1 202 Accepted~X: LONG~~",
        "HTTP/1.1 202 Accepted~MANY~",
        "EARLYHTTP/1.1 202 Accepted~~",
        "SSH-2.0~",
        "",
      })
  void collectorThatAnswersWrong_keepsNoSocket(String answer) throws Exception {
    try (FakeBackend collector = HttpSenderTest.collector(answer)) {
      assertNothingKept("JAEGER_ENDPOINT", collector.uri());
    }
  }

  @Test
  void collectorThatResets_keepsNoSocket() throws Exception {
    try (ServerSocket collector = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      new Thread(() -> resetAll(collector)).start();
      assertNothingKept("JAEGER_ENDPOINT", "http://localhost:" + collector.getLocalPort());
    }
  }

  private static void resetAll(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket connection = server.accept()) {
        connection.setSoLinger(true, 0);
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void assertNothingKept(Object... settings) throws Exception {
    try (ReportedSpans spans = new ReportedSpans(settings)) {
      spans.finish(1);
      spans.await("sent|failed", 1);
      long before = open();
      for (int i = 2; i <= TIMES; i++) {
        spans.finish(1);
        spans.await("sent|failed", i);
      }
      long more = open() - before;
      assertTrue(more < TIMES / 2, () -> more + " more are open");
    }
  }

  private static long open() {
    return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getOpenFileDescriptorCount();
  }
}
