package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.RedisClient;
import sammyjaeger.harness.CounterStore;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;
import sammyjaeger.service.Settings;

/** A counter that is kept in a real redis-server. */
class RedisVisitCounterTest {

  private final Log log = new Log();

  @Test
  void counter_outlivesItsBackend() throws Exception {
    try (CounterStore store = new CounterStore()) {
      try (VisitCounterServices services = services(store.address())) {
        assertEquals("1", VisitCounterServices.send("GET", services.counter()).body());
        assertEquals(VisitCounterServices.greeting(1), services.visit().body());
      }
      try (VisitCounterServices services = services(store.address() + "/0")) {
        assertEquals(VisitCounterServices.greeting(2), services.visit().body());
        assertEquals("3", VisitCounterServices.send("GET", services.counter()).body());
      }
      try (VisitCounterServices other = services(store.address() + "/1")) {
        assertEquals("1", VisitCounterServices.send("GET", other.counter()).body());
      }
    }
  }

  @Test
  void commands_areSpansOfTheVisitsTrace() throws Exception {
    try (CounterStore store = new CounterStore();
        VisitCounterServices services = services(store.address())) {
      services.visit();
      List<WireSpan> spans = services.stop();
      assertEquals(8, spans.size(), spans::toString);
      assertEquals(1, spans.stream().map(WireSpan::traceId).distinct().count());
      for (String[] each : new String[][] {{"GET", "GET"}, {"POST", "INCR"}}) {
        WireSpan server =
            VisitCounterServices.only(
                spans, VisitCounterServices.BACKEND, each[0] + " /api/counter");
        WireSpan command = VisitCounterServices.only(spans, VisitCounterServices.BACKEND, each[1]);
        assertEquals(server.spanId(), command.parentId());
        assertTrue(server.encloses(command));
        Map<String, Object> tags = command.tags();
        assertEquals("client", tags.get("span.kind"));
        assertEquals("redis", tags.get("db.type"));
        assertEquals(each[1] + " sammy-jaeger:visits", tags.get("db.statement"));
        assertEquals("counter-store", tags.get("peer.service"));
        assertEquals("127.0.0.1", tags.get("peer.hostname"));
        assertEquals((long) store.port(), tags.get("peer.port"));
        assertFalse(tags.containsKey("error"));
      }
    }
  }

  @Test
  void concurrentPostsToThreeBackends_eachGetTheirOwnValue() throws Exception {
    int posts = 300;
    ExecutorService clients = Executors.newFixedThreadPool(100);
    try (CounterStore store = new CounterStore();
        VisitCounterServices one = services(store.address());
        VisitCounterServices two = services(store.address());
        VisitCounterServices three = services(store.address())) {
      List<VisitCounterServices> backends = List.of(one, two, three);
      List<Callable<HttpResponse<String>>> calls =
          IntStream.range(0, posts)
              .mapToObj(i -> backends.get(i % 3).counter())
              .<Callable<HttpResponse<String>>>map(
                  counter -> () -> VisitCounterServices.send("POST", counter))
              .toList();
      Set<Long> values = new HashSet<>();
      int failed = 0;
      for (Future<HttpResponse<String>> answer : clients.invokeAll(calls)) {
        if (answer.get().statusCode() == 200) {
          assertTrue(values.add(Long.valueOf(answer.get().body())));
        } else {
          // On a machine that is busy enough; it may have counted.
          assertEquals(503, answer.get().statusCode());
          failed++;
        }
      }
      assertTrue(failed < posts / 2, failed + " failed");
      try (RedisClient redis = RedisClient.create(store.address())) {
        long stored = Long.parseLong(redis.get("sammy-jaeger:visits"));
        assertTrue(stored >= posts - failed && stored <= posts, stored + ", failed " + failed);
        assertTrue(values.stream().allMatch(value -> value >= 2 && value <= stored + 1));
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void storeThatComesAndGoes_costsOnlyTheVisitsMeanwhile() throws Exception {
    int port = FreePort.find();
    try (VisitCounterServices services = services("redis://127.0.0.1:" + port)) {
      String sentence = "The counter's store at 127.0.0.1:" + port + " refused the connection.";
      for (int i = 0; i < 2; i++) {
        assertUnavailable(VisitCounterServices.send("POST", services.counter()), sentence);
      }
      assertEquals(1, log.lines(sentence + " (INCR)").size());
      assertEquals(
          "ok", VisitCounterServices.send("GET", services.counter().resolve("/readyz")).body());
      CounterStore store = new CounterStore(port);
      assertEquals("2", VisitCounterServices.send("POST", services.counter()).body());
      assertEquals(1, log.lines(":" + port + " answers again to INCR").size());
      store.close();
      assertEquals(503, VisitCounterServices.send("POST", services.counter()).statusCode());
      try (CounterStore again = new CounterStore(port)) {
        assertEquals("2", VisitCounterServices.send("POST", services.counter()).body());
        assertEquals("3", VisitCounterServices.send("POST", services.counter()).body());
      }
    }
  }

  /** All its connections are broken then, and the first that is noticed ends them. */
  @Test
  void storeThatRestarts_costsOneCallAtMost() throws Exception {
    int port = FreePort.find();
    ExecutorService clients = Executors.newFixedThreadPool(50);
    try (VisitCounterServices services = services("redis://127.0.0.1:" + port)) {
      Callable<HttpResponse<String>> post =
          () -> VisitCounterServices.send("POST", services.counter());
      try (CounterStore store = new CounterStore(port)) {
        for (Future<HttpResponse<String>> each : clients.invokeAll(Collections.nCopies(50, post))) {
          each.get();
        }
      }
      try (CounterStore again = new CounterStore(port)) {
        while (post.call().body().endsWith("did not answer in time.")) {
          continue; // On a machine that is busy enough.
        }
        for (Future<HttpResponse<String>> each : clients.invokeAll(Collections.nCopies(50, post))) {
          String answer = each.get().body();
          assertTrue(answer.matches("\\d+|.* did not answer in time\\."), answer);
        }
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "requirepass shark, answered with an error NOAUTH",
    "maxmemory 1, answered with an error OOM",
    "replicaof 127.0.0.1 1, answered with an error READONLY",
  })
  void storeThatRefuses_answers503(String setting, String whatHappened) throws Exception {
    try (CounterStore store = new CounterStore(FreePort.find(), setting);
        VisitCounterServices services = services(store.address())) {
      assertUnavailable(
          VisitCounterServices.send("POST", services.counter()),
          "The counter's store at 127.0.0.1:" + store.port() + " " + whatHappened + ".");
      HttpResponse<String> visit = services.visit();
      assertEquals(502, visit.statusCode());
      String traceId = visit.headers().firstValue("X-Trace-Id").orElseThrow();
      List<WireSpan> failed =
          services.stop().stream()
              .filter(span -> span.traceId().equals(traceId))
              .filter(span -> span.operation().matches("GET|INCR"))
              .filter(span -> Boolean.TRUE.equals(span.tags().get("error")))
              .toList();
      assertEquals(1, failed.size(), failed::toString);
      String address = "127.0.0.1:" + store.port();
      // Once for each command that fails: where the GET is answered, both fail in INCR.
      int commands = whatHappened.endsWith("NOAUTH") ? 2 : 1;
      assertEquals(commands, log.lines(address, whatHappened).size());
      assertEquals(0, log.lines(address, "answers again").size());
      assertEquals("error", failed.get(0).logs().get(0).get("event"));
    }
  }

  @Test
  void storeOfAnUnknownHost_answers503() throws Exception {
    try (VisitCounterServices services = services("redis://no-such-host.invalid")) {
      assertUnavailable(
          VisitCounterServices.send("GET", services.counter()),
          "The counter's store at no-such-host.invalid:6379 has a host name that is not known.");
    }
  }

  /** A password must not go to who can't speak TLS. */
  @Test
  void storeWithoutTls_getsNoCommandOfRediss() throws Exception {
    try (CounterStore store = new CounterStore();
        VisitCounterServices services = services(store.address().replace("redis:", "rediss:"))) {
      HttpResponse<String> answer = VisitCounterServices.send("POST", services.counter());
      assertEquals(503, answer.statusCode(), answer::body);
      try (RedisClient redis = RedisClient.create(store.address())) {
        assertNull(redis.get("sammy-jaeger:visits"));
      }
    }
  }

  @Test
  void storeThatAnswersWithoutTls_isSaidToHaveNone() throws Exception {
    try (VisitCounterServices other = new VisitCounterServices(Map.of());
        VisitCounterServices services =
            services("rediss://127.0.0.1:" + other.counter().getPort())) {
      assertUnavailable(
          VisitCounterServices.send("POST", services.counter()),
          "The counter's store at 127.0.0.1:"
              + other.counter().getPort()
              + " has no TLS, or none that is trusted here.");
    }
  }

  @Test
  void wrongPassword_isNotShown() throws Exception {
    try (CounterStore store = new CounterStore(FreePort.find(), "requirepass shark")) {
      try (VisitCounterServices services = services("redis://:shark@127.0.0.1:" + store.port())) {
        assertEquals("2", VisitCounterServices.send("POST", services.counter()).body());
      }
      try (VisitCounterServices services = services("redis://:turtle@127.0.0.1:" + store.port())) {
        assertUnavailable(
            VisitCounterServices.send("POST", services.counter()),
            "The counter's store at 127.0.0.1:"
                + store.port()
                + " answered with an error WRONGPASS.");
      }
    }
    assertEquals(List.of(), log.lines("turtle"));
  }

  @Test
  void keyOfAnotherKind_answers503() throws Exception {
    try (CounterStore store = new CounterStore();
        VisitCounterServices services = services(store.address());
        RedisClient redis = RedisClient.create(store.address())) {
      redis.set("sammy-jaeger:visits", "many");
      String at = "The counter's store at 127.0.0.1:" + store.port();
      assertUnavailable(
          VisitCounterServices.send("GET", services.counter()),
          at + " gave no answer, or a broken one.");
      assertUnavailable(
          VisitCounterServices.send("POST", services.counter()),
          at + " answered with an error ERR.");
      redis.del("sammy-jaeger:visits");
      assertEquals("2", VisitCounterServices.send("POST", services.counter()).body());
    }
  }

  @Test
  void storeThatDoesNotAnswer_answers503() throws Exception {
    try (FakeBackend silent = FakeBackend.silent();
        VisitCounterServices services = services("redis://127.0.0.1:" + silent.uri().getPort())) {
      assertUnavailable(
          VisitCounterServices.send("POST", services.counter()),
          "The counter's store at 127.0.0.1:"
              + silent.uri().getPort()
              + " did not answer in time.");
    }
  }

  /** Jedis's own time-out begins anew with each byte. */
  @Test
  void storeThatDripsItsAnswer_isNotWaitedFor() throws Exception {
    try (FakeBackend slow =
            new FakeBackend(
                out -> {
                  out.write(':');
                  while (true) {
                    Thread.sleep(200);
                    out.write('0');
                    out.flush();
                  }
                });
        VisitCounterServices services = services("redis://127.0.0.1:" + slow.uri().getPort())) {
      HttpResponse<String> answer = VisitCounterServices.send("POST", services.counter());
      assertEquals(503, answer.statusCode(), answer::body);
      assertTrue(answer.body().endsWith(" did not answer in time."), answer::body);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 400 Bad\r\n\r\n",
        "+OK\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "-no upstream\r\n",
        "$9\r\n1\r\n",
        "",
        "\u0007"
      })
  void storeThatAnswersNonsense_answers503(String nonsense) throws Exception {
    try (FakeBackend broken = FakeBackend.sending(nonsense);
        VisitCounterServices services = services("redis://127.0.0.1:" + broken.uri().getPort())) {
      HttpResponse<String> answer = VisitCounterServices.send("POST", services.counter());
      assertEquals(503, answer.statusCode(), answer::body);
      String sentence =
          "The counter's store at 127\\.0\\.0\\.1:\\d+ "
              + "(gave no answer, or a broken one|answered with an error)\\.";
      assertTrue(answer.body().matches(sentence), answer::body);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "disk",
        "redis:",
        "redis://",
        "http://h",
        "redis://h:0",
        "redis://h:65536",
        "redis://h/x",
        "redis://h/0?a",
        "redis://:secret@h:x/0",
        "redis://:secret",
        "redis:secret",
        "redis://secret@h",
        "redis://:@h"
      })
  void otherStore_isRefused(String store) {
    Settings settings = new Settings(Map.of("COUNTER_STORE", store, "PORT", "0")::get);
    String refusal =
        assertThrows(Settings.Refusal.class, () -> Backend.start(settings)).getMessage();
    assertTrue(refusal.startsWith("COUNTER_STORE is '"), refusal);
    assertTrue(refusal.contains("', but must be memory, or an address as in redis://"), refusal);
    assertFalse(refusal.contains("secret"), refusal);
  }

  @Test
  void lastPort_isOneOfAStore() {
    URI store = VisitCounter.STORE.parser().apply("redis://h:65535/9999");
    assertEquals(65535, store.getPort());
  }

  private static void assertUnavailable(HttpResponse<String> answer, String sentence) {
    assertEquals(sentence, answer.body());
    assertEquals(503, answer.statusCode());
    assertTrue(answer.headers().firstValue("X-Trace-Id").isPresent());
  }

  private static VisitCounterServices services(String store) throws Exception {
    return new VisitCounterServices(Map.of("COUNTER_STORE", store));
  }
}
