package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.service.Settings;

class SimulatedFaultsTest {

  @Test
  void range_isDrawnFromWithBothItsEnds() {
    SimulatedFaults faults = faults("2ms..4ms");
    List<Long> drawn =
        Stream.generate(() -> faults.draw().delayMillis()).limit(1000).distinct().sorted().toList();
    assertEquals(List.of(2L, 3L, 4L), drawn);
  }

  /** They are in README's tutorial. */
  @Test
  void seed_drawsWhatItAlwaysDrew() {
    assertEquals(3340, faults(Map.of("SIMULATED_SEED", "3")).draw().delayMillis());
    SimulatedFaults failing =
        faults(
            Map.of("SIMULATED_SEED", "6", "SIMULATED_ERRORS", "30%", "SIMULATED_DELAY", "200ms"));
    assertEquals(
        List.of(false, true, false),
        Stream.generate(() -> failing.draw().error()).limit(3).toList());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "250ms, 250", "2m, 120000", "1s..1s, 1000"})
  void oneDuration_isDrawnEachTime(String delay, long millis) {
    assertEquals(millis, faults(delay).draw().delayMillis());
  }

  @ParameterizedTest
  @ValueSource(strings = {"10s..1s", "1..10", "1s-10s", "1s..", "..1s", "1s..2s..3s", "soon"})
  void otherText_isRefused(String delay) {
    Settings settings = new Settings(Map.of("SIMULATED_DELAY", delay)::get);
    new SimulatedFaults(settings);
    String message = assertThrows(Settings.Refusal.class, settings::check).getMessage();
    assertEquals(
        "SIMULATED_DELAY is '%s', but must be a duration such as 250ms, 2s or 0, or a range of them such as 1s..10s"
            .formatted(delay),
        message);
  }

  private static SimulatedFaults faults(String delay) {
    return faults(Map.of("SIMULATED_DELAY", delay));
  }

  private static SimulatedFaults faults(Map<String, String> settings) {
    return new SimulatedFaults(new Settings(settings::get));
  }
}
