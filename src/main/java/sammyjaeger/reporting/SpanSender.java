package sammyjaeger.reporting;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.thrift.internal.reporters.protocols.JaegerThriftSpanConverter;
import io.jaegertracing.thriftjava.Batch;
import io.jaegertracing.thriftjava.Process;
import io.jaegertracing.thriftjava.Span;
import java.util.ArrayList;
import java.util.List;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TException;
import org.apache.thrift.transport.AutoExpandingBufferWriteTransport;

/** Sends spans in batches, for the reporter's thread; each batch is encoded once. */
abstract class SpanSender {

  final SpanCounts counts;
  private final int maxSpans;
  private final List<Span> waiting = new ArrayList<>();
  private Process process;

  /** Makes one that sends so many spans at once. */
  SpanSender(int maxSpans, SpanCounts counts) {
    this.maxSpans = maxSpans;
    this.counts = counts;
  }

  final void append(JaegerSpan span) {
    if (process == null) {
      process = new Process(span.getServiceName());
      process.setTags(JaegerThriftSpanConverter.buildTags(span.getTracer().tags()));
    }
    waiting.add(JaegerThriftSpanConverter.convertSpan(span));
    if (waiting.size() >= maxSpans) {
      flush();
    }
  }

  /** Sends the spans that wait. */
  final void flush() {
    List<Span> spans = List.copyOf(waiting);
    waiting.clear();
    if (!spans.isEmpty()) {
      try {
        send(new Batch(process, spans));
      } catch (TException | RuntimeException e) {
        counts.failed(spans.size(), "they can't be sent: " + e);
      }
    }
  }

  /** Sends a batch, and counts what became of its spans. */
  abstract void send(Batch batch) throws TException;

  /** What a batch is written into; unlike TSerializer's, it takes no lock for each write. */
  static AutoExpandingBufferWriteTransport buffer() throws TException {
    return new AutoExpandingBufferWriteTransport(new TConfiguration(), 1 << 16, 0);
  }

  /** Is called now and then, also when there is nothing to send. */
  void poll() {}

  /** Gives back what it holds, after the last batch. */
  void close() {}
}
