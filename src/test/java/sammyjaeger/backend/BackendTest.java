package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;
import sammyjaeger.service.Settings;

/** What the counter answers. */
class BackendTest {

  @Test
  void counter_startsAtOneAndPostAddsOne() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      assertEquals("1", VisitCounterServices.send("GET", services.counter()).body());
      assertEquals("2", VisitCounterServices.send("POST", services.counter()).body());
      HttpResponse<String> answer = VisitCounterServices.send("GET", services.counter());
      assertEquals("2", answer.body());
      assertEquals("text/plain;charset=utf-8", answer.headers().firstValue("Content-Type").get());
      assertEquals(200, VisitCounterServices.send("HEAD", services.counter()).statusCode());
    }
  }

  @Test
  void concurrentPosts_eachGetTheirOwnValue() throws Exception {
    int posts = 200;
    ExecutorService clients = Executors.newFixedThreadPool(posts);
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "0..5ms"))) {
      Callable<HttpResponse<String>> post =
          () -> VisitCounterServices.send("POST", services.counter());
      List<Long> values = new ArrayList<>();
      for (Future<HttpResponse<String>> answer :
          clients.invokeAll(Collections.nCopies(posts, post))) {
        values.add(Long.valueOf(answer.get().body()));
      }
      assertEquals(
          LongStream.rangeClosed(2, posts + 1).boxed().toList(), values.stream().sorted().toList());
      assertEquals(
          String.valueOf(posts + 1), VisitCounterServices.send("GET", services.counter()).body());
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void simulatedErrors_countNothing() throws Exception {
    Map<String, String> settings = Map.of("SIMULATED_ERRORS", "50%");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      long value = 1;
      int failed = 0;
      // That all of them are alike happens once in 2^100 times.
      for (int i = 0; i < 100; i++) {
        HttpResponse<String> answer = VisitCounterServices.send("POST", services.counter());
        if (answer.statusCode() == 200) {
          assertEquals(String.valueOf(++value), answer.body());
        } else {
          assertEquals(500, answer.statusCode());
          assertEquals("This POST failed on purpose: SIMULATED_ERRORS is 50%.", answer.body());
          failed++;
        }
      }
      assertTrue(failed > 0 && failed < 100, failed + " failed");

      HttpResponse<String> visit = services.visit();
      while (visit.statusCode() == 200) {
        visit = services.visit();
      }
      assertEquals(502, visit.statusCode());
      String traceId = visit.headers().firstValue("X-Trace-Id").orElseThrow();
      WireSpan post =
          services.stop().stream()
              .filter(span -> span.traceId().equals(traceId))
              .filter(span -> span.service().equals(VisitCounterServices.BACKEND))
              .filter(span -> span.operation().equals("POST /api/counter"))
              .findAny()
              .orElseThrow();
      assertEquals(true, post.tags().get("error"));
      assertEquals("error", post.logs().get(0).get("event"));
      assertEquals(
          "This POST failed on purpose: SIMULATED_ERRORS is 50%.",
          post.logs().get(0).get("message"));
    }
  }

  @Test
  void simulatedLock_letsPostsWaitForEachOther() throws Exception {
    Map<String, String> settings = Map.of("SIMULATED_LOCK", "true", "SIMULATED_DELAY", "20ms");
    int posts = 5;
    ExecutorService clients = Executors.newFixedThreadPool(posts);
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      Callable<HttpResponse<String>> post =
          () -> VisitCounterServices.send("POST", services.counter());
      for (Future<HttpResponse<String>> answer :
          clients.invokeAll(Collections.nCopies(posts, post))) {
        assertEquals(200, answer.get().statusCode());
      }
      List<WireSpan> spans = services.stop();
      List<WireSpan> delays = sorted(spans, "simulated-delay");
      List<WireSpan> waits = sorted(spans, "waiting-for-lock");
      assertEquals(posts, delays.size());
      assertEquals(posts, waits.size());
      for (int i = 1; i < posts; i++) {
        long before = delays.get(i - 1).startMicros() + delays.get(i - 1).durationMicros();
        assertTrue(before <= delays.get(i).startMicros() + 1000, "one at a time: " + delays);
      }
      for (WireSpan wait : waits) {
        long ahead = (Long) wait.tags().get("lock.ahead");
        assertTrue(ahead >= 0 && ahead < posts, wait::toString);
        assertEquals(
            1,
            sorted(spans, "POST /api/counter").stream()
                .filter(s -> s.spanId() == wait.parentId())
                .count());
      }
      assertEquals(0L, waits.get(0).tags().get("lock.ahead"));
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void seed_drawsTheSameInEveryRun() {
    Map<String, String> settings =
        Map.of("SIMULATED_SEED", "7", "SIMULATED_ERRORS", "50%", "SIMULATED_DELAY", "0..1000s");
    List<SimulatedFaults.Draw> one = draws(settings);
    assertEquals(one, draws(settings));
    Map<String, String> other = new HashMap<>(settings);
    other.put("SIMULATED_SEED", "-8");
    assertNotEquals(one, draws(other));
    other.remove("SIMULATED_SEED");
    assertNotEquals(draws(other), draws(other));
  }

  @Test
  void errors_areTheShareThatIsSet() {
    assertEquals(0, failures("0%"));
    assertEquals(1000, failures("100%"));
    // A thousand draws are off by more than ten deviations once in 10^23 times.
    assertTrue(Math.abs(failures("12.5%") - 125) < 105);
  }

  private static long failures(String share) {
    return draws(Map.of("SIMULATED_ERRORS", share)).stream().filter(draw -> draw.error()).count();
  }

  private static List<SimulatedFaults.Draw> draws(Map<String, String> values) {
    SimulatedFaults faults = new SimulatedFaults(new Settings(values::get));
    return Stream.generate(faults::draw).limit(1000).toList();
  }

  private static List<WireSpan> sorted(List<WireSpan> spans, String operation) {
    return spans.stream()
        .filter(span -> span.operation().equals(operation))
        .sorted(Comparator.comparing(WireSpan::startMicros))
        .toList();
  }

  /** More waits than a server's usual pool has threads. */
  @Test
  void waitingPosts_holdUpNobodyElse() throws Exception {
    Map<String, String> settings = Map.of("SIMULATED_DELAY", "10m", "STOP_TIMEOUT", "0");
    List<Socket> waiting = new ArrayList<>();
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      URI counter = services.counter();
      byte[] post = "POST /api/counter HTTP/1.1\r\nHost: x\r\n\r\n".getBytes();
      for (int i = 0; i < 400; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), counter.getPort());
        waiting.add(socket);
        // At once: a connection without a request is closed after a while.
        socket.getOutputStream().write(post);
      }
      assertEquals("1", VisitCounterServices.send("GET", counter).body());
      assertEquals("ok", VisitCounterServices.send("GET", counter.resolve("/livez")).body());
      for (Socket socket : waiting) {
        assertEquals(0, socket.getInputStream().available(), "bytes of an answer");
      }
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SIMULATED_DELAY",
        "SIMULATED_ERRORS",
        "SIMULATED_LOCK",
        "SIMULATED_SEED",
        "PORT",
        "JAEGER_AGENT_PORT"
      })
  void wrongSetting_isRefused(String name) {
    Map<String, String> values = new HashMap<>(Map.of("PORT", "0"));
    values.put(name, "wrong");
    Settings settings = new Settings(values::get);
    Settings.Refusal refusal = assertThrows(Settings.Refusal.class, () -> Backend.start(settings));
    assertTrue(refusal.getMessage().startsWith(name + " is 'wrong', but must be "));
  }

  @Test
  void unknownPath_answers404() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      for (String path : List.of("/", "/api", "/api/counter/")) {
        URI unknown = services.counter().resolve(path);
        HttpResponse<String> answer = VisitCounterServices.send("GET", unknown);
        assertEquals(404, answer.statusCode());
        assertEquals(
            "There is nothing at this path; this service answers at /api/counter.", answer.body());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "OPTIONS", "TRACE"})
  void otherMethod_answers405(String method) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      HttpResponse<String> answer = VisitCounterServices.send(method, services.counter());
      assertEquals(405, answer.statusCode());
      assertEquals("GET, HEAD, POST", answer.headers().firstValue("Allow").get());
    }
  }
}
