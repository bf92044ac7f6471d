package sammyjaeger.reporting;

import static io.opentracing.propagation.Format.Builtin.TEXT_MAP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.opentracing.Span;
import io.opentracing.SpanContext;
import io.opentracing.propagation.TextMapAdapter;
import io.opentracing.tag.Tags;
import java.util.Map;
import org.junit.jupiter.api.Test;
import sammyjaeger.service.Settings;

/** How one service's part of a trace is drawn; ProcessTest sees it on a process's output. */
class TraceTreesTest {

  private static final long START_MICROS = 1_700_000_000_000_000L;

  private final TraceTrees trees = new TraceTrees(new Settings(name -> null), "orders", 20_000_000);
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("orders")
          .withReporter(new InMemoryReporter())
          .withSampler(new ConstSampler(true))
          .withTraceId128Bit()
          .withManualShutdown()
          .build();

  @Test
  void wholeTrace_isOneTree() {
    Span visit = start("GET /", 0, null);
    finish(start("GET /a", 0, visit), 1000);
    Span slow = start("POST /a", 1000, visit);
    finish(start("calculate", 2000, slow), 3000);
    finish(slow, 3000);
    assertEquals("", trees.take(false));
    finish(visit, 3000);
    assertEquals(
        header(visit)
            + "  GET /                       ##############################    3.000 s\n"
            + "    GET /a                    ##########                        1.000 s\n"
            + "    POST /a                             ####################    2.000 s\n"
            + "      calculate                                   ##########    1.000 s\n",
        trees.take(false));
    assertEquals("", trees.take(true));
  }

  /** So that the bars of two services are aligned: both begin with the trace, as far as it goes. */
  @Test
  void secondPartOfATrace_isDrawnOnTheAxisOfTheFirst() {
    Span caller = start("caller", 0, null);
    finish(server(start("GET /a", 0, caller)), 10);
    trees.take(false);
    Span post = server(start("POST /a", 1000, caller));
    finish(start("calculate", 2000, post), 3000);
    finish(post, 3000);
    assertEquals(
        header(caller)
            + "    POST /a                             ####################    2.000 s\n"
            + "      calculate                                   ##########    1.000 s\n",
        trees.take(false));
  }

  @Test
  void partsOfOneTraceAtOnce_areNotMixed() {
    Span caller = start("caller", 0, null);
    Span one = server(start("one", 0, caller));
    Span other = server(start("other", 0, caller));
    finish(start("of other", 0, other), 1000);
    finish(one, 1000);
    finish(other, 1000);
    String bar = "##############################    1.000 s\n";
    assertEquals(
        header(caller)
            + "    one                       "
            + bar
            + header(caller)
            + "    other                     "
            + bar
            + "      of other                "
            + bar,
        trees.take(false));
  }

  @Test
  void idOf64Bits_isShownAsJaegerTakesIt() {
    SpanContext caller =
        tracer.extract(TEXT_MAP, new TextMapAdapter(Map.of("uber-trace-id", "c0ffee:a:0:1")));
    Span span = tracer.buildSpan("GET /").asChildOf(caller).start();
    finish(server(span), 1000);
    String tree = trees.take(false);
    assertTrue(tree.startsWith("trace " + "0".repeat(26) + "c0ffee in orders\n"), tree);
  }

  @Test
  void errors_areMarked() {
    Span visit = start("GET /", 0, null);
    Span call = start("GET /a", 0, visit);
    Tags.ERROR.set(call, true);
    finish(call, 1000);
    Tags.ERROR.set(visit, true);
    Tags.HTTP_STATUS.set(visit, 502);
    finish(visit, 1000);
    String[] lines = trees.take(false).split("\n");
    assertTrue(lines[1].endsWith("    1.000 s ERROR 502"), lines[1]);
    assertTrue(lines[2].endsWith("    1.000 s ERROR"), lines[2]);
  }

  @Test
  void shortSpanAtTheEnd_stillHasABar() {
    Span visit = start("GET /", 0, null);
    finish(start("last", 9999, visit), 9999);
    finish(visit, 9999);
    String last = trees.take(false).split("\n")[2];
    assertEquals("    last                                                   #    0.000 s", last);
  }

  /** As when the clock is set back while they run. */
  @Test
  void spanLongerThanTheWhole_hasABarAsLong() {
    Span visit = start("GET /", 3_600_000, null);
    finish(start("call", 3_600_000, visit), 3_600_000 + 90_000_000_000L);
    finish(visit, 0);
    assertEquals(
        "    call                      ############################## 90000000.000 s",
        trees.take(false).split("\n")[2]);
  }

  /** LogStream, which prints them, replaces other control characters. */
  @Test
  void longAndStrangeNames_keepToTheirColumn() {
    Span visit = start("GET /\u001b[31m\n" + "x".repeat(300), 0, null);
    finish(visit, 1000);
    assertEquals(
        "  GET /\u001b[31m?xxxxxxxxxxxxxxxxx##############################    1.000 s",
        trees.take(false).split("\n")[1]);
  }

  @Test
  void moreThanAPersonCanRead_isCounted() throws Exception {
    long beforeFirst = showAThousand();
    showAThousand();
    assertTrue(System.nanoTime() - beforeFirst >= 1_000_000_000, "once a second");
    Span next = start("GET /next", 0, null);
    finish(next, 1000);
    String text = trees.take(true);
    assertTrue(text.startsWith(header(next)), text);
    assertFalse(text.contains("could not be shown"), text);
  }

  /** Returns when it asked for the part of the text that has the count. */
  private long showAThousand() throws Exception {
    for (int i = 0; i < 1000; i++) {
      finish(start("GET /", 0, null), 1000);
    }
    long asked = System.nanoTime();
    StringBuilder text = new StringBuilder(trees.take(false));
    while (!text.toString().endsWith("could not be shown\n")) {
      Thread.sleep(10);
      asked = System.nanoTime();
      text.append(trees.take(false));
    }
    String[] lines = text.toString().split("\n");
    assertEquals(61, lines.length);
    assertEquals("970 more trees in orders could not be shown", lines[60]);
    return asked;
  }

  @Test
  void treesLeftOutBeforeTheEnd_areCountedToo() {
    for (int i = 0; i < 40; i++) {
      finish(start("GET /", 0, null), 1000);
    }
    assertTrue(trees.take(true).endsWith("\n10 more trees in orders could not be shown\n"));
  }

  /** Their local roots may never finish. */
  @Test
  void spansOfUnfinishedTraces_areForgottenWhenTheyAreTooMany() {
    Span first = start("GET /", 0, null);
    finish(start("call", 0, first), 1000);
    Span second = start("GET /", 0, null);
    finish(start("call", 0, second), 1000);
    for (int i = 0; i < 2 * 9_998; i++) {
      finish(start("call", 0, start("GET /", 0, null)), 1000);
    }
    finish(first, 1000);
    assertEquals(2, trees.take(false).lines().count(), "without its call");
    Span late = start("GET /", 0, null);
    finish(start("call", 0, late), 1000);
    finish(late, 1000);
    assertEquals(3, trees.take(false).lines().count());
  }

  /** A visitor's baggage stays with each of them. */
  @Test
  void longSpansOfUnfinishedTraces_areForgottenSooner() {
    Span first = start("GET /", 0, null);
    finish(start("call", 0, first), 1000);
    for (int i = 0; i < 9_000; i++) {
      Span span = start("GET /", 0, null).setBaggageItem("key", "x".repeat(2_000));
      finish(start("call", 0, span), 1000);
    }
    finish(first, 1000);
    assertEquals(2, trees.take(false).lines().count(), "without its call");
  }

  /** What they left behind, too: a span whose parent had not finished when its trace ended. */
  @Test
  void endedTraces_makeNoneOfTheOthersForgotten() {
    Span first = start("GET /", 0, null);
    finish(start("call", 0, first), 1000);
    for (int i = 0; i < 12_000; i++) {
      Span visit = start("GET /", 0, null).setBaggageItem("key", "x".repeat(2_000));
      finish(start("call", 0, visit), 1000);
      finish(start("orphan", 0, start("not finished", 0, visit)), 1000);
      finish(visit, 1000);
      trees.take(false);
    }
    trees.take(true);
    finish(first, 1000);
    assertEquals(3, trees.take(false).lines().count());
  }

  private Span start(String name, long millis, Span parent) {
    JaegerTracer.SpanBuilder span =
        tracer.buildSpan(name).withStartTimestamp(START_MICROS + millis * 1000);
    return (parent == null ? span : span.asChildOf(parent)).start();
  }

  private static Span server(Span span) {
    return span.setTag(Tags.SPAN_KIND, Tags.SPAN_KIND_SERVER);
  }

  private void finish(Span span, long millis) {
    span.finish(START_MICROS + millis * 1000);
    trees.add((JaegerSpan) span);
  }

  private static String header(Span span) {
    String id = "%32s".formatted(span.context().toTraceId()).replace(' ', '0');
    return "trace " + id + " in orders\n";
  }
}
