package sammyjaeger.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import sammyjaeger.harness.HttpCollector;
import sammyjaeger.harness.UdpAgent;

/**
 * Takes spans as Jaeger does, by UDP, HTTP and OTLP; decodes Thrift, and finds spans in OTLP; keeps
 * their number alone.
 */
final class SpanReceiver implements AutoCloseable {

  static {
    // Or an answer would wait for 40 ms for the acknowledgement of the one before.
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

  /** How many spans it got by now. */
  long received() {
    return received.get();
  }

  @Override
  public void close() throws InterruptedException {
    udp.close();
    http.close();
    otlp.stop(0);
  }

  /**
   * An ExportTraceServiceRequest has ResourceSpans (1), they have ScopeSpans (2), they Spans (2).
   */
  private void receiveOtlp(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      received.addAndGet(count(ByteBuffer.wrap(body), 1, 2, 2));
      exchange.sendResponseHeaders(200, -1);
    }
  }

  /** Counts the messages at a path of field numbers, in Protobuf's encoding. */
  private static long count(ByteBuffer message, int... path) {
    if (path.length == 0) {
      return 1;
    }
    long count = 0;
    while (message.hasRemaining()) {
      int key = varint(message);
      if ((key & 7) != 2) {
        throw new IllegalArgumentException("Not a message or text: a field of type " + (key & 7));
      }
      int length = varint(message);
      if (key >> 3 == path[0]) {
        ByteBuffer field = message.slice(message.position(), length);
        count += count(field, Arrays.copyOfRange(path, 1, path.length));
      }
      message.position(message.position() + length);
    }
    return count;
  }

  private static int varint(ByteBuffer message) {
    int value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = message.get();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
