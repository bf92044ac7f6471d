package sammyjaeger.backend;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The counter of visits. It starts at 1, and no increment is ever lost.
 *
 * <p>Where it is kept elsewhere, each method throws an IOException if there is no answer from
 * there; its message is a sentence. An increment may have been counted even so.
 */
interface VisitCounter {

  long value() throws IOException;

  /** Adds one, and returns the new value: no two calls return the same. */
  long increment() throws IOException;

  default void close() {}

  /** A counter that ends with its process. */
  static VisitCounter inMemory() {
    AtomicLong counter = new AtomicLong(1);
    return new VisitCounter() {
      @Override
      public long value() {
        return counter.get();
      }

      @Override
      public long increment() {
        return counter.incrementAndGet();
      }
    };
  }
}
