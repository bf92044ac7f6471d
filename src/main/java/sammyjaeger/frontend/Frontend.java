package sammyjaeger.frontend;

import io.opentracing.Tracer;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import sammyjaeger.service.HttpServer;
import sammyjaeger.service.ServiceProcess;
import sammyjaeger.service.Settings;
import sammyjaeger.tracing.ServerTracingFilter;
import sammyjaeger.tracing.TracedHttpClient;
import sammyjaeger.tracing.Tracing;

/** The frontend: greets a visitor with the number that the backend's counter gives. */
public final class Frontend {

  private Frontend() {}

  public static void main(String[] args) {
    ServiceProcess.run(args, Frontend::start);
  }

  public static HttpServer start(Settings settings) {
    URI endpoint =
        settings.read(
            "COUNTER_ENDPOINT", "http://localhost:5000", "where the backend is", Settings.URL);
    Duration timeout =
        settings.read(
            "COUNTER_TIMEOUT",
            "15s",
            "how long to wait for each answer of the backend",
            Settings.TIMEOUT);
    URI jaegerUi =
        settings.read(
            "JAEGER_UI_URL",
            "http://localhost:16686",
            "where a browser finds Jaeger, for links to traces",
            Settings.URL);
    HttpServer server = new HttpServer(settings, "8000");
    Tracing tracing = new Tracing(settings, "do-visit-counter-frontend", server.metrics());
    settings.check();

    Tracer tracer = tracing.start();
    TracedHttpClient http = new TracedHttpClient(tracer, CounterClient.PEER_SERVICE, timeout);
    VisitServlet visits = new VisitServlet(new CounterClient(http, endpoint), tracer, jaegerUi);
    server.start(new ServerTracingFilter(tracer), Map.of("/", visits), tracing::close);
    tracing.logDestination();
    return server;
  }
}
