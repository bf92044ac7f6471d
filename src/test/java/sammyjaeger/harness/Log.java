package sammyjaeger.harness;

import java.io.PrintStream;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What services in this JVM log, as it passes {@link System#err}. All tests log there at once: ask
 * for lines with something that only one of them has, such as a port.
 */
public final class Log {

  private static final Queue<String> LINES = new ConcurrentLinkedQueue<>();

  private Log() {}

  /** Listens from now on; must be called before what is to be heard. */
  public static void listen() {
    synchronized (LINES) {
      if (!(System.err instanceof Tap)) {
        System.setErr(new Tap(System.err));
      }
    }
  }

  /** The lines by now that contain all the texts. */
  public static List<String> lines(String... texts) {
    return LINES.stream().filter(line -> List.of(texts).stream().allMatch(line::contains)).toList();
  }

  /** Waits for a line that contains all the texts. */
  public static void await(String... texts) throws InterruptedException {
    while (lines(texts).isEmpty()) {
      Thread.sleep(10);
    }
  }

  private static final class Tap extends PrintStream {

    Tap(PrintStream out) {
      super(out, true);
    }

    @Override
    public void println(String line) {
      LINES.add(line);
      super.println(line);
    }
  }
}
