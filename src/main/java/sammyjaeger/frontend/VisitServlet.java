package sammyjaeger.frontend;

import io.opentracing.Span;
import io.opentracing.Tracer;
import java.io.IOException;
import java.net.http.HttpTimeoutException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.PlainText;
import sammyjaeger.tracing.ServerTracingFilter;

/** The frontend's {@code /}: each GET is a visit, and is answered with its number. */
final class VisitServlet extends HttpServlet {

  private static final Logger log = LoggerFactory.getLogger(VisitServlet.class);

  private final CounterClient counter;
  private final Tracer tracer;

  VisitServlet(CounterClient counter, Tracer tracer) {
    this.counter = counter;
    this.tracer = tracer;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    switch (request.getMethod()) {
      case "GET" -> visit(response);
      case "HEAD" -> PlainText.sendHead(response);
      default -> PlainText.sendMethodNotAllowed(response, "GET, HEAD");
    }
  }

  private void visit(HttpServletResponse response) throws IOException {
    long visitorNumber;
    try {
      visitorNumber = countVisit(tracer.activeSpan());
    } catch (IOException e) {
      int status = e instanceof HttpTimeoutException ? 504 : 502;
      String traceId = ServerTracingFilter.traceId(tracer.activeSpan());
      log.warn("A visit ended with {}: {} (trace {})", status, e.getMessage(), traceId);
      PlainText.send(response, status, e.getMessage());
      return;
    }
    PlainText.send(
        response, 200, "Hello, World!\n\nYou're visitor number " + visitorNumber + " in here!\n\n");
  }

  /** Where the two numbers on the span differ, somebody came in between. */
  private long countVisit(Span serverSpan) throws IOException {
    serverSpan.setTag("counter.seen", counter.get());
    long visitorNumber = counter.post() - 1;
    serverSpan.setTag("visitor.number", visitorNumber);
    return visitorNumber;
  }
}
