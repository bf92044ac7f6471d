package sammyjaeger.reporting;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Metrics;

/** Counts what became of spans, and logs each outage once when it begins and once at its end. */
final class SpanLoss {

  private static final Logger log = LoggerFactory.getLogger(SpanLoss.class);

  final String destination;
  private final LongAdder finished = new LongAdder();
  private long sent;
  private long lost;
  private long dropped;
  private long lostBefore;
  private boolean outage;
  private long overNanos = System.nanoTime();

  SpanLoss(String destination) {
    this.destination = destination;
  }

  void finished() {
    finished.increment();
  }

  /** While a queue overflows others of its spans are sent: it is over when it is quiet. */
  synchronized void dropped() {
    dropped++;
    lost(1, "the reporter's queue is full");
    overNanos = System.nanoTime() + 1_000_000_000;
  }

  synchronized void sent(long spans) {
    sent += spans;
    if (outage && spans > 0 && System.nanoTime() - overNanos >= 0) {
      outage = false;
      log.warn("Spans reach {} again; {} were lost", destination, lost - lostBefore);
    }
  }

  /** For the last spans before a stop, of which nothing more will be known. */
  synchronized void assumedSent(long spans) {
    sent += spans;
  }

  synchronized void lost(long spans, String reason) {
    if (!outage) {
      outage = true;
      lostBefore = lost;
      log.warn("Spans don't reach {}, because {}", destination, reason);
    }
    lost += spans;
  }

  /** Adds what became of spans, where each finished one is in one of four. */
  void addTo(Metrics metrics) {
    metrics.add("tracing_spans_total{result=\"sent\"}", () -> read(() -> sent));
    metrics.add("tracing_spans_total{result=\"dropped\"}", () -> read(() -> dropped));
    metrics.add("tracing_spans_total{result=\"failed\"}", () -> read(() -> lost - dropped));
    metrics.add("tracing_spans_waiting", () -> read(() -> finished.sum() - sent - lost));
  }

  private synchronized long read(LongSupplier count) {
    return count.getAsLong();
  }

  /** What became of all spans; for when no more are reported. */
  synchronized String summary() {
    String verb = destination.startsWith("udp:") ? "handed to the network for" : "taken by";
    return "Of %d spans, %d were %s %s and %d were lost"
        .formatted(finished.sum(), sent, verb, destination, finished.sum() - sent);
  }
}
