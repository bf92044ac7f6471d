package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;

/** What the log says of spans, and that it is true. */
class OutageTest {

  private static final int SPANS = 20;

  private static final Pattern COUNTS =
      Pattern.compile("Of (\\d+) spans, (\\d+) were handed .* and (\\d+) were lost$");
  private static final int FINISHED = 0;
  private static final int HANDED = 1;
  private static final int LOST = 2;

  /** Of the last packet no later send can tell; UdpSenderTest says how many spans are in it. */
  @Test
  void nobodyOnThePort_isOneOutage() throws Exception {
    int port = FreePort.find();
    try (JarProcess backend = backend(Map.of("JAEGER_AGENT_PORT", String.valueOf(port)))) {
      int finished = SPANS + countUntil(backend, ", because nobody listens there");
      URI metrics = backend.uri().resolve("/metrics");
      String noneFailed = "tracing_spans_total{result=\"failed\"} 0\n";
      do {
        VisitCounterServices.send("GET", backend.uri().resolve("/api/counter"));
        finished++;
      } while (VisitCounterServices.send("GET", metrics).body().contains(noneFailed));
      List<String> log = count(backend, SPANS);
      assertEquals(1, log.stream().filter(line -> line.contains("Spans don't reach")).count());
      assertContains(log, "Spans don't reach udp://localhost:" + port);
      int[] counts = counts(log);
      assertEquals(finished, counts[FINISHED]);
      assertTrue(counts[LOST] > 0, log::toString);
    }
  }

  @Test
  void agentThatStartsLate_getsTheFirstTraceWhole() throws Exception {
    int port = FreePort.find();
    Map<String, String> settings = Map.of("JAEGER_AGENT_PORT", String.valueOf(port));
    try (JarProcess backend = backend(settings)) {
      int finished = SPANS + 3 + countUntil(backend, "Spans don't reach");
      for (int i = 0; i < SPANS; i++) {
        VisitCounterServices.send("GET", backend.uri().resolve("/api/counter"));
      }
      try (UdpAgent agent = new UdpAgent(port)) {
        URI counter = backend.uri().resolve("/api/counter");
        String traceId =
            VisitCounterServices.send("POST", counter)
                .headers()
                .firstValue("X-Trace-Id")
                .orElseThrow();
        // The first packet meets the error of the one before, and so the next tells of its end.
        while (agent.received(traceId) < 2) {
          Thread.sleep(10);
        }
        VisitCounterServices.send("GET", counter);
        backend.await("Spans reach udp://localhost:" + port + " again");
        backend.terminate();
        int[] counts = counts(backend.log());
        assertEquals(agent.drain().size(), counts[HANDED]);
        assertEquals(finished, counts[FINISHED]);
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
        backend.await(", because " + reason);
      } else {
        while (!collector.headers.containsKey("content-length")) {
          Thread.sleep(10);
        }
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
    int port = FreePort.find();
    String endpoint = "http://localhost:" + port + "/api/traces";
    try (JarProcess backend = backend(Map.of("JAEGER_ENDPOINT", endpoint))) {
      List<String> log = count(backend, SPANS);
      assertEquals(1, log.stream().filter(line -> line.contains("Spans don't reach")).count());
      assertContains(log, "because it refuses the connection, or its host is not known");
      assertContains(
          log, "Of %d spans, 0 were taken by %s and %1$d were lost".formatted(SPANS, endpoint));
    }
  }

  /** To an agent that listens, as another outage may not begin before the queue is full. */
  @Test
  void queueThatIsFull_isSaidSo() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend =
            backend(
                Map.of(
                    "JAEGER_AGENT_PORT",
                    String.valueOf(agent.port()),
                    "JAEGER_REPORTER_MAX_QUEUE_SIZE",
                    "1"))) {
      String crowd = "GET /api/counter HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
      String last = Raw.request("GET", "/api/counter", "Host: x");
      for (int i = 0; i < 20; i++) {
        Raw.send(backend.uri(), crowd + last);
      }
      backend.terminate();
      backend.await(", because the reporter's queue is full");
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
        List<String> log = count(backend, SPANS);
        long lines = log.stream().filter(line -> line.contains("Span reported")).count();
        assertEquals(logSpans.equals("true") ? SPANS : 0, lines);
        assertTrue(log.stream().noneMatch(line -> line.startsWith("trace ")), log::toString);
        assertEquals(SPANS, agent.drain().size());
      }
    }
  }

  /** Makes spans until the log says so, and returns how many. */
  private static int countUntil(JarProcess backend, String text) throws Exception {
    URI counter = backend.uri().resolve("/api/counter");
    int spans = 0;
    while (!backend.hasSaid(text)) {
      VisitCounterServices.send("GET", counter);
      spans++;
    }
    return spans;
  }

  /** Makes that many spans, and returns the log to its end. */
  private static List<String> count(JarProcess backend, int spans) throws Exception {
    URI counter = backend.uri().resolve("/api/counter");
    for (int i = 0; i < spans; i++) {
      VisitCounterServices.send("GET", counter);
    }
    backend.terminate();
    List<String> log = backend.log();
    assertEquals(JarProcess.SIGTERM, backend.exitCode());
    return log;
  }

  /** How many spans the last line says were finished, handed on, and lost. */
  private static int[] counts(List<String> log) {
    Matcher counts = COUNTS.matcher(log.get(log.size() - 1));
    assertTrue(counts.find(), log::toString);
    return new int[] {
      Integer.parseInt(counts.group(1)),
      Integer.parseInt(counts.group(2)),
      Integer.parseInt(counts.group(3))
    };
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

  private static void write(OutputStream out, byte[] bytes) throws java.io.IOException {
    out.write(bytes);
    out.flush();
  }

  private static void assertContains(List<String> log, String text) {
    assertTrue(log.stream().anyMatch(line -> line.contains(text)), () -> text + " in " + log);
  }
}
