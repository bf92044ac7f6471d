package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import javax.servlet.Filter;
import javax.servlet.Servlet;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.Log;

/** More requests than may run at once. */
class RequestLimitTest {

  private final Log log = new Log();
  private final Semaphore started = new Semaphore(0);
  private final Semaphore mayEnd = new Semaphore(0);
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Server server =
      new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  private RequestLimit limit;

  @AfterEach
  void stop() throws Exception {
    server.stop();
  }

  @Test
  void requestsAboveTheLimit_waitForTheirTurn() throws Exception {
    start(2, Duration.ofMinutes(1));
    List<CompletableFuture<HttpResponse<String>>> running = List.of(send("/probe"), send("/probe"));
    started.acquire(2);
    List<CompletableFuture<HttpResponse<String>>> waiting = List.of(send("/probe"), send("/probe"));
    await(2);
    assertEquals(4, limit.unfinished());
    assertEquals("ok", send("/livez").join().body());
    assertEquals(0, started.availablePermits());

    mayEnd.release(4);
    running.forEach(each -> assertEquals(200, each.join().statusCode()));
    waiting.forEach(each -> assertEquals(200, each.join().statusCode()));
    assertEquals(1, log.lines("2 requests run at once; further ones wait").size());
  }

  @Test
  void requestThatWaitsForTooLong_isToldToComeBack() throws Exception {
    start(1, Duration.ofMillis(100));
    CompletableFuture<HttpResponse<String>> running = send("/probe");
    started.acquire();
    HttpResponse<String> refused = send("/probe").join();
    assertEquals(503, refused.statusCode());
    assertEquals("5", refused.headers().firstValue("Retry-After").orElseThrow());
    assertEquals(
        "This service can't take more requests now; try again in a while.", refused.body());
    while (limit.unfinished() > 1) {
      Thread.sleep(1);
    }
    assertEquals(1, limit.running());

    mayEnd.release(2);
    assertEquals(200, running.join().statusCode());
    while (limit.unfinished() > 0) {
      Thread.sleep(1);
    }
    assertEquals(200, send("/probe").join().statusCode());
  }

  @Test
  void requestThatFails_leavesItsPlaceToTheNext() throws Exception {
    start(1, Duration.ofMinutes(2));
    for (int i = 0; i < 3; i++) {
      assertEquals(500, send("/failure").join().statusCode());
    }
  }

  @Test
  void requestThatStillWaitsWhenOthersAreCutShort_isTurnedAway() throws Exception {
    start(1, Duration.ofMinutes(1));
    CompletableFuture<HttpResponse<String>> running = send("/probe");
    started.acquire();
    CompletableFuture<HttpResponse<String>> waiting = send("/probe");
    await(1);
    limit.interrupt();
    assertEquals(500, running.join().statusCode());
    assertEquals(503, waiting.join().statusCode());
    assertEquals(503, send("/probe").join().statusCode());
    assertEquals(0, started.availablePermits());
  }

  private void start(int maxRequests, Duration maxWait) throws Exception {
    Filter none = (request, response, chain) -> chain.doFilter(request, response);
    Servlet servlet =
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response)
              throws IOException {
            if (request.getServletPath().equals("/failure")) {
              throw new IllegalStateException("on purpose");
            }
            started.release();
            try {
              mayEnd.acquire();
            } catch (InterruptedException e) {
              throw new InterruptedIOException();
            }
          }
        };
    Map<String, Servlet> servlets = Map.of("/probe", servlet, "/failure", servlet);
    limit = new RequestLimit(maxRequests, maxWait);
    limit.setHandler(new ServletsHandler(none, servlets, new Metrics(), () -> true, () -> false));
    server.setHandler(limit);
    server.setErrorHandler(PlainText::sendError);
    server.start();
  }

  private void await(int waiting) throws InterruptedException {
    while (limit.waiting() < waiting) {
      Thread.sleep(1);
    }
  }

  private CompletableFuture<HttpResponse<String>> send(String path) {
    HttpRequest request =
        HttpRequest.newBuilder(server.getURI().resolve(path))
            .timeout(Duration.ofSeconds(30))
            .build();
    return http.sendAsync(request, BodyHandlers.ofString());
  }
}
