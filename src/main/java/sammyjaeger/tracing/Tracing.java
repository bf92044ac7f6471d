package sammyjaeger.tracing;

import static io.opentracing.propagation.Format.Builtin.HTTP_HEADERS;

import io.jaegertracing.Configuration.CodecConfiguration;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.propagation.CompositeCodec;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.jaegertracing.internal.samplers.HttpSamplingManager;
import io.jaegertracing.internal.samplers.ProbabilisticSampler;
import io.jaegertracing.internal.samplers.RateLimitingSampler;
import io.jaegertracing.internal.samplers.RemoteControlledSampler;
import io.jaegertracing.spi.Codec;
import io.jaegertracing.spi.Sampler;
import io.opentracing.Tracer;
import io.opentracing.propagation.TextMap;
import io.opentracing.propagation.TextMapAdapter;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.reporting.SpanReporter;
import sammyjaeger.service.Metrics;

/** One service's tracer, from its settings to the last flush. */
public final class Tracing {

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  /** In characters, of a header that carries a context or baggage. */
  private static final int MAX_HEADER = 1024;

  private final TracingSettings settings;
  private final JaegerTracer tracer;

  /** Makes a tracer; whether Jaeger is there does not matter. */
  public Tracing(TracingSettings settings, Metrics metrics) {
    this.settings = settings;
    JaegerTracer.Builder builder =
        new JaegerTracer.Builder(settings.serviceName())
            .withSampler(sampler())
            .withTags(settings.tags())
            .withReporter(new SpanReporter(settings.reporting(), metrics))
            .withExpandExceptionLogs()
            // The client's own shutdown hook would close the tracer while requests still run.
            .withManualShutdown();
    CodecConfiguration codecs =
        CodecConfiguration.fromString(injectsNothing() ? "jaeger" : settings.propagation());
    codecs.apply(builder);
    Codec<TextMap> codec = new CompositeCodec<>(codecs.getCodecs().get(HTTP_HEADERS));
    builder.registerExtractor(HTTP_HEADERS, headers -> codec.extract(withoutLong(headers)));
    if (injectsNothing()) {
      // As in a service that makes its calls without tracing them.
      builder.registerInjector(HTTP_HEADERS, (context, headers) -> {});
    }
    tracer = (settings.longIds() ? builder.withTraceId128Bit() : builder).build();
  }

  public Tracer tracer() {
    return tracer;
  }

  /** Logs where spans go, and what keeps them from being seen. */
  public void logDestination() {
    log.info(
        "Spans go to {} (service {}, sampler {} {}, propagation {})",
        settings.reporting().destination(),
        settings.serviceName(),
        settings.samplerType(),
        settings.samplerParam(),
        settings.propagation());
    if (!settings.samplerType().equals("remote")
        && Double.parseDouble(settings.samplerParam()) == 0) {
      log.warn("No trace begins here, because JAEGER_SAMPLER_PARAM is {}", settings.samplerParam());
    }
    if (injectsNothing()) {
      log.warn("Calls from here start traces of their own, because JAEGER_PROPAGATION is none");
    }
  }

  /** Sends the spans that still wait, for at most five seconds. */
  public void close() {
    tracer.close();
  }

  /**
   * Leaves out long headers, which anybody can send: the codec takes time with the square of white
   * space in baggage, and a span keeps what it got as long as it waits to be sent.
   */
  private static TextMap withoutLong(TextMap headers) {
    Map<String, String> bounded = new HashMap<>();
    for (Map.Entry<String, String> header : headers) {
      if (header.getValue().length() <= MAX_HEADER) {
        bounded.put(header.getKey(), header.getValue());
      }
    }
    return new TextMapAdapter(bounded);
  }

  private boolean injectsNothing() {
    return settings.propagation().equalsIgnoreCase("none");
  }

  private Sampler sampler() {
    double param = Double.parseDouble(settings.samplerParam());
    return switch (settings.samplerType()) {
      case "const" -> new ConstSampler(param != 0);
      case "probabilistic" -> new ProbabilisticSampler(param);
      case "ratelimiting" -> new RateLimitingSampler(param);
      default ->
          new RemoteControlledSampler.Builder(settings.serviceName())
              .withSamplingManager(new HttpSamplingManager(settings.samplerManager()))
              .withInitialSampler(new ProbabilisticSampler(param))
              .build();
    };
  }
}
