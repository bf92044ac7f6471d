package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import sammyjaeger.harness.Log;
import sammyjaeger.service.Metrics;

/** What the last line of a log says of the spans; the senders' tests read the lines before it. */
class SpanLossTest {

  private final SpanLoss spanLoss = new SpanLoss("udp://localhost:6831");

  @Test
  void summary_countsWhatIsStillInTheQueueAsLost() {
    for (int i = 0; i < 10; i++) {
      spanLoss.finished();
    }
    spanLoss.sent(6);
    spanLoss.dropped();
    spanLoss.lost(1, "it rains");
    assertEquals(
        "Of 10 spans, 6 were handed to the network for udp://localhost:6831 and 4 were lost",
        spanLoss.summary());
  }

  /** Nothing is known of a packet without spans. */
  @Test
  void outage_endsWithASpanThatIsSent() {
    Log log = new Log();
    SpanLoss twice = new SpanLoss("udp://twice.invalid");
    twice.sent(1);
    twice.lost(2, "it rains");
    twice.sent(0);
    assertEquals(0, log.lines("udp://twice.invalid again").size());
    twice.sent(1);
    twice.sent(1);
    assertEquals(1, log.lines("udp://twice.invalid again; 2 were lost").size());
    assertEquals(1, log.lines("udp://twice.invalid again").size());
  }

  /** While the queue overflows, other spans of it are sent. */
  @Test
  void overflow_isOverAfterAQuietSecond() throws Exception {
    Log log = new Log();
    SpanLoss overflowing = new SpanLoss("udp://overflowing.invalid");
    overflowing.dropped();
    Thread.sleep(500);
    long start = System.nanoTime();
    overflowing.dropped();
    while (log.lines("udp://overflowing.invalid again; 2 were lost").isEmpty()) {
      Thread.sleep(10);
      overflowing.sent(1);
    }
    assertTrue(System.nanoTime() - start >= 1_000_000_000);
  }

  @Test
  void metrics_areWhatBecameOfEachSpan() {
    for (int i = 0; i < 10; i++) {
      spanLoss.finished();
    }
    spanLoss.sent(3);
    spanLoss.dropped();
    spanLoss.lost(2, "it rains");
    Metrics metrics = new Metrics();
    spanLoss.addTo(metrics);
    assertEquals(
        """
        # TYPE tracing_spans_total counter
        tracing_spans_total{result="dropped"} 1
        tracing_spans_total{result="failed"} 2
        tracing_spans_total{result="sent"} 3
        # TYPE tracing_spans_waiting gauge
        tracing_spans_waiting 4
        """,
        metrics.toString());
  }

  @Test
  void summary_overHttpSaysThatTheyWereTaken() {
    SpanLoss overHttp = new SpanLoss("http://localhost:14268/api/traces");
    assertEquals(
        "Of 0 spans, 0 were taken by http://localhost:14268/api/traces and 0 were lost",
        overHttp.summary());
  }
}
