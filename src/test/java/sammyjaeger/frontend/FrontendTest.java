package sammyjaeger.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
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
import sammyjaeger.service.Settings;

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
        assertEquals("text/plain;charset=utf-8", answer.headers().firstValue("Content-Type").get());
        assertTrue(answer.headers().firstValue("X-Trace-Id").get().matches("[0-9a-f]{32}"));
        assertTrue(answer.headers().firstValue("Server").isEmpty());
      }
    }
  }

  @Test
  void concurrentVisits_haveDifferentNumbers() throws Exception {
    int visits = 200;
    ExecutorService visitors = Executors.newFixedThreadPool(visits);
    try (VisitCounterServices services = new VisitCounterServices()) {
      Callable<HttpResponse<String>> visit = services::visit;
      List<String> answers = new ArrayList<>();
      for (Future<HttpResponse<String>> answer :
          visitors.invokeAll(Collections.nCopies(visits, visit))) {
        answers.add(answer.get().body());
      }
      List<String> greetings =
          IntStream.rangeClosed(1, visits).mapToObj(i -> VisitCounterServices.greeting(i)).toList();
      assertEquals(greetings.stream().sorted().toList(), answers.stream().sorted().toList());
      assertEquals(visits * 6, services.stop().size());
    } finally {
      visitors.shutdownNow();
    }
  }

  @Test
  void backendRefuses_answers502() throws Exception {
    int port = FreePort.find();
    assertFailure(
        "http://localhost:" + port,
        VisitCounterServices.PATIENCE,
        502,
        "do-visit-counter-backend at http://localhost:"
            + port
            + "/api/counter refused the connection.");
  }

  @Test
  void backendHostUnknown_answers502() throws Exception {
    assertFailure(
        "http://no-such-host.invalid:5000",
        VisitCounterServices.PATIENCE,
        502,
        "do-visit-counter-backend at http://no-such-host.invalid:5000/api/counter"
            + " has a host name that is not known.");
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 500 Oops|Content-Length: 0||, answered with status 500",
    "HTTP/1.1 503 Busy|Content-Length: 0||, answered with status 503",
    "HTTP/1.1 404 Gone|Content-Length: 0||, answered with status 404",
    "HTTP/1.1 201 Made|Content-Length: 1||2, answered with status 201",
    "HTTP/1.1 204 Nothing||, answered with status 204",
    "HTTP/1.1 206 Partly|Content-Length: 1||2, answered with status 206",
    "HTTP/1.1 200 OK|Content-Length: 1||0, gave an answer that is not a counter",
    "HTTP/1.1 200 OK|Content-Length: 2||02, gave an answer that is not a counter",
    "HTTP/1.1 200 OK|Content-Length: 3||one, gave an answer that is not a counter",
    "HTTP/1.1 200 OK|Content-Length: 0||, gave an answer that is not a counter",
    "HTTP/1.1 200 OK|Content-Length: 20||99999999999999999999, gave an answer that is not a counter",
    "HTTP/1.1 200 OK|Content-Length: 2||-1, gave an answer that is not a counter",
    "HTTP/1.1 200 OK|Content-Length: 9||12, gave a broken answer",
    "SSH-2.0-OpenSSH_9.2, gave a broken answer",
    "'', gave a broken answer",
  })
  void backendAnswersWrongly_answers502(String response, String whatHappened) throws Exception {
    try (FakeBackend broken = FakeBackend.sending(response.replace("|", "\r\n"))) {
      assertFailure(
          broken.uri().toString(),
          VisitCounterServices.PATIENCE,
          502,
          "do-visit-counter-backend at " + broken.uri() + "/api/counter " + whatHappened + ".");
    }
  }

  @Test
  void redirect_isNotFollowed() throws Exception {
    try (FakeBackend elsewhere = FakeBackend.counting();
        FakeBackend moved =
            FakeBackend.sending(
                "HTTP/1.1 302 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                    .formatted(elsewhere.uri()))) {
      assertFailure(
          moved.uri().toString(),
          VisitCounterServices.PATIENCE,
          502,
          "do-visit-counter-backend at " + moved.uri() + "/api/counter answered with status 302.");
      assertTrue(elsewhere.headers.isEmpty(), elsewhere.headers::toString);
    }
  }

  @Test
  void backendWithoutTls_answers502() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices(Map.of())) {
      String endpoint = "https://localhost:" + services.counter().getPort();
      assertFailure(
          endpoint,
          VisitCounterServices.PATIENCE,
          502,
          "do-visit-counter-backend at "
              + endpoint
              + "/api/counter has no TLS, or none that is trusted here.");
    }
  }

  /** To GET it may answer so; to POST it would make this visitor number 0. */
  @Test
  void counterOfOneAfterAPost_answers502() throws Exception {
    try (FakeBackend broken = FakeBackend.sending(OK + "Content-Length: 1\r\n\r\n1")) {
      assertFailure(
          broken.uri().toString(),
          VisitCounterServices.PATIENCE,
          502,
          "do-visit-counter-backend at "
              + broken.uri()
              + "/api/counter gave an answer that is not a counter.");
    }
  }

  @Test
  void backendAnswersWithoutEnd_answers502() throws Exception {
    byte[] chunk = new byte[1 << 16];
    Arrays.fill(chunk, (byte) '1');
    try (FakeBackend endless =
        new FakeBackend(
            out -> {
              out.write((OK + "\r\n").getBytes(StandardCharsets.US_ASCII));
              while (true) {
                out.write(chunk);
              }
            })) {
      assertFailure(
          endless.uri().toString(),
          VisitCounterServices.PATIENCE,
          502,
          "do-visit-counter-backend at " + endless.uri() + "/api/counter gave a broken answer.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", OK + "Content-Length: 9\r\n\r\n1"})
  void backendIsTooSlow_answers504(String beginning) throws Exception {
    try (FakeBackend slow =
        new FakeBackend(
            out -> {
              out.write(beginning.getBytes(StandardCharsets.US_ASCII));
              out.flush();
              Thread.sleep(Long.MAX_VALUE);
            })) {
      assertFailure(
          slow.uri().toString(),
          "300ms",
          504,
          "do-visit-counter-backend at "
              + slow.uri()
              + "/api/counter did not answer within 300 ms.");
    }
  }

  /** The counter's own wait is what takes too long, and its increment is not lost. */
  @Test
  void postIsTooSlow_answers504AndStillCounts() throws Exception {
    Map<String, String> settings =
        Map.of("SIMULATED_DELAY", "30s", "COUNTER_TIMEOUT", "20s", "STOP_TIMEOUT", "60m");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      assertEquals(504, services.visit().statusCode());
      List<WireSpan> spans = services.stop();

      assertEquals(6, spans.size(), spans::toString);
      WireSpan post =
          VisitCounterServices.only(spans, VisitCounterServices.BACKEND, "POST /api/counter");
      assertEquals(200L, post.tags().get("http.status_code"));
    }
  }

  @Test
  void visitThatOutlastsAStop_isToldSo() throws Exception {
    try (FakeBackend silent = FakeBackend.silent();
        VisitCounterServices services =
            VisitCounterServices.with(silent, Map.of("STOP_TIMEOUT", "100ms"));
        Socket visitor =
            new Socket(InetAddress.getLoopbackAddress(), services.frontend().getPort())) {
      visitor.getOutputStream().write(Raw.request("GET", "/", "Host: x").getBytes());
      while (silent.headers.isEmpty()) {
        Thread.sleep(10);
      }
      List<WireSpan> spans = services.stop();

      String answer = new String(visitor.getInputStream().readAllBytes());
      assertTrue(answer.startsWith("HTTP/1.1 502 "), answer);
      String sentence =
          "The call of do-visit-counter-backend at "
              + silent.uri()
              + "/api/counter was cut short by a stop.";
      assertTrue(answer.endsWith("\r\n\r\n" + sentence), answer);
      assertEquals(2, spans.size(), spans::toString);
      spans.forEach(span -> assertEquals(true, span.tags().get("error")));
    }
  }

  @Test
  void visitorLeaves_visitStillCountsAndNobodyElseNotices() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "100ms"))) {
      try (Socket visitor =
          new Socket(InetAddress.getLoopbackAddress(), services.frontend().getPort())) {
        OutputStream out = visitor.getOutputStream();
        out.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
      int number = Integer.parseInt(services.visit().body().replaceAll("\\D", ""));
      List<WireSpan> spans = services.stop();

      assertTrue(number == 1 || number == 2, () -> "number " + number);
      assertEquals(12, spans.size(), spans::toString);
    }
  }

  @Test
  void failure_isLoggedWithItsTrace() throws Exception {
    try (FakeBackend broken =
            FakeBackend.sending("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
        VisitCounterServices services =
            new VisitCounterServices(Map.of("COUNTER_ENDPOINT", broken.uri() + "//"))) {
      HttpResponse<String> answer = services.visit();
      String sentence =
          "do-visit-counter-backend at " + broken.uri() + "/api/counter answered with status 500.";
      assertEquals(sentence, answer.body());
      String line =
          "A visit ended with 502: "
              + sentence
              + " (trace "
              + answer.headers().firstValue("X-Trace-Id").orElseThrow()
              + ")";
      assertEquals(1, log.lines(line).size());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | true",
        "text/html | true",
        "TEXT/HTML; charset=utf-8 | true",
        "text/plain;q=0.4, text/html;q=0.5 | true",
        "*/* | false",
        "text/plain, text/html;q=0.9 | false",
        "text/html;q=0 | false",
        "text/htmlx | false",
        "application/json | false",
        "nonsense;;;q=x,, | false",
        "\"text/html | false",
        "text/html;q=\" | false",
      })
  void page_isForWhoPrefersIt(String accept, boolean page) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = services.visit("Accept", accept);
      assertEquals(
          page ? "text/html;charset=utf-8" : "text/plain;charset=utf-8",
          answer.headers().firstValue("Content-Type").get());
      assertEquals("Accept", answer.headers().firstValue("Vary").get());
      assertEquals("no-store", answer.headers().firstValue("Cache-Control").get());
    }
  }

  @Test
  void page_greetsAndLinksToTheTrace() throws Exception {
    Map<String, String> settings = Map.of("JAEGER_UI_URL", "http://jaeger.invalid/ui/");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      HttpResponse<String> answer = services.visit("Accept", "text/html");
      String page = answer.body();
      assertTrue(page.contains("<p>Hello, World!</p>"), page);
      assertTrue(page.contains("<p>You&apos;re visitor number 1 in here!</p>"), page);
      assertEquals(2, page.split("<rect ", -1).length - 1);
      String traceId = answer.headers().firstValue("X-Trace-Id").orElseThrow();
      String link = "<a href=\"http://jaeger.invalid/ui/trace/" + traceId + "\">";
      assertTrue(page.contains(link), page);
      String content = page.substring(page.indexOf("</style>"));
      assertFalse(content.contains("{"), "a place that was not filled: " + content);
    }
  }

  /** Each bar is in place and length in proportion to the whole visit. */
  @Test
  void page_drawsABarForEachCall() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    FakeBackend.Answer slowly =
        out -> {
          int call = calls.incrementAndGet();
          Thread.sleep(call * 100);
          out.write((OK + "Content-Length: 1\r\n\r\n" + call).getBytes(StandardCharsets.US_ASCII));
        };
    try (FakeBackend backend = new FakeBackend(slowly);
        VisitCounterServices services = VisitCounterServices.with(backend, Map.of())) {
      long start = System.nanoTime();
      String page = services.visit("Accept", "text/html").body();
      double visit = (System.nanoTime() - start) / 1e9;
      assertFalse(page.contains("failed>"), page);
      double[][] bars =
          Pattern.compile("x=\"([0-9.]+)\" width=\"([0-9.]+)\".*<td>([0-9.]+) s")
              .matcher(page)
              .results()
              .map(bar -> IntStream.rangeClosed(1, 3).mapToDouble(i -> parse(bar, i)).toArray())
              .toArray(double[][]::new);
      double[] get = bars[0];
      double[] post = bars[1];
      assertEquals(0, get[0]);
      assertTrue(post[0] > get[1] - 0.02, page);
      assertEquals(100, post[0] + post[1], 0.02);
      assertTrue(get[2] >= 0.1 && post[2] >= 0.2 && get[2] + post[2] <= visit + 0.002, page);
      double ratio = get[2] / post[2];
      assertEquals(ratio, get[1] / post[1], 0.02 * Math.max(1, ratio));
    }
  }

  private static double parse(MatchResult match, int group) {
    return Double.parseDouble(match.group(group));
  }

  /** The style, by its hash, and the empty icon are all that the page may load. */
  @Test
  void page_letsNothingBeLoaded() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = services.visit("Accept", "text/html");
      String style = answer.body().split("<style>|</style>")[1];
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(style.getBytes(StandardCharsets.UTF_8));
      assertEquals(
          "default-src 'none'; img-src data:; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
              .formatted(Base64.getEncoder().encodeToString(hash)),
          answer.headers().firstValue("Content-Security-Policy").get());
    }
  }

  @Test
  void pageOfAFailure_saysItAndMarksTheCall() throws Exception {
    String second = OK + "Content-Length: 5\r\n\r\n<b>&\"";
    try (FakeBackend broken = FakeBackend.sending(second);
        VisitCounterServices services =
            new VisitCounterServices(Map.of("COUNTER_ENDPOINT", broken.uri() + "/it's"))) {
      HttpResponse<String> answer = services.visit("Accept", "text/html");
      assertEquals(502, answer.statusCode());
      String page = answer.body();
      assertTrue(
          page.contains("/it&apos;s/api/counter gave an answer that is not a counter.</p>"), page);
      assertTrue(page.contains("<tr class=failed>"), page);
      assertEquals(1, page.split("<rect ", -1).length - 1);
    }
  }

  @Test
  void start_saysWhereSpansGo() throws Exception {
    Map<String, String> settings = Map.of("JAEGER_ENDPOINT", "http://of-both.invalid:1/x");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      assertEquals(2, log.lines("Spans go to http://of-both.invalid:1/x (").size());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COUNTER_ENDPOINT",
        "COUNTER_TIMEOUT",
        "JAEGER_UI_URL",
        "PORT",
        "JAEGER_AGENT_PORT"
      })
  void wrongSetting_isRefused(String name) {
    Map<String, String> values = new HashMap<>(Map.of("PORT", "0"));
    values.put(name, "wrong");
    Settings settings = new Settings(values::get);
    Settings.Refusal refusal = assertThrows(Settings.Refusal.class, () -> Frontend.start(settings));
    assertTrue(refusal.getMessage().startsWith(name + " is 'wrong', but must be "));
  }

  @Test
  void unknownPath_answers404() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      for (String path : List.of("/favicon.ico", "/api/counter", "/livez/more")) {
        HttpResponse<String> answer =
            VisitCounterServices.send("GET", services.frontend().resolve(path));
        assertEquals(404, answer.statusCode());
        assertEquals("There is nothing at this path; this service answers at /.", answer.body());
        assertPlain(answer);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"})
  void otherMethod_answers405(String method) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = VisitCounterServices.send(method, services.frontend());
      assertEquals(405, answer.statusCode());
      assertEquals("GET, HEAD", answer.headers().firstValue("Allow").get());
      assertEquals("This path takes no other methods than GET, HEAD.", answer.body());
      assertPlain(answer);
      assertEquals(
          405,
          VisitCounterServices.send(method, services.frontend().resolve("/livez")).statusCode());
    }
  }

  private static void assertPlain(HttpResponse<String> answer) {
    assertEquals("text/plain;charset=utf-8", answer.headers().firstValue("Content-Type").get());
    assertTrue(answer.headers().firstValue("X-Trace-Id").isPresent());
    assertTrue(answer.headers().firstValue("Server").isEmpty());
    assertFalse(answer.body().contains("Exception"));
  }

  private static void assertFailure(String endpoint, String timeout, int status, String sentence)
      throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(
            Map.of("COUNTER_ENDPOINT", endpoint, "COUNTER_TIMEOUT", timeout))) {
      HttpResponse<String> answer = services.visit();
      assertEquals(sentence, answer.body());
      assertEquals(status, answer.statusCode());
      assertPlain(answer);
    }
  }
}
