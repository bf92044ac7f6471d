package sammyjaeger.tracing;

import static sammyjaeger.service.Settings.FLAG;
import static sammyjaeger.service.Settings.TEXT;
import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.require;

import java.util.HashMap;
import java.util.Map;
import sammyjaeger.reporting.ReportingSettings;
import sammyjaeger.service.Settings;
import sammyjaeger.service.Settings.Kind;

/**
 * Which spans there are, and how their context travels. The names are the client's; its own {@code
 * Configuration.fromEnv()} ignores wrong values, and reads 0.5 as the machine's language writes it.
 */
public record TracingSettings(
    String serviceName,
    String samplerType,
    String samplerParam,
    String samplerManager,
    String propagation,
    Map<String, String> tags,
    boolean longIds,
    ReportingSettings reporting) {

  private static final Kind<String> SAMPLER =
      matching(
          "const, probabilistic, ratelimiting or remote",
          "const|probabilistic|ratelimiting|remote");
  private static final Kind<String> MANAGER =
      matching("a host, with or without a port", "[A-Za-z0-9._:%\\[\\]-]{1,200}");
  private static final Kind<String> PROPAGATION =
      matching(
          "some of jaeger, w3c and b3, as in w3c,b3, or none",
          "(?i)none|(jaeger|w3c|b3)(,(jaeger|w3c|b3))*");
  private static final Kind<Map<String, String>> TAGS =
      new Kind<>("pairs, as in team=blue,pod=${POD_NAME:none}", TracingSettings::parseTags);

  public static TracingSettings read(Settings from, String defaultName) {
    String sampler =
        from.read("JAEGER_SAMPLER_TYPE", "const", "which traces are sampled (kept)", SAMPLER);
    return new TracingSettings(
        from.read("JAEGER_SERVICE_NAME", defaultName, "this service's name in Jaeger", TEXT),
        sampler,
        from.read("JAEGER_SAMPLER_PARAM", "1", "how many of them", paramOf(sampler)),
        from.read(
            "JAEGER_SAMPLER_MANAGER_HOST_PORT", "localhost:5778", "for sampler remote", MANAGER),
        from.read("JAEGER_PROPAGATION", "jaeger", "which headers carry a context", PROPAGATION),
        from.read("JAEGER_TAGS", "", "tags of this process", TAGS),
        from.read("JAEGER_TRACEID_128BIT", "true", "give trace ids 128 bits, not 64", FLAG),
        ReportingSettings.read(from));
  }

  private static Kind<String> paramOf(String sampler) {
    return matching(
        "0 or 1 (const), a probability (probabilistic, remote), or traces a second (ratelimiting)",
        switch (sampler) {
          case "const" -> "[01](\\.0)?";
          case "ratelimiting" -> "\\d{1,9}(\\.\\d{1,9})?";
          default -> "[01](\\.0)?|0?\\.\\d{1,9}";
        });
  }

  /** Replaces {@code ${VARIABLE}} and {@code ${VARIABLE:default}} as the client does. */
  private static Map<String, String> parseTags(String value) {
    Map<String, String> tags = new HashMap<>();
    for (String tag : value.isEmpty() ? new String[0] : value.split("\\s*,\\s*", -1)) {
      require(tag.matches("[^=]+=.*"));
      String[] pair = tag.split("\\s*=\\s*", 2);
      if (pair[1].startsWith("${") && pair[1].endsWith("}")) {
        String[] variable = pair[1].substring(2, pair[1].length() - 1).split("\\s*:\\s*", 2);
        String found = Settings.fromEnvironment(variable[0]);
        pair[1] = found != null ? found : variable.length == 2 ? variable[1] : "";
      }
      tags.put(pair[0], pair[1]);
    }
    return tags;
  }
}
