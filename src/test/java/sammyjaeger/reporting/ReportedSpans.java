package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sammyjaeger.harness.Log;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/** Spans that a service's reporter gets, and what it says of them. */
final class ReportedSpans implements AutoCloseable {

  private final Log log = new Log();
  private final Metrics metrics = new Metrics();
  private final String destination;
  private final JaegerTracer tracer;

  /** Makes a reporter that sends spans as soon as it can, with these names and values. */
  ReportedSpans(Object... settings) {
    Map<String, String> all = new HashMap<>();
    all.put("JAEGER_REPORTER_FLUSH_INTERVAL", "1");
    all.put("JAEGER_REPORTER_LOG_SPANS", "false");
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i].toString(), settings[i + 1].toString());
    }
    ReportingSettings read = Settings.read(all::get, ReportingSettings::read);
    destination = read.destination();
    tracer =
        new JaegerTracer.Builder("orders")
            .withReporter(new SpanReporter(read, metrics))
            .withSampler(new ConstSampler(true))
            .withManualShutdown()
            .build();
  }

  void finish(int spans) {
    for (int i = 0; i < spans; i++) {
      finish("");
    }
  }

  /** Finishes a span that is a little longer than a text. */
  void finish(String text) {
    tracer.buildSpan("span").withTag("text", text).start().finish();
  }

  /** How many are by now sent, failed, or dropped, or some of these, as in {@code sent|failed}. */
  long count(String results) {
    String series = "tracing_spans_total\\{result=\"(" + results + ")\"} ";
    return metrics
        .toString()
        .lines()
        .filter(line -> line.matches(series + "\\d+"))
        .mapToLong(line -> Long.parseLong(line.replaceFirst(series, "")))
        .sum();
  }

  void await(String results, long count) throws InterruptedException {
    while (count(results) < count) {
      Thread.sleep(1);
    }
  }

  /** The lines of the log by now that contain the text. */
  List<String> said(String text) {
    return log.lines(destination, text);
  }

  /** Asserts that there has been one outage, because of this. */
  void assertLost(String reason) {
    String line = "Spans don't reach %s, because %s".formatted(destination, reason);
    assertEquals(1, said(line).size(), said("")::toString);
    assertEquals(1, said("don't reach").size(), said("")::toString);
  }

  /** Stops the reporter: it says that so many spans were finished, sent, and lost. */
  void assertCounts(long finished, long sent, long lost) {
    tracer.close();
    String counts =
        "Of %d spans, %d were %s %s, and %d were lost"
            .formatted(
                finished,
                sent,
                destination.startsWith("udp") ? "handed to the network for" : "taken by",
                destination,
                lost);
    String last = said("- Of ").get(0);
    assertTrue(last.endsWith(counts), last);
  }

  @Override
  public void close() {
    tracer.close();
  }
}
