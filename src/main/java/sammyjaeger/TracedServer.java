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
import java.util.regex.Pattern;
import javax.servlet.DispatcherType;
import javax.servlet.Servlet;
import org.eclipse.jetty.ee8.servlet.FilterHolder;
import org.eclipse.jetty.ee8.servlet.ServletContextHandler;
import org.eclipse.jetty.ee8.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
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
  private final ServerConnector connector;
  private URI uri;

  TracedServer(Settings settings, Tracer tracer, Map<String, Servlet> servlets) {
    this.settings = settings;
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS);
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    this.server = new Server(threads);
    this.connector =
        new ServerConnector(server, 1, -1, new HttpConnectionFactory(httpConfiguration()));
    connector.setHost(settings.get(HOST));
    connector.setPort(settings.get(PORT));
    connector.setAcceptQueueSize(1024);
    connector.addBean(new ConnectionCap(connector));
    server.addConnector(connector);
    server.setStopTimeout(settings.get(STOP_TIMEOUT).toMillis());

    ServletContextHandler context = new ServletContextHandler();
    context.addFilter(
        new FilterHolder(newTracingFilter(tracer)), "/*", EnumSet.of(DispatcherType.REQUEST));
    servlets.forEach(
        (path, servlet) ->
            context.addServlet(new ServletHolder(servlet), path.equals("/") ? "" : path));
    context.addServlet(new ServletHolder(new HealthServlet(() -> true)), "/livez");
    context.addServlet(new ServletHolder(new HealthServlet(this::isReady)), "/readyz");
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
    log.info(
        "Listening on {} ({})",
        uri,
        VirtualThreads.areSupported() ? "virtual threads" : MAX_THREADS + " threads");
  }

  /** Where it listens, once it has started. */
  URI uri() {
    return uri;
  }

  /** Whether requests are welcome: not before the start, nor from the moment that a stop begins. */
  boolean isReady() {
    return server.isStarted();
  }

  /** Stops accepting, and waits for what is running; tells whether all of it was finished. */
  boolean stop() {
    log.info("Stopping");
    try {
      server.stop();
      return true;
    } catch (Exception e) {
      log.warn(
          "Requests were cut short after {}={} ms",
          STOP_TIMEOUT.name(),
          server.getStopTimeout(),
          e);
      return false;
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

  private static TracingFilter newTracingFilter(Tracer tracer) {
    return new TracingFilter(
        tracer,
        List.of(ServletFilterSpanDecorator.STANDARD_TAGS, new ServerSpanDecorator()),
        Pattern.compile("/livez|/readyz"));
  }
}
