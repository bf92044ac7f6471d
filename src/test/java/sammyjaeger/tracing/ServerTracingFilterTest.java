package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.util.Map;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.service.HttpServer;
import sammyjaeger.service.Settings;

/** The server half alone: what it makes of servlets that our services don't have. */
class ServerTracingFilterTest {

  @ParameterizedTest
  @CsvSource({
    "/orders/7, GET /orders/*",
    "/a/b.do, GET *.do",
    "/, GET /",
    "/exact, GET /exact",
    "/nothing/here, GET /*"
  })
  void operationName_isThePatternOfTheServlet(String path, String operation) throws Exception {
    InMemoryReporter reporter = new InMemoryReporter();
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
    HttpServer server = new HttpServer(new Settings(name -> null), "0");
    server.start(
        new ServerTracingFilter(tracer),
        Map.of("/", servlet, "/exact", servlet, "/orders/*", servlet, "*.do", servlet),
        () -> {});
    VisitCounterServices.send("GET", server.uri().resolve(path));
    server.stop();
    assertEquals(1, reporter.getSpans().size());
    assertEquals(operation, reporter.getSpans().get(0).getOperationName());
  }
}
