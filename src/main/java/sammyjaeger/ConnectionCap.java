package sammyjaeger;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds the open connections, so that a flood neither fills the memory nor takes the last file
 * descriptor. Further clients are not turned away: they wait in the system's queue.
 */
final class ConnectionCap extends NetworkConnectionLimit {

  private static final Logger log = LoggerFactory.getLogger(ConnectionCap.class);

  private static final int MOST_CONNECTIONS = 8000;

  /** For jars, logs and the like. */
  private static final int OTHER_FILES = 100;

  private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

  private long loggedNanos = System.nanoTime() - LOG_INTERVAL.toNanos();

  ConnectionCap(Connector connector) {
    super(maxConnections(), connector);
    // Room for a new client is made by closing the connections that only sit there.
    setEndPointIdleTimeout(1000);
  }

  /** A visit takes two file descriptors: for its own connection and for the one to the backend. */
  private static int maxConnections() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? (int) Math.min((system.getMaxFileDescriptorCount() - OTHER_FILES) / 2, MOST_CONNECTIONS)
        : MOST_CONNECTIONS;
  }

  @Override
  protected void limit() {
    super.limit();
    long now = System.nanoTime();
    if (now - loggedNanos >= LOG_INTERVAL.toNanos()) {
      loggedNanos = now;
      log.warn(
          "All {} connections are in use; further clients wait", getMaxNetworkConnectionCount());
    }
  }
}
