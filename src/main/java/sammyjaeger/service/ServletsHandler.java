package sammyjaeger.service;

import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.RequestDispatcher;
import javax.servlet.Servlet;
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

/** Servlets behind a filter; answers for unknown paths, and for what fails. */
final class ServletsHandler extends ServletContextHandler {

  private static final Logger log = LoggerFactory.getLogger(ServletsHandler.class);

  ServletsHandler(Filter filter, Map<String, Servlet> servlets) {
    addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
    // To servlets the empty pattern is the path / itself, and / is every other path.
    servlets.forEach(
        (path, servlet) -> addServlet(new ServletHolder(servlet), path.equals("/") ? "" : path));
    String paths = String.join(", ", servlets.keySet());
    addServlet(
        new ServletHolder(
            // All methods, as HttpServlet would let TRACE repeat the request.
            new HttpServlet() {
              @Override
              protected void service(HttpServletRequest request, HttpServletResponse response)
                  throws IOException {
                PlainText.send(response, 404, "This service answers only at " + paths + ".");
              }
            }),
        "/");
    setErrorHandler(new PlainErrors());
  }

  /** Jetty's own would log the client's URI and the stack trace, and send a page. */
  private static final class PlainErrors extends ErrorHandler {
    @Override
    public void handle(
        String target, Request base, HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      base.setHandled(true);
      if (request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) instanceof Throwable e) {
        String where = Arrays.stream(e.getStackTrace()).limit(5).toList().toString();
        log.error("A request failed: {} at {}", LogStream.printable(e.toString()), where);
      }
      PlainText.send(response, response.getStatus(), PlainText.sentence(response.getStatus()));
    }
  }
}
