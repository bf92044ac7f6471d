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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.Servlet;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
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

  private final Settings settings;
  private final Server server;
  private final PatientConnector connector;

  /** The server itself, and each request that runs. */
  private final Phaser running = new Phaser(1);

  private volatile boolean ready;
  private URI uri;

  TracedServer(Settings settings, Tracer tracer, Map<String, Servlet> servlets) {
    this.settings = settings;
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS);
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    this.server = new Server(threads);
    this.connector = new PatientConnector(server, new HttpConnectionFactory(httpConfiguration()));
    connector.setHost(settings.get(HOST));
    connector.setPort(settings.get(PORT));
    server.addConnector(connector);

    ServletContextHandler context = new ServletContextHandler();
    addFilter(context, this::admit);
    addFilter(context, newTracingFilter(tracer));
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
    boolean finished = finishRequests();
    try {
      server.stop();
    } catch (Exception e) {
      log.warn("The server did not stop cleanly", e);
    }
    return finished;
  }

  private boolean finishRequests() {
    long deadline = System.nanoTime() + settings.get(STOP_TIMEOUT).toNanos();
    try {
      connector.shutdown().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      // No connection is left, but where a client has left early, its request still runs.
      running.awaitAdvanceInterruptibly(
          running.arriveAndDeregister(), deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      log.warn(
          "Requests were cut short, as they took longer than {}={}",
          STOP_TIMEOUT.name(),
          settings.text(STOP_TIMEOUT));
      return false;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("The stop was cut short", e);
    }
    return true;
  }

  private void admit(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    running.register();
    if (connector.isFull()) {
      ((HttpServletResponse) response).setHeader("Connection", "close");
    }
    try {
      chain.doFilter(request, response);
    } finally {
      running.arriveAndDeregister();
    }
  }

  private static HttpConfiguration httpConfiguration() {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setHeaderCacheSize(0);
    return http;
  }

  private static String reason(Exception e) {
    return e.getCause() instanceof UnresolvedAddressException
        ? "the address is not known"
        : e.getCause().getMessage();
  }

  private static void addFilter(ServletContextHandler context, Filter filter) {
    context.addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
  }

  private static TracingFilter newTracingFilter(Tracer tracer) {
    return new TracingFilter(
        tracer,
        List.of(ServletFilterSpanDecorator.STANDARD_TAGS, new ServerSpanDecorator()),
        Pattern.compile("/livez|/readyz"));
  }
}
