package sammyjaeger.tracing;

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
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * The client half of tracing by hand: each call is a client span, whose context travels in its
 * headers. Tags and logs follow the OpenTracing semantic conventions, version 1.1. Small on
 * purpose: requests have no body, and answers at most 1,024 bytes of Latin-1.
 */
public final class TracedHttpClient {

  /** Turns an answer into what the caller wants; what it throws marks the span. */
  public interface AnswerReader<T> {
    T read(HttpResponse<String> answer) throws IOException;
  }

  static {
    // In seconds; less than Jetty's 30, or a call would meet a closed connection. Java 17 has 1200.
    System.getProperties().putIfAbsent("jdk.httpclient.keepalive.timeout", "20");
  }

  private final Tracer tracer;
  private final String peerService;
  private final Duration timeout;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(new ForkJoinPool(4)) // In place of an unbounded pool.
          .build();
  private final HeaderLimit headerLimit = new HeaderLimit();

  /** Makes a client for all calls of the service of that name; the time-out is for all of one. */
  public TracedHttpClient(Tracer tracer, String peerService, Duration timeout) {
    this.tracer = tracer;
    this.peerService = peerService;
    this.timeout = timeout;
  }

  /**
   * Makes one traced call.
   *
   * @param url its path is in the span's name, so there had better be few of them
   * @throws HttpTimeoutException if the answer did not come in time
   * @throws IOException if there was no answer, or a useless one; the message is a plain sentence
   */
  public <T> T call(String method, URI url, AnswerReader<T> reader) throws IOException {
    Span span =
        tracer
            .buildSpan(method + " " + url.getPath())
            .withTag(Tags.SPAN_KIND, Tags.SPAN_KIND_CLIENT)
            .withTag(Tags.COMPONENT, "java.net.http")
            .withTag(Tags.PEER_SERVICE, peerService)
            .withTag(Tags.PEER_HOSTNAME, url.getHost())
            .withTag(Tags.PEER_PORT, port(url))
            .withTag(Tags.HTTP_METHOD, method)
            .withTag(Tags.HTTP_URL, withoutSecrets(url))
            .start();
    try (Scope scope = tracer.activateSpan(span)) {
      var request = HttpRequest.newBuilder(url).method(method, BodyPublishers.noBody());
      inject(span, request);
      HttpResponse<String> answer = send(request.build());
      Tags.HTTP_STATUS.set(span, answer.statusCode());
      return reader.read(answer);
    } catch (IOException | RuntimeException e) {
      Tags.ERROR.set(span, true);
      span.log(Map.of(Fields.EVENT, "error", Fields.ERROR_OBJECT, e));
      throw e;
    } finally {
      span.finish();
    }
  }

  /** Puts the span's context into the headers, where the other service's tracer extracts it. */
  private void inject(Span span, HttpRequest.Builder request) {
    Map<String, String> headers = new HashMap<>();
    tracer.inject(span.context(), HTTP_HEADERS, new TextMapAdapter(headers));
    headerLimit.set(headers, request);
  }

  /** Waits for the whole answer; HttpRequest's own time-out would end with the answer's headers. */
  private HttpResponse<String> send(HttpRequest request) throws IOException {
    CompletableFuture<HttpResponse<String>> answer = http.sendAsync(request, head -> limitedBody());
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new HttpTimeoutException(
          peer(request) + " did not answer within " + timeout.toMillis() + " ms.");
    } catch (ExecutionException e) {
      throw new IOException(peer(request) + " " + whatHappened(e.getCause()) + ".", e.getCause());
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(
          "The call of " + peer(request) + " was cut short by a stop.");
    }
  }

  private static String whatHappened(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return "has a host name that is not known";
      }
      if (cause instanceof NoRouteToHostException) {
        return "can't be reached";
      }
      if (cause instanceof SSLException) {
        return "has no TLS, or none that is trusted here";
      }
    }
    return failure instanceof ConnectException ? "refused the connection" : "gave a broken answer";
  }

  /** Breaks off an answer of over 1,024 bytes, so that an endless one can't fill the memory. */
  private static BodySubscriber<String> limitedBody() {
    StringBuilder body = new StringBuilder();
    BodySubscriber<Void> reading =
        BodySubscribers.ofByteArrayConsumer(
            part -> {
              body.append(new String(part.orElse(new byte[0]), StandardCharsets.ISO_8859_1));
              if (body.length() > 1024) {
                throw new IllegalStateException("too long");
              }
            });
    return BodySubscribers.mapping(reading, end -> body.toString());
  }

  private String peer(HttpRequest request) {
    return peerService + " at " + withoutSecrets(request.uri());
  }

  private static String withoutSecrets(URI url) {
    return url.toString().replaceFirst("[?#].*", "").replaceFirst("//[^/]*@", "//");
  }

  private static int port(URI url) {
    return url.getPort() != -1 ? url.getPort() : url.getScheme().equals("https") ? 443 : 80;
  }
}
