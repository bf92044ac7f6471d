package sammyjaeger.bench;

import java.util.List;
import java.util.Map;

/**
 * A program to compare.
 *
 * @param program what follows {@code java} and the options that all have
 * @param environment its settings
 * @param traced whether each answer makes a span
 */
record Variant(String name, List<String> program, Map<String, String> environment, boolean traced) {

  private static final String CLASS_PATH =
      "target/bench/sammy-jaeger-2-servers.jar:target/backend.jar";
  private static final List<String> BACKEND = List.of("-jar", "target/backend.jar");

  static final Variant CORE = untraced("Jetty's core handler", CoreServer.class);
  static final Variant UNTRACED = untraced("servlet, untraced", UntracedBackend.class);

  static List<Variant> all(SpanReceiver receiver) {
    String udp = "JAEGER_AGENT_PORT";
    String tree = "JAEGER_REPORTER_LOG_SPANS";
    return List.of(
        CORE,
        UNTRACED,
        new Variant("sampler 0", BACKEND, Map.of("JAEGER_SAMPLER_PARAM", "0"), false),
        new Variant("UDP", BACKEND, Map.of(tree, "false", udp, receiver.udpPort()), true),
        byDefault(receiver),
        new Variant(
            "HTTP",
            BACKEND,
            Map.of(tree, "false", "JAEGER_ENDPOINT", receiver.httpEndpoint()),
            true),
        javaagent(receiver));
  }

  /** The packaged backend as it comes. */
  static Variant byDefault(SpanReceiver receiver) {
    return new Variant(
        "UDP, tree printed", BACKEND, Map.of("JAEGER_AGENT_PORT", receiver.udpPort()), true);
  }

  /**
   * What users would pick instead; it is only told where to send spans, and to send nothing else.
   */
  static Variant javaagent(SpanReceiver receiver) {
    return new Variant(
        "OpenTelemetry javaagent",
        List.of(
            "-javaagent:target/bench/opentelemetry-javaagent.jar",
            "-cp",
            CLASS_PATH,
            UntracedBackend.class.getName()),
        Map.of(
            "OTEL_EXPORTER_OTLP_ENDPOINT", receiver.otlpEndpoint(),
            "OTEL_METRICS_EXPORTER", "none",
            "OTEL_LOGS_EXPORTER", "none"),
        true);
  }

  private static Variant untraced(String name, Class<?> main) {
    return new Variant(name, List.of("-cp", CLASS_PATH, main.getName()), Map.of(), false);
  }
}
