package sammyjaeger.tracing;

import static sammyjaeger.service.Settings.FLAG;
import static sammyjaeger.service.Settings.HOST;
import static sammyjaeger.service.Settings.SECRET;
import static sammyjaeger.service.Settings.TEXT;
import static sammyjaeger.service.Settings.URL;
import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.oneOf;
import static sammyjaeger.service.Settings.require;
import static sammyjaeger.service.Settings.wholeNumber;

import io.jaegertracing.Configuration;
import io.jaegertracing.Configuration.CodecConfiguration;
import io.jaegertracing.Configuration.ReporterConfiguration;
import io.jaegertracing.Configuration.SamplerConfiguration;
import io.jaegertracing.Configuration.SenderConfiguration;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.spi.Sender;
import io.opentracing.Tracer;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.thrift.transport.TTransportException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Settings;
import sammyjaeger.service.Settings.Kind;

/**
 * One service's tracer, from the variables of jaeger-client-java to the last flush. They are read
 * here, as the client logs and ignores wrong values, and reads numbers as the machine's language
 * writes them. Only these defaults are ours: every trace is sampled, ids have 128 bits, spans are
 * logged, and the queue is long enough for a burst.
 */
public final class Tracing {

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  /** How long a stop may wait for a Jaeger that does not answer. */
  private static final long CLOSE_TIMEOUT_MILLIS = 5000;

  private static final Kind<String> PROPAGATION =
      matching(
          "some of jaeger, w3c and b3, as in w3c,b3", "(?i)(jaeger|w3c|b3)(,(jaeger|w3c|b3))*");
  private static final Kind<Map<String, String>> TAGS =
      new Kind<>("pairs, as in team=blue,pod=${POD_NAME:none}", Tracing::parseTags);

  private final Configuration configuration;
  private final SpanLoss spanLoss;
  private final String description;
  private JaegerTracer tracer;

  /** Reads the settings. */
  public Tracing(Settings settings, String defaultName) {
    String name =
        settings.read("JAEGER_SERVICE_NAME", defaultName, "this service's name in Jaeger", TEXT);
    String host = settings.read("JAEGER_AGENT_HOST", "localhost", "where spans go, by UDP", HOST);
    int port =
        settings.read("JAEGER_AGENT_PORT", "6831", "the UDP port there", wholeNumber(1, 65535));
    URI endpoint =
        settings.read(
            "JAEGER_ENDPOINT", "", "or by HTTP, as in http://localhost:14268/api/traces", URL);
    String token =
        settings.read("JAEGER_AUTH_TOKEN", "", "bearer token for JAEGER_ENDPOINT", SECRET);
    String user = settings.read("JAEGER_USER", "", "user for JAEGER_ENDPOINT", SECRET);
    String password = settings.read("JAEGER_PASSWORD", "", "that user's password", SECRET);
    spanLoss = new SpanLoss(endpoint == null ? "udp://" + host + ":" + port : "" + endpoint);
    SenderConfiguration sender =
        new SenderConfiguration() {
          @Override
          public Sender getSender() {
            try {
              return endpoint == null
                  ? new UdpSender(host, port, spanLoss)
                  : new HttpSender(endpoint, token, user, password, spanLoss);
            } catch (TTransportException e) {
              throw new IllegalStateException("Thrift's buffer can't be made", e);
            }
          }
        };
    ReporterConfiguration reporter =
        new ReporterConfiguration()
            .withSender(sender)
            .withLogSpans(settings.read("JAEGER_REPORTER_LOG_SPANS", "true", "log each span", FLAG))
            .withMaxQueueSize(
                settings.read(
                    "JAEGER_REPORTER_MAX_QUEUE_SIZE",
                    "10000",
                    "how many spans may wait; more are lost",
                    wholeNumber(1, 1_000_000)))
            .withFlushInterval(
                settings.read(
                    "JAEGER_REPORTER_FLUSH_INTERVAL",
                    "1000",
                    "how many milliseconds a span may wait",
                    wholeNumber(1, 600_000)));
    String samplerType =
        settings.read(
            "JAEGER_SAMPLER_TYPE",
            "const",
            "which traces are sampled",
            oneOf("const", "probabilistic", "ratelimiting", "remote"));
    String samplerParam =
        settings.read("JAEGER_SAMPLER_PARAM", "1", "how many of them", paramOf(samplerType));
    SamplerConfiguration sampler =
        new SamplerConfiguration()
            .withType(samplerType)
            .withParam(Double.valueOf(samplerParam))
            .withManagerHostPort(
                settings.read(
                    "JAEGER_SAMPLER_MANAGER_HOST_PORT",
                    "localhost:5778",
                    "where the remote sampler asks for its strategy",
                    HOST));
    String propagation =
        settings.read(
            "JAEGER_PROPAGATION", "jaeger", "which headers carry a span's context", PROPAGATION);
    configuration =
        new Configuration(name)
            .withReporter(reporter)
            .withMetricsFactory(spanLoss)
            .withSampler(sampler)
            .withCodec(CodecConfiguration.fromString(propagation))
            .withTracerTags(settings.read("JAEGER_TAGS", "", "tags of this process", TAGS))
            .withTraceId128Bit(
                settings.read(
                    "JAEGER_TRACEID_128BIT", "true", "give trace ids 128 bits, not 64", FLAG));
    description =
        "%s (sampler %s %s, propagation %s)"
            .formatted(spanLoss.destination(), samplerType, samplerParam, propagation);
  }

  /** Makes the tracer; whether Jaeger is there does not matter. */
  public Tracer start() {
    tracer =
        configuration
            .getTracerBuilder()
            .withExpandExceptionLogs()
            // The client's own shutdown hook would close the tracer while requests still run.
            .withManualShutdown()
            .build();
    return tracer;
  }

  /** Logs where spans go, which of them, and how their context is propagated. */
  public void logDestination() {
    log.info("Spans go to {}", description);
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
    log.info(spanLoss.summary());
  }

  private static Kind<String> paramOf(String samplerType) {
    return matching(
        "0 or 1 (const), a probability (probabilistic, remote), or traces a second (ratelimiting)",
        switch (samplerType) {
          case "const" -> "[01](\\.0)?";
          case "ratelimiting" -> "\\d{1,9}(\\.0)?";
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
