package sammyjaeger.reporting;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.LogData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** The finished spans that wait, bounded in number and in bytes. */
final class SpanQueue {

  private record Waiting(JaegerSpan span, long bytes) {}

  private final BlockingQueue<Waiting> queue;
  private final List<Waiting> taken = new ArrayList<>();
  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();

  /** What an item of baggage takes besides its characters. */
  private static final int BAGGAGE_ITEM = 150;

  /** Makes one; in bytes, as baggage and tags are as long as strangers' headers. */
  SpanQueue(int maxSpans, long maxBytes) {
    this.maxBytes = maxBytes;
    queue = new LinkedBlockingQueue<>(maxSpans);
  }

  /** Adds a span, or returns false if there is no room for it. */
  boolean offer(JaegerSpan span) {
    long size = bytes(span);
    if (bytes.addAndGet(size) <= maxBytes && queue.offer(new Waiting(span, size))) {
      return true;
    }
    bytes.addAndGet(-size);
    return false;
  }

  boolean isHalfFull() {
    return queue.size() > queue.remainingCapacity() || bytes.get() > maxBytes / 2;
  }

  /** Takes spans out, for one thread alone; their bytes count until it takes the next. */
  List<JaegerSpan> take(int max) {
    bytes.addAndGet(-taken.stream().mapToLong(Waiting::bytes).sum());
    taken.clear();
    queue.drainTo(taken, max);
    return taken.stream().map(Waiting::span).toList();
  }

  /** What a span takes of the heap, about. */
  static long bytes(JaegerSpan span) {
    long bytes = 1000 + characters(span.getTags());
    if (span.getLogs() != null) {
      for (LogData log : span.getLogs()) {
        // A log has either; a stack trace is there twice.
        bytes +=
            log.getMessage() != null ? log.getMessage().length() : 2 * characters(log.getFields());
      }
    }
    for (Map.Entry<String, String> item : span.context().baggageItems()) {
      bytes += BAGGAGE_ITEM + item.getKey().length() + item.getValue().length();
    }
    return bytes;
  }

  private static long characters(Map<String, ?> values) {
    long characters = 0;
    for (Object value : values.values()) {
      characters += value instanceof String text ? text.length() : 0;
    }
    return characters;
  }
}
