package sammyjaeger.tracing;

import io.jaegertracing.internal.JaegerSpanContext;
import io.jaegertracing.internal.propagation.CompositeCodec;
import io.jaegertracing.spi.Codec;
import io.jaegertracing.spi.Extractor;
import io.opentracing.propagation.TextMap;
import io.opentracing.propagation.TextMapAdapter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.OnceAMinute;

/**
 * Bounds what a stranger's 8 KiB of headers can make of a context: many short items of baggage
 * would take 250 KB of the heap for as long as the request runs, a debug id and a tracestate as
 * long as the span waits to be sent, and white space half a second of the client's codec.
 */
final class BaggageLimit implements Extractor<TextMap> {

  private static final Logger log = LoggerFactory.getLogger(BaggageLimit.class);

  /** As many as W3C Baggage asks for; with more, none is taken. */
  private static final int MAX_ITEMS = 64;

  /** A run of it, also encoded: the codec's time grows with its square. */
  private static final Pattern WHITE_SPACE = Pattern.compile("([\\s+]|%20|%0[9A-Da-d]){50}");

  /** Between items. */
  private static final Pattern COMMA = Pattern.compile(",|%2[Cc]");

  private final Extractor<TextMap> codec;
  private final OnceAMinute logLeftOut = new OnceAMinute();

  BaggageLimit(List<Codec<TextMap>> codecs) {
    codec = new CompositeCodec<>(codecs);
  }

  @Override
  public JaegerSpanContext extract(TextMap headers) {
    JaegerSpanContext context = codec.extract(new TextMapAdapter(bounded(headers)));
    boolean tooMany = context != null && isTooMany(context.baggageCount());
    return tooMany ? context.withBaggage(Map.of()) : context;
  }

  private Map<String, String> bounded(TextMap headers) {
    Map<String, String> bounded = new HashMap<>();
    for (Map.Entry<String, String> header : headers) {
      boolean unbounded =
          switch (header.getKey().toLowerCase()) {
            // Counted before the codec makes a map of them: a crowd's maps would fill the heap.
            case "jaeger-baggage" ->
                WHITE_SPACE.matcher(header.getValue()).find()
                    || isTooMany(COMMA.matcher(header.getValue()).results().count() + 1);
            case "jaeger-debug-id" -> header.getValue().length() > 200;
            case "tracestate" -> header.getValue().length() > 512;
            default -> false;
          };
      if (!unbounded) {
        bounded.put(header.getKey(), header.getValue());
      }
    }
    return bounded;
  }

  private boolean isTooMany(long items) {
    if (items > MAX_ITEMS && logLeftOut.isDue()) {
      log.warn("A request's {} items of baggage were left out", items);
    }
    return items > MAX_ITEMS;
  }
}
