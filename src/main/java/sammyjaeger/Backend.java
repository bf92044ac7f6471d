package sammyjaeger;

import io.opentracing.Tracer;
import java.util.List;
import java.util.Map;

/** The backend: holds the counter, and is slow to increment it. */
public final class Backend {

  static final String SERVICE_NAME = "do-visit-counter-backend";

  static final Setting<SimulatedDelay> SIMULATED_DELAY =
      new Setting<>(
          "SIMULATED_DELAY",
          "1s..10s",
          "how long a POST waits before it counts",
          "a duration such as 250ms, 2s or 0, or a range of them such as 1s..10s",
          SimulatedDelay::parse);

  static final List<Setting<?>> SETTINGS = Service.settings("5000", SERVICE_NAME, SIMULATED_DELAY);

  /** Far more than the frontend takes: the baggage that it passes on grows when it is encoded. */
  private static final int MAX_HEADER_BYTES = 64 << 10;

  private Backend() {}

  public static void main(String[] args) {
    Service.main(args, SETTINGS, Backend::newServer);
  }

  static TracedServer newServer(Settings settings, Tracer tracer) {
    CounterServlet counter =
        new CounterServlet(new VisitCounter(), settings.get(SIMULATED_DELAY), tracer);
    return new TracedServer(
        settings, tracer, MAX_HEADER_BYTES, Map.of(CounterServlet.PATH, counter));
  }
}
