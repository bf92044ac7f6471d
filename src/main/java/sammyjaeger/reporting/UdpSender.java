package sammyjaeger.reporting;

import io.jaegertracing.internal.exceptions.SenderException;
import io.jaegertracing.thriftjava.Process;
import io.jaegertracing.thriftjava.Span;
import java.net.PortUnreachableException;
import java.util.List;
import org.apache.thrift.transport.TTransportException;

/**
 * Sends spans to a Jaeger agent's UDP port. If nobody listens there, an ICMP message says so, and
 * fails the next send: then the packet before is the lost one, and the one at hand is sent again.
 * The agent's address is looked up once.
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
  protected int calculateSpanSize(Span span) throws SenderException {
    int maxSize = MaxSize.of(span);
    return maxSize <= MaxSize.SMALL ? maxSize : super.calculateSpanSize(span);
  }

  @Override
  public void send(Process process, List<Span> spans) {
    SenderException failure;
    try {
      failure = trySend(process, spans);
    } catch (OutOfMemoryError e) {
      // Of direct memory, which a socket needs, and clients can have used up for a while.
      spanLoss.lost(spans.size(), "there is no memory to send them");
      return;
    }
    // The failure's cause is Thrift's, and the cause of that the socket's.
    if (failure != null && failure.getCause().getCause() instanceof PortUnreachableException) {
      spanLoss.lost(pending, "nobody listens there");
      failure = trySend(process, spans);
    } else {
      spanLoss.sent(pending);
    }
    pending = failure == null ? spans.size() : 0;
    if (failure != null) {
      spanLoss.lost(spans.size(), "its host is not known, or can't be reached");
    }
  }

  private SenderException trySend(Process process, List<Span> spans) {
    try {
      super.send(process, spans);
      return null;
    } catch (SenderException e) {
      return e;
    }
  }

  @Override
  public int close() throws SenderException {
    int sent = super.close();
    spanLoss.assumedSent(pending);
    return sent;
  }
}
