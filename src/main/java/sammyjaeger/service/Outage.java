package sammyjaeger.service;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;

/**
 * Logs once that something has begun to fail, and once that it is over, which is after one second
 * without a failure: neither a flood nor a flickering peer fills the log.
 */
public final class Outage {

  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Logger log;
  private final AtomicBoolean lasting = new AtomicBoolean();
  private volatile long lastNanos;

  public Outage(Logger log) {
    this.log = log;
  }

  /** Logs the line if this is the first failure. */
  public void failed(String line, Object... values) {
    lastNanos = System.nanoTime();
    // Without a lock: a log that nobody reads would hold up the successful, too.
    if (lasting.compareAndSet(false, true)) {
      log.warn(line, values);
    }
  }

  /** Logs the line if this is the first success after a quiet second. */
  public void succeeded(String line, Object... values) {
    if (lasting.get()
        && System.nanoTime() - lastNanos >= QUIET_NANOS
        && lasting.compareAndSet(true, false)) {
      log.warn(line, values);
    }
  }
}
