package sammyjaeger.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/** Visitors who come to the frontend all at once, each on a connection of their own. */
final class Crowd {

  private static final byte[] REQUEST =
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.US_ASCII);
  private static final Pattern NUMBER =
      Pattern.compile("(?s)HTTP/1.1 200 .*visitor number (\\d+) .*");
  private static final long TIMEOUT_NANOS = 120_000_000_000L;

  /** From when the first of them came, in ns. */
  final Histogram latencies = new Histogram(3);

  /** The numbers that they were told. */
  final Set<String> numbers = new HashSet<>();

  private Crowd() {}

  /** One visit of each, from a single thread, as the services have the same processors. */
  static Crowd visit(int port, int visitors) throws IOException {
    Crowd crowd = new Crowd();
    InetSocketAddress frontend = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    long start = System.nanoTime();
    Consumer<SelectionKey> proceed =
        key -> crowd.proceed(key, (StringBuilder) key.attachment(), buffer, start);
    try (Selector selector = Selector.open()) {
      for (int i = 0; i < visitors; i++) {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.connect(frontend);
        channel.register(selector, SelectionKey.OP_CONNECT, new StringBuilder());
        if (i % 100 == 0) {
          selector.selectNow(proceed);
        }
      }
      while (!selector.keys().isEmpty()) {
        selector.select(proceed, 1000);
        if (System.nanoTime() - start > TIMEOUT_NANOS) {
          throw new IOException(selector.keys().size() + " visits of " + visitors + " are open");
        }
      }
    }
    return crowd;
  }

  private void proceed(SelectionKey key, StringBuilder answer, ByteBuffer buffer, long start) {
    SocketChannel channel = (SocketChannel) key.channel();
    try {
      if (key.isConnectable()) {
        channel.finishConnect();
        channel.write(ByteBuffer.wrap(REQUEST));
        key.interestOps(SelectionKey.OP_READ);
        return;
      }
      if (channel.read(buffer.clear()) >= 0) {
        answer.append(StandardCharsets.UTF_8.decode(buffer.flip()));
        return;
      }
      channel.close();
    } catch (IOException e) {
      throw new AssertionError("A visit failed after " + answer, e);
    }
    Matcher number = NUMBER.matcher(answer);
    if (!number.matches() || !numbers.add(number.group(1))) {
      throw new AssertionError("Not an answer with a number of its own: " + answer);
    }
    latencies.recordValue(System.nanoTime() - start);
  }
}
