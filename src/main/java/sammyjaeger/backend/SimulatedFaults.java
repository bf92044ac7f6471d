package sammyjaeger.backend;

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

  private final SimulatedDelay delay;
  private final String errors;
  private final boolean lock;
  private final Random random;

  /** Reads the settings. */
  SimulatedFaults(Settings settings) {
    delay =
        settings.read(
            "SIMULATED_DELAY",
            "1s..10s",
            "how long a POST waits before it counts",
            SimulatedDelay.KIND);
    errors =
        settings.read(
            "SIMULATED_ERRORS",
            "0%",
            "the share of POSTs that fail, uncounted",
            Settings.matching("a percentage from 0% to 100%", "(100|\\d{1,2}(\\.\\d{1,6})?)%"));
    lock =
        settings.read(
            "SIMULATED_LOCK", "false", "let POSTs wait in a lock, one at a time", Settings.FLAG);
    String seed =
        settings.read(
            "SIMULATED_SEED",
            "",
            "if set, every run draws the same delays and errors",
            Settings.matching("a whole number", "(-?\\d{1,18})?"));
    random = seed.isEmpty() ? new Random() : new Random(Long.parseLong(seed));
  }

  /** Draws for the next POST; for the n-th one, every run with the same seed draws the same. */
  synchronized Draw draw() {
    double share = Double.parseDouble(errors.replace("%", "")) / 100;
    return new Draw(delay.drawMillis(random), random.nextDouble() < share);
  }

  /** Whether the delay happens in a lock. */
  boolean isLocking() {
    return lock;
  }

  /** The share of POSTs that fail, as in 30%. */
  String errors() {
    return errors;
  }
}
