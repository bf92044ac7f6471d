package sammyjaeger.harness;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A packaged jar, run as a user runs it, from a folder that is not the project's. */
public final class JarProcess implements AutoCloseable {

  /** The exit code of a process that a SIGTERM ended: 128 and the signal's number. */
  public static final int SIGTERM = 128 + 15;

  private static final Pattern LISTENING = Pattern.compile("Listening on (\\S+)");
  private static final String END = "(end of output)";

  private final Process process;
  private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
  private final List<String> taken = new ArrayList<>();
  private final Semaphore reading = new Semaphore(1);
  private URI uri;

  public JarProcess(String jar, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-jar");
    command.add(Path.of("target", jar).toAbsolutePath().toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(new File(System.getProperty("java.io.tmpdir"))).redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
    new Thread(this::read, jar).start();
  }

  /** The backend on a free port, with spans going to the agent. */
  public static JarProcess backend(UdpAgent agent, Map<String, String> environment)
      throws IOException {
    return new JarProcess("backend.jar", environment(agent, environment));
  }

  /** The frontend on a free port, with spans going to the agent. */
  public static JarProcess frontend(UdpAgent agent, URI backend, Map<String, String> environment)
      throws IOException {
    Map<String, String> all = environment(agent, environment);
    all.put("COUNTER_ENDPOINT", backend.toString());
    return new JarProcess("frontend.jar", all);
  }

  private static Map<String, String> environment(UdpAgent agent, Map<String, String> own) {
    Map<String, String> environment = new HashMap<>();
    environment.put("SIMULATED_DELAY", "0");
    environment.put("COUNTER_TIMEOUT", VisitCounterServices.PATIENCE);
    environment.put("JAEGER_AGENT_PORT", String.valueOf(agent.port()));
    environment.putAll(own);
    environment.put("PORT", "0");
    return environment;
  }

  /** Waits until it listens, and returns where. */
  public URI uri() throws InterruptedException {
    if (uri == null) {
      Matcher listening = LISTENING.matcher(await("Listening on "));
      listening.find();
      uri = URI.create(listening.group(1));
    }
    return uri;
  }

  /** Waits for a line that contains the text. */
  public String await(String text) throws InterruptedException {
    while (true) {
      String line = output.poll(5, TimeUnit.MINUTES);
      if (line == null || line.equals(END)) {
        throw new AssertionError("It has not said '" + text + "': " + taken);
      }
      taken.add(line);
      if (line.contains(text)) {
        return line;
      }
    }
  }

  /** Whether it has written a line by now that contains the text. */
  public boolean hasSaid(String text) {
    output.drainTo(taken);
    if (taken.contains(END)) {
      throw new AssertionError("It ended without '" + text + "': " + taken);
    }
    return taken.stream().anyMatch(line -> line.contains(text));
  }

  /** Its system properties, as jcmd prints them. */
  public String systemProperties() throws IOException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Process asking =
        new ProcessBuilder(jcmd, String.valueOf(process.pid()), "VM.system_properties").start();
    return new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Lets what it writes pile up in the pipe, as nobody reads it. */
  public void stopReading() throws InterruptedException {
    reading.acquire();
  }

  public void readAgain() {
    reading.release();
  }

  /** Sends a SIGTERM. (Process.destroy would close the output too.) */
  public void terminate() {
    process.toHandle().destroy();
  }

  public int exitCode() throws InterruptedException {
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      throw new AssertionError("It does not end");
    }
    return process.exitValue();
  }

  /** All that it wrote, once it has ended. */
  public List<String> log() throws InterruptedException {
    exitCode();
    for (String line = output.take(); !line.equals(END); line = output.take()) {
      taken.add(line);
    }
    output.add(END);
    return List.copyOf(taken);
  }

  @Override
  public void close() {
    if (!process.isAlive() && process.exitValue() > 1 && process.exitValue() != SIGTERM) {
      System.out.println("It ended with " + process.exitValue() + ": " + taken + output);
    }
    process.destroyForcibly();
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.add(line);
        reading.acquire();
        reading.release();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      output.add(END);
    }
  }
}
