package sammyjaeger.backend;

import java.util.concurrent.atomic.AtomicLong;

/** A counter that ends with its process. */
final class MemoryVisitCounter implements VisitCounter {

  private final AtomicLong value = new AtomicLong(1);

  @Override
  public long value() {
    return value.get();
  }

  @Override
  public long increment() {
    return value.incrementAndGet();
  }
}
