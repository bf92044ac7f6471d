package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jaegertracing.internal.metrics.Metrics;
import org.junit.jupiter.api.Test;

/** What the last line of a log says of the spans; OutageTest reads the lines before it. */
class SpanLossTest {

  private final SpanLoss spanLoss = new SpanLoss("udp://localhost:6831");
  private final Metrics metrics = new Metrics(spanLoss);

  @Test
  void summary_countsWhatIsStillInTheQueueAsLost() {
    metrics.spansFinished.inc(10);
    spanLoss.sent(6);
    metrics.reporterDropped.inc(1);
    metrics.reporterFailure.inc(1);
    assertEquals(
        "Of 10 spans, 6 were handed to the network for udp://localhost:6831 and 4 were lost",
        spanLoss.summary());
  }

  @Test
  void summary_overHttpSaysThatTheyWereTaken() {
    SpanLoss overHttp = new SpanLoss("http://localhost:14268/api/traces");
    assertEquals(
        "Of 0 spans, 0 were taken by http://localhost:14268/api/traces and 0 were lost",
        overHttp.summary());
  }
}
