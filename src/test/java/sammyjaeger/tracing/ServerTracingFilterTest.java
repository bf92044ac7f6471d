package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.util.List;
import java.util.Map;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.Raw;
import sammyjaeger.service.JettyServer;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.ServerSettings;
import sammyjaeger.service.Settings;

/** The server half alone: what it makes of servlets that our services don't have. */
class ServerTracingFilterTest {

  private final InMemoryReporter reporter = new InMemoryReporter();

  @ParameterizedTest
  @CsvSource({
    "GET, /orders/7, GET /orders/*",
    "GET, /a/b.do, GET *.do",
    "GET, /, GET /",
    "GET, /exact, GET /exact",
    "GET, /nothing/here, GET /*",
    "SMURF, /exact, OTHER /exact",
    "OPTIONS, *, OPTIONS /",
  })
  void operationName_isTheMethodAndTheServletsPattern(String method, String target, String name)
      throws Exception {
    assertEquals(name, spanOf(method, target).getOperationName());
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /exact?secret=1, http://x.invalid/exact",
    "GET, /exact;jsessionid=1?secret=1, http://x.invalid/exact",
    "GET, /orders;a=1/7;b=2, http://x.invalid/orders/7",
    "OPTIONS, *, http://x.invalid",
  })
  void url_hasNeitherQueryNorParameters(String method, String target, String url) throws Exception {
    assertEquals(url, spanOf(method, target).getTags().get("http.url"));
  }

  private JaegerSpan spanOf(String method, String target) throws Exception {
    JaegerTracer tracer =
        new JaegerTracer.Builder("test")
            .withReporter(reporter)
            .withSampler(new ConstSampler(true))
            .withManualShutdown()
            .build();
    HttpServlet servlet =
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response) {}
        };
    JettyServer server =
        new JettyServer(
            Settings.read(name -> null, from -> ServerSettings.read(from, "0")),
            new Metrics(),
            new ServerTracingFilter(tracer),
            Map.of("/", servlet, "/exact", servlet, "/orders/*", servlet, "*.do", servlet),
            () -> {});
    Raw.send(server.uri(), Raw.request(method, target, "Host: x.invalid"));
    server.stop();
    List<JaegerSpan> spans = reporter.getSpans();
    assertEquals(1, spans.size());
    return spans.get(0);
  }
}
