package sammyjaeger.frontend;

import static sammyjaeger.service.Settings.TIMEOUT;
import static sammyjaeger.service.Settings.URL;

import java.net.URI;
import java.time.Duration;
import sammyjaeger.service.ServerSettings;
import sammyjaeger.service.Settings;
import sammyjaeger.tracing.TracingSettings;

/** All settings of the frontend. */
public record FrontendSettings(
    ServerSettings server,
    URI counterEndpoint,
    Duration counterTimeout,
    URI jaegerUi,
    TracingSettings tracing) {

  public static FrontendSettings read(Settings from) {
    return new FrontendSettings(
        ServerSettings.read(from, "8000"),
        from.read("COUNTER_ENDPOINT", "http://localhost:5000", "where the backend is", URL),
        from.read("COUNTER_TIMEOUT", "15s", "how long the backend may take to answer", TIMEOUT),
        from.read("JAEGER_UI_URL", "http://localhost:16686", "Jaeger, for a browser", URL),
        TracingSettings.read(from, "do-visit-counter-frontend"));
  }
}
