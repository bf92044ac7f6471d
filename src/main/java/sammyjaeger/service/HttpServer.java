package sammyjaeger.service;

import static sammyjaeger.service.Settings.wholeNumber;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.servlet.Filter;
import javax.servlet.Servlet;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves servlets behind a filter, and stops without dropping a request. */
public final class HttpServer {

  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  private static final int MAX_HEADER_BYTES = 8 << 10;
  private static final int MAX_ACCEPT_QUEUE = 4096;

  /** A request that has to wait for longer is told to come back. */
  private static final Duration MAX_WAIT = Duration.ofSeconds(60);

  /** How long requests have to end, and their spans to finish, once they are interrupted. */
  private static final Duration INTERRUPT_TIMEOUT = Duration.ofSeconds(3);

  private final QueuedThreadPool threads = new QueuedThreadPool(Capacity.MAX_THREADS);
  private final Server server = new Server(threads);
  private final HttpConfiguration http = new HttpConfiguration();
  private final ServerConnector connector =
      new ServerConnector(server, 1, -1, new HeaderCountLimit(http));
  private final Metrics metrics = new Metrics();
  private final Duration stopTimeout;
  private ConnectionLimit connectionLimit;
  private RequestLimit requestLimit;
  private Runnable onStopped;
  private URI uri;
  private volatile boolean ready;

  /** Reads where to listen, and how long a stop may take. */
  public HttpServer(Settings settings, String defaultPort) {
    connector.setHost(
        settings.read(
            "HOST", "127.0.0.1", "the address to listen on; 0.0.0.0 is all", Settings.HOST));
    connector.setPort(
        settings.read(
            "PORT",
            defaultPort,
            "the port to listen on; 0 is any free one",
            wholeNumber(0, 65535)));
    stopTimeout =
        settings.read(
            "STOP_TIMEOUT", "20s", "how long a stop waits for requests to end", Settings.DURATION);
  }

  /**
   * Opens the port and starts to answer.
   *
   * @param filter what every request passes, but for those of health and metrics
   * @param servlets what answers each path; every other path is not found
   * @param onStopped what to do in a stop after the last request has ended
   * @throws Settings.Refusal if the port can't be opened
   */
  public void start(Filter filter, Map<String, Servlet> servlets, Runnable onStopped) {
    this.onStopped = onStopped;
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(MAX_HEADER_BYTES);
    // It would speed up parsing a little, and cost 90 kB for each connection.
    http.setHeaderCacheSize(0);
    // Of what clients don't read, each connection holds so much; Jetty's 32 KiB, and Linux's 3 MB,
    // are for longer answers.
    http.setOutputBufferSize(4 << 10);
    connector.setAcceptedSendBufferSize(64 << 10);
    Capacity capacity = Capacity.ofThisProcess();
    // A stop accepts those who wait there, too.
    connector.setAcceptQueueSize(Math.min(MAX_ACCEPT_QUEUE, capacity.connections() / 4));
    server.addConnector(connector);

    connectionLimit = new ConnectionLimit(capacity.connections(), connector);
    server.addBean(connectionLimit);
    requestLimit = new RequestLimit(capacity.requests(), MAX_WAIT);
    requestLimit.setHandler(
        new ServletsHandler(
            filter, servlets, metrics, () -> ready, () -> !connector.isAccepting()));
    metrics.add("http_requests_running", requestLimit::running);
    metrics.add("http_requests_waiting", requestLimit::waiting);
    server.setHandler(requestLimit);
    server.setErrorHandler(
        (request, response, callback) -> {
          metrics.countRequest("other", response.getStatus());
          return PlainText.sendError(request, response, callback);
        });
    try {
      connector.open();
      server.start();
    } catch (IOException e) {
      throw new Settings.Refusal(
          "HOST is '%s' and PORT is %d, but must be an address of this machine and a free port of it"
              .formatted(connector.getHost(), connector.getPort()));
    } catch (Exception e) {
      throw new IllegalStateException("The server did not start", e);
    }
    uri = server.getURI();
    ready = true;
    log.info("Listening on {} ({} requests at once)", uri, capacity.requests());
  }

  /** What it can be asked for at /metrics. */
  public Metrics metrics() {
    return metrics;
  }

  /** Where it listens, once it has started; Jetty forgets it in a stop. */
  public URI uri() {
    return uri;
  }

  /** Stops accepting, and waits for the requests that there are, up to {@code STOP_TIMEOUT}. */
  public void stop() {
    log.info("Stopping");
    ready = false;
    try {
      Future<Void> connectionsClosed = connectionLimit.shutdown();
      // Where a client has left early, its connection is closed but its request still runs.
      BooleanSupplier finished =
          () ->
              connectionsClosed.isDone()
                  && connectionLimit.isUnused()
                  && requestLimit.unfinished() == 0;
      await(stopTimeout, finished);
      int unfinished = requestLimit.unfinished();
      requestLimit.interrupt();
      await(INTERRUPT_TIMEOUT, finished);
      server.stop();
      log.info("Stopped; {} requests were cut short by STOP_TIMEOUT", unfinished);
    } catch (Exception e) {
      log.warn("The server did not stop cleanly: {}", e.toString());
    }
    onStopped.run();
  }

  private static void await(Duration timeout, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }
}
