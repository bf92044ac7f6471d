package sammyjaeger.frontend;

import io.opentracing.Span;
import io.opentracing.Tracer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Outage;
import sammyjaeger.service.PlainText;
import sammyjaeger.tracing.ServerTracingFilter;

/** The frontend's {@code /}: each GET is a visit, and is answered with its number. */
final class VisitServlet extends HttpServlet {

  private final CounterClient counter;
  private final Tracer tracer;
  private final URI jaegerUi;
  private final Outage outage = new Outage(LoggerFactory.getLogger(VisitServlet.class));

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
    int status = 200;
    String text;
    try {
      text = "Hello, World!\n\nYou're visitor number " + count(serverSpan) + " in here!\n\n";
      outage.succeeded("Visits succeed again");
    } catch (IOException e) {
      status = e instanceof HttpTimeoutException ? 504 : 502;
      text = counter + " " + e.getMessage() + ".";
      outage.failed("A visit ended with {}: {} (trace {})", status, text, traceId);
    }
    if (VisitPage.isPreferred(request)) {
      VisitPage.send(response, status, text, jaegerUi, traceId);
    } else {
      PlainText.send(response, status, text);
    }
  }

  /** Counts a visit. Where the two numbers on its span differ, somebody came in between. */
  private long count(Span serverSpan) throws IOException {
    serverSpan.setTag("counter.seen", counter.get());
    long visitorNumber = counter.post() - 1;
    serverSpan.setTag("visitor.number", visitorNumber);
    return visitorNumber;
  }
}
