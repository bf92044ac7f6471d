package sammyjaeger.harness;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A packaged jar, run as a user runs it, from a folder that is not the project's. */
public final class JarProcess implements AutoCloseable {

  /** The exit code of a process that a SIGTERM ended: 128 and the signal's number. */
  public static final int SIGTERM = 128 + 15;

  /** The variable FILES says how many files it may open. */
  private static final String SCRIPT = "[ -z \"$FILES\" ] || ulimit -n $FILES; exec \"$0\" \"$@\"";

  private final Process process;
  private final Thread reader = new Thread(this::read, "reader");
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private int awaited;
  private volatile boolean reading = true;
  private URI uri;

  public JarProcess(String jar, Map<String, String> environment, String... arguments)
      throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = Path.of("target", jar).toAbsolutePath().toString();
    List<String> command = new ArrayList<>(List.of("sh", "-c", SCRIPT, java, "-jar", path));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(new File(System.getProperty("java.io.tmpdir"))).redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
    reader.start();
  }

  /** The backend on a free port, with spans going to the agent. */
  public static JarProcess backend(UdpAgent agent, Map<String, String> environment)
      throws IOException {
    return new JarProcess("backend.jar", VisitCounterServices.environment(agent, environment));
  }

  /** The frontend on a free port, with spans going to the agent. */
  public static JarProcess frontend(UdpAgent agent, URI backend, Map<String, String> environment)
      throws IOException {
    Map<String, String> all = VisitCounterServices.environment(agent, environment);
    all.put("COUNTER_ENDPOINT", backend.toString());
    return new JarProcess("frontend.jar", all);
  }

  /** Waits until it listens, and returns where. */
  public URI uri() throws InterruptedException {
    if (uri == null) {
      uri = URI.create(await("Listening on ").replaceFirst(".*Listening on (\\S+).*", "$1"));
    }
    return uri;
  }

  /** Waits for the next line that contains the text. */
  public String await(String text) throws InterruptedException {
    while (true) {
      boolean ended = !reader.isAlive();
      while (awaited < lines.size()) {
        String line = lines.get(awaited++);
        if (line.contains(text)) {
          return line;
        }
      }
      if (ended) {
        throw new AssertionError("It ended without '" + text + "': " + lines);
      }
      Thread.sleep(10);
    }
  }

  /** Whether it has written a line by now that contains the text. */
  public boolean hasSaid(String text) {
    return List.copyOf(lines).stream().anyMatch(line -> line.contains(text));
  }

  /** Lets what it writes pile up in the pipe. */
  public void stopReading() {
    reading = false;
  }

  /** Sends a SIGTERM. (Process.destroy would close the output too.) */
  public void terminate() {
    process.toHandle().destroy();
  }

  public int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  /** All that it wrote, once it has ended. */
  public List<String> log() throws InterruptedException {
    reader.join();
    return List.copyOf(lines);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private void read() {
    process
        .inputReader(StandardCharsets.UTF_8)
        .lines()
        .takeWhile(line -> reading)
        .forEach(lines::add);
  }
}
