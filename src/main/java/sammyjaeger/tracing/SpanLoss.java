package sammyjaeger.tracing;

import io.jaegertracing.internal.metrics.Counter;
import io.jaegertracing.internal.metrics.NoopMetricsFactory;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what became of spans, and logs each outage once when it begins and once at its end. */
final class SpanLoss extends NoopMetricsFactory {

  private static final Logger log = LoggerFactory.getLogger(SpanLoss.class);

  private final String destination;
  private long finished;
  private long sent;
  private long lost;
  private long lostBefore;
  private boolean outage;
  private long overNanos = System.nanoTime();

  SpanLoss(String destination) {
    this.destination = destination;
  }

  String destination() {
    return destination;
  }

  @Override
  public Counter createCounter(String name, Map<String, String> tags) {
    return switch (name + tags) {
      case "jaeger_tracer_finished_spans{}" -> this::finished;
      case "jaeger_tracer_reporter_spans{result=dropped}" -> this::dropped;
      // Our senders count what they lose; this is a span that they never got.
      case "jaeger_tracer_reporter_spans{result=err}" ->
          spans -> lost(spans, "one of them is too long");
      default -> super.createCounter(name, tags);
    };
  }

  private synchronized void finished(long spans) {
    finished += spans;
  }

  /** While a queue overflows others of its spans are sent: it is over when it is quiet. */
  private synchronized void dropped(long spans) {
    lost(spans, "the reporter's queue is full");
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
      log.warn("Spans on their way to {} are being lost, because {}", destination, reason);
    }
    lost += spans;
  }

  /** What became of all spans; for when no more are reported. */
  synchronized String summary() {
    String verb = destination.startsWith("udp:") ? "handed to the network for" : "taken by";
    return "Of %d spans, %d were %s %s and %d were lost"
        .formatted(finished, sent, verb, destination, finished - sent);
  }
}
