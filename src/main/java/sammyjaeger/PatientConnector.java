package sammyjaeger;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SelectorManager;
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
final class PatientConnector extends ServerConnector implements SelectorManager.AcceptListener {

  private static final Logger log = LoggerFactory.getLogger(PatientConnector.class);

  /**
   * How much heap there must be for each connection. With half as much, a container of 256 MiB was
   * still standing after four floods of 5,000 visits (heap 128 MiB, Java 25, 2026-11-22).
   */
  private static final long BYTES_PER_CONNECTION = 256 << 10;

  /** For jars, selectors and the like. */
  private static final int OTHER_FILES = 200;

  /** How many clients may wait in the system's queue; as many as Linux lets. */
  private static final int QUEUE = 4096;

  /** How long clients who keep others out may take to begin their first request. */
  private static final long FIRST_REQUEST_MILLIS = 10_000;

  private static final Duration PAUSE = Duration.ofMillis(10);

  private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

  private final int maxConnections = maxConnections();
  private final AtomicInteger connections = new AtomicInteger();
  private ServerSocketChannel port;
  private Selector acceptable;
  private long loggedNanos = System.nanoTime() - LOG_INTERVAL.toNanos();

  PatientConnector(Server server, ConnectionFactory protocol) {
    super(server, 1, -1, protocol);
    setAcceptQueueSize(QUEUE);
    getSelectorManager().addEventListener(this);
  }

  private static int maxConnections() {
    long connections = Runtime.getRuntime().maxMemory() / BYTES_PER_CONNECTION;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      // A visit takes two: for its own connection and for the one to the backend.
      connections = Math.min(connections, (system.getMaxFileDescriptorCount() - OTHER_FILES) / 2);
    }
    return (int) Math.max(1, Math.min(connections, Integer.MAX_VALUE));
  }

  @Override
  public void open() throws IOException {
    if (isOpen()) {
      return;
    }
    super.open();
    port = (ServerSocketChannel) getTransport();
    port.configureBlocking(false);
    acceptable = Selector.open();
    port.register(acceptable, SelectionKey.OP_ACCEPT);
  }

  @Override
  public void accept(int acceptor) throws IOException {
    if (isFull()) {
      makeRoom();
      return;
    }
    try {
      acceptable.select(ready -> {});
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
      acceptable.close();
      while (acceptOne()) {}
      // At once: who connects between the last look into the queue and this is still reset.
      port.close();
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
    connections.incrementAndGet();
    getSelectorManager().accept(client);
    return true;
  }

  /** Whether clients have to wait, so that a connection should be closed after its answer. */
  boolean isFull() {
    return connections.get() >= maxConnections;
  }

  @Override
  public void onClosed(SelectableChannel connection) {
    connections.decrementAndGet();
  }

  @Override
  public void onAcceptFailed(SelectableChannel connection, Throwable cause) {
    connections.decrementAndGet();
  }

  private void makeRoom() {
    long now = System.nanoTime();
    if (now - loggedNanos >= LOG_INTERVAL.toNanos()) {
      loggedNanos = now;
      log.warn("All {} connections are in use; further clients wait", maxConnections);
    }
    for (EndPoint connection : getConnectedEndPoints()) {
      // One that has carried a request may be in its client's pool, and about to carry another.
      if (connection.getConnection().getMessagesIn() == 0) {
        connection.setIdleTimeout(FIRST_REQUEST_MILLIS);
      }
    }
    LockSupport.parkNanos(PAUSE.toNanos());
  }
}
