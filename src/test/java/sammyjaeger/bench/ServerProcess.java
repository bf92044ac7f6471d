package sammyjaeger.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
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

  /** What all get, so that heaps and memory can be compared. */
  private static final List<String> OPTIONS = List.of("-Xmx256m");

  final int port = FreePort.find();

  /** From before the process was made. */
  final Duration toFirstAnswer;

  private final Process process;
  private final String path;
  private volatile String beginning = "";

  /** Starts the process, and waits for its first answer. */
  ServerProcess(Variant variant, String... options) throws Exception {
    path = variant.path();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPTIONS);
    command.addAll(List.of(options));
    command.addAll(variant.program());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(variant.environment());
    builder.environment().put("PORT", String.valueOf(port));
    long start = System.nanoTime();
    process = builder.start();
    Thread output = new Thread(this::read, "output");
    output.start();
    try {
      while (!answers()) {
        if (!process.isAlive()) {
          output.join();
          throw new IOException(command + " ended: " + beginning);
        }
        Thread.sleep(2);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
    toFirstAnswer = Duration.ofNanos(System.nanoTime() - start);
  }

  /** The CPU time that the kernel has counted for it, in all its threads. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  /** The memory that it has of the machine's, in MB. */
  double residentMegabytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Integer.parseInt(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("No VmRSS in /proc");
  }

  /** Stops it as a user would, by a SIGTERM, so that it sends its last spans. */
  void stop() throws InterruptedException {
    process.toHandle().destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("It does not stop: " + beginning);
    }
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
  }

  private boolean answers() throws IOException {
    try (Load.Connection connection = new Load.Connection(port, path)) {
      connection.ask();
      return true;
    } catch (ConnectException e) {
      return false;
    }
  }

  /** Takes what it prints, as a container's runtime would. */
  private void read() {
    try (InputStream output = process.getInputStream()) {
      beginning = new String(output.readNBytes(4096), StandardCharsets.UTF_8);
      output.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
