package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class VisitCounterTest {

  @Test
  void counter_startsAtOne() {
    assertEquals(1, new MemoryVisitCounter().value());
  }

  @Test
  void increments_areNeitherLostNorGivenTwice() throws Exception {
    MemoryVisitCounter counter = new MemoryVisitCounter();
    Set<Long> values = ConcurrentHashMap.newKeySet();
    Thread[] threads =
        IntStream.range(0, 4)
            .mapToObj(
                i ->
                    new Thread(
                        () ->
                            IntStream.range(0, 50_000)
                                .forEach(n -> values.add(counter.increment()))))
            .toArray(Thread[]::new);
    for (Thread thread : threads) {
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(200_001, counter.value());
    assertEquals(200_000, values.size());
  }
}
