package sammyjaeger.reporting;

import io.jaegertracing.internal.exceptions.SenderException;
import io.jaegertracing.thrift.internal.senders.ThriftSender;
import io.jaegertracing.thriftjava.Batch;
import io.jaegertracing.thriftjava.Process;
import io.jaegertracing.thriftjava.Span;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLException;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.transport.AutoExpandingBufferWriteTransport;
import org.apache.thrift.transport.TTransportException;

/** Sends spans by HTTP; unlike the client's sender follows no redirect, and reads no body. */
final class HttpSender extends ThriftSender {

  static {
    // As TracedHttpClient does: the process's first HTTP client reads it, and it may be this one.
    System.getProperties().putIfAbsent("jdk.httpclient.keepalive.timeout", "20");
  }

  private static final int MAX_BATCH_BYTES = 1 << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final HttpClient http = HttpClient.newHttpClient();
  private final HttpRequest.Builder request;
  private final SpanLoss spanLoss;

  // The client's own takes a lock for each of a span's many writes.
  private final AutoExpandingBufferWriteTransport buffer =
      new AutoExpandingBufferWriteTransport(new TConfiguration(), 1 << 16, 0);
  private final TProtocol encoder = new TBinaryProtocol(buffer);

  /** Makes a sender that shows user and password, or else the token; each may be empty. */
  HttpSender(URI endpoint, String token, String user, String password, SpanLoss spanLoss)
      throws TTransportException {
    super(ProtocolType.Binary, MAX_BATCH_BYTES);
    this.spanLoss = spanLoss;
    request =
        HttpRequest.newBuilder(URI.create(endpoint + "?format=jaeger.thrift"))
            .version(HttpClient.Version.HTTP_1_1)
            .timeout(TIMEOUT)
            .header("Content-Type", "application/x-thrift");
    if (!user.isEmpty() && !password.isEmpty()) {
      byte[] credentials = (user + ":" + password).getBytes();
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
    } else if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
  }

  @Override
  protected int calculateSpanSize(Span span) throws SenderException {
    int maxSize = MaxSize.of(span);
    return maxSize <= MaxSize.SMALL ? maxSize : super.calculateSpanSize(span);
  }

  @Override
  public void send(Process process, List<Span> spans) {
    String reason;
    try {
      buffer.reset();
      new Batch(process, spans).write(encoder);
      BodyPublisher body =
          BodyPublishers.ofByteArray(buffer.getBuf().array(), 0, buffer.getLength());
      HttpResponse<InputStream> answer =
          http.send(request.POST(body).build(), BodyHandlers.ofInputStream());
      answer.body().close();
      if (answer.statusCode() / 100 == 2) {
        spanLoss.sent(spans.size());
        return;
      }
      reason = "it answers with status " + answer.statusCode();
    } catch (HttpTimeoutException e) {
      reason = "it does not answer in time";
    } catch (ConnectException e) {
      reason = "it refuses the connection, or its host is not known";
    } catch (SSLException e) {
      reason = "it has no TLS, or none that is trusted here";
    } catch (IOException e) {
      reason = "it breaks the connection off";
    } catch (Exception e) {
      reason = "they can't be sent: " + e;
    }
    spanLoss.lost(spans.size(), reason);
  }
}
