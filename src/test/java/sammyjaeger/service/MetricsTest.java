package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.VisitCounterServices;

/** What /metrics says of visits and of spans. */
class MetricsTest {

  @Test
  void requests_areCountedByPathAndStatus() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      for (int i = 0; i < 3; i++) {
        services.visit();
      }
      URI frontend = services.frontend();
      VisitCounterServices.send("DELETE", frontend);
      for (String path : List.of("/nope", "/no/such/path", "/livez", "/readyz", "/metrics")) {
        VisitCounterServices.send("GET", frontend.resolve(path));
      }
      Raw.send(frontend, "GET / HTTP/9.9\r\n\r\n");
      Map<String, Long> metrics = metrics(frontend);
      assertEquals(3, metrics.get("http_requests_total{path=\"/\",status=\"200\"}"));
      assertEquals(1, metrics.get("http_requests_total{path=\"/\",status=\"405\"}"));
      assertEquals(2, metrics.get("http_requests_total{path=\"other\",status=\"404\"}"));
      assertEquals(1, metrics.get("http_requests_total{path=\"other\",status=\"505\"}"));
      assertEquals(
          4,
          metrics.keySet().stream().filter(key -> key.startsWith("http_requests_total")).count());
      assertEquals(0, metrics.get("http_requests_running"));
      assertEquals(0, metrics.get("http_requests_waiting"));
      assertEquals(
          6,
          metrics(services.counter())
              .get("http_requests_total{path=\"/api/counter\",status=\"200\"}"));
    }
  }

  /** Each finished span is sent, dropped, failed or waiting; those of metrics do not exist. */
  @Test
  void spans_addUp() throws Exception {
    try (HttpCollector collector = new HttpCollector();
        VisitCounterServices services =
            new VisitCounterServices(Map.of("JAEGER_ENDPOINT", collector.endpoint()))) {
      services.visit();
      services.visit();
      long sent = 0;
      while (sent < 6) {
        Map<String, Long> metrics = metrics(services.frontend());
        sent = metrics.get("tracing_spans_total{result=\"sent\"}");
        assertEquals(0, metrics.get("tracing_spans_total{result=\"dropped\"}"));
        assertEquals(0, metrics.get("tracing_spans_total{result=\"failed\"}"));
        // Each series is read by itself.
        assertTrue(metrics.get("tracing_spans_waiting") <= 6);
        Thread.sleep(10);
      }
      assertEquals(6, sent);
      assertEquals(0, metrics(services.frontend()).get("tracing_spans_waiting"));
    }
  }

  @Test
  void lostSpans_areSaid() throws Exception {
    try (VisitCounterServices services =
        new VisitCounterServices(Map.of("JAEGER_ENDPOINT", "http://localhost:1/x"))) {
      services.visit();
      while (metrics(services.frontend()).get("tracing_spans_total{result=\"failed\"}") < 3) {
        Thread.sleep(10);
      }
    }
  }

  @Test
  void otherMethod_answers405() throws Exception {
    try (VisitCounterServices services = new VisitCounterServices()) {
      URI metrics = services.frontend().resolve("/metrics");
      assertEquals(405, VisitCounterServices.send("POST", metrics).statusCode());
      assertEquals(200, VisitCounterServices.send("HEAD", metrics).statusCode());
      assertEquals(0, services.stop().size());
    }
  }

  /** Reads the text format, and checks it. */
  private static Map<String, Long> metrics(URI service) throws Exception {
    HttpResponse<String> answer = VisitCounterServices.send("GET", service.resolve("/metrics"));
    assertEquals(
        "text/plain;version=0.0.4;charset=utf-8",
        answer.headers().firstValue("Content-Type").orElseThrow());
    Map<String, Long> metrics = new HashMap<>();
    String type = "";
    for (String line : answer.body().split("\n")) {
      if (line.startsWith("# TYPE ")) {
        assertTrue(line.matches("# TYPE [a-z_]+ (counter|gauge)"), line);
        assertTrue(!answer.body().substring(answer.body().indexOf(line) + 1).contains(line), line);
        type = line.split(" ")[2];
      } else {
        assertTrue(line.matches("[a-z_]+(\\{[a-z]+=\"[^\"]+\"(,[a-z]+=\"[^\"]+\")*})? \\d+"), line);
        assertEquals(type, line.split("[{ ]")[0]);
        int space = line.lastIndexOf(' ');
        metrics.put(line.substring(0, space), Long.valueOf(line.substring(space + 1)));
      }
    }
    return metrics;
  }
}
