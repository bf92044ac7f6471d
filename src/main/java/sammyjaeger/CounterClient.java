package sammyjaeger;

import static io.opentracing.propagation.Format.Builtin.HTTP_HEADERS;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import io.opentracing.propagation.TextMapAdapter;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the backend's counter, each call in a client span of its own whose context travels in the
 * request's headers.
 *
 * <p>Tags and logs follow the OpenTracing semantic conventions, version 1.1.
 */
final class CounterClient {

  private static final Logger log = LoggerFactory.getLogger(CounterClient.class);

  /** A positive number that a long can hold. */
  private static final Pattern COUNTER = Pattern.compile("[1-9][0-9]{0,17}");

  private final URI counterUrl;
  private final Duration timeout;
  private final Tracer tracer;
  private final HttpClient http;

  /**
   * Makes a client of one backend.
   *
   * @param endpoint where the backend is, such as {@code http://localhost:5000}
   * @param timeout how long one call may take, from the connection to the last byte of the answer
   */
  CounterClient(URI endpoint, Duration timeout, Tracer tracer) {
    this.counterUrl = URI.create(endpoint.toString().replaceAll("/+$", "") + CounterServlet.PATH);
    this.timeout = timeout;
    this.tracer = tracer;
    this.http = newHttpClient();
  }

  /** Reads the counter. */
  long get() throws IOException {
    return call("GET");
  }

  /** Increments the counter, and returns its new value. */
  long post() throws IOException {
    return call("POST");
  }

  /**
   * Makes one traced call.
   *
   * @throws HttpTimeoutException if the answer did not come in time
   * @throws IOException if there was no answer, or a useless one; the message is one plain sentence
   */
  private long call(String method) throws IOException {
    Span span =
        tracer
            .buildSpan(method + " " + CounterServlet.PATH)
            .withTag(Tags.SPAN_KIND, Tags.SPAN_KIND_CLIENT)
            .withTag(Tags.COMPONENT, "java.net.http")
            .withTag(Tags.PEER_SERVICE, Backend.SERVICE_NAME)
            .withTag(Tags.PEER_HOSTNAME, counterUrl.getHost())
            .withTag(Tags.PEER_PORT, port())
            .withTag(Tags.HTTP_METHOD, method)
            .withTag(Tags.HTTP_URL, counterUrl.toString())
            .start();
    try (Scope scope = tracer.activateSpan(span)) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(counterUrl).method(method, BodyPublishers.noBody());
      inject(span, request);
      HttpResponse<String> response = send(request.build());
      Tags.HTTP_STATUS.set(span, response.statusCode());
      return counterIn(response);
    } catch (IOException | RuntimeException e) {
      Tags.ERROR.set(span, true);
      span.log(Map.of(Fields.EVENT, "error", Fields.ERROR_OBJECT, e));
      throw e;
    } finally {
      span.finish();
    }
  }

  /** Puts the span's context into the headers, where the backend's tracer extracts it. */
  private void inject(Span span, HttpRequest.Builder request) {
    Map<String, String> headers = new HashMap<>();
    tracer.inject(span.context(), HTTP_HEADERS, new TextMapAdapter(headers));
    headers.forEach(
        (name, value) -> {
          try {
            request.setHeader(name, value);
          } catch (IllegalArgumentException e) {
            // A visitor can send baggage under a name that no header can have.
            log.warn("Baggage was not passed on: {}", e.getMessage());
          }
        });
  }

  /** Waits for the whole answer; HttpRequest's own timeout would end with the answer's headers. */
  private HttpResponse<String> send(HttpRequest request) throws IOException {
    CompletableFuture<HttpResponse<String>> response =
        http.sendAsync(request, info -> ShortBody.subscriber());
    try {
      return response.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      response.cancel(true);
      throw new HttpTimeoutException(
          "The backend at " + counterUrl + " did not answer within " + timeout.toMillis() + " ms.");
    } catch (ExecutionException e) {
      throw failure(whatHappened(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      response.cancel(true);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("The call of the backend was cut short by a stop.");
    }
  }

  private long counterIn(HttpResponse<String> response) throws IOException {
    if (response.statusCode() != 200) {
      throw failure("answered with status " + response.statusCode(), null);
    }
    if (!COUNTER.matcher(response.body()).matches()) {
      throw failure("gave an answer that is not a counter", null);
    }
    return Long.parseLong(response.body());
  }

  private IOException failure(String whatHappened, Throwable cause) {
    return new IOException("The backend at " + counterUrl + " " + whatHappened + ".", cause);
  }

  private static String whatHappened(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return "has a host name that is not known";
      }
    }
    return failure instanceof ConnectException ? "refused the connection" : "gave a broken answer";
  }

  private int port() {
    if (counterUrl.getPort() != -1) {
      return counterUrl.getPort();
    }
    return counterUrl.getScheme().equals("https") ? 443 : 80;
  }

  private static HttpClient newHttpClient() {
    // A connection must leave the pool before the backend closes it as idle, which Jetty does after
    // 30 seconds, or a call would meet a closed one. Java 17 would keep it for 20 minutes.
    System.setProperty("jdk.httpclient.keepalive.timeout", "20");
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .executor(
            Executors.newFixedThreadPool(
                4,
                task -> {
                  Thread thread = new Thread(task, "counter-client");
                  thread.setDaemon(true);
                  return thread;
                }))
        .build();
  }
}
