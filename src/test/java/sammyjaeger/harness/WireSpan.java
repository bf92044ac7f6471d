package sammyjaeger.harness;

import io.jaegertracing.thriftjava.Batch;
import io.jaegertracing.thriftjava.Log;
import io.jaegertracing.thriftjava.Span;
import io.jaegertracing.thriftjava.Tag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A span as Jaeger receives it, with the process that sent it. */
public record WireSpan(
    String service,
    Map<String, Object> processTags,
    String operation,
    String traceId,
    long spanId,
    long parentId,
    int flags,
    long startMicros,
    long durationMicros,
    Map<String, Object> tags,
    List<Map<String, Object>> logs) {

  public static List<WireSpan> of(Batch batch) {
    return batch.getSpans().stream().map(span -> of(batch, span)).toList();
  }

  private static WireSpan of(Batch batch, Span span) {
    return new WireSpan(
        batch.getProcess().getServiceName(),
        values(batch.getProcess().getTags()),
        span.getOperationName(),
        "%016x%016x".formatted(span.getTraceIdHigh(), span.getTraceIdLow()),
        span.getSpanId(),
        span.getParentSpanId(),
        span.getFlags(),
        span.getStartTime(),
        span.getDuration(),
        values(span.getTags()),
        span.getLogs() == null
            ? List.of()
            : span.getLogs().stream().map(Log::getFields).map(WireSpan::values).toList());
  }

  private static Map<String, Object> values(List<Tag> tags) {
    Map<String, Object> values = new HashMap<>();
    if (tags != null) {
      tags.forEach(tag -> values.put(tag.getKey(), value(tag)));
    }
    return values;
  }

  private static Object value(Tag tag) {
    return switch (tag.getVType()) {
      case STRING -> tag.getVStr();
      case LONG -> tag.getVLong();
      case BOOL -> tag.isVBool();
      case DOUBLE -> tag.getVDouble();
      case BINARY -> tag.getVBinary();
    };
  }

  public boolean encloses(WireSpan other) {
    return startMicros <= other.startMicros
        && startMicros + durationMicros >= other.startMicros + other.durationMicros;
  }
}
