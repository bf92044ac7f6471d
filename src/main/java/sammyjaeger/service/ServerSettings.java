package sammyjaeger.service;

import static sammyjaeger.service.Settings.DURATION;
import static sammyjaeger.service.Settings.HOST_NAME;
import static sammyjaeger.service.Settings.wholeNumber;

import java.time.Duration;

/** Where a service listens, and how long it may take to stop. */
public record ServerSettings(String host, int port, Duration stopTimeout) {

  public static ServerSettings read(Settings from, String defaultPort) {
    return new ServerSettings(
        from.read("HOST", "127.0.0.1", "the address to listen on; 0.0.0.0 is all", HOST_NAME),
        from.read("PORT", defaultPort, "the port there; 0 is any free one", wholeNumber(0, 65535)),
        from.read("STOP_TIMEOUT", "20s", "how long a stop waits for requests to end", DURATION));
  }
}
