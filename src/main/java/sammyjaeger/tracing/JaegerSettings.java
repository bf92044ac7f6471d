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
import io.jaegertracing.spi.Sender;
import java.math.BigDecimal;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.thrift.transport.TTransportException;
import sammyjaeger.service.Settings;
import sammyjaeger.service.Settings.Kind;

/**
 * The variables of jaeger-client-java, read into its configuration. The client's own {@code
 * fromEnv()} logs and ignores wrong values, and reads numbers as the machine's language writes
 * them. Only these defaults are ours: every trace is sampled, ids have 128 bits, spans are logged,
 * and the queue is long enough for a burst.
 */
final class JaegerSettings {

  private static final Kind<String> PROPAGATION =
      matching(
          "some of jaeger, w3c and b3, as in w3c,b3", "(?i)(jaeger|w3c|b3)(,(jaeger|w3c|b3))*");
  private static final Kind<Map<String, String>> TAGS =
      new Kind<>("pairs, as in team=blue,pod=${POD_NAME:none}", JaegerSettings::parseTags);

  final Configuration configuration;
  final SpanLoss spanLoss;
  private final String propagation;

  JaegerSettings(Settings settings, String defaultName) {
    String name =
        settings.read("JAEGER_SERVICE_NAME", defaultName, "this service's name in Jaeger", TEXT);
    String host = settings.read("JAEGER_AGENT_HOST", "localhost", "where spans go, by UDP", HOST);
    int port =
        settings.read("JAEGER_AGENT_PORT", "6831", "the UDP port there", wholeNumber(1, 65535));
    URI endpoint =
        settings.read(
            "JAEGER_ENDPOINT", "", "or by HTTP, as in http://localhost:14268/api/traces", URL);
    spanLoss = new SpanLoss(endpoint == null ? "udp://" + host + ":" + port : "" + endpoint);
    ReporterConfiguration reporter =
        new ReporterConfiguration()
            .withSender(sender(settings, host, port, endpoint))
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
    SamplerConfiguration sampler = sampler(settings);
    propagation =
        settings.read(
            "JAEGER_PROPAGATION", "jaeger", "which headers carry a span's context", PROPAGATION);
    Map<String, String> tags = settings.read("JAEGER_TAGS", "", "tags of this process", TAGS);
    boolean longIds =
        settings.read("JAEGER_TRACEID_128BIT", "true", "give trace ids 128 bits, not 64", FLAG);
    configuration =
        new Configuration(name)
            .withReporter(reporter)
            .withMetricsFactory(spanLoss)
            .withSampler(sampler)
            .withCodec(CodecConfiguration.fromString(propagation))
            .withTracerTags(tags)
            .withTraceId128Bit(longIds);
  }

  /** Where spans go, which of them, and how their context is propagated. */
  @Override
  public String toString() {
    SamplerConfiguration sampler = configuration.getSampler();
    return "%s (sampler %s %s, propagation %s)"
        .formatted(spanLoss.destination(), sampler.getType(), sampler.getParam(), propagation);
  }

  private SenderConfiguration sender(Settings settings, String host, int port, URI endpoint) {
    String token =
        settings.read("JAEGER_AUTH_TOKEN", "", "bearer token for JAEGER_ENDPOINT", SECRET);
    String user = settings.read("JAEGER_USER", "", "user for JAEGER_ENDPOINT", SECRET);
    String password = settings.read("JAEGER_PASSWORD", "", "that user's password", SECRET);
    return new SenderConfiguration() {
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
  }

  private static SamplerConfiguration sampler(Settings settings) {
    String type =
        settings.read(
            "JAEGER_SAMPLER_TYPE",
            "const",
            "which traces are sampled",
            oneOf("const", "probabilistic", "ratelimiting", "remote"));
    String param = settings.read("JAEGER_SAMPLER_PARAM", "1", "how many of them", paramOf(type));
    String manager =
        settings.read(
            "JAEGER_SAMPLER_MANAGER_HOST_PORT",
            "localhost:5778",
            "where the remote sampler asks for its strategy",
            HOST);
    return new SamplerConfiguration()
        .withType(type)
        .withParam(new BigDecimal(param))
        .withManagerHostPort(manager);
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
