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

  /** The packaged backend, and each POST to it takes so long. */
  static Variant slowBackend(SpanReceiver receiver, String delay) {
    Map<String, String> environment =
        Map.of("SIMULATED_DELAY", delay, "JAEGER_AGENT_PORT", receiver.udpPort());
    return new Variant("backend", BACKEND, environment, true);
  }

  /** The packaged frontend of a backend at that port. */
  static Variant frontend(SpanReceiver receiver, int backend) {
    Map<String, String> environment =
        Map.of(
            "COUNTER_ENDPOINT",
            "http://localhost:" + backend,
            "COUNTER_TIMEOUT",
            "60s",
            "JAEGER_AGENT_PORT",
            receiver.udpPort());
    return new Variant("frontend", List.of("-jar", "target/frontend.jar"), environment, true);
  }

  /** What it is asked for, to see that it answers. */
  String path() {
    return name.equals("frontend") ? "/livez" : "/api/counter";
  }

  private static Variant untraced(String name, Class<?> main) {
    return new Variant(name, List.of("-cp", CLASS_PATH, main.getName()), Map.of(), false);
  }
}
