package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.util.ThreadLocalScopeManager;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import javax.servlet.Filter;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.service.HttpServer;
import sammyjaeger.service.Settings;
import sammyjaeger.tracing.ServerTracingFilter;

/** A POST that a stop cuts short. */
class CounterServletTest {

  @Test
  void interruptedPost_countsNothingAndFinishesItsSpans() throws Exception {
    InMemoryReporter reporter = new InMemoryReporter();
    CountDownLatch waiting = new CountDownLatch(1);
    JaegerTracer tracer =
        new JaegerTracer.Builder("test")
            .withReporter(reporter)
            .withSampler(new ConstSampler(true))
            .withScopeManager(
                new ThreadLocalScopeManager() {
                  @Override
                  public Scope activate(Span span) {
                    if (((JaegerSpan) span).getOperationName().equals("simulated-delay")) {
                      waiting.countDown();
                    }
                    return super.activate(span);
                  }
                })
            .withManualShutdown()
            .build();
    MemoryVisitCounter counter = new MemoryVisitCounter();
    Settings settings = new Settings(Map.of("STOP_TIMEOUT", "0", "SIMULATED_DELAY", "10m")::get);
    SimulatedFaults faults = new SimulatedFaults(settings);
    HttpServer server = new HttpServer(settings, "0");
    AtomicBoolean interrupted = new AtomicBoolean();
    Filter tracing = new ServerTracingFilter(tracer);
    server.start(
        (request, response, chain) -> {
          try {
            tracing.doFilter(request, response, chain);
          } finally {
            interrupted.set(Thread.currentThread().isInterrupted());
          }
        },
        Map.of("/api/counter", new CounterServlet(counter, faults, tracer)),
        () -> {});
    CompletableFuture<Integer> status =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return VisitCounterServices.send("POST", server.uri().resolve("/api/counter"))
                    .statusCode();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    waiting.await();
    server.stop();

    assertEquals(500, status.join());
    assertTrue(interrupted.get());
    assertEquals(1, counter.value());
    Map<String, JaegerSpan> spans =
        List.copyOf(reporter.getSpans()).stream()
            .collect(Collectors.toMap(JaegerSpan::getOperationName, span -> span));
    assertEquals(2, spans.size(), spans::toString);
    assertEquals(true, spans.get("POST /api/counter").getTags().get("error"));
    assertEquals(600_000L, spans.get("simulated-delay").getTags().get("delay.ms"));
    assertNull(tracer.activeSpan());
  }
}
