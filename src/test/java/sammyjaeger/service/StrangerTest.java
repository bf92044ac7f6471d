package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;

/** What a stranger can send, and whom it harms: nobody. */
class StrangerTest {

  private static final String HOST = "Host: localhost";

  @ParameterizedTest
  @ValueSource(
      strings = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "SMURF"})
  void unknownPath_isNotFoundToEveryMethod(String method) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      for (URI server : List.of(services.frontend(), services.counter())) {
        for (String path : List.of("/nope", "/livez/more")) {
          String answer = Raw.send(server, Raw.request(method, path, HOST, "X-Secret: sesame"));
          assertTrue(answer.startsWith("HTTP/1.1 404 "), answer);
          assertFalse(answer.contains("sesame") || answer.contains("nope"), answer);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "SMURF"})
  void knownPath_allowsItsMethodsOnly(String method) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      assertAllowed("GET, HEAD", services.frontend(), method, "/");
      assertAllowed("GET, HEAD, POST", services.counter(), method, "/api/counter");
      for (String path : List.of("/livez", "/readyz")) {
        assertAllowed("GET, HEAD", services.frontend(), method, path);
      }
      assertAllowed("GET, HEAD", services.frontend(), "POST", "/livez");
    }
  }

  private static void assertAllowed(String allowed, URI server, String method, String path)
      throws Exception {
    String answer = Raw.send(server, Raw.request(method, path, HOST, "X-Secret: sesame"));
    assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
    assertTrue(answer.contains("\r\nAllow: " + allowed + "\r\n"), answer);
    assertTrue(
        answer.endsWith("\r\n\r\nThis path takes no other methods than " + allowed + "."), answer);
    assertFalse(answer.contains("sesame"), answer);
  }

  @Test
  void connect_isRefused() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      URI server = services.frontend();
      String toAuthority = Raw.request("CONNECT", "example.com:80", "Host: example.com:80");
      // RFC 9110, 9.3.6: without a port the target is invalid.
      String toPath = Raw.request("CONNECT", "/", HOST);
      assertTrue(Raw.send(server, toPath).startsWith("HTTP/1.1 400 "));
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getPort())) {
        socket.getOutputStream().write(toAuthority.getBytes());
        assertEquals("HTTP/1.1 405 ", new String(socket.getInputStream().readNBytes(13)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET / HTTP/1.1\\r\\n\\r\\n | 400",
        "nonsense\\r\\n\\r\\n | 400",
        "GET /%zz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n | 400",
        "GET /a%2fb HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n | 400",
        "GET / HTTP/1.1\\r\\nHost: a b\\r\\nConnection: close\\r\\n\\r\\n | 400",
        "GET / HTTP/1.1\\r\\nHost: user:secret@x:99999\\r\\nConnection: close\\r\\n\\r\\n | 400",
        "POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: -1\\r\\n\\r\\n | 400",
        "GET / HTTP/9.9\\r\\nHost: x\\r\\n\\r\\n | 505",
        "GET /\\r\\n\\r\\n | 505",
        "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n | 426",
        "GET /LONG HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n | 414",
        "GET / HTTP/1.1\\r\\nHost: x\\r\\nMANY\\r\\n | 431",
        "GET / HTTP/1.1\\r\\nHost: x\\r\\nX: LONG\\r\\n\\r\\n | 431",
        "GET / HTTP/1.1\\r\\nHost: x\\r\\nExpect: LONG\\r\\nConnection: close\\r\\n\\r\\n | 431",
        "GET / HTTP/1.1\\r\\nHost: x\\r\\nExpect: secret\\r\\nConnection: close\\r\\n\\r\\n | 417",
      })
  void unreadableRequest_isToldThatItIsItsFault(String request, int status) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      String bytes =
          request
              .replace("\\r\\n", "\r\n")
              .replace("LONG", "secret".repeat(1500))
              .replace("MANY", "X: secret\r\n".repeat(100));
      String answer = Raw.send(services.frontend(), bytes);
      assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
      assertTrue(answer.contains("\r\n\r\nThis request can't be answered: "), answer);
      assertFalse(answer.contains("secret"), answer);
      assertFalse(answer.contains("Jetty") || answer.contains("Exception"), answer);
    }
  }

  private static final String LOG_LINE = "\\d{4}-\\S+ [A-Z]+ \\S+ - [ -~…]*";
  private static final String TREE_LINE =
      "trace [0-9a-f]{32} in do-visit-counter-frontend"
          + "|  +[A-Z]+ /(\\*|api/counter)? +#+ +\\d+\\.\\d{3} s( ERROR \\d+)?";

  @Test
  void whatIsSent_neitherBreaksTheLogNorFillsIt() throws Exception {
    String bell = "\u0007\u001b[31m";
    List<String> requests =
        List.of(
            Raw.request("GET", "/", HOST, "jaeger-baggage: x%0a2026-01-01 ERROR evil%0d=1,a b=2"),
            Raw.request("GET", "/", HOST, "jaeger-baggage: " + "%0a=1,".repeat(1300)),
            Raw.request("GET", "/", HOST, "uberctx-a: " + "\"".repeat(7500)),
            Raw.request("GET", "/", HOST, "uber-trace-id: " + bell + "x".repeat(7000)),
            Raw.request("GET", "/", HOST, "uber-trace-id: %0a" + "x".repeat(7000)),
            Raw.request("GET", "/nope" + "x".repeat(7000), HOST),
            Raw.request("GET", "/", "Host: [evil" + "x".repeat(7000)),
            // No control character of ASCII comes so far; Jetty logs both.
            Raw.request("GET", "/", "Host: evil" + "x".repeat(3000), "Host: evil\u009b31m"),
            Raw.request("GET", "/%0aevil", HOST),
            Raw.request("SMURF" + "X".repeat(7000), "/", HOST));
    try (UdpAgent agent = new UdpAgent();
        FakeBackend broken = FakeBackend.sending("HTTP/1.1 500 evil\u0007\r\n\r\n");
        JarProcess frontend = JarProcess.frontend(agent, broken.uri(), Map.of())) {
      URI server = frontend.uri();
      for (String request : requests) {
        Raw.send(server, request);
      }
      frontend.terminate();
      List<String> log = frontend.log();
      assertTrue(log.stream().anyMatch(line -> line.contains("Encountered multiple")));
      int bytes = 0;
      for (String line : log) {
        assertTrue(line.matches(LOG_LINE + "|" + TREE_LINE), line);
        assertFalse(line.contains("x".repeat(200)), line);
        bytes += line.length() + 1;
      }
      // A refused request makes at most two lines, and each visit one for each of its two spans.
      int each = bytes / requests.size();
      assertTrue(each < 2000, () -> each + " bytes for each request: " + log);
    }
  }

  @Test
  void baggage_travelsOnInEightKilobytesAtMost() throws Exception {
    List<String> headers =
        List.of(
            "uberctx-a: " + "\"".repeat(7500),
            "jaeger-baggage: " + "k=\",".repeat(1800),
            "jaeger-baggage: " + "k123456789=v,".repeat(560),
            "jaeger-baggage: " + manyTimes(900, i -> "k%d=v,".formatted(i)),
            "jaeger-baggage: " + manyTimes(70, i -> "k%d%%0a=v,".formatted(i)),
            "jaeger-baggage: " + manyTimes(60, i -> "k%d%%0a=v,".formatted(i)),
            "jaeger-baggage: " + manyTimes(63, i -> "k%d=%s,".formatted(i, "\"".repeat(100))),
            "uberctx-x: " + "x".repeat(7030));
    try (FakeBackend backend = FakeBackend.counting();
        VisitCounterServices services =
            VisitCounterServices.with(backend, Map.of("JAEGER_PROPAGATION", "jaeger,w3c"))) {
      for (String header : headers) {
        String answer = Raw.send(services.frontend(), Raw.request("GET", "/", HOST, header));
        assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        int bytes =
            backend.headers.entrySet().stream()
                .mapToInt(entry -> entry.getKey().length() + entry.getValue().length() + 4)
                .sum();
        assertTrue(bytes <= 8 << 10, () -> bytes + " bytes for " + header.substring(0, 20));
        assertTrue(backend.headers.containsKey("uber-trace-id"));
        assertTrue(backend.headers.containsKey("traceparent"));
      }
    }
  }

  /** Each sends a byte now and then, so that none is ever idle. */
  @Test
  void slowClients_keepNobodyOut() throws Exception {
    Map<String, String> smallHeap = Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m");
    List<Socket> slow = new ArrayList<>();
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, smallHeap);
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), smallHeap)) {
      URI server = frontend.uri();
      for (int i = 0; i < 1500; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getPort());
        slow.add(socket);
        // A third each: idle, in its request line, in its headers.
        socket
            .getOutputStream()
            .write(List.of("", "GET ", "GET / HTTP/1.1\r\nA: ").get(i % 3).getBytes());
      }
      for (int visit = 1; visit <= 5; visit++) {
        for (Socket socket : slow) {
          if (slow.indexOf(socket) % 3 > 0) {
            sendOneByte(socket);
          }
        }
        assertEquals(
            VisitCounterServices.greeting(visit), VisitCounterServices.send("GET", server).body());
        assertEquals("ok", VisitCounterServices.send("GET", server.resolve("/livez")).body());
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  /** 8 KiB take twenty times as much of the heap, where they are many short headers or items. */
  @ParameterizedTest
  @MethodSource
  void longHeaders_fillNoHeap(String name, String headers) throws Exception {
    Map<String, String> settings =
        Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m -XX:+ExitOnOutOfMemoryError", "COUNTER_TIMEOUT", "1s");
    List<Socket> clients = new ArrayList<>();
    try (UdpAgent agent = new UdpAgent();
        FakeBackend silent = FakeBackend.silent();
        JarProcess frontend = JarProcess.frontend(agent, silent.uri(), settings)) {
      URI server = frontend.uri();
      for (int i = 0; i < 1500; i++) {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), server.getPort());
        clients.add(client);
        String request = "GET / HTTP/1.1\r\nHost: x\r\n" + headers;
        // Half of them keep the server waiting for their end.
        client.getOutputStream().write((request + (i % 2 > 0 ? "\r\n" : "")).getBytes());
      }
      assertEquals("ok", VisitCounterServices.send("GET", server.resolve("/livez")).body());
      assertEquals(504, VisitCounterServices.send("GET", server).statusCode());
      frontend.terminate();
      assertEquals(JarProcess.SIGTERM, frontend.exitCode());
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  static Stream<Arguments> longHeaders_fillNoHeap() {
    return Stream.of(
        Arguments.of("many short headers", manyTimes(1000, i -> name(i) + ": 1\r\n")),
        Arguments.of(
            "many items of baggage",
            "jaeger-baggage: " + manyTimes(1500, i -> name(i) + "=1,") + "\r\n"),
        Arguments.of(
            "long headers", manyTimes(90, i -> "k%d: %s\r\n".formatted(i, "x".repeat(75)))));
  }

  /** The JDK would keep 384 KiB of them for each call. */
  @Test
  void longHeadersOfTheBackend_areABrokenAnswer() throws Exception {
    String headers = "X: y\r\n".repeat(2000) + "Connection: close\r\nContent-Length: 1\r\n";
    try (UdpAgent agent = new UdpAgent();
        FakeBackend backend = FakeBackend.sending("HTTP/1.1 200 OK\r\n" + headers + "\r\n2");
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), Map.of())) {
      String answer = VisitCounterServices.send("GET", frontend.uri()).body();
      assertTrue(answer.endsWith(" gave a broken answer."), answer);
    }
  }

  private static String name(int number) {
    return Integer.toString(number + 36, 36);
  }

  private static String manyTimes(int times, IntFunction<String> text) {
    return IntStream.range(0, times).mapToObj(text).collect(Collectors.joining());
  }

  private static void sendOneByte(Socket socket) throws IOException {
    try {
      socket.getOutputStream().write('b');
    } catch (SocketException e) {
      // It has been closed already, as it never sent a request.
      return;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"})
  void clientThatNeverEndsARequest_isClosedHoweverBusily(String before) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices();
        Socket slow = new Socket(InetAddress.getLoopbackAddress(), services.frontend().getPort())) {
      slow.setSoTimeout(250);
      slow.getOutputStream().write((before + "GET / HTTP/1.1\r\nX: ").getBytes());
      while (true) {
        try {
          slow.getOutputStream().write('x');
          if (slow.getInputStream().read() < 0) {
            return;
          }
        } catch (SocketTimeoutException e) {
          continue;
        } catch (SocketException e) {
          return;
        }
      }
    }
  }

  /** Jetty alone would say after half a minute that the service failed. */
  @Test
  void clientThatStopsWithinItsRequest_isClosed() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices();
        Socket client =
            new Socket(InetAddress.getLoopbackAddress(), services.frontend().getPort())) {
      client.getOutputStream().write("GET / HTTP/1.1\r\nX: ".getBytes());
      assertEquals(-1, client.getInputStream().read());
    }
  }

  @Test
  void logThatNobodyReads_holdsUpNoRequest() throws Exception {
    URI nobody = URI.create("http://localhost:" + FreePort.find());
    try (UdpAgent agent = new UdpAgent();
        JarProcess frontend =
            JarProcess.frontend(agent, nobody, Map.of("JAEGER_REPORTER_LOG_SPANS", "false"))) {
      frontend.stopReading();
      // Each logs a line of some 200 bytes: more than pipe and queue can take.
      for (int i = 0; i < 6000; i++) {
        assertEquals(502, VisitCounterServices.send("GET", frontend.uri()).statusCode());
      }
      frontend.readAgain();
      frontend.await("lines before this could not be written");
      frontend.terminate();
      assertEquals(JarProcess.SIGTERM, frontend.exitCode());
    }
  }
}
