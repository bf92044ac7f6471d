package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.backend.SimulatedFaults.Draw;
import sammyjaeger.service.Settings;

/** What makes a POST slow, or fail, on purpose. */
class SimulatedFaultsTest {

  @Test
  void range_isDrawnFromWithBothItsEnds() {
    List<Long> drawn =
        draws(Map.of("SIMULATED_DELAY", "2ms..4ms"), 1000)
            .map(Draw::delayMillis)
            .distinct()
            .sorted()
            .toList();
    assertEquals(List.of(2L, 3L, 4L), drawn);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "250ms, 250", "2m, 120000", "1s..1s, 1000"})
  void oneDuration_isDrawnEachTime(String delay, long millis) {
    draws(Map.of("SIMULATED_DELAY", delay), 10)
        .forEach(draw -> assertEquals(millis, draw.delayMillis()));
  }

  @Test
  void errors_areTheShareThatIsSet() {
    assertEquals(0, failures("0%"));
    assertEquals(1000, failures("100%"));
    // A thousand draws are off by more than ten deviations once in 10^23 times.
    assertTrue(Math.abs(failures("12.5%") - 125) < 105);
  }

  private static long failures(String share) {
    return draws(Map.of("SIMULATED_ERRORS", share), 1000).filter(Draw::fails).count();
  }

  @Test
  void seed_drawsTheSameInEveryRun() {
    Map<String, String> settings =
        new HashMap<>(Map.of("SIMULATED_SEED", "7", "SIMULATED_ERRORS", "50%"));
    List<Draw> one = draws(settings, 1000).toList();
    assertEquals(one, draws(settings, 1000).toList());
    settings.put("SIMULATED_SEED", "-8");
    assertNotEquals(one, draws(settings, 1000).toList());
    settings.remove("SIMULATED_SEED");
    assertNotEquals(draws(settings, 1000).toList(), draws(settings, 1000).toList());
  }

  /** README's tutorial shows these draws. */
  @Test
  void seed_drawsWhatItAlwaysDrew() {
    assertEquals(
        List.of(3340L), draws(Map.of("SIMULATED_SEED", "3"), 1).map(Draw::delayMillis).toList());
    Map<String, String> failing =
        Map.of("SIMULATED_SEED", "6", "SIMULATED_ERRORS", "30%", "SIMULATED_DELAY", "200ms");
    assertEquals(List.of(false, true, false), draws(failing, 3).map(Draw::fails).toList());
  }

  /** A draw takes several random numbers, which must not get into another's. */
  @Test
  void concurrentPosts_drawWhatOneAfterTheOtherWould() throws Exception {
    int draws = 100_000;
    Map<String, String> settings = Map.of("SIMULATED_SEED", "3", "SIMULATED_ERRORS", "50%");
    SimulatedFaults faults = faults(settings);
    Draw[] drawn = new Draw[draws];
    AtomicInteger next = new AtomicInteger();
    Runnable drawing =
        () -> {
          for (int i = next.getAndIncrement(); i < draws; i = next.getAndIncrement()) {
            drawn[i] = faults.draw();
          }
        };
    List<Thread> threads = Stream.generate(() -> new Thread(drawing)).limit(4).toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(sorted(draws(settings, draws)), sorted(Arrays.stream(drawn)));
  }

  private static List<String> sorted(Stream<Draw> draws) {
    return draws.map(Draw::toString).sorted().toList();
  }

  private static Stream<Draw> draws(Map<String, String> environment, int count) {
    return Stream.generate(faults(environment)::draw).limit(count);
  }

  private static SimulatedFaults faults(Map<String, String> environment) {
    return new SimulatedFaults(Settings.read(environment::get, BackendSettings::read));
  }
}
