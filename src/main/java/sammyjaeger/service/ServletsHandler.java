package sammyjaeger.service;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.Servlet;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.ee8.nested.ErrorHandler;
import org.eclipse.jetty.ee8.nested.Request;
import org.eclipse.jetty.ee8.servlet.FilterHolder;
import org.eclipse.jetty.ee8.servlet.ServletContextHandler;
import org.eclipse.jetty.ee8.servlet.ServletHolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Servlets behind a filter; answers for health, metrics, unknown paths, and for what fails. */
final class ServletsHandler extends ServletContextHandler {

  private static final String LIVENESS = "/livez";
  private static final String METRICS = "/metrics";

  /** What machines ask for; neither traced, nor counted, nor made to wait. */
  static final Set<String> PROBES = Set.of(LIVENESS, "/readyz", METRICS);

  private static final Logger log = LoggerFactory.getLogger(ServletsHandler.class);

  /** Sets up what answers each path; while it is crowded, a connection ends with its answer. */
  ServletsHandler(
      Filter filter,
      Map<String, Servlet> servlets,
      Metrics metrics,
      BooleanSupplier ready,
      BooleanSupplier crowded) {
    addFilter(
        (request, response, chain) -> {
          HttpServletResponse answer = (HttpServletResponse) response;
          if (crowded.getAsBoolean()) {
            answer.setHeader("Connection", "close");
          }
          String path = ((HttpServletRequest) request).getServletPath();
          if (!PROBES.contains(path)) {
            // The servlet path of / is empty.
            String route = path.isEmpty() ? "/" : path;
            try {
              run(request, answer, chain);
            } finally {
              metrics.countRequest(
                  servlets.containsKey(route) ? route : "other", answer.getStatus());
            }
          } else if (!((HttpServletRequest) request).getMethod().matches("GET|HEAD")) {
            PlainText.sendMethodNotAllowed(answer, "GET, HEAD");
          } else if (path.equals(METRICS)) {
            PlainText.sendMetrics(answer, metrics);
          } else if (path.equals(LIVENESS) || ready.getAsBoolean()) {
            PlainText.send(answer, 200, "ok");
          } else {
            PlainText.send(answer, 503, "This service is stopping.");
          }
        });
    addFilter(filter);
    // To servlets the empty pattern is the path / alone, and / is every other path.
    servlets.forEach(
        (path, servlet) -> addServlet(new ServletHolder(servlet), path.equals("/") ? "" : path));
    addServlet(new ServletHolder(notFound(String.join(", ", servlets.keySet()))), "/");
    setErrorHandler(plainErrors());
  }

  private void addFilter(Filter filter) {
    addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
  }

  private static void run(ServletRequest request, HttpServletResponse answer, FilterChain chain)
      throws IOException {
    try {
      chain.doFilter(request, answer);
    } catch (RuntimeException | Error | ServletException | InterruptedIOException e) {
      // Jetty would log the client's URI and the whole stack trace, and send a page of its own.
      String where = Arrays.stream(e.getStackTrace()).limit(5).toList().toString();
      log.error("A request failed: {} at {}", LogStream.printable(e.toString()), where);
      PlainText.sendError(answer, 500);
    }
  }

  /** For what a servlet, or Jetty on its behalf, calls an error. */
  private static ErrorHandler plainErrors() {
    return new ErrorHandler() {
      @Override
      public void handle(
          String target, Request base, HttpServletRequest request, HttpServletResponse response)
          throws IOException {
        base.setHandled(true);
        PlainText.sendError(response, response.getStatus());
      }
    };
  }

  /** Answers every method, where HttpServlet would let TRACE repeat the request. */
  private static Servlet notFound(String paths) {
    return new HttpServlet() {
      @Override
      protected void service(HttpServletRequest request, HttpServletResponse response)
          throws IOException {
        PlainText.send(
            response, 404, "There is nothing at this path; this service answers at " + paths + ".");
      }
    };
  }
}
