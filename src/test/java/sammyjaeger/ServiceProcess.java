package sammyjaeger;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A packaged jar, run as a user runs it, from a folder that is not the project's. */
final class ServiceProcess implements AutoCloseable {

  private static final Pattern LISTENING = Pattern.compile("Listening on (\\S+)");
  private static final String END = "(end of output)";

  private final Process process;
  private final BlockingQueue<String> output = new LinkedBlockingQueue<>();

  ServiceProcess(String jar, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command =
        Stream.concat(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-jar",
                    Path.of("target", jar).toAbsolutePath().toString()),
                Stream.of(arguments))
            .toList();
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(new File(System.getProperty("java.io.tmpdir"))).redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
    new Thread(this::read, jar).start();
  }

  /** Waits until it listens, and returns where. */
  URI uri() throws InterruptedException {
    while (true) {
      String line = output.take();
      Matcher matcher = LISTENING.matcher(line);
      if (matcher.find()) {
        return URI.create(matcher.group(1));
      }
      if (line.equals(END)) {
        throw new AssertionError("It ended before it listened");
      }
    }
  }

  /** Sends a SIGTERM. (Process.destroy would close the output too.) */
  void terminate() {
    process.toHandle().destroy();
  }

  int exitCode() throws InterruptedException {
    if (!process.waitFor(50, TimeUnit.SECONDS)) {
      throw new AssertionError("It does not end");
    }
    return process.exitValue();
  }

  /** The lines that it wrote since it listened, once it has ended. */
  List<String> log() throws InterruptedException {
    exitCode();
    List<String> lines = new ArrayList<>();
    for (String line = output.take(); !line.equals(END); line = output.take()) {
      lines.add(line);
    }
    return lines;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      lines.lines().forEach(output::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      output.add(END);
    }
  }
}
