package sammyjaeger.tracing;

import io.jaegertracing.internal.JaegerTracer;
import io.opentracing.Tracer;
import sammyjaeger.reporting.SpanReporter;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/** One service's tracer, from its settings to the last flush. */
public final class Tracing {

  private final JaegerSettings jaeger;
  private final SpanReporter reporter;
  private JaegerTracer tracer;

  /** Reads the settings. */
  public Tracing(Settings settings, String serviceName) {
    jaeger = new JaegerSettings(settings, serviceName);
    reporter = new SpanReporter(settings, jaeger.serviceName());
  }

  /** Makes the tracer; whether Jaeger is there does not matter. */
  public Tracer start() {
    tracer =
        jaeger
            .tracerBuilder()
            .withReporter(reporter)
            .withExpandExceptionLogs()
            // The client's own shutdown hook would close the tracer while requests still run.
            .withManualShutdown()
            .build();
    reporter.start();
    return tracer;
  }

  /** Adds what becomes of spans. */
  public void addTo(Metrics metrics) {
    reporter.addTo(metrics);
  }

  /** Logs where spans go, and what keeps them from being seen. */
  public void logDestination() {
    jaeger.log(reporter.destination());
    if (jaeger.isSampling()) {
      reporter.probe();
    }
  }

  /** Sends the spans that still wait, for at most five seconds. */
  public void close() {
    tracer.close();
  }
}
