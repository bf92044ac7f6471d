package sammyjaeger;

import io.opentracing.Tracer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The frontend: greets a visitor with the number that the backend's counter gives. */
public final class Frontend {

  static final String SERVICE_NAME = "do-visit-counter-frontend";

  static final Setting<URI> COUNTER_ENDPOINT =
      Setting.url("COUNTER_ENDPOINT", "http://localhost:5000", "where the backend is");

  static final Setting<Duration> COUNTER_TIMEOUT =
      Setting.duration(
          "COUNTER_TIMEOUT",
          "15s",
          "how long to wait for each answer of the backend",
          Duration.ofMillis(1));

  static final List<Setting<?>> SETTINGS =
      Service.settings("8000", SERVICE_NAME, COUNTER_ENDPOINT, COUNTER_TIMEOUT);

  private static final int MAX_HEADER_BYTES = 8 << 10;

  private Frontend() {}

  public static void main(String[] args) {
    Service.main(args, SETTINGS, Frontend::newServer);
  }

  static TracedServer newServer(Settings settings, Tracer tracer) {
    CounterClient counter =
        new CounterClient(settings.get(COUNTER_ENDPOINT), settings.get(COUNTER_TIMEOUT), tracer);
    return new TracedServer(
        settings, tracer, MAX_HEADER_BYTES, Map.of("/", new VisitServlet(counter, tracer)));
  }
}
