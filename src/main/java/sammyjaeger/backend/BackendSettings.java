package sammyjaeger.backend;

import static sammyjaeger.service.Settings.FLAG;
import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.parseAddress;
import static sammyjaeger.service.Settings.parseDuration;
import static sammyjaeger.service.Settings.require;

import java.net.URI;
import sammyjaeger.service.ServerSettings;
import sammyjaeger.service.Settings;
import sammyjaeger.service.Settings.Kind;
import sammyjaeger.tracing.TracingSettings;

/**
 * All settings of the backend.
 *
 * @param store the address of the counter's store, or null for this process's memory
 * @param errors the share of POSTs that fail, in percent
 * @param seed the seed of all draws, or empty
 */
public record BackendSettings(
    ServerSettings server,
    Delay delay,
    URI store,
    double errors,
    boolean lock,
    String seed,
    TracingSettings tracing) {

  public record Delay(long minMillis, long maxMillis) {}

  private static final String STORE_PATTERN =
      "rediss?://([^:@/]*:[^@]+@)?[^@/?#]{1,200}(/\\d{0,4})?";
  private static final Kind<Delay> DELAY =
      new Kind<>(
          "a duration such as 250ms, 2s or 0, or a range of them such as 1s..10s",
          BackendSettings::parseDelay);
  private static final Kind<URI> STORE =
      new Kind<>(
          "memory, or an address as in redis://[[user]:password@]host:6379/0, or rediss:// for TLS",
          true,
          text -> text.equals("memory") ? null : parseAddress(text, STORE_PATTERN));
  private static final Kind<String> SHARE =
      matching("a percentage from 0% to 100%", "(100|\\d{1,2}(\\.\\d{1,6})?)%");
  private static final Kind<String> SEED = matching("a whole number", "(-?\\d{1,18})?");

  public static BackendSettings read(Settings from) {
    return new BackendSettings(
        ServerSettings.read(from, "5000"),
        from.read("SIMULATED_DELAY", "1s..10s", "how long a POST waits before it counts", DELAY),
        from.read("COUNTER_STORE", "memory", "where the counter is kept", STORE),
        percent(from.read("SIMULATED_ERRORS", "0%", "how many POSTs fail, uncounted", SHARE)),
        from.read("SIMULATED_LOCK", "false", "let POSTs wait in a lock, one at a time", FLAG),
        from.read("SIMULATED_SEED", "", "if set, every run draws the same", SEED),
        TracingSettings.read(from, "do-visit-counter-backend"));
  }

  private static double percent(String share) {
    return Double.parseDouble(share.replace("%", ""));
  }

  private static Delay parseDelay(String text) {
    String[] ends = text.split("\\.\\.", 2);
    long min = parseDuration(ends[0]).toMillis();
    long max = parseDuration(ends[ends.length - 1]).toMillis();
    require(min <= max);
    return new Delay(min, max);
  }
}
