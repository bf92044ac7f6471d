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
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.servlet.Filter;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.VirtualThreads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.Log;
import sammyjaeger.tracing.ServerTracingFilter;

/** The server with servlets that do what the services' own do not. */
class HttpServerTest {

  private interface Behaviour {
    void serve(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException;
  }

  private final InMemoryReporter reporter = new InMemoryReporter();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("test")
          .withReporter(reporter)
          .withSampler(new ConstSampler(true))
          .withTraceId128Bit()
          .withManualShutdown()
          .build();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AtomicBoolean isStopped = new AtomicBoolean();
  private final Log log = new Log();
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch mayFinish = new CountDownLatch(1);
  private HttpServer server;

  @AfterEach
  void stop() {
    if (server != null && !isStopped.getAndSet(true)) {
      server.stop();
    }
  }

  @Test
  void exception_answers500AndMarksTheSpan() throws Exception {
    start(
        (request, response) -> {
          throw new IllegalStateException("secret of this test");
        });
    HttpResponse<String> answer = get("/probe");
    stop();

    assertEquals(500, answer.statusCode());
    assertEquals("This service failed; its log says how.", answer.body());
    assertEquals(
        1, log.lines("A request failed: java.lang.IllegalStateException: secret of this").size());
    assertTrue(answer.headers().firstValue("X-Trace-Id").isPresent());
    JaegerSpan span = onlySpan();
    assertEquals(true, span.getTags().get("error"));
    assertEquals(500, span.getTags().get("http.status_code"));
    assertEquals(1, span.getLogs().size());
    assertEquals("error", span.getLogs().get(0).getFields().get("event"));
  }

  @Test
  void sendError_answersASentenceAndMarksTheSpan() throws Exception {
    start((request, response) -> response.sendError(500, "<b>secret</b>"));
    HttpResponse<String> answer = get("/probe");
    stop();

    assertEquals(500, answer.statusCode());
    assertEquals("This service failed; its log says how.", answer.body());
    assertTrue(answer.headers().firstValue("X-Trace-Id").isPresent());
    assertEquals(true, onlySpan().getTags().get("error"));
  }

  @Test
  void clientError_doesNotMarkTheSpan() throws Exception {
    start((request, response) -> response.sendError(400));
    assertEquals("This request can't be answered: Bad Request.", get("/probe").body());
    stop();
    assertFalse(onlySpan().getTags().containsKey("error"));
  }

  @Test
  void longAnswer_hasTheTraceId() throws Exception {
    // More than the server's buffer, and less than the socket's.
    start((request, response) -> response.getOutputStream().write(new byte[16 << 10]));
    assertTrue(get("/probe").headers().firstValue("X-Trace-Id").isPresent());
  }

  @Test
  void nextRequestOnTheSameConnection_findsNoSpanLeftOver() throws Exception {
    List<Boolean> active = new ArrayList<>();
    start((request, response) -> active.add(tracer.activeSpan() != null));
    get("/probe");
    get("/livez");
    get("/probe");
    stop();
    assertEquals(List.of(true, true), active);
    List<JaegerSpan> spans = List.copyOf(reporter.getSpans());
    assertEquals(2, spans.size());
    spans.forEach(span -> assertEquals(0, span.context().getParentId()));
  }

  /** Its first request is over, and so is all that it sent. */
  @Test
  void clientWhoseBodyIsLate_keepsItsConnection() throws Exception {
    startToFinishWhenItMay();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
      OutputStream out = client.getOutputStream();
      out.write("POST /probe HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n".getBytes());
      running.await();
      Thread.sleep(2000);
      out.write('x');
      mayFinish.countDown();
      String answer = read(client);
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
      Thread.sleep(13_000);
      answer = ask(client, "/probe");
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    }
  }

  @Test
  void requests_runOnVirtualThreadsWhereThereAreAny() throws Exception {
    List<Boolean> virtual = new ArrayList<>();
    start((request, response) -> virtual.add(VirtualThreads.isVirtualThread()));
    get("/probe");
    assertEquals(List.of(VirtualThreads.areSupported()), virtual);
  }

  @Test
  void stop_finishesWhatRunsAndIsNotReadyMeanwhile() throws Exception {
    startToFinishWhenItMay();
    int port = server.uri().getPort();
    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port);
        Socket late = new Socket(InetAddress.getLoopbackAddress(), port)) {
      String ready = ask(probe, "/readyz");
      assertTrue(ready.startsWith("HTTP/1.1 200"), ready);
      CompletableFuture<HttpResponse<String>> answer =
          http.sendAsync(request("/probe"), BodyHandlers.ofString());
      running.await();
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(this::stop);
      String readiness;
      do {
        readiness = ask(probe, "/readyz");
      } while (readiness.startsWith("HTTP/1.1 200"));
      // Closed without an answer, where the stop began while the one before was on its way.
      assertTrue(readiness.isEmpty() || readiness.startsWith("HTTP/1.1 503"), readiness);
      readiness = ask(late, "/readyz");
      assertTrue(readiness.isEmpty() || readiness.startsWith("HTTP/1.1 503"), readiness);
      assertFalse(stopped.isDone());
      mayFinish.countDown();
      assertEquals("finished", answer.join().body());
      stopped.join();
    }
    assertEquals(1, reporter.getSpans().size());
  }

  @Test
  void health_isLivenessAndReadiness() throws Exception {
    Server jetty = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    AtomicBoolean ready = new AtomicBoolean();
    Filter never = (request, response, chain) -> response.getOutputStream().write('x');
    jetty.setHandler(new ServletsHandler(never, Map.of(), new Metrics(), ready::get, () -> false));
    jetty.start();
    try {
      assertEquals(200, statusOf(jetty.getURI().resolve("/livez")));
      assertEquals(503, statusOf(jetty.getURI().resolve("/readyz")));
      ready.set(true);
      assertEquals(200, statusOf(jetty.getURI().resolve("/readyz")));
    } finally {
      jetty.stop();
    }
  }

  private int statusOf(URI uri) throws Exception {
    return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding()).statusCode();
  }

  /** Its connection is closed by then, as it reads nothing; what it asked for goes on. */
  @Test
  void stop_finishesWhatAClientDidNotReadToItsEnd() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    AtomicBoolean finished = new AtomicBoolean();
    start(
        (request, response) -> {
          try {
            while (true) {
              response.getOutputStream().write(new byte[8 << 10]);
            }
          } catch (IOException e) {
            gone.countDown();
          }
          await(mayFinish);
          finished.set(!Thread.currentThread().isInterrupted());
        });
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
      client.getOutputStream().write("GET /probe HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
      gone.await();
    }
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(this::stop);
    awaitClosedPort();
    // Time for a stop that would not wait for it.
    Thread.sleep(500);
    mayFinish.countDown();
    stopped.join();
    assertTrue(finished.get());
    assertEquals(1, reporter.getSpans().size());
  }

  @Test
  void stop_cutsShortWhatOutlastsTheStopTimeoutAndFinishesItsSpan() throws Exception {
    start(
        (request, response) -> {
          running.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            throw new InterruptedIOException();
          }
        },
        "200ms");
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request("/probe"), BodyHandlers.ofString());
    running.await();
    stop();
    assertEquals(true, onlySpan().getTags().get("error"));
    answer.cancel(true);
  }

  @Test
  void stop_withoutTimeOrRequests_isClean() throws Exception {
    start((request, response) -> {}, "0");
    get("/probe");
    stop();
    assertEquals(0, log.lines("The server did not stop cleanly").size());
  }

  @Test
  void healthUnderAnotherSpelling_isNotTraced() throws Exception {
    start((request, response) -> {});
    for (String path : List.of("/livez", "/livez;x=1", "/%6Civez", "/./livez", "/readyz?a=b")) {
      String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      String answer = sendRaw(request);
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
      assertFalse(answer.contains("X-Trace-Id"), path);
    }
    stop();
    assertEquals(List.of(), reporter.getSpans());
  }

  @Test
  void url_isTaggedWithoutQuery() throws Exception {
    start((request, response) -> {});
    // The server refuses one with credentials.
    String answer =
        sendRaw(
            "GET http://sammy:shark@localhost/probe HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: close\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
    sendRaw("GET /probe?q=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stop();
    assertEquals("http://localhost/probe", onlySpan().getTags().get("http.url"));
  }

  @Test
  void limits_followHeapDescriptorsAndThreads() {
    long mebibyte = 1 << 20;
    assertEquals(256, Capacity.of(64 * mebibyte, 1 << 20, true).requests());
    assertEquals(1638, Capacity.of(64 * mebibyte, 1 << 20, true).connections());
    assertEquals(412, Capacity.of(8192 * mebibyte, 1024, true).requests());
    assertEquals(412, Capacity.of(8192 * mebibyte, 1024, true).connections());
    assertEquals(32_768, Capacity.of(8192 * mebibyte, 1 << 20, true).requests());
    assertEquals(2000, Capacity.of(8192 * mebibyte, 1 << 20, false).requests());
    assertEquals(2000, Capacity.of(8192 * mebibyte, 1 << 20, false).connections());
    assertEquals(1, Capacity.of(mebibyte / 8, 1 << 20, true).requests());
    assertEquals(1, Capacity.of(mebibyte, 10, true).connections());
  }

  @Test
  void portInUse_isNamed() throws Exception {
    start((request, response) -> {});
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(taken.getLocalPort());
      Settings.Refusal e =
          assertThrows(
              Settings.Refusal.class, () -> start(Map.of("PORT", port), (request, response) -> {}));
      assertEquals(
          "HOST is '127.0.0.1' and PORT is "
              + port
              + ", but must be an address of this machine and a free port of it",
          e.getMessage());
    }
  }

  private void startToFinishWhenItMay() throws Exception {
    start(
        (request, response) -> {
          running.countDown();
          await(mayFinish);
          PlainText.send(response, 200, "finished");
        });
  }

  private void start(Behaviour behaviour) throws Exception {
    start(behaviour, "60s");
  }

  private void start(Behaviour behaviour, String stopTimeout) {
    server = start(Map.of("PORT", "0", "STOP_TIMEOUT", stopTimeout), behaviour);
  }

  private HttpServer start(Map<String, String> settings, Behaviour behaviour) {
    HttpServlet servlet =
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response)
              throws IOException, ServletException {
            behaviour.serve(request, response);
          }
        };
    HttpServer started = new HttpServer(new Settings(settings::get), "0");
    started.start(new ServerTracingFilter(tracer), Map.of("/probe", servlet), () -> {});
    return started;
  }

  private JaegerSpan onlySpan() {
    List<JaegerSpan> spans = List.copyOf(reporter.getSpans());
    assertEquals(1, spans.size(), spans::toString);
    return spans.get(0);
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(server.uri().resolve(path)).build();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(request(path), BodyHandlers.ofString());
  }

  private String sendRaw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private void awaitClosedPort() throws Exception {
    while (true) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort()).close();
        Thread.sleep(10);
      } catch (SocketException e) {
        // Refused; or reset, if it came in the very instant.
        return;
      }
    }
  }

  /** Asks on a connection that stays open, and returns the start of the answer. */
  private static String ask(Socket socket, String path) throws IOException {
    String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return read(socket);
  }

  private static String read(Socket socket) throws IOException {
    byte[] answer = new byte[4096];
    int length = socket.getInputStream().read(answer);
    return new String(answer, 0, Math.max(length, 0), StandardCharsets.US_ASCII);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
