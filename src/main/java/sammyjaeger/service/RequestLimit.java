package sammyjaeger.service;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets so many requests run at once, and others wait for their turn; health and metrics never wait.
 * By hand, as Jetty 12.1.14's QoSHandler spins until other threads have run: once virtual threads
 * spin on every processor, no other ever runs.
 */
final class RequestLimit extends Handler.Wrapper {

  private static final Logger log = LoggerFactory.getLogger(RequestLimit.class);

  private final int maxRequests;
  private final Duration maxWait;
  private final Semaphore permits;
  private final OnceAMinute logWaiting = new OnceAMinute();

  /** The thread of each request that runs or waits. */
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  private volatile boolean stopping;

  /** Makes one; a request that has to wait for longer is told to come back. */
  RequestLimit(int maxRequests, Duration maxWait) {
    this.maxRequests = maxRequests;
    this.maxWait = maxWait;
    permits = new Semaphore(maxRequests, true);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (ServletsHandler.PROBES.contains(Request.getPathInContext(request))) {
      return super.handle(request, response, callback);
    }
    threads.add(Thread.currentThread());
    boolean permitted = false;
    try {
      permitted = !stopping && acquirePermit();
      if (permitted && !stopping) {
        return super.handle(request, response, callback);
      }
      Response.writeError(request, response, callback, HttpStatus.SERVICE_UNAVAILABLE_503);
      return true;
    } finally {
      if (permitted) {
        permits.release();
      }
      threads.remove(Thread.currentThread());
    }
  }

  private boolean acquirePermit() {
    try {
      // Unlike tryAcquire(), this goes before none who waits.
      if (permits.tryAcquire(0, TimeUnit.NANOSECONDS)) {
        return true;
      }
      if (logWaiting.isDue()) {
        log.warn("{} requests run at once; further ones wait", maxRequests);
      }
      return permits.tryAcquire(maxWait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return false; // This is a stop.
    }
  }

  /** How many requests run or wait. */
  int unfinished() {
    return threads.size();
  }

  int running() {
    return maxRequests - permits.availablePermits();
  }

  int waiting() {
    return permits.getQueueLength();
  }

  /** Cuts the requests short that run, and turns those away that wait. */
  void interrupt() {
    stopping = true;
    threads.forEach(Thread::interrupt);
  }
}
