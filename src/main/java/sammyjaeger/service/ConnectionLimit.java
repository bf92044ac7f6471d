package sammyjaeger.service;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets clients wait in the accept queue while there are too many connections, closes those that
 * send without an end or read nothing, and turns no waiting one away when the port is closed. Its
 * connector needs one acceptor thread: with none, Jetty 12.1.14 closes the port for good, and with
 * two it accepts, and closes, one too many.
 */
final class ConnectionLimit extends NetworkConnectionLimit {

  private static final Logger log = LoggerFactory.getLogger(ConnectionLimit.class);

  /** Who sends a request for this long without an end is closed, however busily it sends. */
  private static final long MAX_REQUEST_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** In a stop, for who has just connected: a busy machine takes a while to read their requests. */
  private static final long FIRST_REQUEST_MILLIS = 5000;

  /** In a stop, for who has been answered before, and keeps the connection. */
  private static final long NEXT_REQUEST_MILLIS = 1000;

  /** What a connection had come to; of one that sends a request, before it began to. */
  private record Progress(long answers, long bytes, boolean writePending, long nanos) {}

  private final ServerConnector connector;
  private final OnceAMinute logReached = new OnceAMinute();

  /** Weak, as a connection that has been closed may hold much. */
  private final Map<EndPoint, Progress> progress = new WeakHashMap<>();

  private volatile boolean closing;

  ConnectionLimit(int maxConnections, ServerConnector connector) {
    super(maxConnections, connector);
    this.connector = connector;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    closeSlow();
  }

  /** Closes the port, and is done when no connection is open; see also isUnused(). */
  Future<Void> shutdown() {
    closing = true;
    connector.setIdleTimeout(FIRST_REQUEST_MILLIS);
    connector.setShutdownIdleTimeout(FIRST_REQUEST_MILLIS);
    closePort();
    Future<Void> connectionsClosed = connector.shutdown();
    for (EndPoint client : connector.getConnectedEndPoints()) {
      if (client.getConnection().getMessagesIn() > 0) {
        client.setIdleTimeout(NEXT_REQUEST_MILLIS);
      }
    }
    return connectionsClosed;
  }

  /** Accepts who waits in the accept queue, whom Jetty would leave to be reset, and no more. */
  private void closePort() {
    // Takes the lock under which another thread may be about to let the connector accept again.
    setMaxNetworkConnectionCount(Integer.MAX_VALUE);
    connector.setAccepting(false);
    List<SocketChannel> waiting = new ArrayList<>();
    // The port is closed first, right after the last look into the queue: who connects in between
    // is still reset.
    try (SocketChannel wakeUp = SocketChannel.open();
        ServerSocketChannel port = (ServerSocketChannel) connector.getTransport()) {
      // The acceptor thread may still wait for one client.
      InetSocketAddress address = (InetSocketAddress) port.getLocalAddress();
      boolean anyAddress = address.getAddress().isAnyLocalAddress();
      InetAddress host = anyAddress ? InetAddress.getLoopbackAddress() : address.getAddress();
      wakeUp.configureBlocking(false);
      wakeUp.connect(new InetSocketAddress(host, address.getPort()));
      port.configureBlocking(false);
      SocketChannel client = port.accept();
      while (client != null) {
        client.configureBlocking(false);
        waiting.add(client);
        // Twice the longest queue that Linux lets be: a flood may never end.
        client = waiting.size() < 8192 ? port.accept() : null;
      }
    } catch (IOException e) {
      log.warn("Clients who waited to be accepted were turned away: {}", e.toString());
    }
    waiting.forEach(connector.getSelectorManager()::accept);
  }

  /** Whether there is no connection, also none that Jetty has accepted and not opened yet. */
  boolean isUnused() {
    return getPendingNetworkConnectionCount() + getNetworkConnectionCount() == 0;
  }

  @Override
  protected void limit() {
    super.limit();
    if (logReached.isDue()) {
      log.warn(
          "All {} connections are in use; further clients wait", getMaxNetworkConnectionCount());
    }
  }

  @Override
  protected void unlimit() {
    if (!closing) {
      super.unlimit();
    }
  }

  /** Every second, as an idle timeout begins anew with each byte. */
  private void closeSlow() {
    try {
      connector.getConnectedEndPoints().forEach(this::closeIfSlow);
    } finally {
      // Not before, as who is to be judged by two looks must be given the time between them.
      connector.getScheduler().schedule(this::closeSlow, 1, TimeUnit.SECONDS);
    }
  }

  private void closeIfSlow(EndPoint client) {
    Connection connection = client.getConnection();
    Progress next =
        new Progress(
            connection.getMessagesOut(),
            connection.getBytesIn(),
            ((AbstractEndPoint) client).getWriteFlusher().isPending(),
            System.nanoTime());
    Progress last = progress.getOrDefault(client, new Progress(0, 0, false, next.nanos));
    boolean running = connection.getMessagesIn() > next.answers;
    boolean sending = !running && next.answers == last.answers && next.bytes > last.bytes;
    boolean readsNothing = next.writePending && last.writePending;
    if (readsNothing || sending && next.nanos - last.nanos > MAX_REQUEST_NANOS) {
      client.close(); // The connection itself would answer with a 500.
    }
    progress.put(client, sending ? last : next);
  }
}
