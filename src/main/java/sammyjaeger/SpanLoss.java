package sammyjaeger;

import io.jaegertracing.internal.metrics.Counter;
import io.jaegertracing.internal.metrics.Gauge;
import io.jaegertracing.internal.metrics.Timer;
import io.jaegertracing.spi.MetricsFactory;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Counts the spans that the reporter sends and loses, and logs each outage once when it begins and
 * once when it is over.
 */
final class SpanLoss implements MetricsFactory {

  /** A dead agent on UDP fails only every other packet, so one success does not end an outage. */
  private static final int SUCCESSES_THAT_END_AN_OUTAGE = 3;

  private final String destination;
  private final Consumer<String> log;

  private long finished;
  private long reported;
  private long lost;
  private long lostBeforeOutage;
  private int successesToGo;

  SpanLoss(String destination, Consumer<String> log) {
    this.destination = destination;
    this.log = log;
  }

  @Override
  public Counter createCounter(String name, Map<String, String> tags) {
    return switch (name + tags) {
      case "jaeger_tracer_finished_spans{}" -> this::finished;
      case "jaeger_tracer_reporter_spans{result=ok}" -> this::reported;
      case "jaeger_tracer_reporter_spans{result=err}" ->
          spans -> lost(spans, "Jaeger did not take them");
      case "jaeger_tracer_reporter_spans{result=dropped}" ->
          spans -> lost(spans, "the reporter's queue is full");
      default -> delta -> {};
    };
  }

  @Override
  public Timer createTimer(String name, Map<String, String> tags) {
    return time -> {};
  }

  @Override
  public Gauge createGauge(String name, Map<String, String> tags) {
    return amount -> {};
  }

  /** What became of all spans; to be called when no more are reported. */
  synchronized String summary() {
    return "Of %d spans, %d were sent to %s and %d were lost"
        .formatted(finished, reported, destination, finished - reported);
  }

  private synchronized void finished(long spans) {
    finished += spans;
  }

  private synchronized void reported(long spans) {
    reported += spans;
    if (spans > 0 && successesToGo > 0 && --successesToGo == 0) {
      log.accept(
          "Spans reach %s again; %d were lost".formatted(destination, lost - lostBeforeOutage));
    }
  }

  private synchronized void lost(long spans, String why) {
    if (successesToGo == 0) {
      lostBeforeOutage = lost;
      log.accept("Spans on their way to %s are being lost: %s".formatted(destination, why));
    }
    lost += spans;
    successesToGo = SUCCESSES_THAT_END_AN_OUTAGE;
  }
}
