package sammyjaeger.reporting;

import io.jaegertracing.internal.JaegerSpan;
import io.opentracing.tag.Tags;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Draws this service's part of a trace as a tree, as soon as its local root has finished: the span
 * that has no parent, or one in another service. Each tree has its own time scale.
 */
final class TraceTrees {

  private static final int WIDTH = 30;
  private static final int MAX_LINES_A_SECOND = 60;
  private static final int MAX_SPANS_A_TRACE = 100;

  /** The tags to show: what the exercises ask about. */
  private static final List<String> TAGS =
      List.of("delay.ms", "lock.ahead", "counter.seen", "visitor.number");

  /** The latest spans of the latest traces. */
  private final Map<String, Deque<JaegerSpan>> traces = new LinkedHashMap<>();

  private final int maxSpans;
  private final String bar;
  private final StringBuilder text = new StringBuilder();
  private int spans;
  private int lines;
  private int leftOut;
  private long secondNanos = System.nanoTime();

  /** Makes one that keeps so many spans to find a root's children among them. */
  TraceTrees(boolean ascii, int maxSpans) {
    this.maxSpans = maxSpans;
    bar = !ascii && "UTF-8".equals(System.getProperty("native.encoding")) ? "█" : "#";
  }

  /** Draws the trees whose roots are among these spans, and says how many it left out. */
  String draw(List<JaegerSpan> finished, boolean last) {
    text.setLength(0);
    finished.forEach(this::add);
    if (last || System.nanoTime() - secondNanos > TimeUnit.SECONDS.toNanos(1)) {
      if (leftOut > 0) {
        text.append("%d more trees were not printed\n".formatted(leftOut));
      }
      secondNanos = System.nanoTime();
      lines = 0;
      leftOut = 0;
    }
    return text.toString();
  }

  private void add(JaegerSpan span) {
    String id = span.context().getTraceId();
    Deque<JaegerSpan> trace = traces.computeIfAbsent(id, each -> new ArrayDeque<>());
    trace.add(span);
    spans++;
    if (trace.size() > MAX_SPANS_A_TRACE) {
      trace.remove();
      spans--;
    }
    boolean root = span.context().getParentId() == 0;
    if (root || Tags.SPAN_KIND_SERVER.equals(span.getTags().get(Tags.SPAN_KIND.getKey()))) {
      if (lines >= MAX_LINES_A_SECOND) {
        leftOut++;
      } else {
        lines++;
        text.append(
            "trace %s in %s\n".formatted("0".repeat(32 - id.length()) + id, span.getServiceName()));
        drawTree(span, root ? 1 : 2, span, trace);
      }
    }
    while (spans > maxSpans) {
      var eldest = traces.values().iterator();
      spans -= eldest.next().size();
      eldest.remove();
    }
  }

  /** Draws a span, and those beneath it. */
  private void drawTree(JaegerSpan span, int depth, JaegerSpan root, Deque<JaegerSpan> trace) {
    lines++;
    drawLine(span, depth, root.getStart(), Math.max(1, root.getDuration()));
    trace.stream()
        .filter(child -> child.context().getParentId() == span.context().getSpanId())
        .sorted(Comparator.comparing(JaegerSpan::getStart))
        .forEach(child -> drawTree(child, depth + 1, root, trace));
  }

  private void drawLine(JaegerSpan span, int depth, long startMicros, double scaleMicros) {
    Map<String, Object> tags = span.getTags();
    // A clock that is set back while spans run may let a child begin before its parent.
    double from = WIDTH * Math.max(0, span.getStart() - startMicros) / scaleMicros;
    long length = Math.round(WIDTH * span.getDuration() / scaleMicros);
    String name = "  ".repeat(depth) + span.getOperationName().replaceAll("\\R", "?");
    String bars =
        " ".repeat((int) Math.min(from, WIDTH - 1))
            + bar.repeat((int) Math.min(WIDTH, Math.max(1, length)));
    text.append("%-30.30s%-30.30s %8.3f s".formatted(name, bars, span.getDuration() / 1e6));
    if (Boolean.TRUE.equals(tags.get(Tags.ERROR.getKey()))) {
      Object status = tags.get(Tags.HTTP_STATUS.getKey());
      text.append(status == null ? " ERROR" : " ERROR " + status);
    }
    TAGS.stream()
        .filter(tags::containsKey)
        .forEach(tag -> text.append(" " + tag + "=" + tags.get(tag)));
    text.append('\n');
  }
}
