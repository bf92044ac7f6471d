package sammyjaeger;

import io.opentracing.Tracer;
import io.opentracing.contrib.web.servlet.filter.ServletFilterSpanDecorator;
import io.opentracing.contrib.web.servlet.filter.TracingFilter;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.Servlet;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.ee8.servlet.FilterHolder;
import org.eclipse.jetty.ee8.servlet.ServletContextHandler;
import org.eclipse.jetty.ee8.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An HTTP server that traces every request but those for its health. */
final class TracedServer {

  static final Setting<String> HOST =
      Setting.text("HOST", "127.0.0.1", "the address to listen on; 0.0.0.0 is all of them");
  static final Setting<Integer> PORT =
      Setting.wholeNumber("PORT", "", "the port to listen on; 0 lets the system choose", 0, 65535);
  static final Setting<Duration> STOP_TIMEOUT =
      Setting.duration(
          "STOP_TIMEOUT", "20s", "how long a stop waits for running requests", Duration.ZERO);

  private static final Logger log = LoggerFactory.getLogger(TracedServer.class);

  /** Without virtual threads, this many requests run at once and further ones wait. */
  private static final int MAX_THREADS = 1000;

  /** How long requests have to end, and their spans to finish, once they are interrupted. */
  private static final Duration CUT_SHORT_TIMEOUT = Duration.ofSeconds(1);

  private static final Set<String> HEALTH_PATHS = Set.of("/livez", "/readyz");

  private final Settings settings;
  private final Server server;
  private final PatientConnector connector;

  /** The thread of each request that runs. */
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  private volatile boolean ready;
  private URI uri;

  /**
   * Sets up a server.
   *
   * @param maxHeaderBytes how long a request's headers may be
   * @param servlets what answers each path
   */
  TracedServer(
      Settings settings, Tracer tracer, int maxHeaderBytes, Map<String, Servlet> servlets) {
    this.settings = settings;
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS);
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    this.server = new Server(threads);
    this.connector =
        new PatientConnector(server, new HttpConnectionFactory(httpConfiguration(maxHeaderBytes)));
    connector.setHost(settings.get(HOST));
    connector.setPort(settings.get(PORT));
    server.addConnector(connector);

    ServletContextHandler context = new ServletContextHandler();
    addFilter(context, this::admit);
    addFilter(context, newTracingFilter(tracer));
    // To servlets the empty pattern is the path / alone.
    servlets.forEach(
        (path, servlet) ->
            context.addServlet(new ServletHolder(servlet), path.equals("/") ? "" : path));
    context.addServlet(new ServletHolder(new HealthServlet(() -> true)), "/livez");
    context.addServlet(new ServletHolder(new HealthServlet(() -> ready)), "/readyz");
    PlainErrors errors = new PlainErrors(servlets.keySet());
    context.setErrorHandler(errors.forServlets());
    server.setErrorHandler(errors.forServer());
    server.setHandler(context);
  }

  /** The settings that every server has, on a port of its own. */
  static List<Setting<?>> settings(String port) {
    return List.of(HOST, PORT.withDefault(port), STOP_TIMEOUT);
  }

  /**
   * Opens the port and starts to answer.
   *
   * @throws StartupException if the port can't be opened
   */
  void start() throws StartupException {
    try {
      connector.open();
      server.start();
    } catch (IOException e) {
      throw new StartupException(
          "HOST is '%s' and PORT is %d, but must be an address of this machine and a free port of it: %s"
              .formatted(connector.getHost(), connector.getPort(), reason(e)));
    } catch (Exception e) {
      throw new IllegalStateException("The server did not start", e);
    }
    uri = server.getURI();
    ready = true;
    log.info(
        "Listening on {} ({})",
        uri,
        VirtualThreads.areSupported() ? "virtual threads" : MAX_THREADS + " threads");
  }

  /** Where it listens, once it has started. */
  URI uri() {
    return uri;
  }

  /**
   * Stops accepting, and waits for the requests that run, up to {@link #STOP_TIMEOUT}.
   *
   * @return whether all of them were finished
   */
  boolean stop() {
    log.info("Stopping");
    ready = false;
    Future<Void> connectionsClosed = connector.shutdown();
    // Where a client has left early, its connection is closed but its request still runs.
    await(settings.get(STOP_TIMEOUT), () -> connectionsClosed.isDone() && running.isEmpty());
    boolean finished = running.isEmpty();
    if (!finished) {
      log.warn(
          "{} requests are cut short, as they take longer than {}={}",
          running.size(),
          STOP_TIMEOUT.name(),
          settings.text(STOP_TIMEOUT));
      running.forEach(Thread::interrupt);
      await(CUT_SHORT_TIMEOUT, running::isEmpty);
    }
    try {
      server.stop();
    } catch (Exception e) {
      log.warn("The server did not stop cleanly", e);
    }
    return finished;
  }

  private static void await(Duration timeout, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }

  private void admit(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    running.add(Thread.currentThread());
    if (connector.isFull()) {
      ((HttpServletResponse) response).setHeader("Connection", "close");
    }
    try {
      chain.doFilter(request, response);
    } finally {
      running.remove(Thread.currentThread());
    }
  }

  private static HttpConfiguration httpConfiguration(int maxHeaderBytes) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(maxHeaderBytes);
    // It would speed up parsing a little, and cost memory for each connection.
    http.setHeaderCacheSize(0);
    return http;
  }

  private static String reason(Exception e) {
    if (e.getCause() instanceof UnresolvedAddressException) {
      return "the address is not known";
    }
    return e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
  }

  private static void addFilter(ServletContextHandler context, Filter filter) {
    context.addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
  }

  private static TracingFilter newTracingFilter(Tracer tracer) {
    List<ServletFilterSpanDecorator> decorators =
        List.of(ServletFilterSpanDecorator.STANDARD_TAGS, new ServerSpanDecorator());
    return new TracingFilter(tracer, decorators, null) {
      // The filter's own pattern would see the path as it was sent, such as /%6Civez.
      @Override
      protected boolean isTraced(HttpServletRequest request, HttpServletResponse response) {
        return !HEALTH_PATHS.contains(request.getHttpServletMapping().getPattern());
      }
    };
  }
}
