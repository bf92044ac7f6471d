package sammyjaeger;

import io.jaegertracing.Configuration.Propagation;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The variables of jaeger-client-java. Only these defaults are ours: every trace is sampled, ids
 * have 128 bits, spans are logged, and the reporter's queue is long enough for a burst.
 */
final class JaegerSettings {

  static final Setting<String> SERVICE_NAME =
      Setting.text("JAEGER_SERVICE_NAME", "", "this service's name in Jaeger");

  static final Setting<String> AGENT_HOST =
      Setting.text("JAEGER_AGENT_HOST", "localhost", "the host that spans go to, over UDP");
  static final Setting<Integer> AGENT_PORT =
      Setting.wholeNumber("JAEGER_AGENT_PORT", "6831", "its UDP port (Thrift compact)", 1, 65535);
  static final Setting<String> ENDPOINT =
      new Setting<>(
          "JAEGER_ENDPOINT",
          "",
          "where spans go over HTTP instead, such as http://localhost:14268/api/traces",
          Setting.URL_ALLOWED,
          value -> value.isEmpty() ? value : Setting.parseUrl(value).toString());
  static final Setting<String> AUTH_TOKEN =
      Setting.text("JAEGER_AUTH_TOKEN", "", "a bearer token for JAEGER_ENDPOINT");
  static final Setting<String> USER =
      Setting.text("JAEGER_USER", "", "a user for JAEGER_ENDPOINT, with JAEGER_PASSWORD");
  static final Setting<String> PASSWORD =
      Setting.text("JAEGER_PASSWORD", "", "a password for JAEGER_ENDPOINT");

  static final Setting<String> SAMPLER_TYPE =
      Setting.oneOf(
          "JAEGER_SAMPLER_TYPE",
          "const",
          "which traces are sampled",
          List.of("const", "probabilistic", "ratelimiting", "remote"));
  static final Setting<Double> SAMPLER_PARAM =
      new Setting<>(
          "JAEGER_SAMPLER_PARAM",
          "1",
          "all or none (const), a probability (probabilistic, remote) or traces a second"
              + " (ratelimiting)",
          "0 or 1 for const, a number from 0 to 1 for probabilistic and remote, a whole number for"
              + " ratelimiting",
          JaegerSettings::parseSamplerParam);
  static final Setting<String> SAMPLER_MANAGER_HOST_PORT =
      Setting.text(
          "JAEGER_SAMPLER_MANAGER_HOST_PORT",
          "localhost:5778",
          "where the remote sampler asks for its strategy");

  static final Setting<List<Propagation>> PROPAGATION =
      new Setting<>(
          "JAEGER_PROPAGATION",
          "jaeger",
          "the headers that carry a span's context; the first that is found counts",
          "one or more of jaeger, w3c and b3, as in jaeger,w3c,b3",
          JaegerSettings::parsePropagation);
  static final Setting<Boolean> TRACEID_128BIT =
      Setting.flag("JAEGER_TRACEID_128BIT", "true", "give trace ids 128 bits instead of 64");
  static final Setting<Map<String, String>> TAGS =
      new Setting<>(
          "JAEGER_TAGS",
          "",
          "tags of this process",
          "key=value, or more of them as in a=1,b=${VARIABLE:default}",
          JaegerSettings::parseTags);

  static final Setting<Boolean> REPORTER_LOG_SPANS =
      Setting.flag("JAEGER_REPORTER_LOG_SPANS", "true", "log each span");
  static final Setting<Integer> REPORTER_MAX_QUEUE_SIZE =
      Setting.wholeNumber(
          "JAEGER_REPORTER_MAX_QUEUE_SIZE",
          "10000",
          "how many spans may wait to be sent; more are lost",
          1,
          1_000_000);
  static final Setting<Integer> REPORTER_FLUSH_INTERVAL =
      Setting.wholeNumber(
          "JAEGER_REPORTER_FLUSH_INTERVAL",
          "1000",
          "how many milliseconds a span may wait for others to be sent with",
          1,
          600_000);

  private JaegerSettings() {}

  static List<Setting<?>> withServiceName(String serviceName) {
    return List.of(
        SERVICE_NAME.withDefault(serviceName),
        AGENT_HOST,
        AGENT_PORT,
        ENDPOINT,
        AUTH_TOKEN,
        USER,
        PASSWORD,
        SAMPLER_TYPE,
        SAMPLER_PARAM,
        SAMPLER_MANAGER_HOST_PORT,
        PROPAGATION,
        TRACEID_128BIT,
        TAGS,
        REPORTER_LOG_SPANS,
        REPORTER_MAX_QUEUE_SIZE,
        REPORTER_FLUSH_INTERVAL);
  }

  private static double parseSamplerParam(String value) {
    double param = Double.parseDouble(value);
    Setting.require(param >= 0 && param <= Integer.MAX_VALUE);
    return param;
  }

  private static List<Propagation> parsePropagation(String value) {
    return Arrays.stream(value.split(",", -1))
        .map(format -> Propagation.valueOf(format.toUpperCase(Locale.ROOT)))
        .toList();
  }

  private static Map<String, String> parseTags(String value) {
    Map<String, String> tags = new HashMap<>();
    for (String tag : value.isEmpty() ? new String[0] : value.split("\\s*,\\s*", -1)) {
      String[] keyAndValue = tag.split("\\s*=\\s*", 2);
      Setting.require(keyAndValue.length == 2 && !keyAndValue[0].isEmpty());
      tags.put(keyAndValue[0], resolve(keyAndValue[1]));
    }
    return tags;
  }

  /** Replaces {@code ${VARIABLE}} and {@code ${VARIABLE:default}} by the variable's value. */
  private static String resolve(String value) {
    if (!value.startsWith("${") || !value.endsWith("}")) {
      return value;
    }
    String[] nameAndDefault = value.substring(2, value.length() - 1).split("\\s*:\\s*", 2);
    String variable = Settings.fromEnvironment(nameAndDefault[0]);
    if (variable != null) {
      return variable;
    }
    return nameAndDefault.length == 2 ? nameAndDefault[1] : "";
  }
}
