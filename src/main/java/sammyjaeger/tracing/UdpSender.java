package sammyjaeger.tracing;

import io.jaegertracing.internal.exceptions.SenderException;
import io.jaegertracing.thriftjava.Process;
import io.jaegertracing.thriftjava.Span;
import java.net.PortUnreachableException;
import java.util.List;
import org.apache.thrift.transport.TTransportException;

/**
 * Sends spans to a Jaeger agent's UDP port. That nobody listens there is told, by an ICMP message,
 * at the next send, which then sends nothing: so the packet before is the lost one, and the one at
 * hand is sent again.
 */
final class UdpSender extends io.jaegertracing.thrift.internal.senders.UdpSender {

  private final SpanLoss spanLoss;

  /** The spans of the last packet, of which the next send tells what became. */
  private int pending;

  UdpSender(String host, int port, SpanLoss spanLoss) throws TTransportException {
    super(host, port, 0);
    this.spanLoss = spanLoss;
  }

  @Override
  public void send(Process process, List<Span> spans) {
    int before = pending;
    pending = 0;
    try {
      try {
        super.send(process, spans);
        spanLoss.sent(before);
      } catch (SenderException e) {
        // The cause is Thrift's, and the cause of that the socket's.
        if (!(e.getCause().getCause() instanceof PortUnreachableException)) {
          throw e;
        }
        spanLoss.lost(before, "nobody listens there");
        super.send(process, spans);
      }
      pending = spans.size();
    } catch (SenderException e) {
      spanLoss.lost(before + spans.size(), "its host is not known, or can't be reached");
    }
  }

  @Override
  public int close() throws SenderException {
    int sent = super.close();
    spanLoss.assumedSent(pending);
    return sent;
  }
}
