package sammyjaeger.backend;

import io.opentracing.Tracer;
import java.net.URI;
import java.util.Map;
import javax.servlet.Servlet;
import sammyjaeger.service.HttpServer;
import sammyjaeger.service.ServiceProcess;
import sammyjaeger.service.Settings;
import sammyjaeger.tracing.ServerTracingFilter;
import sammyjaeger.tracing.Tracing;

/** The backend: holds the counter, and is slow to increment it. */
public final class Backend {

  private Backend() {}

  public static void main(String[] args) {
    ServiceProcess.run(args, Backend::start);
  }

  public static HttpServer start(Settings settings) {
    SimulatedFaults faults = new SimulatedFaults(settings);
    URI store =
        settings.read("COUNTER_STORE", "memory", "where the counter is kept", VisitCounter.STORE);
    HttpServer server = new HttpServer(settings, "5000");
    Tracing tracing = new Tracing(settings, "do-visit-counter-backend", server.metrics());
    settings.check();

    Tracer tracer = tracing.start();
    VisitCounter counter =
        store == null ? new MemoryVisitCounter() : new RedisVisitCounter(store, tracer);
    Map<String, Servlet> servlets =
        Map.of("/api/counter", new CounterServlet(counter, faults, tracer));
    Runnable onStopped =
        () -> {
          try {
            counter.close();
          } finally {
            tracing.close();
          }
        };
    server.start(new ServerTracingFilter(tracer), servlets, onStopped);
    tracing.logDestination();
    return server;
  }
}
