package sammyjaeger.tracing;

import static io.opentracing.propagation.Format.Builtin.HTTP_HEADERS;
import static sammyjaeger.service.Settings.FLAG;
import static sammyjaeger.service.Settings.HOST;
import static sammyjaeger.service.Settings.TEXT;
import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.oneOf;
import static sammyjaeger.service.Settings.require;

import io.jaegertracing.Configuration.CodecConfiguration;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.jaegertracing.internal.samplers.HttpSamplingManager;
import io.jaegertracing.internal.samplers.ProbabilisticSampler;
import io.jaegertracing.internal.samplers.RateLimitingSampler;
import io.jaegertracing.internal.samplers.RemoteControlledSampler;
import io.jaegertracing.spi.Sampler;
import io.opentracing.Tracer;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.reporting.SpanReporter;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;
import sammyjaeger.service.Settings.Kind;

/**
 * One service's tracer, from its settings to the last flush. The client's own {@code
 * Configuration.fromEnv()} logs and ignores wrong values, and reads numbers as the machine's
 * language writes them; SpanReporter reads the variables that say what becomes of the spans.
 */
public final class Tracing {

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  private static final Kind<String> PROPAGATION =
      matching(
          "some of jaeger, w3c and b3, as in w3c,b3, or none",
          "(?i)none|(jaeger|w3c|b3)(,(jaeger|w3c|b3))*");
  private static final Kind<Map<String, String>> TAGS =
      new Kind<>("pairs, as in team=blue,pod=${POD_NAME:none}", Tracing::parseTags);

  private final String serviceName;
  private final String samplerType;
  private final String samplerParam;
  private final String samplerManager;
  private final String propagation;
  private final Map<String, String> tags;
  private final boolean longIds;
  private final SpanReporter reporter;
  private JaegerTracer tracer;

  /** Reads the settings; what becomes of spans is added to the metrics. */
  public Tracing(Settings settings, String defaultName, Metrics metrics) {
    serviceName =
        settings.read("JAEGER_SERVICE_NAME", defaultName, "this service's name in Jaeger", TEXT);
    samplerType =
        settings.read(
            "JAEGER_SAMPLER_TYPE",
            "const",
            "which traces are sampled",
            oneOf("const", "probabilistic", "ratelimiting", "remote"));
    samplerParam =
        settings.read("JAEGER_SAMPLER_PARAM", "1", "how many of them", paramOf(samplerType));
    samplerManager =
        settings.read(
            "JAEGER_SAMPLER_MANAGER_HOST_PORT",
            "localhost:5778",
            "where the remote sampler asks for its strategy",
            HOST);
    propagation =
        settings.read(
            "JAEGER_PROPAGATION", "jaeger", "which headers carry a span's context", PROPAGATION);
    tags = settings.read("JAEGER_TAGS", "", "tags of this process", TAGS);
    longIds =
        settings.read("JAEGER_TRACEID_128BIT", "true", "give trace ids 128 bits, not 64", FLAG);
    reporter = new SpanReporter(settings, serviceName, metrics);
  }

  /** Makes the tracer; whether Jaeger is there does not matter. */
  public Tracer start() {
    JaegerTracer.Builder builder =
        new JaegerTracer.Builder(serviceName)
            .withSampler(sampler())
            .withTags(tags)
            .withReporter(reporter)
            .withExpandExceptionLogs()
            // The client's own shutdown hook would close the tracer while requests still run.
            .withManualShutdown();
    CodecConfiguration codecs =
        CodecConfiguration.fromString(injectsNothing() ? "jaeger" : propagation);
    codecs.apply(builder);
    builder.registerExtractor(HTTP_HEADERS, new BaggageLimit(codecs.getCodecs().get(HTTP_HEADERS)));
    if (injectsNothing()) {
      // What a service leaves out that has no tracing of its calls.
      builder.registerInjector(HTTP_HEADERS, (context, headers) -> {});
    }
    tracer = (longIds ? builder.withTraceId128Bit() : builder).build();
    reporter.start();
    return tracer;
  }

  /** Logs where spans go, and what keeps them from being seen. */
  public void logDestination() {
    log.info(
        "Spans go to {} (service {}, sampler {} {}, propagation {})",
        reporter.destination(),
        serviceName,
        samplerType,
        samplerParam,
        propagation);
    if (samplerType.equals("remote") || Double.parseDouble(samplerParam) > 0) {
      reporter.probe();
    } else {
      log.warn("No trace begins here, because JAEGER_SAMPLER_PARAM is {}", samplerParam);
    }
    if (injectsNothing()) {
      log.warn("Calls from here start traces of their own, because JAEGER_PROPAGATION is none");
    }
  }

  /** Sends the spans that still wait, for at most five seconds. */
  public void close() {
    tracer.close();
  }

  private boolean injectsNothing() {
    return propagation.equalsIgnoreCase("none");
  }

  private Sampler sampler() {
    double param = Double.parseDouble(samplerParam);
    return switch (samplerType) {
      case "const" -> new ConstSampler(param != 0);
      case "probabilistic" -> new ProbabilisticSampler(param);
      case "ratelimiting" -> new RateLimitingSampler(param);
      default ->
          new RemoteControlledSampler.Builder(serviceName)
              .withSamplingManager(new HttpSamplingManager(samplerManager))
              .withInitialSampler(new ProbabilisticSampler(param))
              .build();
    };
  }

  private static Kind<String> paramOf(String samplerType) {
    return matching(
        "0 or 1 (const), a probability (probabilistic, remote), or traces a second (ratelimiting)",
        switch (samplerType) {
          case "const" -> "[01](\\.0)?";
          case "ratelimiting" -> "\\d{1,9}(\\.\\d{1,9})?";
          default -> "[01](\\.0)?|0?\\.\\d{1,9}";
        });
  }

  /** Replaces {@code ${VARIABLE}} and {@code ${VARIABLE:default}} as the client does. */
  private static Map<String, String> parseTags(String value) {
    Map<String, String> tags = new HashMap<>();
    for (String tag : value.isEmpty() ? new String[0] : value.split("\\s*,\\s*", -1)) {
      String[] pair = require(tag, text -> text.matches("[^=]+=.*")).split("\\s*=\\s*", 2);
      String text = pair[1];
      if (text.startsWith("${") && text.endsWith("}")) {
        String[] variable = text.substring(2, text.length() - 1).split("\\s*:\\s*", 2);
        String found = Settings.fromEnvironment(variable[0]);
        text = found != null ? found : variable.length == 2 ? variable[1] : "";
      }
      tags.put(pair[0], text);
    }
    return tags;
  }
}
