package sammyjaeger.tracing;

import static io.opentracing.propagation.Format.Builtin.HTTP_HEADERS;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import io.opentracing.propagation.TextMapAdapter;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;

/**
 * The client half of tracing by hand: each call is a client span, whose context travels in the
 * request's headers. Tags and logs follow the OpenTracing semantic conventions, version 1.1.
 */
public final class TracedHttpClient {

  /** Sends a request and waits for its answer, as {@link java.net.http.HttpClient} can. */
  public interface Sender {
    HttpResponse<String> send(HttpRequest request) throws IOException;
  }

  /** Turns an answer into what the caller wants; what it throws marks the span. */
  public interface AnswerReader<T> {
    T read(HttpResponse<String> answer) throws IOException;
  }

  private final Tracer tracer;
  private final String peerService;
  private final Sender http;

  /** Makes a client for all calls to the service of that name. */
  public TracedHttpClient(Tracer tracer, String peerService, Sender http) {
    this.tracer = tracer;
    this.peerService = peerService;
    this.http = http;
  }

  /**
   * Makes one traced call, without a body.
   *
   * @param url its path becomes part of the span's name: keep the number of distinct paths small
   * @throws IOException if there was no answer, or a useless one
   */
  public <T> T call(String method, URI url, AnswerReader<T> reader) throws IOException {
    Span span =
        tracer
            .buildSpan(method + " " + url.getPath())
            .withTag(Tags.SPAN_KIND, Tags.SPAN_KIND_CLIENT)
            .withTag(Tags.COMPONENT, "java.net.http")
            .withTag(Tags.PEER_SERVICE, peerService)
            .withTag(Tags.PEER_HOSTNAME, url.getHost().replaceAll("[\\[\\]]", ""))
            .withTag(Tags.PEER_PORT, port(url))
            .withTag(Tags.HTTP_METHOD, method)
            .withTag(Tags.HTTP_URL, withoutSecrets(url))
            .start();
    try (Scope scope = tracer.activateSpan(span)) {
      HttpRequest.Builder request = HttpRequest.newBuilder(url);
      inject(span, request);
      HttpResponse<String> answer = http.send(withMethod(method, request).build());
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
    headers.forEach(
        (name, value) -> {
          try {
            request.setHeader(name, value);
          } catch (IllegalArgumentException e) {
            // Baggage under a name that no header can have stays behind; the call goes on.
          }
        });
  }

  /** A GET without a body has no Content-Length either (RFC 9110, section 8.6). */
  private static HttpRequest.Builder withMethod(String method, HttpRequest.Builder request) {
    return method.equals("GET") ? request.GET() : request.method(method, BodyPublishers.noBody());
  }

  private static String withoutSecrets(URI url) {
    return url.toString().replaceFirst("[?#].*", "").replaceFirst("//[^/]*@", "//");
  }

  private static int port(URI url) {
    return url.getPort() != -1 ? url.getPort() : url.getScheme().equals("https") ? 443 : 80;
  }
}
