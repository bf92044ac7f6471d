package sammyjaeger;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The performance problem to find: a random wait.
 *
 * @param least the shortest wait
 * @param most the longest wait
 */
record SimulatedDelay(Duration least, Duration most) {

  /**
   * Reads {@code 1s..10s}, or one duration for a wait that is always the same.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  static SimulatedDelay parse(String text) {
    String[] ends = text.split("\\.\\.", 2);
    Duration least = Setting.parseDuration(ends[0]);
    Duration most = Setting.parseDuration(ends[ends.length - 1]);
    Setting.require(least.compareTo(most) <= 0);
    return new SimulatedDelay(least, most);
  }

  /** Draws a wait in milliseconds, each one from the least to the most as likely as the other. */
  long drawMillis() {
    return ThreadLocalRandom.current().nextLong(least.toMillis(), most.toMillis() + 1);
  }
}
