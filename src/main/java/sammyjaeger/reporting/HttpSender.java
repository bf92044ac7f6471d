package sammyjaeger.reporting;

import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.AutoExpandingBufferWriteTransport;
import sammyjaeger.service.HttpCaller;

/** Sends spans to a Jaeger collector's HTTP port; follows no redirect, and reads no body. */
final class HttpSender extends SpanSender {

  private static final int MAX_SPANS = 1000;
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final HttpCaller http = new HttpCaller();
  private final HttpRequest.Builder request;

  HttpSender(ReportingSettings settings, SpanCounts counts) {
    super(MAX_SPANS, counts);
    request =
        HttpRequest.newBuilder(URI.create(settings.endpoint() + "?format=jaeger.thrift"))
            .header("Content-Type", "application/x-thrift");
    if (!settings.user().isEmpty() && !settings.password().isEmpty()) {
      String both = settings.user() + ":" + settings.password();
      byte[] credentials = both.getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
    } else if (!settings.token().isEmpty()) {
      request.header("Authorization", "Bearer " + settings.token());
    }
  }

  @Override
  void send(Batch batch) throws TException {
    int spans = batch.getSpansSize();
    AutoExpandingBufferWriteTransport encoded = buffer();
    batch.write(new TBinaryProtocol(encoded));
    request.POST(BodyPublishers.ofByteArray(encoded.getBuf().array(), 0, encoded.getLength()));
    try {
      HttpResponse<Void> answer = http.send(request.build(), head -> new NoBody(), TIMEOUT);
      String type = answer.headers().firstValue("Content-Type").orElse("");
      if (answer.statusCode() / 100 != 2) {
        counts.failed(spans, "it answers with status " + answer.statusCode());
      } else if (type.toLowerCase().startsWith("text/html")) {
        counts.failed(spans, "it answers with a web page (is it a collector?)");
      } else {
        counts.sent(spans);
      }
    } catch (IOException e) {
      counts.failed(spans, "it " + e.getMessage());
    }
  }

  /** Breaks a body off where it begins: the head has said what became of the spans. */
  private static final class NoBody implements BodySubscriber<Void> {

    @Override
    public CompletionStage<Void> getBody() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.cancel();
    }

    @Override
    public void onNext(List<ByteBuffer> part) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}
  }
}
