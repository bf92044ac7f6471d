package sammyjaeger.harness;

import io.jaegertracing.agent.thrift.Agent;
import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.transport.TMemoryInputTransport;

/** A Jaeger agent's UDP port: decodes what really left the sender's socket. */
public final class UdpAgent implements AutoCloseable {

  private static final int MAX_PACKET_BYTES = 65_507;
  private static final int BUFFER_BYTES = 8 << 20;
  private static final int QUIET_MILLIS = 50;

  private final DatagramSocket socket = new DatagramSocket(null);
  private final Thread receiver = new Thread(this::receive, "udp-agent");
  private final List<WireSpan> spans = new ArrayList<>();
  private final Consumer<Batch> consumer;

  public UdpAgent() throws IOException {
    this(0);
  }

  public UdpAgent(int port) throws IOException {
    this(port, null);
  }

  /** Gives what it gets to a consumer, if there is one, and then does not keep it. */
  public UdpAgent(int port, Consumer<Batch> consumer) throws IOException {
    this.consumer = consumer == null ? batch -> spans.addAll(WireSpan.of(batch)) : consumer;
    socket.setReceiveBufferSize(BUFFER_BYTES);
    // A process that another test starts has a port, too, until it closes what it inherits.
    while (!socket.isBound()) {
      try {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      } catch (BindException e) {
        LockSupport.parkNanos(10_000_000);
      }
    }
    receiver.start();
  }

  public int port() {
    return socket.getLocalPort();
  }

  /** How many spans it got by now. */
  public int received() {
    synchronized (spans) {
      return spans.size();
    }
  }

  /** How many spans of one trace it got by now. */
  public long received(String traceId) {
    synchronized (spans) {
      return spans.stream().filter(span -> span.traceId().equals(traceId)).count();
    }
  }

  /**
   * Ends the agent, and returns all that it got. After the senders are closed nothing is missing,
   * because on loopback a packet is there within an instant.
   */
  public List<WireSpan> drain() throws IOException, InterruptedException {
    socket.setSoTimeout(QUIET_MILLIS);
    try (DatagramSocket sentinel = new DatagramSocket()) {
      while (receiver.isAlive()) {
        // Wakes the receiver; there may be no room for it yet.
        sentinel.send(new DatagramPacket(new byte[0], 0, socket.getLocalSocketAddress()));
        receiver.join(1000);
      }
    }
    return spans;
  }

  @Override
  public void close() throws InterruptedException {
    socket.close();
    receiver.join();
  }

  private void receive() {
    byte[] bytes = new byte[MAX_PACKET_BYTES];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
        socket.receive(packet);
        // Those of a byte or none are drain's, and FreePort's.
        if (packet.getLength() > 1) {
          synchronized (spans) {
            decode(Arrays.copyOf(bytes, packet.getLength()));
          }
        }
      }
    } catch (IOException e) {
      // The socket is closed; or the agent is being drained, and nothing more comes.
      return;
    }
  }

  private void decode(byte[] packet) {
    try {
      TCompactProtocol protocol = new TCompactProtocol(new TMemoryInputTransport(packet));
      protocol.readMessageBegin();
      Agent.emitBatch_args arguments = new Agent.emitBatch_args();
      arguments.read(protocol);
      consumer.accept(arguments.getBatch());
    } catch (TException e) {
      throw new AssertionError("Not a batch of spans", e);
    }
  }
}
