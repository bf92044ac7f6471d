package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;

/** The services with a Jaeger that takes spans over HTTP, or not at all. */
class JaegerOutageTest {

  @Test
  void httpEndpoint_getsTheSixSpans() throws Exception {
    try (HttpCollector collector = new HttpCollector();
        VisitCounterServices services =
            new VisitCounterServices(Map.of("JAEGER_ENDPOINT", collector.endpoint()))) {
      String traceId = services.visit().headers().firstValue("X-Trace-Id").orElseThrow();

      assertEquals(List.of(), services.stop(), "over UDP");
      assertEquals(6, collector.spans.size());
      collector.spans.forEach(span -> assertEquals(traceId, span.traceId()));
      assertEquals(List.of(), collector.authorizations);
    }
  }

  @Test
  void httpCredentials_areSent() throws Exception {
    try (HttpCollector collector = new HttpCollector()) {
      visitOnce(Map.of("JAEGER_ENDPOINT", collector.endpoint(), "JAEGER_AUTH_TOKEN", "token"));
      visitOnce(
          Map.of(
              "JAEGER_ENDPOINT", collector.endpoint(),
              "JAEGER_USER", "sammy",
              "JAEGER_PASSWORD", "shark"));
      String basic = Base64.getEncoder().encodeToString("sammy:shark".getBytes());
      assertTrue(collector.authorizations.contains("Bearer token"));
      assertTrue(collector.authorizations.contains("Basic " + basic));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "JAEGER_AGENT_HOST, no-such-host.invalid",
    "JAEGER_AGENT_PORT, 9",
    "JAEGER_ENDPOINT, http://localhost:9/api/traces",
    "JAEGER_ENDPOINT, http://no-such-host.invalid:14268/api/traces",
    "JAEGER_SAMPLER_MANAGER_HOST_PORT, localhost:9",
  })
  void absentJaeger_changesNothingForVisitors(String name, String value) throws Exception {
    String sampler = name.startsWith("JAEGER_SAMPLER") ? "remote" : "const";
    visitOnce(
        Map.of(
            name, value, "JAEGER_SAMPLER_TYPE", sampler, "JAEGER_REPORTER_FLUSH_INTERVAL", "10"));
  }

  @Test
  void remoteSampler_obeysItsManager() throws Exception {
    try (FakeBackend manager =
            FakeBackend.sending(
                """
                HTTP/1.1 200 OK\r
                Content-Type: application/json\r
                Connection: close\r
                \r
                {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1.0}}""");
        VisitCounterServices services =
            new VisitCounterServices(
                Map.of(
                    "JAEGER_SAMPLER_TYPE", "remote",
                    "JAEGER_SAMPLER_PARAM", "0",
                    "JAEGER_SAMPLER_MANAGER_HOST_PORT", "localhost:" + manager.uri().getPort()))) {
      URI metrics = services.frontend().resolve("/metrics");
      while (VisitCounterServices.send("GET", metrics).body().contains("spans_waiting 0")) {
        services.visit();
      }
      assertTrue(services.stop().size() >= 3);
      assertEquals("localhost:" + manager.uri().getPort(), manager.headers.get("host"));
    }
  }

  /** Takes connections and never answers: the worst that a Jaeger can do. */
  @Test
  void hangingJaeger_neitherFailsVisitsNorKeepsTheServicesFromStopping() throws Exception {
    try (ServerSocket hanging = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        VisitCounterServices services =
            new VisitCounterServices(
                Map.of(
                    "JAEGER_ENDPOINT", "http://localhost:" + hanging.getLocalPort() + "/api/traces",
                    "JAEGER_REPORTER_MAX_QUEUE_SIZE", "1",
                    "JAEGER_REPORTER_FLUSH_INTERVAL", "10"))) {
      for (int number = 1; number <= 20; number++) {
        assertEquals(VisitCounterServices.greeting(number), services.visit().body());
      }
      services.stop();
    }
  }

  /** While a span waits that has long to wait, others with the default come, three times over. */
  @Test
  void flushInterval_isHowLongASpanWaits() throws Exception {
    try (UdpAgent patient = new UdpAgent();
        UdpAgent agent = new UdpAgent();
        VisitCounterServices waiting = flushing(patient, "600000");
        VisitCounterServices others = flushing(agent, "1000")) {
      waiting.visit();
      for (int visit = 1; visit <= 3; visit++) {
        others.visit();
        while (agent.received() < visit * 6) {
          Thread.sleep(10);
        }
      }
      assertEquals(0, patient.received());
      waiting.stop();
      assertEquals(6, patient.drain().size());
    }
  }

  private static VisitCounterServices flushing(UdpAgent agent, String interval) throws Exception {
    return new VisitCounterServices(
        Map.of(
            "JAEGER_AGENT_PORT",
            String.valueOf(agent.port()),
            "JAEGER_REPORTER_FLUSH_INTERVAL",
            interval));
  }

  private static void visitOnce(Map<String, String> settings) throws Exception {
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      assertEquals(VisitCounterServices.greeting(1), services.visit().body());
      // A remote sampler alone leaves the agent where it is.
      boolean remote = "remote".equals(settings.get("JAEGER_SAMPLER_TYPE"));
      assertEquals(remote ? 6 : 0, services.stop().size());
    }
  }
}
