package sammyjaeger.tracing;

import io.jaegertracing.internal.JaegerSpan;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Draws this service's part of a trace as a tree, as soon as its topmost span has finished. Its
 * bars begin with the first span that this service has seen of the trace: so where the parts of two
 * services meet on one terminal, their bars are aligned.
 */
final class TraceTrees {

  private static final int WIDTH = 30;
  private static final int MAX_LINES_A_SECOND = 60;
  private static final int MAX_SPANS = 100;
  private static final int MAX_TRACES = 1000;

  private static final class Trace {
    long startMicros = Long.MAX_VALUE;
    List<JaegerSpan> unprinted = new ArrayList<>();
    boolean leftOut;
  }

  private final boolean plain;
  private final StringBuilder text = new StringBuilder();
  private String bar;
  private int lines;
  private int leftOut;
  private long secondNanos = System.nanoTime();

  private final Map<String, Trace> traces =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Trace> eldest) {
          if (size() <= MAX_TRACES) {
            return false;
          }
          if (!eldest.getValue().unprinted.isEmpty()) {
            leaveOut(eldest.getValue());
          }
          return true;
        }
      };

  /** Makes a printer of trees; if they are not to be plain, a terminal gets them without gaps. */
  TraceTrees(boolean plain) {
    this.plain = plain;
  }

  void add(JaegerSpan span) {
    Trace trace = traces.computeIfAbsent(span.context().getTraceId(), id -> new Trace());
    trace.startMicros = Math.min(trace.startMicros, span.getStart());
    boolean topmost =
        span.context().getParentId() == 0
            || Tags.SPAN_KIND_SERVER.equals(span.getTags().get(Tags.SPAN_KIND.getKey()));
    if (!topmost && trace.unprinted.size() < MAX_SPANS) {
      trace.unprinted.add(span);
    } else if (topmost && lines < MAX_LINES_A_SECOND) {
      String traceId = ServerTracingFilter.traceId(span);
      text.append("%s, trace %s\n".formatted(span.getServiceName(), traceId));
      lines++;
      long endMicros = span.getStart() + span.getDuration();
      draw(span, span.context().getParentId() == 0 ? 1 : 2, trace, endMicros);
    } else {
      leaveOut(trace);
    }
  }

  /** What there is to print since the last time, each line with its line break. */
  String take() {
    if (System.nanoTime() - secondNanos > 1_000_000_000) {
      if (leftOut > 0) {
        text.append("%d more traces could not be shown\n".formatted(leftOut));
      }
      secondNanos = System.nanoTime();
      lines = 0;
      leftOut = 0;
    }
    String taken = text.toString();
    text.setLength(0);
    return taken;
  }

  private void draw(JaegerSpan span, int depth, Trace trace, long endMicros) {
    double micros = Math.max(1, endMicros - trace.startMicros);
    int from = (int) (WIDTH * (span.getStart() - trace.startMicros) / micros);
    int length = Math.max(1, (int) Math.round(WIDTH * span.getDuration() / micros));
    String name = "  ".repeat(depth) + span.getOperationName().replaceAll("\\P{Print}", "?");
    String bars = " ".repeat(Math.min(from, WIDTH - 1)) + bar().repeat(length);
    text.append("%-30.30s%-30.30s %8.3f s".formatted(name, bars, span.getDuration() / 1e6));
    if (Boolean.TRUE.equals(span.getTags().get(Tags.ERROR.getKey()))) {
      Object status = span.getTags().get(Tags.HTTP_STATUS.getKey());
      text.append(status == null ? " ERROR" : " ERROR " + status);
    }
    text.append('\n');
    lines++;

    long id = span.context().getSpanId();
    List<JaegerSpan> children =
        trace.unprinted.stream()
            .filter(child -> child.context().getParentId() == id)
            .sorted(Comparator.comparing(JaegerSpan::getStart))
            .toList();
    trace.unprinted.removeAll(children);
    children.forEach(child -> draw(child, depth + 1, trace, endMicros));
  }

  private void leaveOut(Trace trace) {
    leftOut += trace.leftOut ? 0 : 1;
    trace.leftOut = true;
    trace.unprinted.clear();
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
      return new ProcessBuilder("test", "-t", "2").inheritIO().start().waitFor() == 0;
    } catch (IOException e) {
      return false; // There is no such program, as on Windows.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
