package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sammyjaeger.harness.Log;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/** Spans of a service's reporter, and what it says of them. */
final class ReportedSpans implements AutoCloseable {

  private final Log log = new Log();
  private final Metrics metrics = new Metrics();
  private final String destination;
  private final JaegerTracer tracer;
  private boolean closed;

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

  /** How many have so far come to such an end, or one of such ends, as in {@code sent|failed}. */
  long count(String ends) {
    String series = "tracing_spans_total\\{result=\"(" + ends + ")\"} ";
    return metrics
        .toString()
        .lines()
        .filter(line -> line.matches(series + "\\d+"))
        .mapToLong(line -> Long.parseLong(line.replaceFirst(series, "")))
        .sum();
  }

  void await(String ends, long count) throws InterruptedException {
    while (count(ends) < count) {
      Thread.sleep(1);
    }
  }

  /** The lines of the log so far that contain the text. */
  List<String> said(String text) {
    return log.lines(destination, text);
  }

  /** Asserts that there has been one outage, for this reason. */
  void assertLost(String reason) {
    assertEquals(1, said("don't reach").size(), said("")::toString);
    assertEquals(1, said(destination + ", because " + reason).size(), said("")::toString);
  }

  /** Stops the reporter, and asserts what it says then. */
  void assertCounts(long finished, long sent, long lost) {
    close();
    String verb = destination.startsWith("udp:") ? "handed to the network for" : "taken by";
    String counts = "Of %d spans, %d were %s %s, and %d were lost";
    String said = said("- Of ").get(0);
    assertEquals(
        counts.formatted(finished, sent, verb, destination, lost), said.replaceFirst(".* - ", ""));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      tracer.close();
    }
  }
}
