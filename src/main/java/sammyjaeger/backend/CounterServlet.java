package sammyjaeger.backend;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import sammyjaeger.service.PlainText;

/** The backend's {@code /api/counter}: GET reads the counter, POST waits and then increments it. */
final class CounterServlet extends HttpServlet {

  private final VisitCounter counter;
  private final SimulatedFaults faults;
  private final boolean locking;
  private final Tracer tracer;
  private final ReentrantLock lock = new ReentrantLock();

  /** With locking, one POST waits at a time. */
  CounterServlet(VisitCounter counter, SimulatedFaults faults, boolean locking, Tracer tracer) {
    this.counter = counter;
    this.faults = faults;
    this.locking = locking;
    this.tracer = tracer;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    switch (request.getMethod()) {
      case "GET", "HEAD" -> answer(response, counter::value);
      case "POST" -> post(response);
      default -> PlainText.sendMethodNotAllowed(response, "GET, HEAD, POST");
    }
  }

  private void post(HttpServletResponse response) throws IOException {
    SimulatedFaults.Draw drawn = faults.draw();
    try {
      if (locking) {
        waitForLock();
      }
      try {
        simulateDelay(drawn.delayMillis());
      } finally {
        if (locking) {
          lock.unlock();
        }
      }
    } catch (InterruptedException e) {
      PlainText.send(response, 503, "This service stopped before it counted this visit.");
      return;
    }
    if (drawn.fails()) {
      String why = "This POST failed on purpose, because SIMULATED_ERRORS is set.";
      tracer.activeSpan().log(Map.of(Fields.EVENT, "error", Fields.MESSAGE, why));
      PlainText.send(response, 500, why);
      return;
    }
    answer(response, counter::increment);
  }

  /** The slow part, in a span of its own: this is what the trace shows. */
  private void simulateDelay(long millis) throws InterruptedException {
    Span span = tracer.buildSpan("simulated-delay").withTag("delay.ms", millis).start();
    try (Scope scope = tracer.activateSpan(span)) {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw failed(span, e);
    } finally {
      span.finish();
    }
  }

  private void waitForLock() throws InterruptedException {
    int ahead = lock.getQueueLength() + (lock.isLocked() ? 1 : 0);
    Span span = tracer.buildSpan("waiting-for-lock").withTag("lock.ahead", ahead).start();
    try (Scope scope = tracer.activateSpan(span)) {
      lock.lockInterruptibly();
    } catch (InterruptedException e) {
      throw failed(span, e);
    } finally {
      span.finish();
    }
  }

  private static InterruptedException failed(Span span, InterruptedException e) {
    Tags.ERROR.set(span, true);
    span.log(Map.of(Fields.EVENT, "error", Fields.ERROR_OBJECT, e));
    return e;
  }

  private interface Question {
    long ask() throws IOException;
  }

  private static void answer(HttpServletResponse response, Question question) throws IOException {
    String text;
    int status = 200;
    try {
      text = "" + question.ask();
    } catch (IOException e) {
      text = e.getMessage();
      status = 503;
    }
    PlainText.send(response, status, text);
  }
}
