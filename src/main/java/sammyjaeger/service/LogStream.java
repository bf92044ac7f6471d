package sammyjaeger.service;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Takes the place of {@link System#err}, where slf4j-simple writes the log line by line: a thread
 * writes the lines on, so that a log that nobody reads, or a full disk, holds up no request. Lines
 * that could not be written are counted, and the count is logged. What could break a line in two,
 * or move a terminal's cursor, is replaced.
 */
final class LogStream extends PrintStream {

  private static final String OUR_LOGGERS = "sammyjaeger.";
  private static final String LOST = "%s WARN %s - %d lines before this could not be written\n";

  private static final long PAUSE_NANOS = 20_000_000;

  private final BlockingQueue<String> waiting = new ArrayBlockingQueue<>(4096);
  private final AtomicInteger lost = new AtomicInteger();
  private volatile boolean writing;

  LogStream() {
    super(OutputStream.nullOutputStream());
    Thread thread = new Thread(this::writeLines, "log");
    thread.setDaemon(true);
    thread.start();
  }

  /** A line of the log: time, level, the logger's name, a dash and the message. */
  @Override
  public void println(String line) {
    int dash = Math.max(0, line.indexOf(" - "));
    // The libraries may repeat what a stranger sent; our loggers cut such values themselves.
    boolean ours = line.startsWith(OUR_LOGGERS, line.lastIndexOf(' ', dash - 1) + 1);
    add(printable(line, dash + 3 + (ours ? 1000 : 200)));
  }

  /** A line of a stack trace. */
  @Override
  public void println(Object line) {
    add(printable(String.valueOf(line)));
  }

  /** Lines that are to stay together, each with its line break. */
  @Override
  public void print(String block) {
    add(block.lines().map(LogStream::printable).collect(Collectors.joining("\n")));
  }

  /** What java.util.logging writes. */
  @Override
  public void write(byte[] bytes, int offset, int length) {
    print(new String(bytes, offset, length));
  }

  /** A value from outside, as the log and an answer can bear it. */
  static String printable(String value) {
    return printable(value, 200);
  }

  /** Gives the thread up to a second to write what waits. */
  void drain() {
    for (int i = 0; i < 200 && (!waiting.isEmpty() || writing); i++) {
      LockSupport.parkNanos(5_000_000);
    }
  }

  private static String printable(String text, int maxLength) {
    // Nearly every line is, and is not to cost the pattern's several µs.
    boolean plain = text.chars().allMatch(c -> c >= ' ' && c <= '~');
    String line = plain ? text : text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}&&[^\t]]", "?");
    return line.length() <= maxLength ? line : line.substring(0, maxLength - 1) + "…";
  }

  private void add(String text) {
    if (!waiting.offer(text)) {
      lost.addAndGet(lines(text));
    }
  }

  private static int lines(String text) {
    return (int) text.lines().count();
  }

  private void writeLines() {
    OutputStream err = new FileOutputStream(FileDescriptor.err);
    List<String> batch = new ArrayList<>();
    while (true) {
      // To be woken for each line would cost its request more than the line.
      LockSupport.parkNanos(PAUSE_NANOS);
      if (waiting.isEmpty()) {
        continue;
      }
      writing = true; // Before they leave the queue, for drain().
      waiting.drainTo(batch);
      int missing = lost.get();
      String notice =
          missing == 0 ? "" : LOST.formatted(Instant.now(), LogStream.class.getName(), missing);
      String text = String.join("\n", batch) + "\n";
      try {
        err.write((notice + text).getBytes(StandardCharsets.UTF_8));
        lost.addAndGet(-missing);
      } catch (IOException e) {
        lost.addAndGet(lines(text));
      }
      batch.clear();
      writing = false;
    }
  }
}
