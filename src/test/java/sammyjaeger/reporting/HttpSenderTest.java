package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.HttpCollector;

/** What the reporter sends over HTTP. */
class HttpSenderTest {

  /** An older collector does not know HTTP/2, and looks at the type. */
  @Test
  void request_isThriftOverHttp11() throws Exception {
    try (FakeBackend collector = FakeBackend.sending("HTTP/1.1 202 Accepted\r\n\r\n");
        ReportedSpans spans =
            new ReportedSpans("JAEGER_ENDPOINT", collector.uri() + "/api/traces")) {
      spans.finish(1);
      spans.assertCounts(1, 1, 0);
      assertTrue(collector.headers.containsKey("post /api/traces?format=jaeger.thrift http/1.1"));
      assertEquals("application/x-thrift", collector.headers.get("content-type"));
      assertFalse(collector.headers.containsKey("upgrade"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "token, sammy, shark, Basic c2FtbXk6c2hhcms=",
    "token, sammy, '', Bearer token",
    "'', sammy, '',",
    "'', '', shark,",
  })
  void userAndPassword_goBeforeTheTokenAndNeitherGoesWithoutTheOther(
      String token, String user, String password, String sent) throws Exception {
    try (HttpCollector collector = new HttpCollector();
        ReportedSpans spans =
            new ReportedSpans(
                "JAEGER_ENDPOINT", collector.endpoint(),
                "JAEGER_AUTH_TOKEN", token,
                "JAEGER_USER", user,
                "JAEGER_PASSWORD", password)) {
      spans.finish(1);
      spans.assertCounts(1, 1, 0);
      assertEquals(sent == null ? List.of() : List.of(sent), collector.authorizations);
    }
  }

  @Test
  void collectorThatFailsNowAndThen_hasTheSpansThatCountAsTaken() throws Exception {
    AtomicInteger batches = new AtomicInteger();
    AtomicInteger received = new AtomicInteger();
    try (HttpCollector collector =
            new HttpCollector(
                batch -> {
                  if (batches.incrementAndGet() % 2 == 0) {
                    throw new IllegalStateException("now and then");
                  }
                  received.addAndGet(batch.getSpansSize());
                });
        ReportedSpans spans = new ReportedSpans("JAEGER_ENDPOINT", collector.endpoint())) {
      int finished = 0;
      while (batches.get() < 10) {
        spans.finish(1500);
        finished += 1500;
        spans.await("sent|failed", finished);
      }
      spans.finish(2500); // They are several batches, which the stop sends.
      finished += 2500;
      spans.close();
      spans.assertCounts(finished, received.get(), finished - received.get());
    }
  }

  /** The worst that a collector can do; the first of three batches takes up all of the stop. */
  @Test
  void silentCollector_holdsUpNobodyAndIsSaidToHaveTakenNothing() throws Exception {
    try (FakeBackend collector = FakeBackend.silent();
        ReportedSpans spans = new ReportedSpans("JAEGER_ENDPOINT", collector.uri())) {
      spans.finish(2500);
      spans.close();
      String counts = spans.said("- Of 2500 spans, 0 were taken by ").get(0);
      assertTrue(counts.matches(".* and \\d+ were lost; the fate of \\d+ is not known"), counts);
    }
  }
}
