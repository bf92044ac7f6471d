package sammyjaeger.realjaeger;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.VisitCounterServices;

/** A Jaeger as the manifests configure it, but on free ports that no other machine can reach. */
final class RealJaeger implements AutoCloseable {

  /** What runs Jaeger, before its arguments: a program, or else a container; empty for neither. */
  static final List<String> COMMAND = command();

  private static final Pattern ENDPOINT = Pattern.compile("(?<=endpoint: )[\\w.]+:(\\d+)");

  /** What the manifests leave out, and would be on all addresses or at the usual ports. */
  private static final String LOCAL =
      """
      extensions: {jaeger_query: {grpc: {endpoint: localhost:16685}}}
      receivers: {jaeger: {protocols: {thrift_compact: {endpoint: localhost:6831}}}}
      service: {telemetry: {metrics: {level: none}}}
      """;

  private final Map<Integer, Integer> ports = new HashMap<>();
  private Process process;

  void start() throws Exception {
    start(read("k8s/jaeger/config.yaml"), read("k8s/jaeger/storage.yaml"), LOCAL);
  }

  /** Passes on to that one what the services send to this one. */
  void startAsSidecarOf(RealJaeger jaeger) throws Exception {
    ports.put(4317, jaeger.port(4317));
    start(read("k8s/sidecar/config.yaml"), "service: {telemetry: {metrics: {level: none}}}");
  }

  /** The port that it has in place of the usual one. */
  int port(int usual) {
    return ports.computeIfAbsent(usual, any -> FreePort.find());
  }

  /** The trace as it is by now. */
  TraceTree trace(String id) throws Exception {
    return TraceTree.parse(get(16686, "/api/v3/traces/" + id));
  }

  @Override
  public void close() throws InterruptedException {
    if (process != null) {
      process.destroy();
      if (!process.waitFor(1, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }
    }
  }

  /**
   * What Jaeger says against configurations that are laid over each other; nothing if it is fine.
   */
  static String complaint(String... configurations) throws IOException, InterruptedException {
    Process validate = jaeger(List.of("validate"), Stream.of(configurations)).start();
    String output = new String(validate.getInputStream().readAllBytes(), UTF_8);
    return validate.waitFor() == 0 ? "" : output;
  }

  private static ProcessBuilder jaeger(List<String> arguments, Stream<String> configurations) {
    List<String> command = new ArrayList<>(COMMAND);
    command.addAll(arguments);
    configurations.map("--config=yaml:"::concat).forEach(command::add);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("OTEL_TRACES_SAMPLER", "always_off");
    builder.environment().put("OPENSEARCH_URL", "http://localhost:9200");
    return builder;
  }

  private static String read(String file) throws IOException {
    return Files.readString(Path.of(file));
  }

  private static List<String> command() {
    String named = System.getenv("JAEGER_PROGRAM");
    if (named != null) {
      return List.of(named);
    }
    for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
      if (new File(folder, "jaeger").canExecute()) {
        return List.of(folder + "/jaeger");
      }
    }
    try {
      Process info = new ProcessBuilder("docker", "info").start();
      info.getInputStream().readAllBytes();
      if (info.waitFor() == 0) {
        String image = read("docker/compose.yaml").replaceAll("(?s).*(jaegertracing/\\S+).*", "$1");
        String run = "docker run --rm --network host -e OTEL_TRACES_SAMPLER -e OPENSEARCH_URL ";
        return List.of((run + image).split(" "));
      }
    } catch (IOException | InterruptedException e) {
      return List.of(); // There is no program docker.
    }
    return List.of();
  }

  private void start(String... configurations) throws Exception {
    File log = new File("target", "jaeger-" + port(13133) + ".log");
    process =
        jaeger(List.of(), Stream.of(configurations).map(this::moved)).redirectOutput(log).start();
    while (!get(13133, "/status").contains("StatusOK")) {
      if (!process.isAlive()) {
        throw new AssertionError("Jaeger ended: " + Files.readString(log.toPath()));
      }
      Thread.sleep(50);
    }
  }

  /** A configuration with each port replaced by a free one of the loopback. */
  private String moved(String configuration) {
    return ENDPOINT
        .matcher(configuration)
        .replaceAll(endpoint -> "127.0.0.1:" + port(Integer.parseInt(endpoint.group(1))));
  }

  private String get(int usualPort, String path) throws Exception {
    try {
      URI uri = URI.create("http://127.0.0.1:" + port(usualPort) + path);
      return VisitCounterServices.send("GET", uri).body();
    } catch (IOException e) {
      return ""; // It is not there yet.
    }
  }
}
