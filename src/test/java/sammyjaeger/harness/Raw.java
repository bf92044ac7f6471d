package sammyjaeger.harness;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Requests that no HTTP library would send; each character is one byte. */
public final class Raw {

  private Raw() {}

  /** A request without a body, after which the connection is closed. */
  public static String request(String method, String target, String... headers) {
    StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
    List.of(headers).forEach(header -> request.append(header).append("\r\n"));
    return request.append("Connection: close\r\n\r\n").toString();
  }

  /** Sends a text, and returns all that comes back. */
  public static String send(URI server, String text) throws IOException {
    try (Socket socket = open(server, text)) {
      return readAll(socket);
    }
  }

  /** Opens a connection, and sends a text on it. */
  public static Socket open(URI server, String text) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getPort());
    socket.setSoTimeout(600_000); // JUnit can't interrupt a read.
    write(socket, text);
    return socket;
  }

  public static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Reads until the server closes the connection. */
  public static String readAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  /** Sends a GET on a connection that stays open, and reads its answer: "" if it was closed. */
  public static String ask(Socket socket, String path) throws IOException {
    write(socket, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return readAnswer(socket);
  }

  /** Reads one answer, as long as its Content-Length says. */
  public static String readAnswer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        return head.toString();
      }
      head.append((char) next);
    }
    String length = head.toString().replaceFirst("(?s).*\r\nContent-Length: (\\d+).*", "$1");
    byte[] body = in.readNBytes(Integer.parseInt(length));
    return head + new String(body, StandardCharsets.ISO_8859_1);
  }
}
