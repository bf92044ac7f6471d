package sammyjaeger.harness;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What services in this JVM log from now on, as it passes {@link System#err}. All tests log there
 * at once: ask for lines with something that only one of them has, such as a port.
 */
public final class Log {

  private record Line(Thread thread, String text) {}

  private static final List<Line> LINES = new ArrayList<>();

  private final int start;

  public Log() {
    synchronized (LINES) {
      if (!(System.err instanceof Tap)) {
        System.setErr(new Tap(System.err));
      }
      start = LINES.size();
    }
  }

  /** The lines by now that contain all the texts. */
  public List<String> lines(String... texts) {
    return texts(line -> List.of(texts).stream().allMatch(line.text::contains));
  }

  /** Those of the calling thread that contain the text. */
  public List<String> ownLines(String text) {
    return texts(line -> line.thread == Thread.currentThread() && line.text.contains(text));
  }

  private List<String> texts(Predicate<Line> filter) {
    synchronized (LINES) {
      return LINES.stream().skip(start).filter(filter).map(Line::text).toList();
    }
  }

  private static final class Tap extends PrintStream {

    Tap(PrintStream out) {
      super(out, true);
    }

    @Override
    public void println(String line) {
      synchronized (LINES) {
        LINES.add(new Line(Thread.currentThread(), line));
      }
      super.println(line);
    }
  }
}
