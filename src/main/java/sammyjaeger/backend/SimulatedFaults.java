package sammyjaeger.backend;

import java.util.Random;

/** Draws what makes a POST slow, or fail, on purpose: the problems to find in the traces. */
final class SimulatedFaults {

  /**
   * What one POST meets.
   *
   * @param delayMillis how long it waits
   * @param fails whether it fails then
   */
  record Draw(long delayMillis, boolean fails) {}

  private final BackendSettings.Delay delay;
  private final double errors;
  private final Random random;

  SimulatedFaults(BackendSettings settings) {
    delay = settings.delay();
    errors = settings.errors() / 100;
    random = settings.seed().isEmpty() ? new Random() : new Random(Long.parseLong(settings.seed()));
  }

  /** Draws for the next POST; with the same seed, the n-th draw of every run is the same. */
  synchronized Draw draw() {
    long millis = random.nextLong(delay.minMillis(), delay.maxMillis() + 1);
    return new Draw(millis, random.nextDouble() < errors);
  }
}
