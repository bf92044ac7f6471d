package sammyjaeger.tracing;

import io.jaegertracing.internal.JaegerSpan;
import io.opentracing.tag.Tags;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** The finished spans that wait, bounded in number and in bytes. */
final class SpanQueue {

  private final BlockingQueue<JaegerSpan> spans;
  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();

  /** Makes one; in bytes, as baggage and URLs are as long as strangers' headers. */
  SpanQueue(int maxSpans, long maxBytes) {
    this.maxBytes = maxBytes;
    spans = new LinkedBlockingQueue<>(maxSpans);
  }

  /** Adds a span, or returns false if there is no room for it. */
  boolean offer(JaegerSpan span) {
    if (bytes.addAndGet(bytes(span)) <= maxBytes && spans.offer(span)) {
      return true;
    }
    done(span);
    return false;
  }

  boolean isHalfFull() {
    return spans.size() > spans.remainingCapacity() || bytes.get() > maxBytes / 2;
  }

  /** Moves spans to a list, and returns how many; their bytes count until they are done. */
  int take(List<JaegerSpan> list, int max) {
    return spans.drainTo(list, max);
  }

  /** Makes a span's room free. */
  void done(JaegerSpan span) {
    bytes.addAndGet(-bytes(span));
  }

  private static long bytes(JaegerSpan span) {
    long bytes = 1000 + String.valueOf(span.getTags().get(Tags.HTTP_URL.getKey())).length();
    for (Map.Entry<String, String> item : span.context().baggageItems()) {
      bytes += item.getKey().length() + item.getValue().length();
    }
    return bytes;
  }
}
