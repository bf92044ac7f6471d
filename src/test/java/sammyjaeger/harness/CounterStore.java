package sammyjaeger.harness;

import java.io.IOException;
import java.util.List;
import redis.embedded.RedisServer;
import redis.embedded.core.RedisServerBuilder;

/** A real redis-server, a process of its own. */
public final class CounterStore implements AutoCloseable {

  private final RedisServer server;
  private final int port;

  /** Starts one that keeps nothing on the disk; settings are lines of its configuration. */
  public CounterStore(int port, String... settings) throws IOException {
    this.port = port;
    RedisServerBuilder builder =
        RedisServer.newRedisServer()
            .executableProvider(() -> BeforeTests.REDIS_SERVER)
            .port(port)
            .bind("127.0.0.1");
    List.of(settings).forEach(builder::setting);
    server = builder.setting("save \"\"").build();
    server.start();
  }

  public CounterStore() throws IOException {
    this(FreePort.find());
  }

  public int port() {
    return port;
  }

  public String address() {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  public void close() throws IOException {
    server.stop();
  }
}
