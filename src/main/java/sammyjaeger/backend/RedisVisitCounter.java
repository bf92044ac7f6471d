package sammyjaeger.backend;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * A counter in Redis or Valkey, which outlives this process and can have several backends. Each
 * command is a client span by hand, as each call of TracedHttpClient is.
 */
final class RedisVisitCounter implements VisitCounter {

  private static final Logger log = LoggerFactory.getLogger(RedisVisitCounter.class);

  /** How many visits there were: one less than the counter, which starts at 1. */
  private static final String KEY = "sammy-jaeger:visits";

  /** For each of: a free connection, its set-up, a command. */
  private static final int TIMEOUT_MILLIS = 500;

  private static final int MAX_CONNECTIONS = 64;

  private final Tracer tracer;
  private final String host;
  private final int port;
  private final RedisClient redis;
  private final AtomicBoolean away = new AtomicBoolean();

  /** Makes the counter; whether its store is there does not matter yet. */
  RedisVisitCounter(URI store, Tracer tracer) {
    this.tracer = tracer;
    host = store.getHost();
    port = store.getPort() == -1 ? 6379 : store.getPort();
    String[] user = (store.getUserInfo() == null ? ":" : store.getUserInfo()).split(":", 2);
    String database = store.getPath().replace("/", "");
    DefaultJedisClientConfig.Builder config =
        DefaultJedisClientConfig.builder()
            .protocol(RedisProtocol.RESP2)
            .timeoutMillis(TIMEOUT_MILLIS)
            .user(user[0].isEmpty() ? null : user[0])
            .password(user.length == 1 || user[1].isEmpty() ? null : user[1])
            .database(database.isEmpty() ? 0 : Integer.parseInt(database));
    if (store.getScheme().equals("rediss")) {
      config.sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL).build());
    }
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(MAX_CONNECTIONS);
    pool.setMaxIdle(MAX_CONNECTIONS);
    pool.setMaxWait(Duration.ofMillis(TIMEOUT_MILLIS));
    pool.setJmxEnabled(false);
    redis =
        RedisClient.builder()
            .hostAndPort(host, port)
            .clientConfig(config.build())
            .poolConfig(pool)
            .build();
    log.info("Counting in {}:{}", host, port);
  }

  @Override
  public long value() throws IOException {
    return call(
        "GET",
        () -> {
          String visits = redis.get(KEY);
          return visits == null ? 1 : Long.parseLong(visits) + 1;
        });
  }

  @Override
  public long increment() throws IOException {
    return call("INCR", () -> redis.incr(KEY) + 1);
  }

  @Override
  public void close() {
    redis.close();
  }

  private long call(String command, Supplier<Long> call) throws IOException {
    Span span =
        tracer
            .buildSpan(command)
            .withTag(Tags.SPAN_KIND, Tags.SPAN_KIND_CLIENT)
            .withTag(Tags.COMPONENT, "jedis")
            .withTag(Tags.DB_TYPE, "redis")
            .withTag(Tags.DB_STATEMENT, command + " " + KEY)
            .withTag(Tags.PEER_SERVICE, "counter-store")
            .withTag(Tags.PEER_HOSTNAME, host)
            .withTag(Tags.PEER_PORT, port)
            .start();
    try (Scope scope = tracer.activateSpan(span)) {
      long answer = call.get();
      if (away.getAndSet(false)) {
        log.warn("The counter's store at {}:{} answers again", host, port);
      }
      return answer;
    } catch (RuntimeException e) {
      Tags.ERROR.set(span, true);
      span.log(Map.of(Fields.EVENT, "error", Fields.ERROR_OBJECT, e));
      String sentence = "The counter's store at " + host + ":" + port + " " + whatHappened(e) + ".";
      if (!away.getAndSet(true)) {
        log.warn(sentence);
      }
      // The other connections may be as broken as this one.
      redis.getPool().clear();
      throw new IOException(sentence, e);
    } finally {
      span.finish();
    }
  }

  private static String whatHappened(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = beneath(cause)) {
      if (cause instanceof JedisDataException) {
        // Its message is the store's: the first word says enough, and can't be long.
        String code = String.valueOf(cause.getMessage()).replaceAll("(?s)[^A-Z].*$", "");
        return "answered with the error " + code.substring(0, Math.min(20, code.length()));
      }
      if (cause instanceof SocketTimeoutException) {
        return "did not answer within " + TIMEOUT_MILLIS + " ms";
      }
      if (cause instanceof UnknownHostException) {
        return "has a host name that is not known";
      }
      if (cause instanceof ConnectException) {
        return "refused the connection";
      }
    }
    return "gave no answer, or a broken one";
  }

  /** Jedis has what failed at each of a host's addresses as suppressed exceptions. */
  private static Throwable beneath(Throwable e) {
    return e.getSuppressed().length > 0 ? e.getSuppressed()[0] : e.getCause();
  }
}
