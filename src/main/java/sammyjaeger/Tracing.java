package sammyjaeger;

import io.jaegertracing.Configuration;
import io.jaegertracing.Configuration.CodecConfiguration;
import io.jaegertracing.Configuration.ReporterConfiguration;
import io.jaegertracing.Configuration.SamplerConfiguration;
import io.jaegertracing.Configuration.SenderConfiguration;
import io.jaegertracing.internal.JaegerTracer;
import io.opentracing.Span;
import io.opentracing.Tracer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One service's tracer, from its settings to the last flush. */
final class Tracing {

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  /** How long a stop may wait for a Jaeger that does not answer. */
  private static final int FLUSH_MILLIS = 5000;

  private final JaegerTracer tracer;
  private final SpanLoss spanLoss;
  private final String description;

  /**
   * Sets up the tracer; whether Jaeger is there does not matter.
   *
   * @throws StartupException if two settings contradict each other
   */
  Tracing(Settings settings) throws StartupException {
    String endpoint = settings.get(JaegerSettings.ENDPOINT);
    String agentHost = settings.get(JaegerSettings.AGENT_HOST);
    int agentPort = settings.get(JaegerSettings.AGENT_PORT);
    SenderConfiguration sender =
        new SenderConfiguration()
            .withAgentHost(agentHost)
            .withAgentPort(agentPort)
            .withEndpoint(endpoint)
            .withAuthToken(settings.get(JaegerSettings.AUTH_TOKEN))
            .withAuthUsername(settings.get(JaegerSettings.USER))
            .withAuthPassword(settings.get(JaegerSettings.PASSWORD));
    ReporterConfiguration reporter =
        new ReporterConfiguration()
            .withSender(sender)
            .withLogSpans(settings.get(JaegerSettings.REPORTER_LOG_SPANS))
            .withMaxQueueSize(settings.get(JaegerSettings.REPORTER_MAX_QUEUE_SIZE))
            .withFlushInterval(settings.get(JaegerSettings.REPORTER_FLUSH_INTERVAL));

    String samplerType = settings.get(JaegerSettings.SAMPLER_TYPE);
    double samplerParam = settings.get(JaegerSettings.SAMPLER_PARAM);
    boolean paramFits =
        switch (samplerType) {
          case "const" -> samplerParam == 0 || samplerParam == 1;
          case "ratelimiting" -> samplerParam == Math.rint(samplerParam);
          default -> samplerParam <= 1;
        };
    if (!paramFits) {
      throw new StartupException(
          "%s is '%s' and %s is %s, but must be %s"
              .formatted(
                  JaegerSettings.SAMPLER_PARAM.name(),
                  settings.text(JaegerSettings.SAMPLER_PARAM),
                  JaegerSettings.SAMPLER_TYPE.name(),
                  samplerType,
                  JaegerSettings.SAMPLER_PARAM.allowed()));
    }
    SamplerConfiguration sampler =
        new SamplerConfiguration()
            .withType(samplerType)
            .withParam(samplerParam)
            .withManagerHostPort(settings.get(JaegerSettings.SAMPLER_MANAGER_HOST_PORT));

    CodecConfiguration codec = new CodecConfiguration();
    settings.get(JaegerSettings.PROPAGATION).forEach(codec::withPropagation);

    String destination = endpoint.isEmpty() ? "udp://" + agentHost + ":" + agentPort : endpoint;
    spanLoss = new SpanLoss(destination, log::warn);
    tracer =
        new Configuration(settings.get(JaegerSettings.SERVICE_NAME))
            .withReporter(reporter)
            .withSampler(sampler)
            .withCodec(codec)
            .withTraceId128Bit(settings.get(JaegerSettings.TRACEID_128BIT))
            .withTracerTags(settings.get(JaegerSettings.TAGS))
            .withMetricsFactory(spanLoss)
            .getTracerBuilder()
            .withExpandExceptionLogs()
            // The client's own shutdown hook would close the tracer while requests still run.
            .withManualShutdown()
            .build();
    description =
        "%s (sampler %s %s, propagation %s)"
            .formatted(
                destination,
                samplerType,
                settings.text(JaegerSettings.SAMPLER_PARAM),
                settings.text(JaegerSettings.PROPAGATION));
  }

  Tracer tracer() {
    return tracer;
  }

  /** Where spans go, which of them, and how their context is propagated. */
  @Override
  public String toString() {
    return description;
  }

  /** Sends the spans that still wait. */
  void close() {
    Thread flush = new Thread(tracer::close, "flush");
    flush.setDaemon(true);
    flush.start();
    try {
      flush.join(FLUSH_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    log.info(spanLoss.summary());
  }

  /** The id as Jaeger's UI takes it: 32 hex digits, whatever the length that it began with. */
  static String traceId(Span span) {
    String id = span.context().toTraceId();
    return "0".repeat(32 - id.length()) + id;
  }
}
