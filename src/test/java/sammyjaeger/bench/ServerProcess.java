package sammyjaeger.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import sammyjaeger.harness.FreePort;

/** A variant that runs, as a process of its own. */
final class ServerProcess implements AutoCloseable {

  final int port = FreePort.find();

  /** Counted from before the process was started. */
  final Duration toFirstAnswer;

  private final Process process;
  private volatile String lastLine;

  /** Starts the process, and waits for its first answer. */
  ServerProcess(Variant variant, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.addAll(List.of(options));
    command.addAll(variant.program());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(variant.environment());
    builder.environment().put("PORT", String.valueOf(port));
    long start = System.nanoTime();
    process = builder.start();
    // Reads what it prints, as a container runtime would.
    new Thread(() -> process.inputReader().lines().forEach(line -> lastLine = line)).start();
    while (!answers()) {
      if (!process.isAlive()) {
        throw new IOException(command + " ended: " + lastLine);
      }
      Thread.sleep(2);
    }
    toFirstAnswer = Duration.ofNanos(System.nanoTime() - start);
  }

  /** The CPU time that the kernel counted for all threads of the process. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  double residentMegabytes() throws IOException {
    String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
    return Integer.parseInt(status.replaceAll("(?s).*VmRSS:\\s+(\\d+) kB.*", "$1")) / 1024.0;
  }

  /** What {@code /metrics} says; 0 from a program that has none. */
  long spansReportedLost() throws IOException {
    URI metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
    try (InputStream in = metrics.toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.matches("tracing_spans_total\\{result=\"(dropped|failed)\"} .*"))
          .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' '))))
          .sum();
    }
  }

  /** Stops it with a SIGTERM, as a user would, so that it sends its last spans. */
  void stop() throws InterruptedException {
    process.toHandle().destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("It does not stop: " + lastLine);
    }
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
  }

  private boolean answers() throws IOException {
    try (Socket connection = Load.connect(port)) {
      return !Load.ask(connection).isEmpty();
    } catch (ConnectException e) {
      return false;
    }
  }
}
