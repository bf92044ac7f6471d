package sammyjaeger.backend;

import java.util.concurrent.atomic.AtomicLong;

/** The counter of visits. It starts at 1, and no increment is ever lost. */
final class VisitCounter {

  private final AtomicLong value = new AtomicLong(1);

  long value() {
    return value.get();
  }

  /** Adds one, and returns the new value: no two calls return the same. */
  long increment() {
    return value.incrementAndGet();
  }
}
