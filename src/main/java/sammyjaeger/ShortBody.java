package sammyjaeger;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Flow;

/** Reads the body of an answer up to a length, so that an endless one can't fill the memory. */
final class ShortBody implements Flow.Subscriber<List<ByteBuffer>> {

  private static final int MOST_BYTES = 1024;

  private final ByteArrayOutputStream body = new ByteArrayOutputStream();

  private ShortBody() {}

  static BodySubscriber<String> subscriber() {
    return BodySubscribers.fromSubscriber(
        new ShortBody(), read -> read.body.toString(StandardCharsets.UTF_8));
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      if (body.size() + buffer.remaining() > MOST_BYTES) {
        throw new IllegalStateException("The body is longer than " + MOST_BYTES + " bytes");
      }
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      body.writeBytes(bytes);
    }
  }

  @Override
  public void onError(Throwable failure) {}

  @Override
  public void onComplete() {}
}
