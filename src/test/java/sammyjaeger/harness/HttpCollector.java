package sammyjaeger.harness;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TMemoryInputTransport;

/** A Jaeger collector's HTTP port: decodes what the HTTP sender posts. */
public final class HttpCollector implements AutoCloseable {

  public final List<WireSpan> spans = new CopyOnWriteArrayList<>();

  public final AtomicInteger batches = new AtomicInteger();

  public final AtomicInteger longestBytes = new AtomicInteger();

  public final List<String> authorizations = new CopyOnWriteArrayList<>();

  private final HttpServer server;
  private final Consumer<Batch> consumer;

  public HttpCollector() throws IOException {
    this(null);
  }

  /** Gives what it gets to a consumer, if there is one, and then does not keep it. */
  public HttpCollector(Consumer<Batch> consumer) throws IOException {
    this.consumer = consumer == null ? batch -> spans.addAll(WireSpan.of(batch)) : consumer;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/api/traces", this::accept);
    server.start();
  }

  public String endpoint() {
    return "http://localhost:" + server.getAddress().getPort() + "/api/traces";
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void accept(HttpExchange exchange) throws IOException {
    try (exchange) {
      authorizations.addAll(exchange.getRequestHeaders().getOrDefault("Authorization", List.of()));
      byte[] body = exchange.getRequestBody().readAllBytes();
      longestBytes.accumulateAndGet(body.length, Math::max);
      Batch batch = new Batch();
      batch.read(new TBinaryProtocol(new TMemoryInputTransport(body)));
      consumer.accept(batch);
      batches.incrementAndGet();
      exchange.sendResponseHeaders(202, -1);
    } catch (TException e) {
      throw new AssertionError("Not a batch of spans", e);
    }
  }
}
