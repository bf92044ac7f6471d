package sammyjaeger.service;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.LoggerFactory;

/**
 * Lets so many requests run at once; others wait for their turn. By hand, because Jetty 12.1.14's
 * QoSHandler spins, and spinning virtual threads can keep all others from running.
 */
final class RequestLimit extends Handler.Wrapper {

  private final int maxRequests;
  private final int maxWaitSeconds;
  private final Semaphore permits;
  private final Outage full = new Outage(LoggerFactory.getLogger(RequestLimit.class));

  /** The thread of each request that runs or waits. */
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  private volatile boolean stopping;

  RequestLimit(Handler handler, int maxRequests, int maxWaitSeconds, Metrics metrics) {
    super(handler);
    this.maxRequests = maxRequests;
    this.maxWaitSeconds = maxWaitSeconds;
    permits = new Semaphore(maxRequests, true);
    metrics.add("http_requests_running", () -> maxRequests - permits.availablePermits());
    metrics.add("http_requests_waiting", permits::getQueueLength);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    threads.add(Thread.currentThread());
    boolean permitted = acquirePermit();
    try {
      if (permitted && !stopping) {
        return super.handle(request, response, callback);
      }
      response.getHeaders().put("Retry-After", "5"); // seconds
      String busy = "This service can't take more requests now; try again in a while.";
      return PlainText.send(response, callback, 503, busy);
    } finally {
      permits.release(permitted ? 1 : 0);
      threads.remove(Thread.currentThread());
    }
  }

  private boolean acquirePermit() {
    try {
      // Unlike tryAcquire(), this does not jump the queue.
      if (permits.tryAcquire(0, TimeUnit.SECONDS)) {
        full.succeeded("Requests no longer wait");
        return true;
      }
      full.failed("{} requests run at once; further ones wait", maxRequests);
      return !stopping && permits.tryAcquire(maxWaitSeconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      return false; // This is a stop.
    }
  }

  /** Waits for all requests to end, then interrupts the rest, and returns how many these were. */
  int stop(long nanos) throws InterruptedException {
    if (permits.tryAcquire(maxRequests, nanos, TimeUnit.NANOSECONDS)) {
      permits.release(maxRequests);
      return 0;
    }
    stopping = true;
    int cutShort = threads.size();
    threads.forEach(Thread::interrupt);
    permits.tryAcquire(maxRequests, 3, TimeUnit.SECONDS); // They still answer.
    return cutShort;
  }
}
