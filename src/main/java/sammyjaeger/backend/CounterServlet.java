package sammyjaeger.backend;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import java.io.IOException;
import java.io.InterruptedIOException;
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
  private final Tracer tracer;
  private final ReentrantLock lock = new ReentrantLock();

  CounterServlet(VisitCounter counter, SimulatedFaults faults, Tracer tracer) {
    this.counter = counter;
    this.faults = faults;
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
      if (faults.isLocking) {
        acquireLock();
      }
      simulateDelay(drawn.delayMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Stopped before the simulated delay was over");
    } finally {
      if (lock.isHeldByCurrentThread()) {
        lock.unlock();
      }
    }
    if (drawn.error()) {
      String why = "This POST failed on purpose: SIMULATED_ERRORS is " + faults.errors + ".";
      tracer.activeSpan().log(Map.of(Fields.EVENT, "error", Fields.MESSAGE, why));
      PlainText.send(response, 500, why);
      return;
    }
    answer(response, counter::increment);
  }

  private interface Question {
    long ask() throws IOException;
  }

  private static void answer(HttpServletResponse response, Question question) throws IOException {
    int status = 200;
    String text;
    try {
      text = "" + question.ask();
    } catch (IOException e) {
      status = 503;
      text = e.getMessage();
    }
    PlainText.send(response, status, text);
  }

  /** The slow part, in a span of its own: this is what the trace is to show. */
  private void simulateDelay(long millis) throws InterruptedException {
    Span span = tracer.buildSpan("simulated-delay").withTag("delay.ms", millis).start();
    try (Scope scope = tracer.activateSpan(span)) {
      Thread.sleep(millis);
    } finally {
      span.finish();
    }
  }

  private void acquireLock() throws InterruptedException {
    int ahead = lock.getQueueLength() + (lock.isLocked() ? 1 : 0);
    Span span = tracer.buildSpan("waiting-for-lock").withTag("lock.ahead", ahead).start();
    try (Scope scope = tracer.activateSpan(span)) {
      lock.lockInterruptibly();
    } finally {
      span.finish();
    }
  }
}
