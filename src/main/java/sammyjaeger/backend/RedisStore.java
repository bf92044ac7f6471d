package sammyjaeger.backend;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.JedisURIHelper;

/** Redis or Valkey, asked within a time-out; what goes wrong is said in a plain sentence. */
final class RedisStore {

  /** For all of a command, the set-up of a connection included; Jedis bounds each read alone. */
  private static final int TIMEOUT_MILLIS = 1500;

  /** As many as may have a command under way, each with a connection; further ones wait. */
  private static final int MAX_THREADS = 64;

  final String host;
  final int port;
  private final RedisClient redis;
  private final ExecutorService threads = Executors.newFixedThreadPool(MAX_THREADS);

  /** Whether the store is there does not matter yet. */
  RedisStore(URI store) {
    host = store.getHost();
    port = store.getPort() == -1 ? 6379 : store.getPort();
    DefaultJedisClientConfig.Builder config =
        DefaultJedisClientConfig.builder()
            .timeoutMillis(TIMEOUT_MILLIS)
            .password(JedisURIHelper.getPassword(store))
            .database(JedisURIHelper.getDBIndex(store))
            // No questions but ours.
            .autoNegotiateProtocol(false)
            .clientSetInfoConfig(ClientSetInfoConfig.DISABLED);
    if (store.getScheme().equals("rediss")) {
      config.sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL).build());
    }
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(MAX_THREADS);
    pool.setMaxIdle(MAX_THREADS);
    pool.setJmxEnabled(false);
    redis =
        RedisClient.builder()
            .hostAndPort(host, port)
            .clientConfig(config.build())
            .poolConfig(pool)
            .build();
  }

  /**
   * Makes a call and waits for all of its answer; one that has to wait for too long is not made any
   * more.
   */
  <T> T call(Function<RedisClient, T> call) throws IOException {
    Future<T> answer = threads.submit(() -> call.apply(redis));
    try {
      return answer.get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw failure("did not answer in time", e);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof JedisDataException)) {
        // The other connections may be as broken as this one.
        redis.getPool().clear();
      }
      throw failure(whatHappened(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("was not waited for any longer, in a stop", e);
    } finally {
      answer.cancel(false);
    }
  }

  void close() {
    threads.shutdown();
    redis.close();
  }

  private IOException failure(String whatHappened, Throwable cause) {
    return new IOException(
        "The counter's store at " + host + ":" + port + " " + whatHappened + ".", cause);
  }

  private static String whatHappened(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = causeOf(cause)) {
      if (cause instanceof JedisDataException) {
        // Its message is the store's: the first word says enough, and can't be long.
        String code = String.valueOf(cause.getMessage()).replaceAll("(?s)[^A-Z].*$", "");
        return ("answered with an error " + code.substring(0, Math.min(20, code.length()))).strip();
      }
      if (cause instanceof SocketTimeoutException) {
        return "did not answer in time";
      }
      if (cause instanceof UnknownHostException) {
        return "has a host name that is not known";
      }
      if (cause instanceof ConnectException) {
        return "refused the connection";
      }
      if (cause instanceof SSLException) {
        return "has no TLS, or none that is trusted here";
      }
    }
    return "gave no answer, or a broken one";
  }

  /** Jedis has what failed at each of a host's addresses as suppressed exceptions. */
  private static Throwable causeOf(Throwable e) {
    return e.getSuppressed().length > 0 ? e.getSuppressed()[0] : e.getCause();
  }
}
