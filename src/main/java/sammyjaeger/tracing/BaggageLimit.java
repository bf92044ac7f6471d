package sammyjaeger.tracing;

import io.jaegertracing.internal.JaegerSpanContext;
import io.jaegertracing.internal.propagation.CompositeCodec;
import io.jaegertracing.spi.Codec;
import io.jaegertracing.spi.Extractor;
import io.opentracing.propagation.TextMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.OnceAMinute;

/**
 * Extracts a context, but no baggage of too many items: of a visitor's 8 KiB of headers, short ones
 * would take 250 KB of the heap for as long as the request runs.
 */
final class BaggageLimit implements Extractor<TextMap> {

  private static final Logger log = LoggerFactory.getLogger(BaggageLimit.class);

  /** As many as W3C Baggage asks for. */
  private static final int MAX_ITEMS = 64;

  private final Extractor<TextMap> codec;
  private final OnceAMinute logLeftOut = new OnceAMinute();

  BaggageLimit(List<Codec<TextMap>> codecs) {
    codec = new CompositeCodec<>(codecs);
  }

  @Override
  public JaegerSpanContext extract(TextMap headers) {
    JaegerSpanContext context = codec.extract(headers);
    if (context == null || context.baggageCount() <= MAX_ITEMS) {
      return context;
    }
    if (logLeftOut.isDue()) {
      log.warn("A request's {} items of baggage were left out", context.baggageCount());
    }
    return context.withBaggage(Map.of());
  }
}
