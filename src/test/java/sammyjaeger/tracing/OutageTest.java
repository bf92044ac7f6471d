package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;

/** What the log says of spans, and that it is true. */
class OutageTest {

  private static final int SPANS = 20;

  /** Each span is a packet: of the last one no later send can tell. */
  @Test
  void nobodyOnThePort_losesAllButTheLastPacketInTheCountsToo() throws Exception {
    int port = freeUdpPort();
    try (JarProcess backend = backend(Map.of("JAEGER_AGENT_PORT", String.valueOf(port)))) {
      List<String> log = countSlowly(backend);
      assertEquals(1, log.stream().filter(line -> line.contains("are being lost")).count());
      assertContains(
          log,
          "Spans on their way to udp://localhost:%d are being lost, because nobody listens there"
              .formatted(port));
      assertContains(
          log,
          "Of %d spans, 1 were handed to the network for udp://localhost:%d and %d were lost"
              .formatted(SPANS, port, SPANS - 1));
    }
  }

  @Test
  void agentThatStartsLate_getsTheFirstTraceWhole() throws Exception {
    int port = freeUdpPort();
    Map<String, String> settings = Map.of("JAEGER_AGENT_PORT", String.valueOf(port));
    try (JarProcess backend = backend(settings)) {
      URI counter = backend.uri().resolve("/api/counter");
      for (int i = 0; i < SPANS; i++) {
        VisitCounterServices.send("GET", counter);
        Thread.sleep(30);
      }
      backend.await("are being lost");
      try (UdpAgent agent = new UdpAgent(port)) {
        // Two spans, of a trace whose first packet meets the error of the one before.
        VisitCounterServices.send("POST", counter);
        VisitCounterServices.send("GET", counter);
        backend.await("Spans reach udp://localhost:" + port + " again");
        backend.terminate();
        List<String> log = backend.log();
        List<WireSpan> spans = agent.drain();
        assertEquals(3, spans.size(), spans::toString);
        assertContains(
            log,
            "Of %d spans, 3 were handed to the network for udp://localhost:%d and %d were lost"
                .formatted(SPANS + 3, port, SPANS));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n | it answers with status 404",
        "HTTP/1.1 302 Found\\r\\nLocation: /ok\\r\\n\\r\\n | it answers with status 302",
        "HTTP/1.1 500 Oops\\r\\n\\r\\nENDLESS | it answers with status 500",
        "HTTP/1.1 200 OK\\r\\n\\r\\nENDLESS | ",
        "SSH-2.0 | it breaks the connection off",
        "SILENCE | it does not answer in time",
      })
  void collector_isJudgedByItsStatusAlone(String answer, String reason) throws Exception {
    byte[] much = new byte[1 << 16];
    byte[] beginning =
        answer
            .replace("\\r\\n", "\r\n")
            .replaceAll("ENDLESS|SILENCE", "")
            .getBytes(StandardCharsets.US_ASCII);
    try (FakeBackend collector =
            new FakeBackend(
                out -> {
                  write(out, beginning);
                  while (answer.contains("ENDLESS")) {
                    write(out, much);
                  }
                  Thread.sleep(answer.equals("SILENCE") ? Long.MAX_VALUE : 0);
                });
        JarProcess backend =
            backend(
                Map.of(
                    "JAEGER_ENDPOINT",
                    collector.uri().resolve("/api/traces").toString(),
                    "JAVA_TOOL_OPTIONS",
                    "-Xmx32m"))) {
      URI counter = backend.uri().resolve("/api/counter");
      VisitCounterServices.send("GET", counter);
      if (reason != null) {
        backend.await("are being lost, because " + reason);
      } else {
        Thread.sleep(500);
      }
      backend.terminate();
      assertContains(
          backend.log(),
          "Of 1 spans, %d were taken by %s/api/traces and %d were lost"
              .formatted(reason == null ? 1 : 0, collector.uri(), reason == null ? 0 : 1));
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
    }
  }

  @Test
  void nobodyOnTheCollectorsPort_isOneOutage() throws Exception {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    String endpoint = "http://localhost:" + port + "/api/traces";
    try (JarProcess backend = backend(Map.of("JAEGER_ENDPOINT", endpoint))) {
      List<String> log = countSlowly(backend);
      assertEquals(1, log.stream().filter(line -> line.contains("are being lost")).count());
      assertContains(log, "because it refuses the connection, or its host is not known");
      assertContains(
          log, "Of %d spans, 0 were taken by %s and %1$d were lost".formatted(SPANS, endpoint));
    }
  }

  @Test
  void queueThatIsFull_isSaidSo() throws Exception {
    try (FakeBackend silent = FakeBackend.silent();
        JarProcess backend =
            backend(
                Map.of(
                    "JAEGER_ENDPOINT",
                    silent.uri().resolve("/api/traces").toString(),
                    "JAEGER_REPORTER_MAX_QUEUE_SIZE",
                    "1"))) {
      List<String> log = countSlowly(backend);
      assertContains(log, "are being lost, because the reporter's queue is full");
    }
  }

  @Test
  void spansLogged_areOneLineEachOrNone() throws Exception {
    for (String logSpans : List.of("true", "false")) {
      try (UdpAgent agent = new UdpAgent();
          JarProcess backend =
              backend(
                  Map.of(
                      "JAEGER_AGENT_PORT",
                      String.valueOf(agent.port()),
                      "JAEGER_REPORTER_LOG_SPANS",
                      logSpans))) {
        List<String> log = countSlowly(backend);
        long lines = log.stream().filter(line -> line.contains("Span reported")).count();
        assertEquals(logSpans.equals("true") ? SPANS : 0, lines);
        assertEquals(SPANS, agent.drain().size());
      }
    }
  }

  @Test
  void flushInterval_isHowLongASpanWaits() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        VisitCounterServices services =
            new VisitCounterServices(
                Map.of(
                    "JAEGER_AGENT_PORT",
                    String.valueOf(agent.port()),
                    "JAEGER_REPORTER_FLUSH_INTERVAL",
                    "600000"))) {
      services.visit();
      Thread.sleep(1500);
      assertEquals(0, agent.received());
      services.stop();
      assertEquals(6, agent.drain().size());
    }
    try (UdpAgent agent = new UdpAgent();
        VisitCounterServices services =
            new VisitCounterServices(
                Map.of(
                    "JAEGER_AGENT_PORT",
                    String.valueOf(agent.port()),
                    "JAEGER_REPORTER_FLUSH_INTERVAL",
                    "10"))) {
      services.visit();
      while (agent.received() < 6) {
        Thread.sleep(10);
      }
    }
  }

  private static List<String> countSlowly(JarProcess backend) throws Exception {
    URI counter = backend.uri().resolve("/api/counter");
    for (int i = 0; i < SPANS; i++) {
      VisitCounterServices.send("GET", counter);
      Thread.sleep(30);
    }
    backend.terminate();
    List<String> log = backend.log();
    assertEquals(JarProcess.SIGTERM, backend.exitCode());
    return log;
  }

  /** A backend that sends each span as soon as it can. */
  private static JarProcess backend(Map<String, String> settings) throws Exception {
    Map<String, String> all = new HashMap<>();
    all.put("PORT", "0");
    all.put("SIMULATED_DELAY", "0");
    all.put("JAEGER_REPORTER_FLUSH_INTERVAL", "5");
    all.putAll(settings);
    return new JarProcess("backend.jar", all);
  }

  private static int freeUdpPort() throws Exception {
    try (DatagramSocket free =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      return free.getLocalPort();
    }
  }

  private static void write(OutputStream out, byte[] bytes) throws java.io.IOException {
    out.write(bytes);
    out.flush();
  }

  private static void assertContains(List<String> log, String text) {
    assertTrue(log.stream().anyMatch(line -> line.contains(text)), () -> text + " in " + log);
  }
}
