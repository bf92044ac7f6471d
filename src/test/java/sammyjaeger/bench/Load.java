package sammyjaeger.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Visitors on connections of their own, each with its own thread. (java.net.http would take more
 * CPU time than the server.)
 */
final class Load implements AutoCloseable {

  private static final String LENGTH = "\r\nContent-Length: ";

  private final List<Connection> connections = new ArrayList<>();
  private final ExecutorService threads;

  Load(int port, int visitors) throws IOException {
    threads = Executors.newFixedThreadPool(visitors);
    for (int i = 0; i < visitors; i++) {
      connections.add(new Connection(port, "/api/counter"));
    }
  }

  /** Each visitor asks anew when it has its answer; returns how long each took, in ns. */
  Histogram atFullSpeed(Duration duration) throws Exception {
    return drive(0, duration);
  }

  /**
   * Requests are due at fixed times; how long each took counts from then, also if its connection
   * was still waiting for the answer before. So a slow answer hides no others.
   */
  Histogram atRate(int perSecond, Duration duration) throws Exception {
    return drive(1_000_000_000L / perSecond, duration);
  }

  @Override
  public void close() throws IOException {
    threads.shutdown();
    for (Connection connection : connections) {
      connection.close();
    }
  }

  private Histogram drive(long interval, Duration duration) throws Exception {
    long start = System.nanoTime();
    List<Callable<Histogram>> visits = new ArrayList<>();
    for (Connection connection : connections) {
      long first = start + visits.size() * interval;
      long step = interval * connections.size();
      visits.add(() -> drive(connection, first, step, start + duration.toNanos()));
    }
    Histogram all = new Histogram(3);
    for (Future<Histogram> each : threads.invokeAll(visits)) {
      all.add(each.get());
    }
    return all;
  }

  private static Histogram drive(Connection connection, long first, long step, long end)
      throws IOException {
    Histogram latencies = new Histogram(3);
    long due = first;
    while (due - end < 0) {
      for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
        LockSupport.parkNanos(early);
      }
      connection.ask();
      long now = System.nanoTime();
      latencies.recordValue(now - due);
      due = step == 0 ? now : due + step;
    }
    return latencies;
  }

  /** A connection that is kept alive, for one request after the other. */
  static final class Connection implements AutoCloseable {

    private final Socket socket;
    private final byte[] request;
    private final byte[] answer = new byte[4096];

    Connection(int port, String path) throws IOException {
      request =
          ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(60_000);
    }

    /** Asks, and reads all of the answer, which must be a 200. */
    void ask() throws IOException {
      socket.getOutputStream().write(request);
      InputStream in = socket.getInputStream();
      String text = "";
      for (int length = 0; !isComplete(text); ) {
        int read = in.read(answer, length, answer.length - length);
        if (read <= 0) {
          throw new EOFException("The answer ends, or is too long, after: " + text);
        }
        length += read;
        text = new String(answer, 0, length, StandardCharsets.ISO_8859_1);
      }
      if (!text.startsWith("HTTP/1.1 200 ")) {
        throw new IOException("Not answered: " + text);
      }
    }

    private static boolean isComplete(String answer) {
      int head = answer.indexOf("\r\n\r\n");
      if (head < 0) {
        return false;
      }
      int length = answer.indexOf(LENGTH) + LENGTH.length();
      int body = Integer.parseInt(answer, length, answer.indexOf('\r', length), 10);
      return answer.length() >= head + 4 + body;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
