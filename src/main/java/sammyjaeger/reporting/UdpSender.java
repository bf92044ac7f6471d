package sammyjaeger.reporting;

import io.jaegertracing.agent.thrift.Agent;
import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.locks.LockSupport;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.transport.AutoExpandingBufferWriteTransport;
import sammyjaeger.service.Failures;

/**
 * Sends spans to a Jaeger agent's UDP port. If nobody listens there, an ICMP message says so, which
 * the socket tells at its next use: then the packet before is the lost one.
 */
final class UdpSender extends SpanSender {

  /** So many usually fit into a packet. */
  private static final int MAX_SPANS = 150;

  /** The agent takes no longer packets; some systems send only shorter ones. */
  private static final int MAX_PACKET_BYTES = 65_000;

  private final String host;
  private final int port;

  // Made once, because direct memory can be used up later.
  private final ByteBuffer packet = ByteBuffer.allocateDirect(MAX_PACKET_BYTES);
  private DatagramChannel channel;

  /** How many spans the last packet had, as long as the socket may still tell that it was lost. */
  private int pending;

  UdpSender(String host, int port, SpanCounts counts) {
    super(MAX_SPANS, counts);
    this.host = host;
    this.port = port;
  }

  @Override
  void send(Batch batch) throws TException {
    AutoExpandingBufferWriteTransport encoded = buffer();
    new Agent.Client(new TCompactProtocol(encoded)).emitBatch(batch);
    int spans = batch.getSpansSize();
    poll();
    try {
      try {
        write(encoded);
      } catch (PortUnreachableException e) {
        loseLastPacket();
        write(encoded);
      }
      counts.sent(pending);
      pending = spans;
    } catch (IOException e) {
      boolean tooLong = String.valueOf(e.getMessage()).contains("too long");
      if (tooLong && spans > 1) {
        send(new Batch(batch.getProcess(), batch.getSpans().subList(0, spans / 2)));
        send(new Batch(batch.getProcess(), batch.getSpans().subList(spans / 2, spans)));
      } else {
        counts.failed(spans, tooLong ? "a span is too long" : "it " + Failures.whatHappened(e));
      }
    }
  }

  /** Asks what became of the last packet; an agent sends nothing. */
  @Override
  void poll() {
    try {
      if (channel != null) {
        channel.read(packet.clear());
      }
    } catch (PortUnreachableException e) {
      loseLastPacket();
    } catch (IOException e) {
      close();
    }
  }

  @Override
  void close() {
    counts.sent(pending);
    pending = 0;
    try (DatagramChannel closing = channel) {
      channel = null;
    } catch (IOException e) {
      counts.failed(0, "its socket could not be closed: " + e);
    }
  }

  private void loseLastPacket() {
    counts.failed(pending, "nobody listens there");
    pending = 0;
    close(); // The next packet looks the host up again.
  }

  private void write(AutoExpandingBufferWriteTransport encoded) throws IOException {
    if (encoded.getLength() > MAX_PACKET_BYTES) {
      throw new IOException("too long"); // As the system says of a packet that it can't send.
    }
    packet.clear().put(encoded.getBuf().array(), 0, encoded.getLength()).flip();
    if (channel == null) {
      channel = open();
    }
    while (channel.write(packet) == 0) {
      LockSupport.parkNanos(100_000); // The socket's buffer is full.
    }
  }

  private DatagramChannel open() throws IOException {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new UnknownHostException(host);
    }
    DatagramChannel opened = DatagramChannel.open();
    try {
      opened.configureBlocking(false);
      return opened.connect(address);
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }
}
