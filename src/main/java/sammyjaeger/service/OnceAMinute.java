package sammyjaeger.service;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Lets a line into the log that a flood would repeat thousands of times. */
public final class OnceAMinute {

  private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());

  /** Whether it is time for the line; true to one caller in a minute. */
  public boolean isDue() {
    long now = System.nanoTime();
    long next = nextNanos.get();
    return now - next >= 0 && nextNanos.compareAndSet(next, now + TimeUnit.MINUTES.toNanos(1));
  }
}
