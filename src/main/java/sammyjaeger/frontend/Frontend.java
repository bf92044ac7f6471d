package sammyjaeger.frontend;

import io.opentracing.Tracer;
import java.util.Map;
import sammyjaeger.service.HttpCaller;
import sammyjaeger.service.JettyServer;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.ServiceProcess;
import sammyjaeger.tracing.ServerTracingFilter;
import sammyjaeger.tracing.TracedHttpClient;
import sammyjaeger.tracing.Tracing;

/** The frontend: greets a visitor with the number that the backend's counter gives. */
public final class Frontend {

  private static final String ABOUT =
      """
      The frontend of a visit counter: GET / asks the backend, and greets the visitor.
      Example: COUNTER_ENDPOINT=http://localhost:5000 java -jar frontend.jar
      """;

  private static final int MAX_ANSWER_BYTES = 1024;

  private Frontend() {}

  public static void main(String[] args) {
    ServiceProcess.run(args, ABOUT, FrontendSettings::read, Frontend::start);
  }

  public static JettyServer start(FrontendSettings settings) {
    Metrics metrics = new Metrics();
    Tracing tracing = new Tracing(settings.tracing(), metrics);
    Tracer tracer = tracing.tracer();
    HttpCaller http = new HttpCaller();
    TracedHttpClient traced =
        new TracedHttpClient(
            tracer,
            CounterClient.PEER_SERVICE,
            request ->
                http.send(request, HttpCaller.atMost(MAX_ANSWER_BYTES), settings.counterTimeout()));
    CounterClient counter = new CounterClient(traced, settings.counterEndpoint());
    JettyServer server =
        new JettyServer(
            settings.server(),
            metrics,
            new ServerTracingFilter(tracer),
            Map.of("/", new VisitServlet(counter, tracer, settings.jaegerUi())),
            tracing::close);
    tracing.logDestination();
    return server;
  }
}
