package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.VisitCounterServices;

/** What /metrics says about visits and spans. */
class MetricsTest {

  @Test
  void requests_areCountedByPathAndStatus() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices();
        Socket client = Raw.open(services.frontend(), "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n")) {
      Raw.readAnswer(client);
      for (String path : "/ / /nope /no/such/path /livez /readyz /metrics".split(" ")) {
        Raw.ask(client, path);
      }
      Map<String, Long> metrics = metrics(client);
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
              new VisitCounterServices(Map.of("JAEGER_ENDPOINT", endpoint));
          Socket client = Raw.open(services.frontend(), "")) {
        Raw.ask(client, "/");
        Raw.ask(client, "/");
        Map<String, Long> spans = metrics(client);
        while (spans.get("tracing_spans_total{result=\"" + result + "\"}") < 6) {
          Thread.sleep(10);
          spans = metrics(client);
        }
        spans.keySet().removeIf(name -> !name.startsWith("tracing_"));
        assertEquals(4, spans.size());
        assertEquals(6, spans.values().stream().mapToLong(Long::longValue).sum());
      }
    }
  }

  /** Reads Prometheus's text format: each name has its type once, before its values. */
  private static Map<String, Long> metrics(Socket client) throws Exception {
    String[] answer = Raw.ask(client, "/metrics").split("\r\n\r\n");
    assertTrue(answer[0].contains("\r\nContent-Type: text/plain;"), answer[0]);
    Map<String, Long> metrics = new HashMap<>();
    Set<String> names = new HashSet<>();
    String name = "";
    for (String line : answer[1].split("\n")) {
      if (line.matches("# TYPE [a-z_]+ (counter|gauge)")) {
        name = line.split(" ")[2];
        assertTrue(names.add(name), answer[1]);
      } else {
        assertTrue(line.matches(name + "(\\{[a-z]+=\"[^\"]+\"(,[a-z]+=\"[^\"]+\")*})? \\d+"), line);
        int space = line.lastIndexOf(' ');
        metrics.put(line.substring(0, space), Long.valueOf(line.substring(space + 1)));
      }
    }
    return metrics;
  }
}
