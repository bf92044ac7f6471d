package sammyjaeger.backend;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.RedisClient;

/**
 * A counter in Redis or Valkey, which outlives this process and can have several backends. Each
 * command is a client span by hand, as each call of TracedHttpClient is.
 */
final class RedisVisitCounter implements VisitCounter {

  private static final Logger log = LoggerFactory.getLogger(RedisVisitCounter.class);

  /** How many visits there were: one less than the counter, which starts at 1. */
  private static final String KEY = "sammy-jaeger:visits";

  private final RedisStore store;
  private final Tracer tracer;

  /** The commands that fail now. */
  private final Set<String> outages = ConcurrentHashMap.newKeySet();

  RedisVisitCounter(URI address, Tracer tracer) {
    this.store = new RedisStore(address);
    this.tracer = tracer;
    log.info("Counting in {}:{}", store.host, store.port);
  }

  @Override
  public long value() throws IOException {
    return call(
        "GET",
        redis -> {
          String visits = redis.get(KEY);
          return visits == null ? 1L : Long.parseLong(visits) + 1;
        });
  }

  @Override
  public long increment() throws IOException {
    return call("INCR", redis -> redis.incr(KEY) + 1);
  }

  @Override
  public void close() {
    store.close();
  }

  private long call(String command, Function<RedisClient, Long> call) throws IOException {
    Span span =
        tracer
            .buildSpan(command)
            .withTag(Tags.SPAN_KIND, Tags.SPAN_KIND_CLIENT)
            .withTag(Tags.COMPONENT, "jedis")
            .withTag(Tags.DB_TYPE, "redis")
            .withTag(Tags.DB_STATEMENT, command + " " + KEY)
            .withTag(Tags.PEER_SERVICE, "counter-store")
            .withTag(Tags.PEER_HOSTNAME, store.host)
            .withTag(Tags.PEER_PORT, store.port)
            .start();
    try (Scope scope = tracer.activateSpan(span)) {
      long answer = store.call(call);
      if (outages.remove(command)) {
        log.warn(
            "The counter's store at {}:{} answers again to {}", store.host, store.port, command);
      }
      return answer;
    } catch (IOException | RuntimeException e) {
      Tags.ERROR.set(span, true);
      span.log(Map.of(Fields.EVENT, "error", Fields.ERROR_OBJECT, e));
      if (outages.add(command)) {
        log.warn("{} ({})", e.getMessage(), command);
      }
      throw e;
    } finally {
      span.finish();
    }
  }
}
