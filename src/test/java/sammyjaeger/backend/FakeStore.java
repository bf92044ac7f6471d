package sammyjaeger.backend;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;

/** Speaks Redis's protocol, and says what a real store can't be made to say. */
final class FakeStore implements AutoCloseable {

  /** What it was told, as in {@code INCR sammy-jaeger:visits}. */
  final Queue<String> commands = new ConcurrentLinkedQueue<>();

  private final Queue<Socket> connections = new ConcurrentLinkedQueue<>();
  private final ServerSocket server;
  private final IntFunction<String> reply;

  /** Answers GET and INCR by the connection's number, from 0 on. */
  FakeStore(IntFunction<String> reply) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), reply);
  }

  FakeStore(ServerSocket server, IntFunction<String> reply) {
    this.server = server;
    this.reply = reply;
    new Thread(this::accept, "fake-store").start();
  }

  int port() {
    return server.getLocalPort();
  }

  int connections() {
    return connections.size();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket connection : connections) {
      connection.close();
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket connection = server.accept();
        int number = connections.size();
        connections.add(connection);
        new Thread(() -> serve(connection, number), "fake-store").start();
      }
    } catch (IOException e) {
      return; // The test is over.
    }
  }

  private void serve(Socket connection, int number) {
    try (connection) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
      OutputStream out = connection.getOutputStream();
      while (in.read() == '*') {
        String command = readCommand(in);
        commands.add(command);
        String answer = command.matches("(GET|INCR) .*") ? reply.apply(number) : "+OK";
        out.write((answer + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      }
      out.write("-ERR Protocol error\r\n".getBytes(StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return; // The backend hung up.
    }
  }

  /** Reads the rest of a command: the number of its words, and each with its length before it. */
  private static String readCommand(BufferedReader in) throws IOException {
    List<String> words = new ArrayList<>();
    for (int left = Integer.parseInt(in.readLine()); left > 0; left--) {
      in.readLine();
      words.add(in.readLine());
    }
    return String.join(" ", words);
  }
}
