package sammyjaeger.backend;

import io.opentracing.Tracer;
import java.util.Map;
import sammyjaeger.service.JettyServer;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.ServiceProcess;
import sammyjaeger.tracing.ServerTracingFilter;
import sammyjaeger.tracing.Tracing;

/** The backend: holds the counter, and is slow to increment it. */
public final class Backend {

  private static final String ABOUT =
      """
      The backend of a visit counter: GET /api/counter reads it, POST waits and then increments it.
      Example: SIMULATED_DELAY=250ms java -jar backend.jar
      """;

  private Backend() {}

  public static void main(String[] args) {
    ServiceProcess.run(args, ABOUT, BackendSettings::read, Backend::start);
  }

  public static JettyServer start(BackendSettings settings) {
    Metrics metrics = new Metrics();
    Tracing tracing = new Tracing(settings.tracing(), metrics);
    Tracer tracer = tracing.tracer();
    VisitCounter counter =
        settings.store() == null
            ? VisitCounter.inMemory()
            : new RedisVisitCounter(settings.store(), tracer);
    SimulatedFaults faults = new SimulatedFaults(settings);
    CounterServlet servlet = new CounterServlet(counter, faults, settings.lock(), tracer);
    JettyServer server =
        new JettyServer(
            settings.server(),
            metrics,
            new ServerTracingFilter(tracer),
            Map.of("/api/counter", servlet),
            () -> {
              counter.close();
              tracing.close();
            });
    tracing.logDestination();
    return server;
  }
}
