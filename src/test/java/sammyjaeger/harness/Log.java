package sammyjaeger.harness;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What services in this JVM log from now on, as it passes {@link System#err}. All tests log there
 * at once: ask for lines with something that only one of them has, such as a port.
 */
public final class Log {

  private static final List<String> LINES = new ArrayList<>();

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
    synchronized (LINES) {
      return LINES.stream()
          .skip(start)
          .filter(line -> List.of(texts).stream().allMatch(line::contains))
          .toList();
    }
  }

  private static final class Tap extends PrintStream {

    Tap(PrintStream out) {
      super(out, true);
    }

    @Override
    public void println(String line) {
      synchronized (LINES) {
        LINES.add(line);
      }
      super.println(line);
    }
  }
}
