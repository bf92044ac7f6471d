package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;

/** Both services with a Jaeger that takes HTTP, comes late, or is not there. */
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
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of(name, value, "JAEGER_SAMPLER_TYPE", sampler))) {
      assertEquals(VisitCounterServices.greeting(1), services.visit().body());
    }
  }

  @Test
  void firstVisitAfterALateStart_isComplete() throws Exception {
    int port = FreePort.find();
    Map<String, String> settings =
        Map.of("JAEGER_AGENT_PORT", "" + port, "JAEGER_REPORTER_FLUSH_INTERVAL", "1");
    Log log = new Log();
    try (VisitCounterServices services = new VisitCounterServices(settings)) {
      services.visit();
      // Each service says so once.
      while (log.lines("udp://localhost:" + port, "because nobody listens there").size() < 2) {
        Thread.sleep(1);
      }
      try (UdpAgent jaeger = new UdpAgent(port)) {
        String first = services.visit().headers().firstValue("X-Trace-Id").orElseThrow();
        services.stop();
        jaeger.drain();
        assertEquals(6, jaeger.received(first));
      }
    }
  }

  @Test
  void remoteSampler_obeysItsManager() throws Exception {
    try (FakeBackend manager =
            FakeBackend.sending(
                """
                HTTP/1.1 200 OK\r
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
    }
  }
}
