package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedDelayTest {

  private final Random random = new Random();

  @Test
  void range_isDrawnFromWithBothItsEnds() {
    SimulatedDelay delay = parse("2ms..4ms");
    List<Long> drawn =
        Stream.generate(() -> delay.drawMillis(random)).limit(1000).distinct().sorted().toList();
    assertEquals(List.of(2L, 3L, 4L), drawn);
  }

  @Test
  void oneDuration_isDrawnEachTime() {
    assertEquals(0, parse("0").drawMillis(random));
    assertEquals(250, parse("250ms").drawMillis(random));
    assertEquals(120_000, parse("2m").drawMillis(random));
    assertEquals(1000, parse("1s..1s").drawMillis(random));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10s..1s", "1..10", "1s-10s", "1s..", "..1s", "1s..2s..3s", "soon"})
  void otherText_isRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> parse(text));
  }

  private static SimulatedDelay parse(String text) {
    return SimulatedDelay.KIND.parser().apply(text);
  }
}
