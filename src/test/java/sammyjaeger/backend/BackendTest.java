package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
