package sammyjaeger.service;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One service as a process: its arguments, its log, its signals and its exit code. */
public final class ServiceProcess {

  static {
    Locale.setDefault(Locale.ROOT); // No text depends on the machine's language.
    setJdkDefaults();
  }

  private static final Logger log = LoggerFactory.getLogger(ServiceProcess.class);

  /** Of both services, because they may share one environment. */
  private static final String OUR_VARIABLES =
      "SIMULATED_(DELAY|ERRORS|LOCK|SEED)|COUNTER_(STORE|ENDPOINT|TIMEOUT)";

  private ServiceProcess() {}

  /**
   * Runs a service until the process gets a SIGTERM or SIGINT.
   *
   * @param about what the service is, and an example
   * @param table reads its settings
   */
  public static <T> void run(
      String[] args, String about, Function<Settings, T> table, Function<T, JettyServer> start) {
    System.setErr(new LogStream(System.err));
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> log.error("The thread {} ended with {}", thread.getName(), e.toString()));
    if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
      System.out.print(about + "\n" + Settings.help(table));
      return;
    }
    // A signal may come before the server is there; the stop waits for it.
    CompletableFuture<Optional<JettyServer>> server = new CompletableFuture<>();
    try {
      if (args.length > 0) {
        throw new Settings.Refusal("There are no arguments except --help and -h");
      }
      T settings = Settings.read(Settings::fromEnvironment, table);
      System.getenv().keySet().stream()
          .filter(name -> name.matches("(SIMULATED|COUNTER)_.*") && !name.matches(OUR_VARIABLES))
          .forEach(name -> log.warn("No setting reads {}; see --help", LogStream.printable(name)));
      Runnable stop = () -> server.join().ifPresent(ServiceProcess::stop);
      Runtime.getRuntime().addShutdownHook(new Thread(stop, "stop"));
      server.complete(Optional.of(start.apply(settings)));
    } catch (Settings.Refusal e) {
      log.error("Not started: {}", e.getMessage());
    } catch (RuntimeException | Error e) {
      log.error("Not started", e);
    }
    if (server.complete(Optional.empty())) {
      System.exit(1);
    }
  }

  /** Stops in another thread, which a log that nobody reads may hold up for good. */
  private static void stop(JettyServer server) {
    CompletableFuture.runAsync(server::stop, task -> new Thread(task).start())
        .completeOnTimeout(null, server.maxStop().toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  /** Sets what the JDK's HTTP client reads once, where it is not set. */
  public static void setJdkDefaults() {
    // In seconds; less than Jetty's 30, or a call would meet a closed connection. Java 17 has 1200.
    System.getProperties().putIfAbsent("jdk.httpclient.keepalive.timeout", "20");
    // In bytes of an answer's headers; each call could keep 384 KiB of them.
    System.getProperties().putIfAbsent("jdk.http.maxHeaderSize", "8192");
  }
}
