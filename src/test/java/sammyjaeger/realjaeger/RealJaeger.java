package sammyjaeger.realjaeger;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.VisitCounterServices;

/** A Jaeger as the manifests configure it, but on free ports that no other machine can reach. */
final class RealJaeger implements AutoCloseable {

  /** Prints what runs Jaeger: a program, or else Docker; nothing if there is neither. */
  private static final String FIND =
      """
      command -v "${JAEGER_PROGRAM:-jaeger}" || if docker info > /dev/null 2>&1; then
        image=$(grep -o 'jaegertracing/jaeger:[^ ]*' docker/compose.yaml)
        echo docker run --rm --network host -e OTEL_TRACES_SAMPLER -e OPENSEARCH_URL $image
      fi
      """;

  private static final Pattern ENDPOINT = Pattern.compile("(?<=endpoint: )[\\w.]+:(\\d+)");

  private static final String NO_METRICS = "service: {telemetry: {metrics: {level: none}}}";

  /** What the manifests leave out, and would be on all addresses or at the usual ports. */
  private static final String LOCAL =
      """
      extensions: {jaeger_query: {grpc: {endpoint: localhost:16685}}}
      receivers: {jaeger: {protocols: {thrift_compact: {endpoint: localhost:6831}}}}
      """;

  private final Map<Integer, Integer> ports = new HashMap<>();
  private Process process;

  static String command() throws Exception {
    return output(new ProcessBuilder("sh", "-c", FIND));
  }

  /** Fails if Jaeger does not take these configurations, laid over each other. */
  static void validate(List<String> configurations) throws Exception {
    output(jaeger("validate", configurations));
  }

  /** Runs a program to its end, and returns what it printed. */
  static String output(ProcessBuilder program) throws Exception {
    Process running = program.start();
    String output = new String(running.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, running.waitFor(), output);
    return output;
  }

  void start() throws Exception {
    start(read("k8s/jaeger/config.yaml"), read("k8s/jaeger/storage.yaml"), LOCAL, NO_METRICS);
  }

  /** Passes on to that one what the services send to this one. */
  void startAsSidecarOf(RealJaeger jaeger) throws Exception {
    ports.put(4317, jaeger.port(4317));
    start(read("k8s/sidecar/config.yaml"), NO_METRICS);
  }

  /** The port that it has in place of the usual one. */
  int port(int usual) {
    return ports.computeIfAbsent(usual, any -> FreePort.find());
  }

  URI uri(int usualPort) {
    return URI.create("http://127.0.0.1:" + port(usualPort));
  }

  /** The trace as it is by now. */
  String trace(String id) throws Exception {
    return TraceTree.draw(get(16686, "/api/traces/" + id));
  }

  /** How many spans it has by now, in traces of the frontend. */
  long spans() throws Exception {
    String traces = get(16686, "/api/traces?limit=100&service=" + VisitCounterServices.FRONTEND);
    return traces.split("\"operationName\":").length - 1;
  }

  @Override
  public void close() throws InterruptedException {
    if (process != null) {
      process.destroy();
      process.waitFor();
    }
  }

  private void start(String... configurations) throws Exception {
    File log = new File("target", "jaeger-" + port(13133) + ".log");
    List<String> moved = Stream.of(configurations).map(this::moved).toList();
    process = jaeger("", moved).redirectOutput(log).start();
    while (!get(13133, "/status").contains("StatusOK")) {
      assertTrue(process.isAlive(), () -> "Jaeger ended; see " + log);
      Thread.sleep(50);
    }
  }

  /** A configuration with each address replaced by a free one of the loopback. */
  private String moved(String configuration) {
    return ENDPOINT
        .matcher(configuration)
        .replaceAll(usual -> "127.0.0.1:" + port(Integer.parseInt(usual.group(1))));
  }

  private String get(int usualPort, String path) throws Exception {
    try {
      return VisitCounterServices.send("GET", uri(usualPort).resolve(path)).body();
    } catch (IOException e) {
      return ""; // It is not there yet.
    }
  }

  private static ProcessBuilder jaeger(String argument, List<String> configurations)
      throws Exception {
    List<String> command = new ArrayList<>(List.of((command() + argument).split("\\s+")));
    configurations.stream().map("--config=yaml:"::concat).forEach(command::add);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("OTEL_TRACES_SAMPLER", "always_off");
    builder.environment().put("OPENSEARCH_URL", "http://localhost:9200");
    return builder;
  }

  private static String read(String file) throws IOException {
    return Files.readString(Path.of(file));
  }
}
