package sammyjaeger.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** A backend that answers every connection in the same way, however wrong. */
public final class FakeBackend implements AutoCloseable {

  /** Writes an answer; the connection is closed when it returns. */
  public interface Answer {
    void write(OutputStream out) throws IOException, InterruptedException;
  }

  public static final String COUNTER_OF_2 =
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n2";

  /** The last request's headers, with names in lower case. */
  public volatile Map<String, String> headers = Map.of();

  private final ServerSocket socket = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
  private final Thread thread;

  public FakeBackend(Answer answer) throws IOException {
    thread = new Thread(() -> answerAll(answer), "fake-backend");
    thread.start();
  }

  public static FakeBackend sending(String response) throws IOException {
    return new FakeBackend(out -> out.write(response.getBytes(StandardCharsets.ISO_8859_1)));
  }

  /** Answers each call with a counter of 2. */
  public static FakeBackend counting() throws IOException {
    return sending(COUNTER_OF_2);
  }

  /** Takes the request, and then says nothing for as long as the test runs. */
  public static FakeBackend silent() throws IOException {
    return new FakeBackend(out -> Thread.sleep(Long.MAX_VALUE));
  }

  public URI uri() {
    return URI.create("http://localhost:" + socket.getLocalPort());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    socket.close();
    thread.interrupt();
    thread.join();
  }

  private void answerAll(Answer answer) {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        readRequest(connection);
        answer.write(connection.getOutputStream());
      } catch (IOException e) {
        // The client hung up, or the test is over.
        continue;
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void readRequest(Socket connection) throws IOException {
    BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
    Map<String, String> received = new HashMap<>();
    for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
      if (line.startsWith("*")) {
        // A command for Redis: two lines for each of its words, and no empty one at the end.
        lines.lines().limit(2 * Long.parseLong(line.substring(1))).forEach(word -> {});
        return;
      }
      String[] header = line.split(": ", 2);
      received.put(header[0].toLowerCase(Locale.ROOT), header[header.length - 1]);
    }
    headers = received;
    // The body too: a client that still sends when it is answered sees a broken connection.
    lines.skip(Long.parseLong(received.getOrDefault("content-length", "0")));
  }
}
