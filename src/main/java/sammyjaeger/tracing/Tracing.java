package sammyjaeger.tracing;

import io.jaegertracing.internal.JaegerTracer;
import io.opentracing.Tracer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Settings;

/** One service's tracer, from its settings to the last flush. */
public final class Tracing {

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  /** How long a stop may wait for a Jaeger that does not answer. */
  private static final long CLOSE_TIMEOUT_MILLIS = 5000;

  private final JaegerSettings jaeger;
  private JaegerTracer tracer;

  /** Reads the settings. */
  public Tracing(Settings settings, String serviceName) {
    jaeger = new JaegerSettings(settings, serviceName);
  }

  /** Makes the tracer; whether Jaeger is there does not matter. */
  public Tracer start() {
    tracer =
        jaeger
            .configuration
            .getTracerBuilder()
            .withExpandExceptionLogs()
            // The client's own shutdown hook would close the tracer while requests still run.
            .withManualShutdown()
            .build();
    return tracer;
  }

  /** Logs where spans go, which of them, and how their context is propagated. */
  public void logDestination() {
    log.info("Spans go to {}", jaeger);
  }

  /** Sends the spans that still wait. */
  public void close() {
    Thread flush = new Thread(tracer::close, "flush");
    flush.setDaemon(true);
    flush.start();
    try {
      flush.join(CLOSE_TIMEOUT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    log.info(jaeger.spanLoss.summary());
  }
}
