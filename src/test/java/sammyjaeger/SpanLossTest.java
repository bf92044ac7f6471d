package sammyjaeger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jaegertracing.internal.metrics.Metrics;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Drives the counters that the reporter drives. */
class SpanLossTest {

  private final List<String> log = new ArrayList<>();
  private final SpanLoss spanLoss = new SpanLoss("udp://localhost:6831", log::add);
  private final Metrics metrics = new Metrics(spanLoss);

  @Test
  void outage_isLoggedOnceWhenItBeginsAndOnceWhenItIsOver() {
    metrics.reporterSuccess.inc(5);
    metrics.reporterFailure.inc(2);
    metrics.reporterFailure.inc(3);
    for (int i = 0; i < 10; i++) {
      metrics.reporterSuccess.inc(1);
    }
    assertEquals(
        List.of(
            "Spans on their way to udp://localhost:6831 are being lost: Jaeger did not take them",
            "Spans reach udp://localhost:6831 again; 5 were lost"),
        log);
  }

  @Test
  void deadAgentOnUdp_isOneOutageThoughEveryOtherPacketSeemsToBeSent() {
    for (int i = 0; i < 10; i++) {
      metrics.reporterSuccess.inc(1);
      metrics.reporterFailure.inc(1);
    }
    assertEquals(1, log.size(), log::toString);
  }

  @Test
  void flushOfNothing_doesNotEndAnOutage() {
    metrics.reporterFailure.inc(1);
    for (int i = 0; i < 10; i++) {
      metrics.reporterSuccess.inc(0);
    }
    assertEquals(1, log.size(), log::toString);
  }

  @Test
  void fullQueue_isAnOutageOfItsOwn() {
    metrics.reporterDropped.inc(1);
    assertEquals(
        List.of(
            "Spans on their way to udp://localhost:6831 are being lost: the reporter's queue is"
                + " full"),
        log);
  }

  @Test
  void secondOutage_countsItsOwnLoss() {
    for (int outage = 0; outage < 2; outage++) {
      metrics.reporterFailure.inc(4);
      metrics.reporterSuccess.inc(1);
      metrics.reporterSuccess.inc(1);
      metrics.reporterSuccess.inc(1);
    }
    assertEquals(4, log.size(), log::toString);
    assertEquals("Spans reach udp://localhost:6831 again; 4 were lost", log.get(3));
  }

  @Test
  void summary_countsWhatIsStillInTheQueueAsLost() {
    metrics.spansFinished.inc(10);
    metrics.reporterSuccess.inc(6);
    metrics.reporterDropped.inc(1);
    assertEquals(
        "Of 10 spans, 6 were sent to udp://localhost:6831 and 4 were lost", spanLoss.summary());
  }
}
