package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.VisitCounterServices;
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

  /** More waits than a server's usual pool has threads. */
  @Test
  void waitingPosts_holdUpNobodyElse() throws Exception {
    int posts = 400;
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    Map<String, String> settings = Map.of("SIMULATED_DELAY", "10m", "STOP_TIMEOUT", "0");
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      HttpRequest post =
          HttpRequest.newBuilder(services.counter()).POST(BodyPublishers.noBody()).build();
      List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
      for (int i = 0; i < posts; i++) {
        waiting.add(http.sendAsync(post, BodyHandlers.ofString()));
      }
      assertEquals("1", VisitCounterServices.send("GET", services.counter()).body());
      assertEquals(
          "ok", VisitCounterServices.send("GET", services.counter().resolve("/livez")).body());
      waiting.forEach(answer -> assertFalse(answer.isDone(), answer::toString));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"SIMULATED_DELAY", "PORT", "JAEGER_AGENT_PORT"})
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
