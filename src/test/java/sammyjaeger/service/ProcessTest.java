package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertLinesMatch;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static sammyjaeger.harness.VisitCounterServices.greeting;
import static sammyjaeger.harness.VisitCounterServices.send;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.WireSpan;

/** The packaged jars as processes: their start, their visits, and their end. */
class ProcessTest {

  @ParameterizedTest
  @ValueSource(strings = {"--help", "-h"})
  void help_listsTheSettingsAndStartsNothing(String argument) throws Exception {
    Map<String, String> logClasses = Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load");
    try (JarProcess frontend = new JarProcess("frontend.jar", logClasses, argument)) {
      assertEquals(0, frontend.exitCode());
      String output = String.join("\n", frontend.log());
      assertTrue(output.contains("\nThe frontend of a visit counter: "), output);
      assertTrue(output.contains("\nExample: COUNTER_ENDPOINT="), output);
      assertTrue(output.contains("\n  COUNTER_ENDPOINT=http://localhost:5000\n"), output);
      assertTrue(output.contains("\n  JAEGER_SERVICE_NAME=do-visit-counter-frontend\n"), output);
      assertFalse(output.contains(" org.eclipse.jetty."), output);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "backend.jar  | PORT=eighty | PORT is 'eighty', but must be a whole number from 0 to 65535",
        "frontend.jar | PORT=eighty | PORT is 'eighty', but must be a whole number from 0 to 65535",
        "backend.jar  | --port=1    | There are no arguments except --help and -h",
        "backend.jar  | PORT=TAKEN  | Port TAKEN on 127.0.0.1 is taken by another program:"
            + " set PORT to another one",
        "backend.jar  | HOST=192.0.2.1 | Port 5000 on 192.0.2.1 can't be opened"
            + " (Cannot assign requested address): set HOST or PORT",
        "backend.jar  | HOST=not-there.invalid | Port 5000 on not-there.invalid can't be opened"
            + " (it has a host name that is not known): set HOST or PORT",
      })
  void wrongStart_endsWithOneLine(String jar, String wrong, String why) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(taken.getLocalPort());
      String[] pair = wrong.replace("TAKEN", port).split("=");
      String[] arguments = wrong.startsWith("--") ? new String[] {wrong} : new String[0];
      try (JarProcess process = new JarProcess(jar, Map.of(pair[0], pair[1]), arguments)) {
        assertEquals(1, process.exitCode());
        String line = ".* - \\QNot started: " + why.replace("TAKEN", port);
        assertLinesMatch(List.of(line), process.log());
      }
    }
  }

  private static void assertSaid(String text, JarProcess process) throws Exception {
    List<String> log = process.log();
    assertEquals(1, log.stream().filter(line -> line.contains(text)).count(), log::toString);
  }

  @Test
  void start_saysWhereItListensWhereSpansGoAndWhatNothingReads() throws Exception {
    Map<String, String> settings = Map.of("SIMULATED_DELY", "1s", "COUNTER_ENDPOINT", "http://x");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, settings)) {
      URI uri = backend.uri();
      backend.await("Spans go to ");
      backend.terminate();
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
      String agentUri = "udp://localhost:" + agent.port();
      assertLinesMatch(
          Stream.of(
                  "No setting reads SIMULATED_DELY; see --help",
                  "Listening on " + uri + " \\(\\d+ requests at once\\)",
                  "Spans go to " + agentUri + " \\(service do-visit-counter-backend, .*",
                  "Stopping",
                  "Stopped; 0 requests were cut short by STOP_TIMEOUT",
                  "Of 0 spans, 0 were handed to the network for " + agentUri + ", and 0 were lost")
              .map(".* - "::concat)
              .toList(),
          backend.log());
    }
  }

  @Test
  void secrets_areInNoLineOfTheLog() throws Exception {
    URI nobody = URI.create("http://localhost:" + FreePort.find() + "/shark");
    Map<String, String> settings =
        Map.of(
            "JAEGER_ENDPOINT", nobody.toString(),
            "JAEGER_USER", "sammy-shark",
            "JAEGER_PASSWORD", "shark",
            "JAEGER_AUTH_TOKEN", "shark",
            "JAEGER_REPORTER_LOG_SPANS", "false"); // The path is a part of a span's name.
    try (UdpAgent agent = new UdpAgent();
        JarProcess frontend = JarProcess.frontend(agent, nobody, settings)) {
      String answer = send("GET", frontend.uri()).body();
      assertTrue(answer.endsWith(nobody.getPort() + " refused the connection."), answer);
      frontend.await("Spans don't reach http://localhost:" + nobody.getPort() + ", because");
      frontend.terminate();
      String log = String.join("\n", frontend.log());
      assertFalse((answer + log).contains("shark"), log);
    }
  }

  /** Each visitor opens a connection for each visit, until the port is closed. */
  @Test
  void stopUnderLoad_dropsNoVisitAndNoSpan() throws Exception {
    Queue<String> answers = new ConcurrentLinkedQueue<>();
    // Longer than the second after which a stop closes idle connections.
    Map<String, String> slow = Map.of("SIMULATED_DELAY", "1200ms");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, slow);
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), Map.of())) {
      URI uri = frontend.uri();
      CountDownLatch underLoad = new CountDownLatch(40);
      List<Thread> visitors =
          Stream.generate(() -> new Thread(() -> visitUntilRefused(uri, answers, underLoad)))
              .limit(30)
              .toList();
      visitors.forEach(Thread::start);
      underLoad.await();
      frontend.terminate();
      for (Thread visitor : visitors) {
        visitor.join();
      }
      assertEquals(JarProcess.SIGTERM, frontend.exitCode());
      backend.terminate();
      assertEquals(JarProcess.SIGTERM, backend.exitCode());

      for (int number = 1; number <= answers.size(); number++) {
        assertTrue(answers.contains(greeting(number)), answers::toString);
      }
      Map<String, List<WireSpan>> traces =
          agent.drain().stream().collect(Collectors.groupingBy(WireSpan::traceId));
      assertEquals(answers.size(), traces.size());
      traces.values().forEach(trace -> assertEquals(6, trace.size(), trace::toString));
      String said = "Of %d spans, %<d were handed to the network for udp://localhost:%d, and 0 ";
      assertSaid(said.formatted(answers.size() * 3, agent.port()), frontend);
    }
  }

  private static void visitUntilRefused(URI uri, Queue<String> answers, CountDownLatch underLoad) {
    String answer = visit(uri);
    while (!answer.isEmpty() || isOpen(uri)) {
      answers.add(answer);
      underLoad.countDown();
      answer = visit(uri);
    }
  }

  /** Gives no text if the connection was not accepted, or not read, when the port closed. */
  private static String visit(URI uri) {
    try {
      String answer = Raw.send(uri, Raw.request("GET", "/", "Host: x"));
      return answer.replaceFirst("(?s)^HTTP/1.1 200 .*?\r\n\r\n", "");
    } catch (IOException e) {
      return "";
    }
  }

  private static boolean isOpen(URI uri) {
    try (Socket socket = Raw.open(uri, "")) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Far more visitors at once than a small heap has room for. */
  @Test
  void flood_isAnsweredToTheLastVisitorAndHoldsUpNoHealthCheck() throws Exception {
    CountDownLatch mayAnswer = new CountDownLatch(1);
    FakeBackend.Answer late =
        out -> {
          mayAnswer.await();
          out.write(FakeBackend.COUNTER_OF_2.getBytes());
        };
    Map<String, String> smallHeap = Map.of("JAVA_TOOL_OPTIONS", "-Xmx48m");
    try (UdpAgent agent = new UdpAgent();
        FakeBackend backend = new FakeBackend(late);
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), smallHeap)) {
      URI uri = frontend.uri();
      List<Socket> visitors = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        visitors.add(Raw.open(uri, Raw.request("GET", "/", "Host: x")));
      }
      awaitMetric(uri, "http_requests_waiting 1\\d\\d"); // About 190 run.
      assertEquals("ok", send("GET", uri.resolve("/livez")).body());
      mayAnswer.countDown();
      for (Socket visitor : visitors) {
        String answer = Raw.readAll(visitor);
        assertTrue(answer.endsWith(greeting(1)), answer);
        visitor.close();
      }
      frontend.terminate();
      assertSaid(" requests run at once; further ones wait", frontend);
    }
  }

  private static void awaitMetric(URI service, String line) throws Exception {
    URI metrics = service.resolve("/metrics");
    while (!send("GET", metrics).body().matches("(?s).*\n" + line + "\n.*")) {
      Thread.sleep(10);
    }
  }

  /** With few files a service serves few at once; a connection is closed to let another in. */
  @Test
  void clientsBeyondTheConnectionLimit_waitForTheirTurn() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of("FILES", "240"))) {
      URI uri = backend.uri();
      for (int i = 0; i < 21; i++) {
        clients.add(Raw.open(uri, ""));
      }
      Socket waiting = clients.get(20);
      Raw.write(waiting, Raw.request("GET", "/livez", "Host: x"));
      String answer = "";
      while (!answer.contains("\r\nConnection: close\r\n")) {
        assertEquals(0, waiting.getInputStream().available());
        answer = Raw.ask(clients.get(0), "/livez");
        assertTrue(answer.endsWith("\r\n\r\nok"), answer);
      }
      assertTrue(Raw.readAll(waiting).endsWith("\r\n\r\nok"));
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  /** One client has left by then. The recording is whole if other shutdown hooks ran, too. */
  @Test
  void requestsThatOutlastTheStop_areCutShortAndCounted(@TempDir Path folder) throws Exception {
    String post = Raw.request("POST", "/api/counter", "Host: x");
    Path recording = folder.resolve("recording.jfr");
    Map<String, String> settings =
        Map.of(
            "SIMULATED_DELAY", "10m",
            "STOP_TIMEOUT", "200ms",
            "JAVA_TOOL_OPTIONS", "-XX:StartFlightRecording=dumponexit=true,filename=" + recording);
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, settings);
        Socket client = Raw.open(backend.uri(), post)) {
      Raw.open(backend.uri(), post).close();
      awaitMetric(backend.uri(), "http_requests_running 2");
      backend.terminate();
      String answer = Raw.readAll(client);
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
      assertTrue(answer.endsWith("\nThis service stopped before it counted this visit."), answer);
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
      assertSaid("; 2 requests were cut short by STOP_TIMEOUT", backend);
      List<WireSpan> spans = agent.drain();
      assertEquals(4, spans.size(), spans::toString);
      spans.forEach(span -> assertEquals(true, span.tags().get("error"), span::toString));
      try (RecordingFile events = new RecordingFile(recording)) {
        assertTrue(events.hasMoreEvents());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar -Duser.country=EG", "th -Duser.country=TH", "es"})
  void machinesLanguage_changesNothing(String language) throws Exception {
    Map<String, String> settings =
        Map.of(
            "JAVA_TOOL_OPTIONS", "-Duser.language=" + language,
            "NO_COLOR", "1",
            "JAEGER_SAMPLER_TYPE", "probabilistic",
            "JAEGER_SAMPLER_PARAM", "0.5");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, settings)) {
      URI counter = backend.uri().resolve("/api/counter");
      for (int i = 0; i < 100; i++) {
        send("GET", counter);
      }
      backend.terminate();
      List<String> log = new ArrayList<>(backend.log());
      int sampled = agent.drain().size();
      assertTrue(0 < sampled && sampled < 100, () -> sampled + " of 100 are sampled");
      log.remove(0); // The JVM's own line about its options.
      String time = LocalDate.now().getYear() + "-\\d\\d-\\d\\dT[0-9:.]{12}\\S+ ";
      String tree =
          "trace [0-9a-f]{32} in .*|  GET /api/counter +#+ +\\d\\.\\d{3} s|.* more trees .*";
      log.forEach(line -> assertTrue(line.matches(time + "[ -~]*|" + tree), line));
      assertTrue(log.toString().contains(", sampler probabilistic 0.5, "), log::toString);
    }
  }
}
