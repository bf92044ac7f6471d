package sammyjaeger.backend;

import java.io.IOException;
import java.net.URI;
import sammyjaeger.service.Settings;

/**
 * The counter of visits. It starts at 1, and no increment is ever lost.
 *
 * <p>Where it is kept elsewhere, each method throws an IOException if there is no answer from
 * there, with a plain sentence; an increment may have been counted even so.
 */
interface VisitCounter {

  /** Where it is kept: the address of a store, or null for this process's memory. */
  Settings.Kind<URI> STORE =
      new Settings.Kind<>(
          "memory, or an address as in redis://:password@host:6379/0, or rediss:// for TLS",
          value ->
              value.equals("memory")
                  ? null
                  : Settings.require(URI.create(value), VisitCounter::isStore));

  long value() throws IOException;

  /** Adds one, and returns the new value: no two calls return the same. */
  long increment() throws IOException;

  default void close() {}

  private static boolean isStore(URI store) {
    return store.getHost() != null
        && store.getPort() != 0
        && store.getPort() <= 65535
        && store.toString().matches("rediss?://(:[^@]+@)?[^@/?#]{1,200}(/\\d{0,4})?");
  }
}
