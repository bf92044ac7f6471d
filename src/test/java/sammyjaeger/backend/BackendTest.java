package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.Concurrently;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;
import sammyjaeger.service.Settings;

/** What the counter answers, and what its faults do. */
class BackendTest {

  @Test
  void counter_startsAtOneAndPostAddsOne() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      assertEquals("1", send("GET", services).body());
      assertEquals("2", send("POST", services).body());
      HttpResponse<String> answer = send("GET", services);
      assertEquals("2", answer.body());
      assertEquals("text/plain;charset=utf-8", answer.headers().firstValue("Content-Type").get());
      assertEquals(200, send("HEAD", services).statusCode());
    }
  }

  @Test
  void concurrentPosts_eachGetTheirOwnValue() throws Exception {
    int posts = 200;
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "0..5ms"))) {
      List<Long> values =
          Concurrently.call(posts, () -> Long.valueOf(send("POST", services).body()));
      assertEquals(
          LongStream.rangeClosed(2, posts + 1).boxed().toList(), values.stream().sorted().toList());
      assertEquals(String.valueOf(posts + 1), send("GET", services).body());
    }
  }

  /** More waits than a server's usual pool has threads. */
  @Test
  void waitingPosts_holdUpNobodyElse() throws Exception {
    Map<String, String> settings = Map.of("SIMULATED_DELAY", "10m", "STOP_TIMEOUT", "0");
    List<Socket> waiting = new ArrayList<>();
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      for (int i = 0; i < 400; i++) {
        waiting.add(beginPost(services));
      }
      assertEquals("1", send("GET", services).body());
      URI live = services.counter().resolve("/livez");
      assertEquals("ok", VisitCounterServices.send("GET", live).body());
      for (Socket socket : waiting) {
        assertEquals(0, socket.getInputStream().available(), "bytes of an answer");
      }
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  void simulatedErrors_countNothingAndMarkTheSpan() throws Exception {
    String why = "This POST failed on purpose, because SIMULATED_ERRORS is set.";
    Map<String, String> settings = Map.of("SIMULATED_ERRORS", "30%", "SIMULATED_SEED", "6");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      assertEquals("2", send("POST", services).body());
      HttpResponse<String> failed = send("POST", services);
      assertEquals(500, failed.statusCode());
      assertEquals(why, failed.body());
      assertEquals("3", send("POST", services).body());

      WireSpan post =
          services.stop().stream()
              .filter(span -> Boolean.TRUE.equals(span.tags().get("error")))
              .findAny()
              .orElseThrow();
      assertEquals("POST /api/counter", post.operation());
      assertEquals(failed.headers().firstValue("X-Trace-Id").orElseThrow(), post.traceId());
      assertEquals(List.of(Map.of("event", "error", "message", why)), post.logs());
    }
  }

  @Test
  void simulatedLock_letsPostsWaitForEachOther() throws Exception {
    int posts = 5;
    Map<String, String> settings = Map.of("SIMULATED_LOCK", "true", "SIMULATED_DELAY", "20ms");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      Concurrently.call(posts, () -> send("POST", services));
      List<WireSpan> spans = services.stop();

      List<WireSpan> delays = sorted(spans, "simulated-delay");
      assertEquals(posts, delays.size());
      for (int i = 1; i < posts; i++) {
        WireSpan before = delays.get(i - 1);
        long end = before.startMicros() + before.durationMicros();
        assertTrue(end <= delays.get(i).startMicros() + 1000, "one at a time: " + delays);
      }
      List<Long> parents =
          sorted(spans, "waiting-for-lock").stream().map(WireSpan::parentId).sorted().toList();
      assertEquals(
          sorted(spans, "POST /api/counter").stream().map(WireSpan::spanId).sorted().toList(),
          parents);
    }
  }

  /** One of the POSTs waits in the lock, and the others for the lock. */
  @Test
  void stop_cutsShortPostsThatWait() throws Exception {
    int posts = 20;
    Map<String, String> settings =
        Map.of("SIMULATED_LOCK", "true", "SIMULATED_DELAY", "10m", "STOP_TIMEOUT", "0");
    List<Socket> waiting = new ArrayList<>();
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      for (int i = 1; i <= posts; i++) {
        waiting.add(beginPost(services));
        awaitRunning(i, services);
      }
      List<WireSpan> spans = services.stop();

      for (Socket socket : waiting) {
        String answer = Raw.readAll(socket);
        assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
        assertTrue(
            answer.endsWith("\r\n\r\nThis service stopped before it counted this visit."), answer);
      }
      assertEquals(posts, sorted(spans, "POST /api/counter").size());
      for (WireSpan span : spans) {
        boolean gotTheLock = span.operation().equals("waiting-for-lock") && span.logs().isEmpty();
        assertEquals(gotTheLock ? null : true, span.tags().get("error"), span::toString);
      }
      // Whichever is cut short first, the next one may get the lock.
      WireSpan delay = sorted(spans, "simulated-delay").get(0);
      assertEquals(600_000L, delay.tags().get("delay.ms"));
      assertEquals("error", delay.logs().get(0).get("event"));

      List<Long> ahead =
          sorted(spans, "waiting-for-lock").stream()
              .map(wait -> (Long) wait.tags().get("lock.ahead"))
              .toList();
      assertEquals(0, Collections.min(ahead));
      assertTrue(Collections.max(ahead) > 1 && Collections.max(ahead) < posts, ahead::toString);
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  void clientThatHangsUp_isStillCounted() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("SIMULATED_DELAY", "100ms"))) {
      beginPost(services).close();
      while (!send("GET", services).body().equals("2")) {
        Thread.sleep(10);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SIMULATED_DELAY, 10s..1s 1..10 1s-10s 1s.. ..1s 1s..2s..3s soon",
    "SIMULATED_ERRORS, 30 101% -1%",
    "SIMULATED_LOCK, on",
    "SIMULATED_SEED, 0.5",
  })
  void wrongSetting_isRefused(String name, String values) {
    for (String value : values.split(" ")) {
      String refusal = refusal(name, value);
      assertTrue(refusal.startsWith(name + " is '" + value + "', but must be "), refusal);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "disk, no valid host",
    "redis:secret, no valid host",
    "redis://:secret@h:x/0, no valid host",
    "redis://h:65536, no port from 1 to 65535",
    "redis://secret@h, a user or a password that is not allowed",
    "redis://:@h, a user or a password that is not allowed",
    "http://h, ",
    "redis://h/x, ",
    "redis://h/0?a, ",
  })
  void wrongStore_isRefusedAndNotShown(String store, String why) {
    assertEquals(
        "COUNTER_STORE is (not shown), but must be memory, or an address as in"
            + " redis://[[user]:password@]host:6379/0, or rediss:// for TLS"
            + (why == null ? "" : "; this one has " + why),
        refusal("COUNTER_STORE", store));
  }

  private static String refusal(String name, String value) {
    Map<String, String> environment = Map.of(name, value);
    return assertThrows(
            Settings.Refusal.class, () -> Settings.read(environment::get, BackendSettings::read))
        .getMessage();
  }

  private static HttpResponse<String> send(String method, VisitCounterServices services)
      throws Exception {
    return VisitCounterServices.send(method, services.counter());
  }

  private static Socket beginPost(VisitCounterServices services) throws Exception {
    return Raw.open(services.counter(), Raw.request("POST", "/api/counter", "Host: x"));
  }

  private static void awaitRunning(int requests, VisitCounterServices services) throws Exception {
    URI metrics = services.counter().resolve("/metrics");
    String running = "\nhttp_requests_running " + requests + "\n";
    while (!VisitCounterServices.send("GET", metrics).body().contains(running)) {
      Thread.sleep(10);
    }
  }

  private static List<WireSpan> sorted(List<WireSpan> spans, String operation) {
    return spans.stream()
        .filter(span -> span.operation().equals(operation))
        .sorted(Comparator.comparing(WireSpan::startMicros))
        .toList();
  }
}
