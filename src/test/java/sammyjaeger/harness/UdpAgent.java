package sammyjaeger.harness;

import io.jaegertracing.agent.thrift.Agent;
import io.jaegertracing.thriftjava.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
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

  private final DatagramSocket socket;
  private final Thread receiver;
  private final List<WireSpan> spans = new ArrayList<>();
  private final Consumer<Batch> consumer;
  private volatile AssertionError broken;

  public UdpAgent() throws IOException {
    this(0);
  }

  public UdpAgent(int port) throws IOException {
    this(port, null);
  }

  /** Gives what it gets to a consumer, if there is one, and does not keep it then. */
  public UdpAgent(int port, Consumer<Batch> consumer) throws IOException {
    this.consumer = consumer == null ? batch -> spans.addAll(WireSpan.of(batch)) : consumer;
    socket = new DatagramSocket(null);
    socket.setReceiveBufferSize(BUFFER_BYTES);
    bind(port);
    receiver = new Thread(this::receive, "udp-agent");
    receiver.start();
  }

  /** A process that another test starts has a port, too, until it closes what it inherits. */
  private void bind(int port) throws IOException {
    while (!socket.isBound()) {
      try {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      } catch (BindException e) {
        LockSupport.parkNanos(10_000_000);
      }
    }
  }

  public int port() {
    return socket.getLocalPort();
  }

  /** How many spans it got by now. */
  public int received() {
    check();
    synchronized (spans) {
      return spans.size();
    }
  }

  /** How many spans of one trace it got by now. */
  public long received(String traceId) {
    check();
    synchronized (spans) {
      return spans.stream().filter(span -> span.traceId().equals(traceId)).count();
    }
  }

  /**
   * Ends the agent and returns all that it got. On loopback a packet is there when its sender
   * returns, but for an instant on a machine that is busy; so after the senders are closed nothing
   * is missing.
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
    check();
    return spans;
  }

  private void check() {
    if (broken != null) {
      throw broken;
    }
  }

  @Override
  public void close() throws InterruptedException {
    socket.close();
    receiver.join();
  }

  private void receive() {
    byte[] bytes = new byte[MAX_PACKET_BYTES];
    while (true) {
      DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
      try {
        socket.receive(packet);
      } catch (SocketTimeoutException e) {
        return;
      } catch (IOException e) {
        if (socket.isClosed()) {
          return;
        }
        throw new UncheckedIOException(e);
      }
      // Those of a byte or none are drain's, and FreePort's.
      if (packet.getLength() > 1) {
        synchronized (spans) {
          decode(Arrays.copyOf(bytes, packet.getLength()));
        }
      }
    }
  }

  private void decode(byte[] packet) {
    Agent.Iface handler =
        new Agent.Iface() {
          @Override
          public void emitBatch(Batch batch) {
            consumer.accept(batch);
          }

          @Override
          public void emitZipkinBatch(List<com.twitter.zipkin.thriftjava.Span> spans) {
            broken = new AssertionError("Zipkin spans were sent");
          }
        };
    try {
      TCompactProtocol protocol = new TCompactProtocol(new TMemoryInputTransport(packet));
      new Agent.Processor<>(handler).process(protocol, protocol);
    } catch (TException e) {
      broken = new AssertionError("Not a batch of spans", e);
    }
  }
}
