package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.util.VirtualThreads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.Raw;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.tracing.ServerTracingFilter;

/** The server with servlets that do what the services' own don't. */
class JettyServerTest {

  private interface Behaviour {
    void serve(HttpServletResponse response) throws IOException, InterruptedException;
  }

  private final InMemoryReporter reporter = new InMemoryReporter();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("test")
          .withReporter(reporter)
          .withSampler(new ConstSampler(true))
          .withTraceId128Bit()
          .withManualShutdown()
          .build();
  private final AtomicBoolean isStopped = new AtomicBoolean();
  private final Log log = new Log();
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch mayFinish = new CountDownLatch(1);
  private Duration stopTimeout = Duration.ofHours(1);
  private JettyServer server;

  @AfterEach
  void stop() {
    if (!isStopped.getAndSet(true)) {
      server.stop();
    }
  }

  @Test
  void exception_answers500AndMarksTheSpan() throws Exception {
    start(
        response -> {
          throw new IllegalStateException("secret of\nthis test");
        });
    HttpResponse<String> answer = get("/probe");
    assertEquals(500, answer.statusCode());
    assertEquals("This service failed; its log says how.", answer.body());
    String line = "A request failed: java.lang.IllegalStateException: secret of?this test at ";
    assertEquals(1, log.lines(line).size());
    JaegerSpan span = onlySpan();
    assertEquals(true, span.getTags().get("error"));
    assertEquals(500, span.getTags().get("http.status_code"));
    assertEquals(1, span.getLogs().size());
    assertEquals("error", span.getLogs().get(0).getFields().get("event"));
  }

  @ParameterizedTest
  @CsvSource({
    "500, true, This service failed; its log says how.",
    "400,     , This request can't be answered: Bad Request.",
  })
  void sentError_answersASentence(int status, Boolean error, String sentence) throws Exception {
    start(response -> response.sendError(status, "<b>secret</b>"));
    HttpResponse<String> answer = get("/probe");
    assertEquals(status, answer.statusCode());
    assertEquals(sentence, answer.body());
    assertTrue(answer.headers().firstValue("X-Trace-Id").isPresent());
    assertEquals(error, onlySpan().getTags().get("error"));
  }

  @Test
  void longAnswer_hasTheTraceId() throws Exception {
    // More than the server's buffer, and less than the socket's.
    start(response -> response.getOutputStream().write(new byte[16 << 10]));
    assertTrue(get("/probe").headers().firstValue("X-Trace-Id").isPresent());
  }

  @Test
  void nextRequestOnAConnection_findsNoSpanLeftOver() throws Exception {
    List<Boolean> active = new ArrayList<>();
    start(response -> active.add(tracer.activeSpan() != null));
    try (Socket client = Raw.open(server.uri(), "")) {
      for (String path : List.of("/probe", "/livez", "/probe")) {
        Raw.ask(client, path);
      }
    }
    stop();
    assertEquals(List.of(true, true), active);
    assertEquals(2, reporter.getSpans().size());
    reporter.getSpans().forEach(span -> assertEquals(0, span.context().getParentId()));
  }

  @Test
  void requests_runOnVirtualThreadsWhereThereAreAny() throws Exception {
    List<Boolean> virtual = new ArrayList<>();
    start(response -> virtual.add(VirtualThreads.isVirtualThread()));
    get("/probe");
    assertEquals(List.of(VirtualThreads.areSupported()), virtual);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/livez", "/livez;x=1", "/%6Civez", "/./livez", "/readyz?a=b"})
  void healthUnderAnotherSpelling_isNotTraced(String path) throws Exception {
    start(response -> {});
    String answer = Raw.send(server.uri(), Raw.request("GET", path, "Host: x"));
    assertTrue(answer.startsWith("HTTP/1.1 200 ") && answer.endsWith("\r\n\r\nok"), answer);
    assertFalse(answer.contains("X-Trace-Id"), answer);
    stop();
    assertEquals(List.of(), reporter.getSpans());
  }

  @Test
  void stop_finishesWhatRunsAndAnswersWhatStillComes() throws Exception {
    start(
        response -> {
          running.countDown();
          mayFinish.await();
          PlainText.send(response, 200, "finished");
        });
    try (Socket client = Raw.open(server.uri(), "GET /probe HTTP/1.1\r\nHost: x\r\n\r\n");
        Socket kept = Raw.open(server.uri(), "")) {
      running.await();
      String readiness = Raw.ask(kept, "/readyz");
      assertTrue(readiness.startsWith("HTTP/1.1 200 "), readiness);
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(this::stop);
      while (readiness.startsWith("HTTP/1.1 200 ")) {
        readiness = Raw.ask(kept, "/readyz");
      }
      assertTrue(readiness.startsWith("HTTP/1.1 503 "), readiness);
      assertTrue(readiness.contains("\r\nConnection: close\r\n"), readiness);
      assertFalse(stopped.isDone());
      mayFinish.countDown();
      String answer = Raw.readAll(client);
      assertTrue(answer.endsWith("\r\n\r\nfinished"), answer);
      stopped.join();
    }
    assertEquals(1, reporter.getSpans().size());
  }

  @Test
  void stop_finishesWhatAClientThatLeftAskedFor() throws Exception {
    AtomicBoolean finished = new AtomicBoolean();
    CountDownLatch gone = new CountDownLatch(1);
    start(
        response -> {
          try {
            while (true) {
              response.getOutputStream().write(new byte[8 << 10]);
            }
          } catch (IOException e) {
            gone.countDown();
          }
          mayFinish.await();
          finished.set(true);
        });
    Raw.open(server.uri(), Raw.request("GET", "/probe", "Host: x")).close();
    gone.await();
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(this::stop);
    assertThrows(TimeoutException.class, () -> stopped.get(500, TimeUnit.MILLISECONDS));
    mayFinish.countDown();
    stopped.join();
    assertTrue(finished.get());
    assertEquals(1, reporter.getSpans().size());
  }

  @Test
  void stopWithoutTime_isCleanIfNothingRuns() throws Exception {
    stopTimeout = Duration.ZERO;
    start(response -> {});
    get("/probe");
    stop();
    assertEquals(List.of(), log.ownLines("The server did not stop cleanly"));
  }

  private void start(Behaviour behaviour) {
    HttpServlet servlet =
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response)
              throws IOException, ServletException {
            try {
              behaviour.serve(response);
            } catch (InterruptedException e) {
              throw new ServletException(e);
            }
          }
        };
    server =
        new JettyServer(
            new ServerSettings("127.0.0.1", 0, stopTimeout),
            new Metrics(),
            new ServerTracingFilter(tracer),
            Map.of("/probe", servlet),
            () -> {});
  }

  /** Stops the server: only then is the span certain to be there. */
  private JaegerSpan onlySpan() {
    stop();
    List<JaegerSpan> spans = List.copyOf(reporter.getSpans());
    assertEquals(1, spans.size(), spans::toString);
    return spans.get(0);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return VisitCounterServices.send("GET", server.uri().resolve(path));
  }
}
