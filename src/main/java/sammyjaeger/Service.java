package sammyjaeger;

import io.opentracing.Tracer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One service as a process: its arguments, its start, its signals and its exit code. */
final class Service {

  private static final Logger log = LoggerFactory.getLogger(Service.class);

  private Service() {}

  /** Joins the settings that both services have with a service's own. */
  static List<Setting<?>> settings(String port, String serviceName, Setting<?>... own) {
    List<Setting<?>> settings = new ArrayList<>(TracedServer.settings(port));
    settings.addAll(List.of(own));
    settings.addAll(JaegerSettings.withServiceName(serviceName));
    return List.copyOf(settings);
  }

  /** Starts a service, which then runs until the process gets a SIGTERM or SIGINT. */
  static void main(
      String[] args, List<Setting<?>> table, BiFunction<Settings, Tracer, TracedServer> newServer) {
    if (List.of(args).contains("--help")) {
      System.out.print("All settings are environment variables:\n\n" + Settings.help(table));
      return;
    }
    try {
      if (args.length > 0) {
        throw new StartupException(
            "There are no arguments but --help, and so no '" + args[0] + "'");
      }
      Settings settings = Settings.read(table, Settings::fromEnvironment);
      Tracing tracing = new Tracing(settings);
      TracedServer server = newServer.apply(settings, tracing.tracer());
      server.start();
      log.info("Spans go to {}", tracing);
      stopOnSignal(server, tracing);
    } catch (StartupException e) {
      log.error("Not started: {}", e.getMessage());
      System.exit(1);
    }
  }

  private static void stopOnSignal(TracedServer server, Tracing tracing) {
    Thread stop =
        new Thread(
            () -> {
              boolean finished = server.stop();
              // After the last request, so that its spans are sent too.
              tracing.close();
              // The JVM would otherwise report the signal, as 143, and not how the stop went.
              Runtime.getRuntime().halt(finished ? 0 : 1);
            },
            "stop");
    Runtime.getRuntime().addShutdownHook(stop);
  }
}
