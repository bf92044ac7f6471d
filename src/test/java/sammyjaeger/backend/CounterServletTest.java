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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import javax.servlet.Filter;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.service.HttpServer;
import sammyjaeger.service.Settings;
import sammyjaeger.tracing.ServerTracingFilter;

/** A POST that a stop cuts short. */
class CounterServletTest {

  private final InMemoryReporter reporter = new InMemoryReporter();
  private final BlockingQueue<JaegerSpan> activated = new LinkedBlockingQueue<>();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("test")
          .withReporter(reporter)
          .withSampler(new ConstSampler(true))
          .withScopeManager(
              new ThreadLocalScopeManager() {
                @Override
                public Scope activate(Span span) {
                  activated.add((JaegerSpan) span);
                  return super.activate(span);
                }
              })
          .withManualShutdown()
          .build();
  private final MemoryVisitCounter counter = new MemoryVisitCounter();
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final AtomicReference<Span> left = new AtomicReference<>();

  @Test
  void interruptedPost_countsNothingAndFinishesItsSpans() throws Exception {
    HttpServer server = start("false");
    CompletableFuture<Integer> status = post(server);
    await("simulated-delay");
    server.stop();

    assertEquals(500, status.join());
    assertTrue(interrupted.get());
    assertNull(left.get());
    assertEquals(1, counter.value());
    assertEquals(2, spans("").size());
    assertEquals(true, spans("POST /api/counter").get(0).getTags().get("error"));
    assertEquals(600_000L, spans("simulated-delay").get(0).getTags().get("delay.ms"));
  }

  @Test
  void postThatWaitsForTheLock_saysHowManyAreAhead() throws Exception {
    HttpServer server = start("true");
    List<CompletableFuture<Integer>> posts = new ArrayList<>();
    posts.add(post(server));
    assertEquals(0, await("waiting-for-lock").getTags().get("lock.ahead"));
    await("simulated-delay");
    posts.add(post(server));
    assertEquals(1, await("waiting-for-lock").getTags().get("lock.ahead"));
    int ahead;
    do {
      // Those before may be about to wait, and not wait yet.
      posts.add(post(server));
      ahead = (int) await("waiting-for-lock").getTags().get("lock.ahead");
    } while (ahead == 1 && posts.size() < 100);
    assertTrue(ahead > 1 && ahead < posts.size(), "ahead: " + ahead);
    server.stop();
    posts.forEach(post -> assertEquals(500, post.join()));
  }

  private HttpServer start(String lock) {
    Settings settings =
        new Settings(
            Map.of("STOP_TIMEOUT", "0", "SIMULATED_DELAY", "10m", "SIMULATED_LOCK", lock)::get);
    SimulatedFaults faults = new SimulatedFaults(settings);
    HttpServer server = new HttpServer(settings, "0");
    Filter tracing = new ServerTracingFilter(tracer);
    server.start(
        (request, response, chain) -> {
          try {
            tracing.doFilter(request, response, chain);
          } finally {
            interrupted.set(Thread.currentThread().isInterrupted());
            left.set(tracer.activeSpan());
          }
        },
        Map.of("/api/counter", new CounterServlet(counter, faults, tracer)),
        () -> {});
    return server;
  }

  private static CompletableFuture<Integer> post(HttpServer server) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return VisitCounterServices.send("POST", server.uri().resolve("/api/counter"))
                .statusCode();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** Waits until a span of that name is active. */
  private JaegerSpan await(String operation) throws InterruptedException {
    JaegerSpan next;
    do {
      next = activated.take();
    } while (!next.getOperationName().equals(operation));
    return next;
  }

  private List<JaegerSpan> spans(String operation) {
    return List.copyOf(reporter.getSpans()).stream()
        .filter(span -> span.getOperationName().contains(operation))
        .toList();
  }
}
