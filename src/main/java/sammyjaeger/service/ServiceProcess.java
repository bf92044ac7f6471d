package sammyjaeger.service;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One service as a process: its arguments, its log, its signals and its exit code. */
public final class ServiceProcess {

  static {
    // Before anything is formatted: no text depends on the machine's language.
    Locale.setDefault(Locale.ROOT);
    // In bytes, of the headers of an answer, as ours; each call would keep up to 384 KiB of them.
    System.getProperties().putIfAbsent("jdk.http.maxHeaderSize", "8192");
  }

  private static final Logger log = LoggerFactory.getLogger(ServiceProcess.class);

  private ServiceProcess() {}

  /** Runs a service until the process gets a SIGTERM or SIGINT. */
  public static void run(String[] args, Function<Settings, HttpServer> start) {
    LogStream logStream = new LogStream();
    System.setErr(logStream);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> log.error("The thread {} ended with {}", thread.getName(), e.toString()));
    boolean help = List.of(args).contains("--help");
    Settings settings = new Settings(help ? name -> null : Settings::fromEnvironment);
    if (args.length > 0) {
      // Ends the start at the check of the settings, when all of them are known; also for --help.
      settings.refuse("There are no arguments but --help");
    }
    // Before the start, as a signal may come at any time; the stop then waits for what was started.
    CompletableFuture<HttpServer> started = new CompletableFuture<>();
    Runnable stop =
        () -> {
          Optional.ofNullable(started.join()).ifPresent(HttpServer::stop);
          logStream.drain();
        };
    Runtime.getRuntime().addShutdownHook(new Thread(stop, "stop"));
    try {
      started.complete(start.apply(settings));
    } catch (Settings.Refusal e) {
      started.complete(null);
      if (help) {
        System.out.print(settings.help());
        System.exit(0);
      }
      log.error("Not started: {}", e.getMessage());
      System.exit(1);
    } catch (RuntimeException | Error e) {
      started.complete(null);
      log.error("Not started", e);
      System.exit(1);
    }
  }
}
