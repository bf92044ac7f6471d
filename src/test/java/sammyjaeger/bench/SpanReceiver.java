package sammyjaeger.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.UdpAgent;

/** Receives spans as Jaeger does, over UDP, HTTP and OTLP, decodes them and counts them. */
final class SpanReceiver implements AutoCloseable {

  static {
    // Otherwise an answer waits 40 ms for the acknowledgement of the one before.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final AtomicLong received = new AtomicLong();
  private final Consumer<Batch> counter = batch -> received.addAndGet(batch.getSpansSize());
  private final UdpAgent udp = new UdpAgent(0, counter);
  private final HttpCollector http = new HttpCollector(counter);
  private final HttpServer otlp =
      HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

  SpanReceiver() throws IOException {
    otlp.createContext("/v1/traces", this::receiveOtlp);
    otlp.start();
  }

  String udpPort() {
    return String.valueOf(udp.port());
  }

  String httpEndpoint() {
    return http.endpoint();
  }

  String otlpEndpoint() {
    return "http://localhost:" + otlp.getAddress().getPort();
  }

  /** How many spans it got so far. */
  long received() {
    return received.get();
  }

  @Override
  public void close() throws InterruptedException {
    udp.close();
    http.close();
    otlp.stop(0);
  }

  private void receiveOtlp(HttpExchange exchange) throws IOException {
    try (exchange) {
      received.addAndGet(countSpans(ByteBuffer.wrap(exchange.getRequestBody().readAllBytes()), 1));
      exchange.sendResponseHeaders(200, -1);
    }
  }

  /**
   * A request has ResourceSpans (field 1), which have ScopeSpans (2), which have Spans (2). All
   * fields on these three levels are preceded by their length.
   */
  private static long countSpans(ByteBuffer message, int level) {
    long count = 0;
    while (message.hasRemaining()) {
      int field = varint(message) >> 3;
      int length = varint(message);
      if (field == (level == 1 ? 1 : 2)) {
        ByteBuffer value = message.slice(message.position(), length);
        count += level == 3 ? 1 : countSpans(value, level + 1);
      }
      message.position(message.position() + length);
    }
    return count;
  }

  private static int varint(ByteBuffer message) {
    byte next = message.get();
    return next >= 0 ? next : next & 0x7f | varint(message) << 7;
  }
}
