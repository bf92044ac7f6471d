package sammyjaeger.bench;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A program to compare.
 *
 * @param traced whether each answer makes a span
 * @param program the arguments of {@code java}
 */
record Variant(String name, boolean traced, List<String> program, Map<String, String> environment) {

  static final Path FOLDER = Path.of("target", "bench");
  static final Path SERVERS = FOLDER.resolve("servers.jar");

  private static final String CLASS_PATH = SERVERS + ":target/backend.jar";

  static final Variant CORE = untraced("Jetty's core handler", CoreServer.class);
  static final Variant UNTRACED = untraced("servlet, untraced", UntracedBackend.class);

  static List<Variant> all(SpanReceiver to) throws IOException {
    String udp = "JAEGER_AGENT_PORT";
    String trees = "JAEGER_REPORTER_LOG_SPANS";
    return List.of(
        CORE,
        UNTRACED,
        backend("sampler 0", false, Map.of("JAEGER_SAMPLER_PARAM", "0")),
        backend("UDP", true, Map.of(trees, "false", udp, to.udpPort())),
        byDefault(to),
        backend("HTTP", true, Map.of(trees, "false", "JAEGER_ENDPOINT", to.httpEndpoint())),
        javaagent(to));
  }

  static Variant byDefault(SpanReceiver to) {
    return backend("UDP, trees printed", true, Map.of("JAEGER_AGENT_PORT", to.udpPort()));
  }

  /** What users would choose instead, with its defaults, except that it sends only spans. */
  static Variant javaagent(SpanReceiver to) throws IOException {
    URL agent = Variant.class.getResource("/io/opentelemetry/javaagent/OpenTelemetryAgent.class");
    if (agent == null) {
      throw new IOException("The profile that brings the javaagent is missing: mvn -Pbench verify");
    }
    String jar = ((JarURLConnection) agent.openConnection()).getJarFileURL().getPath();
    List<String> program = List.of("-javaagent:" + jar, "-cp", CLASS_PATH, UNTRACED.program.get(2));
    Map<String, String> environment =
        Map.of(
            "OTEL_EXPORTER_OTLP_ENDPOINT", to.otlpEndpoint(),
            "OTEL_METRICS_EXPORTER", "none",
            "OTEL_LOGS_EXPORTER", "none");
    return new Variant("OpenTelemetry javaagent", true, program, environment);
  }

  private static Variant backend(String name, boolean traced, Map<String, String> environment) {
    return new Variant(name, traced, List.of("-jar", "target/backend.jar"), environment);
  }

  private static Variant untraced(String name, Class<?> main) {
    return new Variant(name, false, List.of("-cp", CLASS_PATH, main.getName()), Map.of());
  }
}
