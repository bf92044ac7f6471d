package sammyjaeger.backend;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import java.io.IOException;
import java.io.InterruptedIOException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import sammyjaeger.service.PlainText;

/** The backend's {@code /api/counter}: GET reads the counter, POST waits and then increments it. */
final class CounterServlet extends HttpServlet {

  private final VisitCounter counter;
  private final SimulatedDelay simulatedDelay;
  private final Tracer tracer;

  CounterServlet(VisitCounter counter, SimulatedDelay simulatedDelay, Tracer tracer) {
    this.counter = counter;
    this.simulatedDelay = simulatedDelay;
    this.tracer = tracer;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    switch (request.getMethod()) {
      case "GET", "HEAD" -> PlainText.send(response, 200, "" + counter.value());
      case "POST" -> {
        simulateDelay();
        PlainText.send(response, 200, "" + counter.increment());
      }
      default -> PlainText.sendMethodNotAllowed(response, "GET, HEAD, POST");
    }
  }

  /** The slow part, in a span of its own: this is what the trace is to show. */
  private void simulateDelay() throws InterruptedIOException {
    long millis = simulatedDelay.drawMillis();
    Span span = tracer.buildSpan("simulated-delay").withTag("delay.ms", millis).start();
    try (Scope scope = tracer.activateSpan(span)) {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Stopped before the simulated delay was over");
    } finally {
      span.finish();
    }
  }
}
