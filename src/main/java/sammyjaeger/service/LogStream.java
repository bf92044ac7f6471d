package sammyjaeger.service;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/**
 * Takes the place of {@link System#err}, where the log goes, and cleans each line: a library may
 * repeat what a stranger sent, and that must neither begin a line nor move a terminal's cursor.
 */
final class LogStream extends PrintStream {

  LogStream(PrintStream err) {
    super(err, true, StandardCharsets.UTF_8);
  }

  /** Writes a line of the log: time, level, the logger's name, a dash and the message. */
  @Override
  public void println(String line) {
    // Our own loggers shorten what comes from outside themselves.
    int dash = Math.max(0, line.indexOf(" - "));
    boolean ours = line.startsWith("sammyjaeger.", line.lastIndexOf(' ', dash - 1) + 1);
    super.print(printable(line, dash + 3 + (ours ? 1000 : 200)) + "\n");
  }

  /** Writes a line of a stack trace. */
  @Override
  public void println(Object line) {
    print(String.valueOf(line));
  }

  /** Writes lines that stay together, such as a tree. */
  @Override
  public void print(String block) {
    super.print(block.lines().map(line -> printable(line) + "\n").collect(Collectors.joining()));
  }

  /** A value from outside as the log and an answer can bear it: on one line, and not too long. */
  static String printable(String value) {
    return printable(value, 200);
  }

  private static String printable(String text, int maxLength) {
    String line = text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}&&[^\t]]", "?");
    return line.length() <= maxLength ? line : line.substring(0, maxLength - 1) + "…";
  }
}
