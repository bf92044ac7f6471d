package sammyjaeger.service;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Calls other services by HTTP/1.1, and says in words what went wrong. */
public final class HttpCaller {

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(new ForkJoinPool(4)) // In place of an unbounded pool.
          .build();

  /**
   * Sends a request and waits for all of its answer; HttpRequest's own time-out ends with the
   * answer's headers.
   *
   * @throws HttpTimeoutException if the answer did not come in time
   * @throws IOException if there was none; its message goes on from the peer's name, as in "refused
   *     the connection"
   */
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> body, Duration timeout)
      throws IOException {
    CompletableFuture<HttpResponse<T>> answer =
        http.sendAsync(
            request,
            head -> {
              // The JDK waits for a body of -5 bytes.
              List<String> lengths = head.headers().allValues("Content-Length");
              Settings.require(lengths.stream().allMatch(length -> length.matches("\\d+")));
              return body.apply(head);
            });
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("did not answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw new IOException(Failures.whatHappened(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("did not answer before this service stopped");
    } finally {
      if (!answer.isDone() || answer.isCompletedExceptionally()) {
        // The JDK leaves the connection open if it can't read an answer. A future that has failed
        // can't be cancelled; one derived from it can, and that closes the connection.
        answer.newIncompleteFuture().cancel(true);
      }
    }
  }

  /** Reads a body of Latin-1, and breaks it off where it is longer: it could fill the memory. */
  public static BodyHandler<String> atMost(int maxBytes) {
    return head -> {
      StringBuilder text = new StringBuilder();
      return BodySubscribers.mapping(
          BodySubscribers.ofByteArrayConsumer(
              part -> {
                text.append(new String(part.orElse(new byte[0]), StandardCharsets.ISO_8859_1));
                Settings.require(text.length() <= maxBytes);
              }),
          end -> text.toString());
    };
  }
}
