package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static sammyjaeger.harness.VisitCounterServices.greeting;
import static sammyjaeger.harness.VisitCounterServices.send;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;

/** What a stranger can send, and whom it harms: nobody. */
class StrangerTest {

  private static final String HOST = "Host: localhost";
  private static VisitCounterServices services;

  @BeforeAll
  static void start() throws Exception {
    services = new VisitCounterServices();
  }

  @AfterAll
  static void stop() throws Exception {
    services.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "SMURF"})
  void unknownPath_isNotFoundToEveryMethod(String method) throws Exception {
    for (URI server : List.of(services.frontend(), services.counter())) {
      for (String path : List.of("/nope", "/livez/more")) {
        String answer = Raw.send(server, Raw.request(method, path, HOST, "X-Secret: sesame"));
        assertTrue(answer.startsWith("HTTP/1.1 404 "), answer);
        assertFalse(answer.contains("sesame") || answer.contains("nope"), answer);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "SMURF"})
  void knownPath_allowsOnlyItsMethods(String method) throws Exception {
    assertNotAllowed(method, services.frontend(), "GET, HEAD");
    assertNotAllowed(method, services.counter(), "GET, HEAD, POST");
    assertNotAllowed(method, services.frontend().resolve("/livez"), "GET, HEAD");
    assertNotAllowed(method, services.counter().resolve("/readyz"), "GET, HEAD");
    assertNotAllowed(method, services.counter().resolve("/metrics"), "GET, HEAD");
  }

  private static void assertNotAllowed(String method, URI uri, String allowed) throws Exception {
    String request = Raw.request(method, uri.getPath(), HOST, "X-Secret: sesame");
    String answer = Raw.send(uri, request);
    assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
    assertTrue(answer.contains("\r\nAllow: " + allowed + "\r\n"), answer);
    assertTrue(answer.endsWith("\r\n\r\nThis path allows only " + allowed + "."), answer);
    assertFalse(answer.contains("sesame"), answer);
  }

  @Test
  void connect_isRefused() throws Exception {
    String request = Raw.request("CONNECT", "example.com:80", "Host: example.com:80");
    try (Socket client = Raw.open(services.frontend(), request)) {
      assertTrue(Raw.readAnswer(client).startsWith("HTTP/1.1 405 "));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET / HTTP/1.1                       | 400",
        "nonsense                             | 400",
        "GET /%zz HTTP/1.1~Host: x            | 400",
        "GET /a%2fb HTTP/1.1~Host: x          | 400",
        "GET / HTTP/1.1~Host: a b             | 400",
        "GET / HTTP/1.1~Host: u:secret@x:9999 | 400",
        "CONNECT / HTTP/1.1~Host: x           | 400",
        "GET http://u:secret@x/ HTTP/1.1~Host: x | 400",
        "POST / HTTP/1.1~Host: x~Content-Length: -1 | 400",
        "GET / HTTP/9.9~Host: x               | 505",
        "GET /                                | 505",
        "PRI * HTTP/2.0                       | 426",
        "GET /LONG HTTP/1.1~Host: x           | 414",
        "GET / HTTP/1.1~Host: x~X: LONG       | 431",
        "GET / HTTP/1.1~Host: x~Expect: secret | 417",
      })
  void malformedRequest_getsASentenceThatSaysSo(String request, int status) throws Exception {
    String lines = request.replace("~", "\r\n").replace("LONG", "secret".repeat(1500));
    String answer = Raw.send(services.frontend(), lines + "\r\nConnection: close\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    assertTrue(answer.contains("\r\n\r\nThis request can't be answered: "), answer);
    assertFalse(answer.matches("(?is).*(secret|jetty|exception).*"), answer);
  }

  @Test
  void whatIsSent_reachesNeitherLogNorAnswerUncleaned() throws Exception {
    String evil = "evil\u0007\u001b[31m" + "x".repeat(2000);
    List<String> requests =
        List.of(
            Raw.request("GET", "/", HOST, "jaeger-baggage: x%0a2026-01-01 ERROR evil%0d=1,a b=2"),
            Raw.request("GET", "/", HOST, "uber-trace-id: " + evil),
            Raw.request("GET", "/", HOST, "uber-trace-id: %0aevil" + "x".repeat(900)),
            Raw.request("GET", "/evil" + "x".repeat(7000), HOST),
            Raw.request("GET", "/%0aevil", HOST),
            Raw.request("GET", "/", "Host: [" + evil),
            // No control character of ASCII comes so far; Jetty logs both.
            Raw.request("GET", "/", "Host: evil" + "x".repeat(3000), "Host: evil\u009b31m"),
            Raw.request("EVIL" + "X".repeat(7000), "/", HOST));
    try (UdpAgent agent = new UdpAgent();
        FakeBackend broken = FakeBackend.sending("HTTP/1.1 500 " + evil + "\r\n\r\n" + evil);
        JarProcess frontend =
            JarProcess.frontend(
                agent,
                broken.uri(),
                Map.of("NO_COLOR", "1", "JAEGER_ENDPOINT", broken.uri().toString()))) {
      URI server = frontend.uri();
      for (String request : requests) {
        String answer = Raw.send(server, request);
        assertTrue(answer.matches("[ -~\r\n]+") && !answer.contains("evil"), answer);
      }
      frontend.terminate();
      List<String> log = frontend.log();
      assertTrue(log.stream().anyMatch(line -> line.contains("Encountered multiple")));
      String logLine = "\\d{4}-\\S+ [A-Z]+ \\S+ - [ -~…]{1,300}";
      String treeLine =
          "trace [0-9a-f]{32} in \\S+|  +[A-Z]+ /\\S* +#+ +[0-9.]+ s( ERROR( \\d+)?)?";
      log.forEach(line -> assertTrue(line.matches(logLine + "|" + treeLine), line));
    }
  }

  /** Most send a byte now and then, so that they are never idle. */
  @Test
  void slowClients_keepNobodyOut() throws Exception {
    Map<String, String> smallHeap =
        Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m -XX:+ExitOnOutOfMemoryError");
    String health = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    List<String> beginnings = List.of("", health + "GET ", health + "GET / HTTP/1.1\r\nA: ");
    List<Socket> slow = new ArrayList<>();
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, smallHeap);
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), smallHeap)) {
      URI server = frontend.uri();
      for (int i = 0; i < 1500; i++) {
        slow.add(Raw.open(server, beginnings.get(i % 3)));
      }
      for (int visit = 1; visit <= 3; visit++) {
        for (int i = 0; i < slow.size(); i++) {
          sendAgain(slow.get(i), i % 3 > 0 ? "b" : "");
        }
        assertEquals(greeting(visit), send("GET", server).body());
        assertEquals("ok", send("GET", server.resolve("/livez")).body());
      }
    } finally {
      for (Socket client : slow) {
        client.close();
      }
    }
  }

  /** The server may have closed the connection by now, if this machine is busy. */
  private static void sendAgain(Socket client, String text) throws IOException {
    try {
      Raw.write(client, text);
    } catch (SocketException e) {
      return;
    }
  }

  @Test
  void longHeadersOfTheBackend_areABrokenAnswer() throws Exception {
    String headers = "X: y\r\n".repeat(2000) + "Connection: close\r\nContent-Length: 1\r\n";
    try (UdpAgent agent = new UdpAgent();
        FakeBackend backend = FakeBackend.sending("HTTP/1.1 200 OK\r\n" + headers + "\r\n2");
        JarProcess frontend = JarProcess.frontend(agent, backend.uri(), Map.of())) {
      String answer = send("GET", frontend.uri()).body();
      assertTrue(answer.endsWith(" gave no answer, or a broken one."), answer);
    }
  }

  @Test
  void logThatNobodyReads_holdsUpNeitherRequestNorStop() throws Exception {
    Map<String, String> aLineForEach =
        Map.of("JAEGER_REPORTER_LOG_SPANS", "true", "STOP_TIMEOUT", "1s");
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, aLineForEach);
        Socket client = Raw.open(backend.uri(), "")) {
      backend.stopReading();
      for (int i = 0; i < 6000; i++) {
        String answer = Raw.ask(client, "/api/counter");
        assertTrue(answer.endsWith("\r\n\r\n1"), answer);
      }
      backend.terminate();
      assertEquals(JarProcess.SIGTERM, backend.exitCode());
    }
  }
}
