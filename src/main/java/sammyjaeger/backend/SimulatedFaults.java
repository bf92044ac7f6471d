package sammyjaeger.backend;

import static sammyjaeger.service.Settings.FLAG;
import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.parseDuration;
import static sammyjaeger.service.Settings.require;

import java.time.Duration;
import java.util.Random;
import sammyjaeger.service.Settings;

/** The problems to find in the traces: what makes a POST slow, or fail, on purpose. */
final class SimulatedFaults {

  /**
   * What one POST meets.
   *
   * @param delayMillis how long it waits
   * @param error whether it fails then
   */
  record Draw(long delayMillis, boolean error) {}

  private record Delay(long minMillis, long maxMillis) {}

  private static final Settings.Kind<Delay> DELAY =
      new Settings.Kind<>(
          "a duration such as 250ms, 2s or 0, or a range of them such as 1s..10s",
          SimulatedFaults::parseDelay);

  /** The share of POSTs that fail, as in 30%. */
  final String errors;

  /** Whether the delay happens in a lock. */
  final boolean isLocking;

  private final Delay delay;
  private final Random random;

  SimulatedFaults(Settings settings) {
    delay =
        settings.read(
            "SIMULATED_DELAY", "1s..10s", "how long a POST waits before it counts", DELAY);
    errors =
        settings.read(
            "SIMULATED_ERRORS",
            "0%",
            "the share of POSTs that fail, uncounted",
            matching("a percentage from 0% to 100%", "(100|\\d{1,2}(\\.\\d{1,6})?)%"));
    isLocking =
        settings.read("SIMULATED_LOCK", "false", "let POSTs wait in a lock, one at a time", FLAG);
    String seed =
        settings.read(
            "SIMULATED_SEED",
            "",
            "if set, every run draws the same delays and errors",
            matching("a whole number", "(-?\\d{1,18})?"));
    random = seed.isEmpty() ? new Random() : new Random(Long.parseLong(seed));
  }

  /** Draws for the next POST; for the n-th one, every run with the same seed draws the same. */
  synchronized Draw draw() {
    double share = Double.parseDouble(errors.replace("%", "")) / 100;
    long millis = random.nextLong(delay.minMillis, delay.maxMillis + 1);
    return new Draw(millis, random.nextDouble() < share);
  }

  private static Delay parseDelay(String text) {
    String[] ends = text.split("\\.\\.", 2);
    Duration min = parseDuration(ends[0]);
    Duration max = parseDuration(ends[ends.length - 1]);
    return new Delay(min.toMillis(), require(max, end -> min.compareTo(end) <= 0).toMillis());
  }
}
