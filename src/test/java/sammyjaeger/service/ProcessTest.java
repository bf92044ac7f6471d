package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;

/** The packaged jars as processes: their start, their visits, and their end. */
class ProcessTest {

  @Test
  void visit_crossesBothProcesses() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of());
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), Map.of())) {
      String answer =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(frontend.uri()).build(), BodyHandlers.ofString())
              .body();
      assertEquals(VisitCounterServices.greeting(1), answer);

      frontend.terminate();
      assertEquals(JarProcess.SIGTERM, frontend.exitCode());
      backend.terminate();
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
      List<WireSpan> spans = agent.drain();
      assertEquals(6, spans.size(), spans::toString);
      assertEquals(1, spans.stream().map(WireSpan::traceId).distinct().count());
      assertTrue(frontend.log().stream().noneMatch(line -> line.contains("Calls from here")));
    }
  }

  /** Visitors who each open a connection keep coming until the port is closed. */
  @Test
  void stopUnderLoad_dropsNoVisitAndNoSpan() throws Exception {
    Queue<String> answers = new ConcurrentLinkedQueue<>();
    Queue<Exception> dropped = new ConcurrentLinkedQueue<>();
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of("SIMULATED_DELAY", "20ms..100ms"));
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), Map.of())) {
      URI uri = frontend.uri();
      CountDownLatch underLoad = new CountDownLatch(100);
      List<Thread> visitors = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        Thread visitor = new Thread(() -> visitUntilRefused(uri, answers, dropped, underLoad));
        visitor.start();
        visitors.add(visitor);
      }
      underLoad.await();
      frontend.terminate();
      for (Thread visitor : visitors) {
        visitor.join();
      }
      assertEquals(JarProcess.SIGTERM, frontend.exitCode());
      backend.terminate();
      assertEquals(JarProcess.SIGTERM, backend.exitCode());

      // The system resets who connects in the instant in which the port closes, and a stop lets go
      // who has connected and is not read for five seconds. How many that are is up to the machine;
      // but by then the port is closed, nobody gets half an answer, and of those requests none was
      // seen: below no number is missing and no span left over.
      dropped.forEach(
          e ->
              assertTrue(
                  e instanceof SocketException || e.getMessage().equals("Answer: ''"),
                  e::toString));
      assertEquals(
          greetings(answers.size()),
          answers.stream()
              .map(answer -> answer.substring(answer.indexOf("Hello")))
              .collect(Collectors.toSet()));

      List<WireSpan> spans = agent.drain();
      Map<String, List<WireSpan>> traces =
          spans.stream().collect(Collectors.groupingBy(WireSpan::traceId));
      assertEquals(answers.size(), traces.size());
      traces.values().forEach(trace -> assertEquals(6, trace.size(), trace::toString));
      assertEndsWith(
          ("Of %d spans, %<d were handed to the network for udp://localhost:%d and 0 were lost")
              .formatted(answers.size() * 3, agent.port()),
          frontend.log());
      System.out.printf(
          "Stop under load: %d visits answered, %d reset, %d spans received%n",
          answers.size(), dropped.size(), spans.size());
    }
  }

  /** Far more visitors at once than a small heap has room for. */
  @Test
  void flood_isAnsweredToTheLastVisitorAndToldInOneLine() throws Exception {
    int visits = 300;
    Map<String, String> smallHeap = Map.of("JAVA_TOOL_OPTIONS", "-Xmx48m");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of("SIMULATED_DELAY", "2s"));
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), smallHeap)) {
      HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      HttpRequest request = HttpRequest.newBuilder(frontend.uri()).build();
      List<CompletableFuture<HttpResponse<String>>> answers =
          Stream.generate(() -> http.sendAsync(request, BodyHandlers.ofString()))
              .limit(visits)
              .toList();
      Set<String> bodies = new HashSet<>();
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertTrue(bodies.add(answer.get().body()));
      }
      assertEquals(greetings(visits), bodies);
      frontend.terminate();
      assertEquals(
          1, frontend.log().stream().filter(line -> line.contains("further ones wait")).count());
    }
  }

  @Test
  void start_saysThatItMayOpenFewFiles() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder =
        new ProcessBuilder("sh", "-c", "ulimit -n 500; exec \"$0\" -jar target/backend.jar", java);
    builder.redirectErrorStream(true).environment().put("PORT", "0");
    Process process = builder.start();
    try (BufferedReader output = process.inputReader()) {
      String line = output.readLine();
      assertTrue(
          line.endsWith(
              "No more than 150 requests run at once, as this process may open only 500 files (ulimit -n)"),
          line);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void start_saysWhereItListensAndWhereSpansGo() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of())) {
      URI uri = backend.uri();
      String spansGo = backend.await("Spans go to ");
      backend.terminate();
      assertTrue(
          spansGo.endsWith(
              "Spans go to udp://localhost:%d (service do-visit-counter-backend, sampler const 1, propagation jaeger)"
                  .formatted(agent.port())),
          spansGo);
      List<String> log = backend.log();
      assertTrue(log.get(0).contains("Listening on " + uri + " ("), log::toString);
      assertTrue(
          log.stream().anyMatch(line -> line.endsWith("0 requests were cut short by STOP_TIMEOUT")),
          log::toString);
      assertEquals(5, log.size(), log::toString);
    }
  }

  @Test
  void requestThatOutlastsTheStop_isCutShortAndCounted() throws Exception {
    Map<String, String> settings = Map.of("SIMULATED_DELAY", "10m", "STOP_TIMEOUT", "200ms");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, settings);
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), backend.uri().getPort())) {
      String post = Raw.request("POST", "/api/counter", "Host: x");
      socket.getOutputStream().write(post.getBytes(StandardCharsets.US_ASCII));
      URI metrics = backend.uri().resolve("/metrics");
      while (!VisitCounterServices.send("GET", metrics)
          .body()
          .contains("http_requests_running 1\n")) {
        Thread.sleep(10);
      }
      backend.terminate();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 500 "), answer);
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
      List<String> log = backend.log();
      assertTrue(
          log.stream().anyMatch(line -> line.endsWith("1 requests were cut short by STOP_TIMEOUT")),
          log::toString);
      WireSpan span =
          VisitCounterServices.only(
              agent.drain(), VisitCounterServices.BACKEND, "POST /api/counter");
      assertEquals(true, span.tags().get("error"));
    }
  }

  /** Shorter than the 30 seconds after which Jetty closes them; either client may be the first. */
  @Test
  void idleConnections_areGivenUpInTime() throws Exception {
    Map<String, String> overHttp = Map.of("JAEGER_ENDPOINT", "http://localhost:1/api/traces");
    try (UdpAgent agent = new UdpAgent();
        JarProcess reporting = JarProcess.backend(agent, overHttp);
        JarProcess calling = JarProcess.frontend(agent, reporting.uri(), Map.of())) {
      for (JarProcess service : List.of(reporting, calling)) {
        service.uri();
        String properties = service.systemProperties();
        assertTrue(properties.contains("\njdk.httpclient.keepalive.timeout=20\n"), properties);
      }
    }
  }

  /** A profiler's own shutdown hook must run to its end. */
  @Test
  void flightRecordingAtExit_isWhole() throws Exception {
    Path recording = Files.createTempFile("recording", ".jfr");
    String options = "-XX:StartFlightRecording=dumponexit=true,filename=" + recording;
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of("JAVA_TOOL_OPTIONS", options))) {
      backend.uri();
      backend.terminate();
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
      try (RecordingFile events = new RecordingFile(recording)) {
        assertTrue(events.hasMoreEvents());
      }
    } finally {
      Files.delete(recording);
    }
  }

  /** As the JDK's HTTP client does. */
  @Test
  void whatTheJdkLogs_isInTheLog() throws Exception {
    Map<String, String> settings =
        Map.of("JAVA_TOOL_OPTIONS", "-Djdk.httpclient.HttpClient.log=requests");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, Map.of());
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), settings)) {
      VisitCounterServices.send("GET", frontend.uri());
      frontend.await("REQUEST: " + backend.uri().resolve("/api/counter"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar -Duser.country=EG", "th -Duser.country=TH", "es"})
  void machinesLanguage_changesNothing(String language) throws Exception {
    Map<String, String> settings =
        Map.of(
            "JAVA_TOOL_OPTIONS", "-Duser.language=" + language,
            "JAEGER_SAMPLER_TYPE", "probabilistic",
            "JAEGER_SAMPLER_PARAM", "0.5");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, settings)) {
      URI counter = backend.uri().resolve("/api/counter");
      for (int i = 0; i < 100; i++) {
        VisitCounterServices.send("GET", counter);
      }
      backend.terminate();
      List<String> log = new ArrayList<>(backend.log());
      String tree =
          "trace [0-9a-f]{32} in do-.*|\\d+ more trees in do-.*|  GET /api/counter +#+ +\\d\\.\\d{3} s";
      assertTrue(log.removeIf(line -> line.matches(tree)), log::toString);
      for (String line : log.subList(1, log.size())) {
        assertTrue(line.matches("2\\d{3}-\\d\\d-\\d\\dT[ -~]*"), line);
        assertEquals(
            LocalDate.now(ZoneId.systemDefault()).getYear(),
            Integer.parseInt(line.substring(0, 4)));
      }
      assertTrue(
          log.stream().anyMatch(line -> line.contains(" sampler probabilistic 0.5,")),
          log::toString);
      int sampled = agent.drain().size();
      assertTrue(sampled > 0 && sampled < 100, () -> sampled + " of 100 are sampled");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"backend.jar", "frontend.jar"})
  void wrongPort_endsWithOneLine(String jar) throws Exception {
    try (JarProcess service = new JarProcess(jar, Map.of("PORT", "eighty"))) {
      assertEquals(1, service.exitCode());
      List<String> log = service.log();
      assertEquals(1, log.size(), log::toString);
      assertEndsWith(
          "Not started: PORT is 'eighty', but must be a whole number from 0 to 65535", log);
    }
  }

  @Test
  void portInUse_endsWithOneLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        JarProcess service =
            new JarProcess("backend.jar", Map.of("PORT", String.valueOf(taken.getLocalPort())))) {
      assertEquals(1, service.exitCode());
      List<String> log = service.log();
      assertEquals(1, log.size(), log::toString);
      assertEndsWith("an address of this machine and a free port of it", log);
    }
  }

  @Test
  void unknownArgument_endsWithOneLine() throws Exception {
    try (JarProcess service = new JarProcess("backend.jar", Map.of(), "--port=1")) {
      assertEquals(1, service.exitCode());
      List<String> log = service.log();
      assertEquals(1, log.size(), log::toString);
      assertEndsWith("Not started: There are no arguments but --help", log);
    }
  }

  @Test
  void help_printsTheTable() throws Exception {
    try (JarProcess service = new JarProcess("frontend.jar", Map.of(), "--help")) {
      assertEquals(0, service.exitCode());
      List<String> output = service.log();
      assertTrue(output.contains("  COUNTER_ENDPOINT=http://localhost:5000"), output::toString);
      assertTrue(output.contains("  JAEGER_SERVICE_NAME=do-visit-counter-frontend"));
    }
  }

  private static Set<String> greetings(int visits) {
    return IntStream.rangeClosed(1, visits)
        .mapToObj(VisitCounterServices::greeting)
        .collect(Collectors.toSet());
  }

  private static void visitUntilRefused(
      URI uri, Queue<String> answers, Queue<Exception> dropped, CountDownLatch underLoad) {
    while (true) {
      try {
        String answer = Raw.send(uri, Raw.request("GET", "/", "Host: localhost"));
        if (!answer.startsWith("HTTP/1.1 200")) {
          throw new IOException("Answer: '" + answer + "'");
        }
        answers.add(answer);
      } catch (ConnectException e) {
        return;
      } catch (IOException e) {
        dropped.add(isOpen(uri) ? new IOException("Dropped while the port was open", e) : e);
      } finally {
        underLoad.countDown();
      }
    }
  }

  private static boolean isOpen(URI uri) {
    try {
      new Socket(InetAddress.getLoopbackAddress(), uri.getPort()).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void assertEndsWith(String expected, List<String> log) {
    String last = log.isEmpty() ? "" : log.get(log.size() - 1);
    assertTrue(last.endsWith(expected), () -> "'" + last + "' should end with: " + expected);
  }
}
