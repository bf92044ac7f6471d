package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.jaegertracing.thrift.internal.reporters.protocols.JaegerThriftSpanConverter;
import io.jaegertracing.thriftjava.Span;
import io.opentracing.References;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.thrift.TSerializer;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.service.Metrics;

/** No span is longer than it was said to be at most: a packet that is too long can't be sent. */
class MaxSizeTest {

  private final JaegerTracer tracer =
      new JaegerTracer.Builder("size")
          .withReporter(new InMemoryReporter())
          .withSampler(new ConstSampler(true))
          .withTraceId128Bit()
          .withManualShutdown()
          .build();

  /** Of each part of a span many, so that one that is counted too low is seen. */
  static Stream<Consumer<JaegerSpan>> contents() {
    return Stream.of(
        span -> {},
        span -> span.setOperationName("€".repeat(1000)),
        times(300, (span, i) -> span.setTag("k" + i, "")),
        times(300, (span, i) -> span.setTag("k" + i, i % 2 == 0)),
        times(300, (span, i) -> span.setTag("k" + i, Long.MIN_VALUE + i)),
        times(300, (span, i) -> span.setTag("k" + i, Math.PI * i)),
        times(100, (span, i) -> span.setTag("€".repeat(50) + i, "€".repeat(50))),
        times(100, (span, i) -> span.setTag("k" + i, "😀".repeat(50))),
        times(300, (span, i) -> span.log("")),
        times(300, (span, i) -> span.log(Map.of("€€€€€", "€€€€€", "n", Long.MIN_VALUE))));
  }

  private interface Filling {
    void fill(JaegerSpan span, int i);
  }

  private static Consumer<JaegerSpan> times(int times, Filling filling) {
    return span -> {
      for (int i = 0; i < times; i++) {
        filling.fill(span, i);
      }
    };
  }

  @ParameterizedTest
  @MethodSource("contents")
  void span_isNoLongerThanItsMaxSize(Consumer<JaegerSpan> fill) throws Exception {
    JaegerTracer.SpanBuilder builder = tracer.buildSpan("");
    for (int i = 0; i < 300; i++) {
      builder.addReference(References.FOLLOWS_FROM, tracer.buildSpan("").start().context());
    }
    for (JaegerSpan span : List.of(tracer.buildSpan("").start(), builder.start())) {
      fill.accept(span);
      Span converted = JaegerThriftSpanConverter.convertSpan(span);
      for (TProtocolFactory protocol :
          List.of(new TCompactProtocol.Factory(), new TBinaryProtocol.Factory())) {
        int size = new TSerializer(protocol).serialize(converted).length;
        int maxSize = MaxSize.of(converted);
        assertTrue(size <= maxSize, size + " bytes, and at most " + maxSize);
      }
    }
  }

  /** Although three bytes for each char would be more than a packet. */
  @Test
  void largeSpan_isSentIfItFits() throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      UdpSender sender = new UdpSender("localhost", agent.port(), new SpanLoss("udp:"));
      sender.append(tracer.buildSpan("large").withTag("k", "x".repeat(64_000)).start());
      sender.close();
      assertEquals(1, agent.drain().size());
    }
  }

  @ParameterizedTest
  @MethodSource("contents")
  void fullPackets_loseNoSpan(Consumer<JaegerSpan> fill) throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      SpanLoss spanLoss = new SpanLoss("udp://localhost:" + agent.port());
      Metrics metrics = new Metrics();
      spanLoss.addTo(metrics);
      UdpSender sender = new UdpSender("localhost", agent.port(), spanLoss);
      int sent = 0;
      for (int i = 0; i < 500; i++) {
        JaegerSpan span = tracer.buildSpan("packed").start();
        fill.accept(span);
        sent += sender.append(span);
        // One packet after the other, or they would overflow the buffer of a socket that waits.
        while (agent.received() < sent && metrics.toString().contains("{result=\"failed\"} 0\n")) {
          Thread.sleep(1);
        }
      }
      sender.close();
      assertEquals(500, agent.drain().size());
    }
  }
}
