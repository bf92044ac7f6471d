package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How many spans may wait. */
class SpanQueueTest {

  private final JaegerTracer tracer =
      new JaegerTracer.Builder("test")
          .withReporter(new InMemoryReporter())
          .withSampler(new ConstSampler(true))
          .withManualShutdown()
          .build();

  @Test
  void spans_areBoundedInNumber() {
    SpanQueue queue = new SpanQueue(3, 1 << 20);
    assertTrue(queue.offer(span(0)) && queue.offer(span(0)));
    assertTrue(queue.isHalfFull());
    assertTrue(queue.offer(span(0)));
    assertFalse(queue.offer(span(0)));
    assertEquals(3, queue.take(10).size());
    assertFalse(queue.isHalfFull());
    assertTrue(queue.offer(span(0)));
  }

  /** A visitor's baggage stays with each span until it is sent. */
  @Test
  void spans_areBoundedInBytes() {
    SpanQueue queue = new SpanQueue(1000, 16_000);
    assertTrue(queue.offer(span(2000)) && queue.offer(span(2000)));
    assertTrue(queue.isHalfFull());
    assertFalse(queue.offer(span(2000)));
    assertTrue(queue.offer(span(0)), "a small one still fits");
    assertEquals(3, queue.take(10).size());
    assertFalse(queue.offer(span(2000)), "they still have to be sent");
    assertEquals(0, queue.take(10).size());
    assertFalse(queue.isHalfFull());
    assertTrue(queue.offer(span(2000)) && queue.offer(span(2000)));
  }

  @Test
  void manyItemsOfBaggage_countForMoreThanTheirCharacters() {
    SpanQueue queue = new SpanQueue(1000, 100_000);
    JaegerSpan span = span(0);
    for (int i = 0; i < 1000; i++) {
      span.setBaggageItem("k" + i, "");
    }
    assertFalse(queue.offer(span));
  }

  /** The URL is not the only tag that a visitor can make long. */
  @Test
  void tagsAndLogs_countToo() {
    SpanQueue queue = new SpanQueue(1000, 6_000);
    assertFalse(queue.offer(span(0).setTag("http.method", "X".repeat(5_100))));
    assertFalse(queue.offer(span(0).log(Map.of("stack", "x".repeat(2_600)))));
    assertFalse(queue.offer(span(0).log("x".repeat(5_100))));
    assertTrue(queue.offer(span(0).log("event")));
    queue.take(1);
    queue.take(0);
    assertTrue(queue.offer(span(0).setTag("a", 1).log(Map.of("stack", "x".repeat(2_400)))));
  }

  private JaegerSpan span(int baggage) {
    JaegerSpan span = tracer.buildSpan("span").start();
    return baggage == 0 ? span : span.setBaggageItem("key", "x".repeat(baggage));
  }
}
