package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.opentracing.Span;
import io.opentracing.tag.Tags;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How one service's part of a trace is drawn. */
class TraceTreesTest {

  private static final long START_MICROS = 1_700_000_000_000_000L;

  private final TraceTrees trees = new TraceTrees(true, 1000);
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("orders")
          .withReporter(new InMemoryReporter())
          .withSampler(new ConstSampler(true))
          .withManualShutdown()
          .build();

  @Test
  void wholeTrace_isOneTree() {
    Span visit = start("GET /", 0, null).setTag("visitor.number", 7).setTag("counter.seen", 8);
    Span slow = start("POST /a", 1000, visit).setTag("delay.ms", 1000).setTag("lock.ahead", 2);
    slow.setTag(Tags.ERROR, true).setTag(Tags.HTTP_STATUS, 500).setTag("other", 9);
    String early =
        draw(
            finish(start("calculate", 2000, slow).setTag(Tags.ERROR, true), 3000),
            finish(slow, 3000),
            finish(start("GET /a", 0, visit), 1000));
    assertEquals("", early);
    assertEquals(
        header(visit)
            + "  GET /                       ##############################    3.000 s"
            + " counter.seen=8 visitor.number=7\n"
            + "    GET /a                    ##########                        1.000 s\n"
            + "    POST /a                             ####################    2.000 s"
            + " ERROR 500 delay.ms=1000 lock.ahead=2\n"
            + "      calculate                                   ##########    1.000 s ERROR\n",
        draw(finish(visit, 3000)));
  }

  /** Each has its own time scale. */
  @Test
  void partsOfOneTrace_areDrawnOneByOne() {
    Span caller = start("caller", 0, null);
    Span one = start("one", 0, caller).setTag(Tags.SPAN_KIND, Tags.SPAN_KIND_SERVER);
    Span other = start("other", 1000, caller).setTag(Tags.SPAN_KIND, Tags.SPAN_KIND_SERVER);
    JaegerSpan child = finish(start("of other", 2000, other), 3000);
    assertEquals(
        header(caller)
            + "    one                       ##############################    1.000 s\n"
            + header(caller)
            + "    other                     ##############################    2.000 s\n"
            + "      of other                               ###############    1.000 s\n",
        draw(child, finish(one, 1000), finish(other, 3000)));
  }

  /** A span is not within its parent where the clock is set back while they run. */
  @Test
  void oddSpans_keepToTheirColumns() {
    Span visit = start("GET /\n" + "x".repeat(300), 2000, null);
    JaegerSpan outside = finish(start("outside", 1000, visit), 90_001_000);
    JaegerSpan shortest = finish(start("shortest", 3000, visit), 3000);
    assertEquals(
        header(visit)
            + "  GET /?xxxxxxxxxxxxxxxxxxxxxx##############################    1.000 s\n"
            + "    outside                   ############################## 90000.000 s\n"
            + "    shortest                                               #    0.000 s\n",
        draw(shortest, outside, finish(visit, 3000)));
  }

  @Test
  void moreTreesASecondThanAPersonCanRead_areCounted() throws Exception {
    String atTheEnd = trees.draw(visits(100), true);
    assertEquals(61, atTheEnd.lines().count());
    assertTrue(atTheEnd.endsWith("\n70 more trees were not printed\n"), atTheEnd);

    String text = trees.draw(visits(100), false);
    while (!text.endsWith("70 more trees were not printed\n")) {
      Thread.sleep(10);
      text += trees.draw(List.of(), false);
    }
    assertEquals(61, text.lines().count());
    assertEquals(2, trees.draw(visits(1), false).lines().count());
  }

  private List<JaegerSpan> visits(int count) {
    return Stream.generate(() -> finish(start("GET /", 0, null), 1000)).limit(count).toList();
  }

  /** Their local roots may never finish. */
  @Test
  void tooManySpansOfUnfinishedTraces_areForgotten() {
    List<Span> visits = Stream.generate(() -> start("GET /", 0, null)).limit(1001).toList();
    visits.forEach(visit -> draw(finish(start("call", 0, visit), 1000)));
    assertEquals(2, draw(finish(visits.get(0), 1000)).lines().count(), "without its call");
    assertEquals(3, draw(finish(visits.get(1000), 1000)).lines().count());
  }

  /** Anybody can send many requests with the same id. */
  @Test
  void tooManySpansOfOneTrace_areForgotten() {
    Span visit = start("GET /", 0, null);
    for (int i = 0; i < 200; i++) {
      draw(finish(start("call " + i, i, visit), 1000));
    }
    String tree = draw(finish(visit, 1000));
    assertEquals(101, tree.lines().count());
    assertTrue(tree.contains(" call 199 "), tree);
  }

  private String draw(JaegerSpan... finished) {
    return trees.draw(List.of(finished), false);
  }

  private Span start(String name, long millis, Span parent) {
    return tracer
        .buildSpan(name)
        .withStartTimestamp(START_MICROS + millis * 1000)
        .asChildOf(parent)
        .start();
  }

  private static JaegerSpan finish(Span span, long millis) {
    span.finish(START_MICROS + millis * 1000);
    return (JaegerSpan) span;
  }

  /** The id has 64 bits, and is shown as Jaeger's UI takes it. */
  private static String header(Span span) {
    String id = "%32s".formatted(span.context().toTraceId()).replace(' ', '0');
    return "trace " + id + " in orders\n";
  }
}
