package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static sammyjaeger.harness.VisitCounterServices.send;

import java.net.URI;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.VisitCounterServices;

/** What /metrics says about visits and spans. */
class MetricsTest {

  @Test
  void requests_areCountedByPathAndStatus() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      URI frontend = services.frontend();
      services.visit();
      services.visit();
      send("DELETE", frontend);
      for (String path : List.of("/nope", "/no/such/path", "/livez", "/readyz", "/metrics")) {
        send("GET", frontend.resolve(path));
      }
      Map<String, Long> metrics = metrics(frontend);
      metrics.keySet().removeIf(name -> !name.startsWith("http_"));
      assertEquals(
          Map.of(
              "http_requests_total{path=\"/\",status=\"200\"}", 2L,
              "http_requests_total{path=\"/\",status=\"405\"}", 1L,
              "http_requests_total{path=\"other\",status=\"404\"}", 2L,
              "http_requests_running", 0L,
              "http_requests_waiting", 0L),
          metrics);
    }
  }

  /** Each span of two visits, and none of the metrics themselves. */
  @ParameterizedTest
  @ValueSource(strings = {"sent", "failed"})
  void spans_endInOneSeries(String result) throws Exception {
    try (HttpCollector collector = new HttpCollector()) {
      String endpoint = result.equals("sent") ? collector.endpoint() : "http://localhost:1/x";
      try (VisitCounterServices services =
          new VisitCounterServices(Map.of("JAEGER_ENDPOINT", endpoint))) {
        services.visit();
        services.visit();
        Map<String, Long> spans = metrics(services.frontend());
        while (spans.get("tracing_spans_total{result=\"" + result + "\"}") < 6) {
          Thread.sleep(10);
          spans = metrics(services.frontend());
        }
        spans.keySet().removeIf(name -> !name.startsWith("tracing_"));
        assertEquals(4, spans.size());
        assertEquals(6, spans.values().stream().mapToLong(Long::longValue).sum());
      }
    }
  }

  /** Reads Prometheus's text format: each name has its type once, before its values. */
  private static Map<String, Long> metrics(URI service) throws Exception {
    HttpResponse<String> answer = send("GET", service.resolve("/metrics"));
    assertTrue(answer.headers().firstValue("Content-Type").orElseThrow().startsWith("text/plain;"));
    Map<String, Long> metrics = new HashMap<>();
    Set<String> names = new HashSet<>();
    String name = "";
    for (String line : answer.body().split("\n")) {
      if (line.matches("# TYPE [a-z_]+ (counter|gauge)")) {
        name = line.split(" ")[2];
        assertTrue(names.add(name), answer.body());
      } else {
        assertTrue(line.matches(name + "(\\{[a-z]+=\"[^\"]+\"(,[a-z]+=\"[^\"]+\")*})? \\d+"), line);
        int space = line.lastIndexOf(' ');
        metrics.put(line.substring(0, space), Long.valueOf(line.substring(space + 1)));
      }
    }
    return metrics;
  }
}
