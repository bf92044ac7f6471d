package sammyjaeger.frontend;

import io.opentracing.Span;
import io.opentracing.Tracer;
import java.io.IOException;
import java.net.URI;
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
  private final URI jaegerUi;

  VisitServlet(CounterClient counter, Tracer tracer, URI jaegerUi) {
    this.counter = counter;
    this.tracer = tracer;
    this.jaegerUi = jaegerUi;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setHeader("Vary", "Accept");
    response.setHeader("Cache-Control", "no-store");
    switch (request.getMethod()) {
      case "GET" -> visit(request, response);
      case "HEAD" -> PlainText.sendHead(response);
      default -> PlainText.sendMethodNotAllowed(response, "GET, HEAD");
    }
  }

  private void visit(HttpServletRequest request, HttpServletResponse response) throws IOException {
    Span serverSpan = tracer.activeSpan();
    String traceId = ServerTracingFilter.traceId(serverSpan);
    VisitPage page = new VisitPage(jaegerUi, traceId);
    int status = 200;
    String text;
    try {
      long visitorNumber = countVisit(serverSpan, page);
      text = "Hello, World!\n\nYou're visitor number " + visitorNumber + " in here!\n\n";
    } catch (IOException e) {
      status = e instanceof HttpTimeoutException ? 504 : 502;
      text = e.getMessage();
      log.warn("A visit ended with {}: {} (trace {})", status, text, traceId);
    }
    if (VisitPage.isPreferred(request)) {
      page.send(response, status, text);
    } else {
      PlainText.send(response, status, text);
    }
  }

  /**
   * Where the two numbers on the span differ, somebody came in between; the page draws both calls.
   */
  private long countVisit(Span serverSpan, VisitPage page) throws IOException {
    serverSpan.setTag("counter.seen", page.drawBar("GET /api/counter", counter::get));
    long visitorNumber = page.drawBar("POST /api/counter", counter::post) - 1;
    serverSpan.setTag("visitor.number", visitorNumber);
    return visitorNumber;
  }
}
