package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** More clients than there may be connections. */
class ConnectionLimitTest {

  private static final int CONNECTIONS = 30;

  private final Server server = new Server();
  private final ServerConnector connector = new ServerConnector(server, 1, -1);
  private final ConnectionLimit limit = new ConnectionLimit(CONNECTIONS, connector);
  private final List<Socket> clients = new ArrayList<>();
  private int port;

  @BeforeEach
  void start() throws Exception {
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.addBean(limit);
    server.setHandler(
        new Handler.Abstract() {
          @Override
          public boolean handle(Request request, Response response, Callback callback) {
            Content.Sink.write(response, true, "ok", callback);
            return true;
          }
        });
    server.start();
    port = connector.getLocalPort();
  }

  @AfterEach
  void stop() throws Exception {
    for (Socket client : clients) {
      client.close();
    }
    server.stop();
  }

  @Test
  void clientAboveTheLimit_isServedWhenAnotherLeaves() throws Exception {
    for (int i = 0; i < CONNECTIONS; i++) {
      ask(connect());
      assertAnswered(clients.get(i));
    }
    awaitReached();
    ask(connect());
    clients.get(0).close();
    assertAnswered(clients.get(CONNECTIONS));
  }

  /** They are in the port's queue, which the system resets when the port is closed. */
  @Test
  void clientsThatWaitWhenThePortIsClosed_areServed() throws Exception {
    connector.setAccepting(false);
    for (int i = 0; i < 20; i++) {
      ask(connect());
    }
    limit.shutdown();
    for (Socket client : clients) {
      assertAnswered(client);
    }
    assertPortIsClosed();
  }

  /** As the ones above, but while there are as many connections as there may be. */
  @Test
  void clientsAboveTheLimitWhenThePortIsClosed_areServed() throws Exception {
    for (int i = 0; i < CONNECTIONS; i++) {
      ask(connect());
      assertAnswered(clients.get(i));
    }
    awaitReached();
    for (int i = 0; i < 20; i++) {
      ask(connect());
    }
    limit.shutdown();
    for (Socket client : clients.subList(CONNECTIONS, clients.size())) {
      assertAnswered(client);
    }
  }

  /** On a busy machine it may take a while to read what it has sent. */
  @Test
  void clientThatConnectedJustBeforeAStop_mayStillAsk() throws Exception {
    Socket client = connect();
    while (connector.getConnectedEndPoints().isEmpty()) {
      Thread.sleep(10);
    }
    limit.shutdown();
    Thread.sleep(1500);
    ask(client);
    assertAnswered(client);
  }

  /** However long an idle connection may be kept. */
  @Test
  void clientThatReadsNothing_isClosed() throws Exception {
    connector.setIdleTimeout(TimeUnit.HOURS.toMillis(1));
    Socket client = connect();
    Thread flood = new Thread(() -> askUntilClosed(client));
    flood.start();
    flood.join(TimeUnit.MINUTES.toMillis(5));
    assertFalse(flood.isAlive());
  }

  @Test
  void clientThatSendsSlowly_mayTakeItsTime() throws Exception {
    Socket client = connect();
    client.getOutputStream().write("GET / HTTP/1.1\r\nX: ".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < 12; i++) {
      Thread.sleep(250);
      client.getOutputStream().write('x');
    }
    client.getOutputStream().write("\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertAnswered(client);
  }

  @Test
  void portThatIsClosed_staysClosedWhenClientsLeave() throws Exception {
    for (int i = 0; i < CONNECTIONS; i++) {
      ask(connect());
      assertAnswered(clients.get(i));
    }
    awaitReached();
    limit.shutdown();
    for (Socket client : clients) {
      client.close();
    }
    while (limit.getNetworkConnectionCount() > 0) {
      Thread.sleep(10);
    }
    assertFalse(connector.isAccepting());
    assertPortIsClosed();
  }

  /** Asked of the channel: a process that is just being forked may still hold the port open. */
  private void assertPortIsClosed() {
    assertFalse(((ServerSocketChannel) connector.getTransport()).isOpen());
  }

  private void awaitReached() throws InterruptedException {
    while (connector.isAccepting()) {
      Thread.sleep(10);
    }
  }

  private Socket connect() throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
    client.setSoTimeout(60_000);
    clients.add(client);
    return client;
  }

  private static void ask(Socket client) throws IOException {
    client
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private static void askUntilClosed(Socket client) {
    try {
      while (true) {
        ask(client);
      }
    } catch (IOException e) {
      // This is what the test waits for.
      return;
    }
  }

  private static void assertAnswered(Socket client) throws IOException {
    String answer = new String(client.getInputStream().readNBytes(15), StandardCharsets.US_ASCII);
    assertEquals("HTTP/1.1 200 OK", answer);
    byte[] rest = new byte[1000];
    assertTrue(client.getInputStream().read(rest) > 0);
  }
}
