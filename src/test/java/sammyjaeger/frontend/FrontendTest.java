package sammyjaeger.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;

/** What a visitor gets. */
class FrontendTest {

  private static final String OK = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

  private final Log log = new Log();

  @Test
  void visits_areNumberedFromOne() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      for (int number = 1; number <= 3; number++) {
        HttpResponse<String> answer = services.visit();
        assertEquals(200, answer.statusCode());
        assertEquals(VisitCounterServices.greeting(number), answer.body());
        assertPlain(answer);
      }
    }
  }

  @Test
  void backendIsAway_answers502() throws Exception {
    String nobody = "http://localhost:" + FreePort.find();
    assertFailure(nobody + "/some/path//", "refused the connection", nobody);
    String unknown = "http://no-such-host.invalid:5000";
    assertFailure(unknown, "has a host name that is not known", unknown);
  }

  @Test
  void backendWithoutTls_answers502() throws Exception {
    try (VisitCounterServices plain = new VisitCounterServices()) {
      String endpoint = "https://localhost:" + plain.counter().getPort();
      assertFailure(endpoint, "has no TLS, or none that is trusted here", endpoint);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 500 Oops|Content-Length: 0||, answered with status 500",
    "HTTP/1.1 503 Busy|Content-Length: 0||, answered with status 503",
    "HTTP/1.1 403 No|Content-Length: 0||, answered with status 403 (is this the backend?)",
    "HTTP/1.1 302 Moved|Location: http://localhost/|Content-Length: 0||, "
        + "answered with status 302 (is this the backend?)",
    "HTTP/1.1 201 Made|Content-Length: 1||2, answered with status 201 (is this the backend?)",
    "HTTP/1.1 204 Nothing||, answered with status 204 (is this the backend?)",
    "HTTP/1.1 200 OK|Content-Length: 1||0, " + NO_COUNTER,
    "HTTP/1.1 200 OK|Content-Length: 2||02, " + NO_COUNTER,
    "HTTP/1.1 200 OK|Content-Length: 3||one, " + NO_COUNTER,
    "HTTP/1.1 200 OK|Content-Length: 0||, " + NO_COUNTER,
    "HTTP/1.1 200 OK|Content-Length: 20||99999999999999999999, " + NO_COUNTER,
    "HTTP/1.1 200 OK|Content-Length: 2||-1, " + NO_COUNTER,
    // As a counter it is one, but not after a POST: this visitor would be number 0.
    "HTTP/1.1 200 OK|Content-Length: 1||1, " + NO_COUNTER,
    "HTTP/1.1 200 OK|Content-Length: 9||12, " + BROKEN,
    "SSH-2.0-OpenSSH_9.2, " + BROKEN,
    "'', " + BROKEN,
  })
  void backendAnswersWrongly_answers502(String response, String whatHappened) throws Exception {
    String bytes = response.replace("OK|", "OK|Connection: close|").replace("|", "\r\n");
    try (FakeBackend broken = FakeBackend.sending(bytes)) {
      assertFailure(broken.uri().toString(), whatHappened, broken.uri().toString());
    }
  }

  private static final String NO_COUNTER =
      "gave an answer that is not a counter (is this the backend?)";
  private static final String BROKEN = "'gave no answer, or a broken one'";

  @ParameterizedTest
  @ValueSource(strings = {"", OK + "Content-Length: 9\r\n\r\n1"})
  void backendIsTooSlow_answers504(String beginning) throws Exception {
    FakeBackend.Answer slow =
        out -> {
          out.write(beginning.getBytes());
          Thread.sleep(Long.MAX_VALUE);
        };
    try (FakeBackend backend = new FakeBackend(slow);
        VisitCounterServices services =
            VisitCounterServices.with(backend, Map.of("COUNTER_TIMEOUT", "300ms"))) {
      assertFailure(services, 504, "did not answer within 300 ms", backend.uri().toString());
    }
  }

  /** The backend keeps its side open, so that only the frontend can end the connection. */
  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 200 OK|X: , x, 10000",
    "HTTP/1.1 200 OK|, x, 10000",
    "HTTP/1.1 200 OK|, X: y|, 1200",
    "'', HTTP/1.1 103 Early Hints||, 100000",
    "HTTP/1.1 200 OK||, 1, 100000",
    "HTTP/1.1 200 OK|Content-Length: -5||, 2, 1",
  })
  void brokenAnswer_isA502AtOnceAndLeavesNoConnectionBehind(
      String beginning, String repeated, int times) throws Exception {
    String answer = (beginning + repeated.repeat(times) + "||").replace("|", "\r\n");
    BlockingQueue<String> ended = new LinkedBlockingQueue<>();
    try (ServerSocket backend = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      new Thread(() -> answerAll(backend, answer, ended)).start();
      String endpoint = "http://localhost:" + backend.getLocalPort();
      try (VisitCounterServices services =
          new VisitCounterServices(
              Map.of("COUNTER_ENDPOINT", endpoint, "COUNTER_TIMEOUT", "20s"))) {
        assertFailure(services, 502, "gave no answer, or a broken one", endpoint);
        assertNotNull(ended.poll(30, TimeUnit.SECONDS), "its connection is still open");
      }
    }
  }

  private static void answerAll(ServerSocket backend, String answer, BlockingQueue<String> ended) {
    while (!backend.isClosed()) {
      try (Socket connection = backend.accept()) {
        Raw.write(connection, answer);
        Raw.readAll(connection);
        ended.add("closed");
      } catch (IOException e) {
        ended.add("reset");
      }
    }
  }

  @Test
  void visitThatOutlastsAStop_isToldSo() throws Exception {
    try (FakeBackend silent = FakeBackend.silent();
        VisitCounterServices services =
            VisitCounterServices.with(silent, Map.of("STOP_TIMEOUT", "100ms"));
        Socket visitor = beginVisit(services)) {
      while (silent.headers.isEmpty()) {
        Thread.sleep(10);
      }
      List<WireSpan> spans = services.stop();

      String answer = Raw.readAll(visitor);
      assertTrue(answer.startsWith("HTTP/1.1 502 "), answer);
      String sentence =
          "do-visit-counter-backend at %s did not answer before this service stopped."
              .formatted(silent.uri());
      assertTrue(answer.endsWith("\r\n\r\n" + sentence), answer);
      assertEquals(2, spans.size(), spans::toString);
      spans.forEach(span -> assertEquals(true, span.tags().get("error")));
    }
  }

  @Test
  void visitorLeaves_visitStillCountsAndNobodyElseNotices() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "100ms"))) {
      beginVisit(services).close();
      int number = Integer.parseInt(services.visit().body().replaceAll("\\D", ""));
      List<WireSpan> spans = services.stop();

      assertTrue(number == 1 || number == 2, () -> "number " + number);
      assertEquals(12, spans.size(), spans::toString);
    }
  }

  @Test
  void failures_areLoggedOnceAnOutageWithATrace() throws Exception {
    try (FakeBackend broken =
            FakeBackend.sending("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
        VisitCounterServices services = VisitCounterServices.with(broken, Map.of())) {
      HttpResponse<String> first = services.visit();
      services.visit();
      String traceId = first.headers().firstValue("X-Trace-Id").orElseThrow();
      String line = "A visit ended with 502: " + first.body() + " (trace " + traceId + ")";
      assertEquals(1, log.lines(line).size());
      assertEquals(1, log.lines("A visit ended with 502: " + first.body()).size());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | html",
        "text/html | html",
        "TEXT/HTML; charset=utf-8 | html",
        "text/plain;q=0.4, text/html;q=0.5 | html",
        "*/* | plain",
        "text/plain, text/html;q=0.9 | plain",
        "text/html;q=0 | plain",
        "text/htmlx | plain",
        "application/json | plain",
        "nonsense;;;q=x,, | plain",
        "\"text/html | plain",
        "text/html;q=\" | plain",
      })
  void page_isForClientsThatPreferIt(String accept, String type) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = services.visit("Accept", accept);
      assertEquals("text/" + type + ";charset=utf-8", header("Content-Type", answer));
      assertEquals("Accept", header("Vary", answer));
      assertEquals("no-store", header("Cache-Control", answer));
    }
  }

  @Test
  void page_greetsAndLinksToTheTraceAndLoadsNothing() throws Exception {
    Map<String, String> settings = Map.of("JAEGER_UI_URL", "http://jaeger.invalid/ui/");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      HttpResponse<String> answer = services.visit("Accept", "text/html");
      String page = answer.body();
      assertTrue(page.contains("<p>Hello, World!</p>"), page);
      assertTrue(page.contains("<p>You&apos;re visitor number 1 in here!</p>"), page);
      String trace = "http://jaeger.invalid/ui/trace/" + header("X-Trace-Id", answer);
      assertTrue(page.contains("<a href=\"" + trace + "\">"), page);
      String content = page.substring(page.indexOf("</style>"));
      assertFalse(content.contains("{"), "a place that was not filled: " + content);
      assertFalse(page.contains("<script"), page);
      String policy = header("Content-Security-Policy", answer);
      assertTrue(policy.startsWith("default-src 'none'; img-src data:; style-src "), policy);
    }
  }

  @Test
  void pageOfAFailure_saysWhatHappened() throws Exception {
    try (FakeBackend broken = FakeBackend.sending(OK + "Content-Length: 5\r\n\r\n<b>&\"");
        VisitCounterServices services = VisitCounterServices.with(broken, Map.of())) {
      HttpResponse<String> answer = services.visit("Accept", "text/html");
      assertEquals(502, answer.statusCode());
      String sentence = "do-visit-counter-backend at " + broken.uri() + " " + NO_COUNTER + ".";
      assertTrue(answer.body().contains("<p>" + sentence + "</p>"), answer::body);
    }
  }

  private static Socket beginVisit(VisitCounterServices services) throws IOException {
    return Raw.open(services.frontend(), Raw.request("GET", "/", "Host: x"));
  }

  private static String header(String name, HttpResponse<String> answer) {
    return answer.headers().firstValue(name).orElseThrow();
  }

  private static void assertPlain(HttpResponse<String> answer) {
    assertEquals("text/plain;charset=utf-8", header("Content-Type", answer));
    assertTrue(header("X-Trace-Id", answer).matches("[0-9a-f]{32}"));
    assertTrue(answer.headers().firstValue("Server").isEmpty());
  }

  private static void assertFailure(String endpoint, String whatHappened, String shown)
      throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("COUNTER_ENDPOINT", endpoint))) {
      assertFailure(services, 502, whatHappened, shown);
    }
  }

  private static void assertFailure(
      VisitCounterServices services, int status, String whatHappened, String shown)
      throws Exception {
    HttpResponse<String> answer = services.visit();
    assertEquals("do-visit-counter-backend at " + shown + " " + whatHappened + ".", answer.body());
    assertEquals(status, answer.statusCode());
    assertPlain(answer);
  }
}
