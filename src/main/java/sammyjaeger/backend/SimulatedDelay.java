package sammyjaeger.backend;

import java.time.Duration;
import java.util.random.RandomGenerator;
import sammyjaeger.service.Settings;

/**
 * The performance problem to find: a random wait.
 *
 * @param min the shortest wait
 * @param max the longest wait
 */
record SimulatedDelay(Duration min, Duration max) {

  static final Settings.Kind<SimulatedDelay> KIND =
      new Settings.Kind<>(
          "a duration such as 250ms, 2s or 0, or a range of them such as 1s..10s",
          SimulatedDelay::parse);

  private static SimulatedDelay parse(String text) {
    String[] ends = text.split("\\.\\.", 2);
    Duration min = Settings.parseDuration(ends[0]);
    Duration max = Settings.parseDuration(ends[ends.length - 1]);
    return new SimulatedDelay(min, Settings.require(max, end -> min.compareTo(end) <= 0));
  }

  /** Draws a wait in milliseconds, each from the shortest to the longest as likely as the other. */
  long drawMillis(RandomGenerator random) {
    return random.nextLong(min.toMillis(), max.toMillis() + 1);
  }
}
