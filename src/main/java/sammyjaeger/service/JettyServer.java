package sammyjaeger.service;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.BindException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import javax.servlet.Filter;
import javax.servlet.Servlet;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves servlets behind a filter, and stops without dropping a request. */
public final class JettyServer {

  private static final Logger log = LoggerFactory.getLogger(JettyServer.class);

  /** Before Java 21 each request takes one, also while it waits; some 50 are for other things. */
  private static final int MAX_THREADS = 2050;

  /** How long a request waits for others to end. */
  private static final int MAX_WAIT_SECONDS = 60;

  private final Server server;
  private final ServerConnector connector;
  private final RequestLimit requests;
  private final Probes probes;
  private final Duration stopTimeout;
  private final Runnable onStopped;
  private final URI uri;

  /**
   * Opens the port and starts to answer.
   *
   * @param filter what every request passes, except those for health and metrics
   * @param servlets what answers each path; every other path is not found
   * @param onStopped what a stop does after the last request has ended
   * @throws Settings.Refusal if the port can't be opened
   */
  public JettyServer(
      ServerSettings settings,
      Metrics metrics,
      Filter filter,
      Map<String, Servlet> servlets,
      Runnable onStopped) {
    this.stopTimeout = settings.stopTimeout();
    this.onStopped = onStopped;

    connector = connector(settings);
    server = connector.getServer();
    int maxConnections = maxConnections();
    int maxRequests = (int) Math.min(Runtime.getRuntime().maxMemory() >> 18, maxConnections);
    server.addBean(new NetworkConnectionLimit(maxConnections, connector));
    Handler handler = new ServletsHandler(filter, servlets).get();
    requests = new RequestLimit(handler, maxRequests, MAX_WAIT_SECONDS, metrics);
    probes = new Probes(requests, servlets.keySet(), metrics);
    server.setHandler(probes);
    server.setErrorHandler(
        (request, response, callback) -> {
          int status = response.getStatus();
          return PlainText.send(response, callback, status, PlainText.sentence(status));
        });
    start(settings);
    uri = server.getURI();
    log.info("Listening on {} ({} requests at once)", uri, maxRequests);
  }

  private static ServerConnector connector(ServerSettings settings) {
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS);
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    Server server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(8 << 10);
    http.setHeaderCacheSize(0); // It would take 90 kB for each connection.
    http.setOutputBufferSize(4 << 10);
    // One acceptor: with none, Jetty 12.1.14's NetworkConnectionLimit closes the port for good.
    ServerConnector connector = new ServerConnector(server, 1, -1, new HttpConnectionFactory(http));
    connector.setHost(settings.host());
    connector.setPort(settings.port());
    server.addConnector(connector);
    return connector;
  }

  private void start(ServerSettings settings) {
    try {
      connector.open();
      server.start();
    } catch (IOException e) {
      boolean known = e.getCause() instanceof BindException;
      String reason = known ? e.getCause().getMessage() : "it " + Failures.whatHappened(e);
      String cure =
          reason.contains("in use")
              ? "is taken by another program: set PORT to another one"
              : "can't be opened (" + reason + "): set HOST or PORT";
      throw new Settings.Refusal(
          "Port %d on %s %s".formatted(settings.port(), settings.host(), cure));
    } catch (Exception e) {
      throw new IllegalStateException("The server did not start", e);
    }
  }

  /** Where it listens. Jetty forgets it in a stop. */
  public URI uri() {
    return uri;
  }

  /** Stops accepting, and waits for requests to end, up to {@code STOP_TIMEOUT}. */
  public void stop() {
    probes.stopping();
    long deadline = System.nanoTime() + stopTimeout.toNanos();
    try {
      // Not in this thread: a log that nobody reads must not keep requests from being finished.
      Thread logging = new Thread(() -> log.info("Stopping"), "stopping");
      logging.start();
      logging.join(1000);
      // An answer that is on its way does not say yet that its connection will be closed.
      Thread.sleep(100);
      // Idle connections close after a second; what comes on the others is still answered.
      connector.shutdown().completeOnTimeout(null, stopTimeout.toNanos(), NANOSECONDS).get();
      int cutShort = requests.stop(deadline - System.nanoTime());
      server.stop();
      log.info("Stopped; {} requests were cut short by STOP_TIMEOUT", cutShort);
    } catch (Exception e) {
      log.warn("The server did not stop cleanly: {}", e.toString());
    }
    onStopped.run();
  }

  /** How long a stop takes at most: its requests, those interrupted, and the last spans. */
  Duration maxStop() {
    return stopTimeout.plusSeconds(10);
  }

  /** As many as the heap, the threads and the descriptors bear: a request may take two of these. */
  private static int maxConnections() {
    long descriptors =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount()
            : Integer.MAX_VALUE;
    long threads = VirtualThreads.areSupported() ? Integer.MAX_VALUE : MAX_THREADS - 50;
    long forHeap = Runtime.getRuntime().maxMemory() / 40_960;
    long forDescriptors = Math.max(1, (descriptors - 200) / 2); // Some 200 are for other things.
    return (int) Math.min(forDescriptors, Math.min(forHeap, threads));
  }
}
