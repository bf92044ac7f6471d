package sammyjaeger.reporting;

import static sammyjaeger.service.Settings.matching;

import io.jaegertracing.internal.JaegerSpan;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sammyjaeger.service.Settings;

/**
 * Draws this service's part of a trace as a tree, as soon as its local root has finished: the span
 * that has no parent, or one in another service. Each tree has a scale of its own, which begins
 * with the first span that this service has seen of the trace.
 */
final class TraceTrees {

  private static final int WIDTH = 30;
  private static final int MAX_LINES_A_SECOND = 60;
  private static final int MAX_TRACES = 10_000;

  private record Row(JaegerSpan span, int depth) {}

  private static final class Trace {
    long startMicros = Long.MAX_VALUE;
    final List<JaegerSpan> waiting = new ArrayList<>();
  }

  private final String service;
  private final boolean plain;
  private final StringBuilder text = new StringBuilder();
  private String bar;
  private int lines;
  private int leftOut;
  private long secondNanos = System.nanoTime();

  /** The latest traces not ended, with the spans whose local roots have not finished yet. */
  private final Map<String, Trace> traces = new LinkedHashMap<>();

  private long waitingBytes;
  private final long maxBytes;

  /** Reads NO_COLOR: whether bars are drawn with # in place of █. */
  TraceTrees(Settings settings, String service, long maxBytes) {
    this.service = service;
    this.maxBytes = maxBytes;
    plain =
        !settings
            .read("NO_COLOR", "", "if set, trees are drawn in ASCII", matching("text", "(?s).*"))
            .isEmpty();
  }

  void add(JaegerSpan span) {
    Trace trace = traces.computeIfAbsent(span.context().getTraceId(), id -> new Trace());
    trace.startMicros = Math.min(trace.startMicros, span.getStart());
    boolean localRoot =
        span.context().getParentId() == 0
            || Tags.SPAN_KIND_SERVER.equals(span.getTags().get(Tags.SPAN_KIND.getKey()));
    if (localRoot) {
      List<Row> rows = new ArrayList<>();
      collect(span, span.context().getParentId() == 0 ? 1 : 2, trace, rows);
      if (lines < MAX_LINES_A_SECOND) {
        lines += 1 + rows.size();
        String id = span.context().getTraceId();
        text.append("trace %s in %s\n".formatted("0".repeat(32 - id.length()) + id, service));
        long micros = span.getStart() + span.getDuration() - trace.startMicros;
        rows.forEach(row -> draw(row, trace.startMicros, Math.max(1, micros)));
      } else {
        leftOut++;
      }
      if (span.context().getParentId() == 0) {
        waitingBytes -= bytes(trace.waiting);
        traces.remove(span.context().getTraceId());
      }
    } else {
      trace.waiting.add(span);
      waitingBytes += SpanQueue.bytes(span);
    }
    while (traces.size() > MAX_TRACES || waitingBytes > maxBytes) {
      Iterator<Trace> eldest = traces.values().iterator();
      waitingBytes -= bytes(eldest.next().waiting);
      eldest.remove();
    }
  }

  /** What there is to print since the last time, each line with its line break. */
  String take(boolean last) {
    if (last || System.nanoTime() - secondNanos > 1_000_000_000) {
      if (leftOut > 0) {
        text.append("%d more trees in %s could not be shown\n".formatted(leftOut, service));
      }
      secondNanos = System.nanoTime();
      lines = 0;
      leftOut = 0;
    }
    String taken = text.toString();
    text.setLength(0);
    return taken;
  }

  /** Takes a span and what is beneath it out of those that wait. */
  private void collect(JaegerSpan span, int depth, Trace trace, List<Row> rows) {
    rows.add(new Row(span, depth));
    long id = span.context().getSpanId();
    List<JaegerSpan> children =
        trace.waiting.stream()
            .filter(child -> child.context().getParentId() == id)
            .sorted(Comparator.comparing(JaegerSpan::getStart))
            .toList();
    trace.waiting.removeAll(children);
    waitingBytes -= bytes(children);
    children.forEach(child -> collect(child, depth + 1, trace, rows));
  }

  private static long bytes(List<JaegerSpan> spans) {
    return spans.stream().mapToLong(SpanQueue::bytes).sum();
  }

  private void draw(Row row, long startMicros, double scaleMicros) {
    JaegerSpan span = row.span;
    int from = (int) (WIDTH * (span.getStart() - startMicros) / scaleMicros);
    // A clock that is set back while spans run may make a child's longer than the whole.
    long length = Math.round(WIDTH * span.getDuration() / scaleMicros);
    String name = "  ".repeat(row.depth) + span.getOperationName().replaceAll("\\R", "?");
    String bars =
        " ".repeat(Math.min(from, WIDTH - 1))
            + bar().repeat((int) Math.min(WIDTH, Math.max(1, length)));
    text.append("%-30.30s%-30.30s %8.3f s".formatted(name, bars, span.getDuration() / 1e6));
    if (Boolean.TRUE.equals(span.getTags().get(Tags.ERROR.getKey()))) {
      Object status = span.getTags().get(Tags.HTTP_STATUS.getKey());
      text.append(status == null ? " ERROR" : " ERROR " + status);
    }
    text.append('\n');
  }

  private String bar() {
    if (bar == null) {
      boolean utf8 = "UTF-8".equals(System.getProperty("native.encoding"));
      bar = !plain && utf8 && isTerminal() ? "█" : "#";
    }
    return bar;
  }

  /** Java tells this of stdin and stdout alone; a service in the background has no stdin. */
  private static boolean isTerminal() {
    try {
      Process test = new ProcessBuilder("test", "-t", "2").inheritIO().start();
      return test.onExit().join().exitValue() == 0;
    } catch (IOException e) {
      return false; // There is no such program, as on Windows.
    }
  }
}
