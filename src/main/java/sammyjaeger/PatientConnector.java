package sammyjaeger;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns nobody away who has connected. In a flood, Jetty would accept until memory or file
 * descriptors run out; here, further clients wait in the system's queue. In a stop, Jetty would
 * close the port and so reset those in the queue; here, they are accepted first.
 */
final class PatientConnector extends ServerConnector {

  private static final Logger log = LoggerFactory.getLogger(PatientConnector.class);

  private static final int MOST_CONNECTIONS = 8000;

  /** For jars, logs and the like. */
  private static final int OTHER_FILES = 100;

  /** How many clients may wait in the system's queue. */
  private static final int QUEUE = 1024;

  /** In a flood, how long a connection may be idle before it makes room for another. */
  private static final long FLOOD_IDLE_MILLIS = 1000;

  private static final Duration FLOOD_PAUSE = Duration.ofMillis(10);

  private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

  private final int maxConnections = maxConnections();
  private ServerSocketChannel port;
  private Selector queue;
  private long loggedNanos = System.nanoTime() - LOG_INTERVAL.toNanos();

  PatientConnector(Server server, ConnectionFactory protocol) {
    super(server, 1, -1, protocol);
    setAcceptQueueSize(QUEUE);
  }

  /** A visit takes two file descriptors: for its own connection and for the one to the backend. */
  private static int maxConnections() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? (int) Math.min((system.getMaxFileDescriptorCount() - OTHER_FILES) / 2, MOST_CONNECTIONS)
        : MOST_CONNECTIONS;
  }

  @Override
  public void open() throws IOException {
    if (isOpen()) {
      return;
    }
    super.open();
    port = (ServerSocketChannel) getTransport();
    port.configureBlocking(false);
    queue = Selector.open();
    port.register(queue, SelectionKey.OP_ACCEPT);
  }

  @Override
  public void accept(int acceptor) throws IOException {
    if (getConnectedEndPoints().size() >= maxConnections) {
      makeRoom();
      return;
    }
    try {
      queue.select(ready -> {});
      acceptOne();
    } catch (ClosedSelectorException e) {
      // The port is being closed, by a thread that empties the queue itself.
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() {
    if (!isOpen()) {
      return;
    }
    try {
      queue.close();
      // The last thing before the port closes: who connects between the two is still reset.
      while (acceptOne()) {
        continue;
      }
    } catch (IOException e) {
      log.warn("Clients who waited to be accepted were turned away: {}", e.getMessage());
    }
    super.close();
  }

  /** In a stop, Jetty shortens the idle timeout of the connections there are, but not of these. */
  @Override
  protected void onEndPointOpened(EndPoint connection) {
    super.onEndPointOpened(connection);
    if (isShutdown()) {
      connection.setIdleTimeout(getShutdownIdleTimeout());
    }
  }

  private boolean acceptOne() throws IOException {
    SocketChannel client = port.accept();
    if (client == null) {
      return false;
    }
    client.configureBlocking(false);
    configure(client.socket());
    getSelectorManager().accept(client);
    return true;
  }

  private void makeRoom() {
    long now = System.nanoTime();
    if (now - loggedNanos >= LOG_INTERVAL.toNanos()) {
      loggedNanos = now;
      log.warn("All {} connections are in use; further clients wait", maxConnections);
    }
    for (EndPoint connection : getConnectedEndPoints()) {
      if (connection.getIdleTimeout() > FLOOD_IDLE_MILLIS) {
        connection.setIdleTimeout(FLOOD_IDLE_MILLIS);
      }
    }
    LockSupport.parkNanos(FLOOD_PAUSE.toNanos());
  }
}
