package sammyjaeger.backend;

import static sammyjaeger.service.Settings.require;

import io.opentracing.Scope;
import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.log.Fields;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisURIHelper;
import redis.clients.jedis.util.SafeEncoder;
import sammyjaeger.service.Failures;
import sammyjaeger.service.Outage;

/**
 * A counter in Redis or Valkey, which outlives this process and can have several backends. Each
 * command is a client span by hand, as each call of TracedHttpClient is.
 */
final class RedisVisitCounter implements VisitCounter {

  private static final Logger log = LoggerFactory.getLogger(RedisVisitCounter.class);

  /** How many visits there were: the counter minus one, because it starts at 1. */
  private static final String KEY = "sammy-jaeger:visits";

  private static final int MAX_CONNECTIONS = 64;

  private final HostAndPort address;
  private final ConnectionPool connections;
  private final Tracer tracer;
  private final Outage outage = new Outage(log);

  /** Makes one; whether the store is there does not matter yet. */
  RedisVisitCounter(URI store, Tracer tracer) {
    this.tracer = tracer;
    address = new HostAndPort(store.getHost(), store.getPort() == -1 ? 6379 : store.getPort());
    DefaultJedisClientConfig config =
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis(500)
            .socketTimeoutMillis(1000)
            // These options check the host name, too.
            .sslOptions(store.getScheme().equals("rediss") ? SslOptions.builder().build() : null)
            .user(JedisURIHelper.getUser(store))
            .password(JedisURIHelper.getPassword(store))
            .database(JedisURIHelper.getDBIndex(store))
            .autoNegotiateProtocol(false) // No questions except ours.
            .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
            .build();
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(MAX_CONNECTIONS);
    pool.setMaxIdle(MAX_CONNECTIONS);
    pool.setMaxWait(Duration.ofMillis(500));
    pool.setJmxEnabled(false);
    connections = new ConnectionPool(address, config, pool);
    log.info("Counting in {}", address);
  }

  @Override
  public long value() throws IOException {
    return call(Command.GET, 1);
  }

  @Override
  public long increment() throws IOException {
    return call(Command.INCR, 2);
  }

  @Override
  public void close() {
    connections.close();
  }

  private long call(Command command, long min) throws IOException {
    Span span =
        tracer
            .buildSpan(command.name())
            .withTag(Tags.SPAN_KIND, Tags.SPAN_KIND_CLIENT)
            .withTag(Tags.COMPONENT, "jedis")
            .withTag(Tags.DB_TYPE, "redis")
            .withTag(Tags.DB_STATEMENT, command + " " + KEY)
            .withTag(Tags.PEER_SERVICE, "counter-store")
            .withTag(Tags.PEER_HOSTNAME, address.getHost().replaceAll("[\\[\\]]", ""))
            .withTag(Tags.PEER_PORT, address.getPort())
            .start();
    try (Scope scope = tracer.activateSpan(span)) {
      long counter = ask(command, min);
      outage.succeeded("The counter's store at {} answers again", address);
      return counter;
    } catch (IOException e) {
      Tags.ERROR.set(span, true);
      span.log(Map.of(Fields.EVENT, "error", Fields.ERROR_OBJECT, e));
      String sentence = "The counter's store at %s %s.".formatted(address, e.getMessage());
      outage.failed(sentence);
      throw new IOException(sentence, e);
    } finally {
      span.finish();
    }
  }

  private long ask(Command command, long min) throws IOException {
    try (Connection connection = connections.getResource()) {
      try {
        Object answer = connection.executeCommand(new CommandArguments(command).key(KEY));
        String visits = answer == null ? "0" : "" + SafeEncoder.encodeObject(answer);
        long counter = Long.parseLong(visits) + 1;
        require(counter >= min && counter < 1e18);
        return counter;
      } catch (JedisDataException e) {
        require(!e.getMessage().matches("(?s)(WRONGTYPE|ERR (value|incr)).*"));
        connection.setBroken(); // It may be the wrong server, as after a failover.
        throw e;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("has a value that is no counter", e);
    } catch (JedisException e) {
      connections.clear(); // The others may be as useless as this one.
      // Of the store's own words the first says enough, and can't be long.
      String error = "answered with an error " + e.getMessage();
      error = error.replaceFirst("(?s)(error( [A-Z]{1,20})?).*", "$1");
      throw new IOException(e instanceof JedisDataException ? error : Failures.whatHappened(e), e);
    }
  }
}
