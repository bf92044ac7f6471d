package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.Raw;

/** More requests than may run at once. */
class RequestLimitTest {

  private final Log log = new Log();
  private final Metrics metrics = new Metrics();
  private final Semaphore started = new Semaphore(0);
  private final Semaphore mayEnd = new Semaphore(0);
  private final Server server =
      new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  private RequestLimit limit;

  @AfterEach
  void stop() throws Exception {
    server.stop();
  }

  @Test
  void requestsAboveTheLimit_waitForTheirTurn() throws Exception {
    start(3, 3600);
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      clients.add(send("/"));
    }
    started.acquire(3);
    awaitMetric("http_requests_waiting 2");
    awaitMetric("http_requests_running 3");
    mayEnd.release(5);
    for (Socket client : clients) {
      assertAnswered(200, client);
    }
    assertEquals(1, log.lines("3 requests run at once; further ones wait").size());
  }

  @Test
  void requestThatWaitsForTooLong_isToldToComeBack() throws Exception {
    start(1, 0);
    Socket running = send("/");
    started.acquire();
    String refusal = assertAnswered(503, send("/"));
    assertTrue(refusal.contains("\r\nRetry-After: 5\r\n"), refusal);
    String sentence = "This service can't take more requests now; try again in a while.";
    assertTrue(refusal.endsWith("\r\n\r\n" + sentence), refusal);
    mayEnd.release();
    assertAnswered(200, running);
  }

  @Test
  void requestThatFails_leavesItsPlaceToTheNext() throws Exception {
    start(1, 3600);
    assertAnswered(500, send("/failure"));
    assertAnswered(500, send("/failure"));
  }

  /** The stop waits for both places, so that one is free while somebody waits. */
  @Test
  void newRequest_doesNotOvertakeWhatWaits() throws Exception {
    start(2, 3600);
    Socket running = send("/");
    started.acquire();
    Thread stop =
        new Thread(() -> assertThrows(InterruptedException.class, () -> limit.stop(1L << 60)));
    stop.start();
    awaitMetric("http_requests_waiting 1");
    Socket later = send("/");
    awaitMetric("http_requests_waiting 2");
    stop.interrupt();
    started.acquire();
    mayEnd.release(2);
    assertAnswered(200, running);
    assertAnswered(200, later);
  }

  @Test
  void stop_cutsShortWhatRunsAndWhatWaits() throws Exception {
    start(1, 3600);
    Socket running = send("/");
    started.acquire();
    Socket waiting = send("/");
    awaitMetric("http_requests_waiting 1");
    assertEquals(2, limit.stop(0));
    assertAnswered(500, running);
    assertAnswered(503, waiting);
    assertEquals(0, started.availablePermits());
  }

  private void start(int maxRequests, int maxWaitSeconds) throws Exception {
    Handler.Abstract handler =
        new Handler.Abstract() {
          @Override
          public boolean handle(Request request, Response response, Callback callback)
              throws Exception {
            if (request.getHttpURI().getPath().equals("/failure")) {
              throw new IllegalStateException("on purpose");
            }
            started.release();
            mayEnd.acquire();
            return PlainText.send(response, callback, 200, "ended");
          }
        };
    limit = new RequestLimit(handler, maxRequests, maxWaitSeconds, metrics);
    server.setHandler(limit);
    server.start();
  }

  private Socket send(String path) throws IOException {
    return Raw.open(server.getURI(), Raw.request("GET", path, "Host: x"));
  }

  private static String assertAnswered(int status, Socket client) throws IOException {
    try (client) {
      String answer = Raw.readAll(client);
      assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
      return answer;
    }
  }

  /** Waits for a line of the metrics; no further request may start meanwhile. */
  private void awaitMetric(String line) throws InterruptedException {
    while (!metrics.toString().contains(line + "\n")) {
      assertEquals(0, started.availablePermits());
      Thread.sleep(1);
    }
  }
}
