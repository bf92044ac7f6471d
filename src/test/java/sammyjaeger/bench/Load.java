package sammyjaeger.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

/**
 * Visitors, each with its own connection and thread. (java.net.http costs more than the server.)
 */
final class Load implements AutoCloseable {

  private static final int VISITORS = 16;
  private static final byte[] REQUEST =
      "GET /api/counter HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final List<Socket> connections = new ArrayList<>();
  private final ExecutorService threads = Executors.newFixedThreadPool(VISITORS);

  Load(int port) throws IOException {
    for (int i = 0; i < VISITORS; i++) {
      connections.add(connect(port));
    }
  }

  static Socket connect(int port) throws IOException {
    Socket connection = new Socket(InetAddress.getLoopbackAddress(), port);
    connection.setTcpNoDelay(true);
    connection.setSoTimeout(60_000);
    return connection;
  }

  /** Sends a request on a kept connection, and returns the answer, whose body is one character. */
  static String ask(Socket connection) throws IOException {
    connection.getOutputStream().write(REQUEST);
    byte[] answer = new byte[4096];
    String text = "";
    for (int length = 0; !text.contains("\r\n\r\n") || text.endsWith("\r\n\r\n"); ) {
      int read = connection.getInputStream().read(answer, length, answer.length - length);
      if (read <= 0) {
        throw new IOException("The answer ends, or is too long, after: " + text);
      }
      length += read;
      text = new String(answer, 0, length, StandardCharsets.ISO_8859_1);
    }
    return text;
  }

  /**
   * Sends this many requests per second. With 0 it goes at full speed: each visitor asks again as
   * soon as it has its answer. Returns the sorted times to the answers, in ns. At a rate, a time
   * counts from when the request was due, so that a slow answer can't hide those that it delays.
   */
  long[] drive(int perSecond, int seconds) throws Exception {
    long interval = perSecond == 0 ? 0 : 1_000_000_000L / perSecond;
    long start = System.nanoTime();
    List<Callable<LongStream>> visits = new ArrayList<>();
    for (Socket connection : connections) {
      long first = start + visits.size() * interval;
      long step = interval * connections.size();
      visits.add(() -> drive(connection, first, step, start + seconds * 1_000_000_000L));
    }
    LongStream all = LongStream.empty();
    for (Future<LongStream> times : threads.invokeAll(visits)) {
      all = LongStream.concat(all, times.get());
    }
    return all.sorted().toArray();
  }

  private static LongStream drive(Socket connection, long first, long step, long end)
      throws IOException {
    LongStream.Builder times = LongStream.builder();
    for (long due = first; due - end < 0; ) {
      for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
        LockSupport.parkNanos(early);
      }
      String answer = ask(connection);
      if (!answer.startsWith("HTTP/1.1 200 ")) {
        throw new IOException("Not a 200: " + answer);
      }
      long now = System.nanoTime();
      times.add(now - due);
      due = step == 0 ? now : due + step;
    }
    return times.build();
  }

  @Override
  public void close() throws IOException {
    threads.shutdown();
    for (Socket connection : connections) {
      connection.close();
    }
  }
}
