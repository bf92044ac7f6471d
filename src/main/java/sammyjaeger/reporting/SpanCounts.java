package sammyjaeger.reporting;

import java.util.concurrent.atomic.LongAdder;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Outage;

/** Counts what became of spans: each finished one is sent, dropped, failed, or still waits. */
final class SpanCounts {

  private final String destination;
  private final LongAdder finished = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final Outage outage = new Outage(LoggerFactory.getLogger(SpanCounts.class));
  private volatile long sent;
  private volatile long failed;
  private long saidDropped;

  SpanCounts(String destination, Metrics metrics) {
    this.destination = destination;
    metrics.add("tracing_spans_total{result=\"sent\"}", () -> sent);
    metrics.add("tracing_spans_total{result=\"dropped\"}", dropped::sum);
    metrics.add("tracing_spans_total{result=\"failed\"}", () -> failed);
    metrics.add("tracing_spans_waiting", this::unknown);
  }

  void finished() {
    finished.increment();
  }

  /** The queue is full. It is logged by {@link #sayDropped}, because a request waits for no log. */
  void dropped() {
    dropped.increment();
  }

  // The rest is for the reporter's thread.

  void sayDropped() {
    if (dropped.sum() > saidDropped) {
      saidDropped = dropped.sum();
      failed(0, "the reporter's queue is full");
    }
  }

  void sent(long spans) {
    sent += spans;
    if (spans > 0) {
      outage.succeeded("Spans reach {} again; {} were lost so far", destination, lost());
    }
  }

  void failed(long spans, String reason) {
    failed += spans;
    outage.failed("Spans don't reach {}, because {}", destination, reason);
  }

  private long lost() {
    return failed + dropped.sum();
  }

  private long unknown() {
    return finished.sum() - sent - lost();
  }

  /** What became of all spans, once no more are reported. */
  String summary() {
    String verb = destination.startsWith("udp:") ? "handed to the network for" : "taken by";
    String rest = unknown() == 0 ? "" : "; the fate of " + unknown() + " is not known";
    return "Of %d spans, %d were %s %s, and %d were lost%s"
        .formatted(finished.sum(), sent, verb, destination, lost(), rest);
  }
}
