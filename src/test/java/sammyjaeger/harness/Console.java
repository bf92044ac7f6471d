package sammyjaeger.harness;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Keeps the console readable. The log of services in this JVM goes to {@code target/tests.log},
 * which also says when each test began and ended. Every 20 seconds the console names the tests that
 * are running.
 */
public final class Console implements BeforeEachCallback, AfterEachCallback {

  private static final Set<String> RUNNING = new ConcurrentSkipListSet<>();
  private static final Instant START = Instant.now();
  private static final PrintStream LOG;

  static {
    try {
      LOG = new PrintStream(new FileOutputStream("target/tests.log"), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.setErr(LOG);
    Thread thread = new Thread(Console::report, "console");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void beforeEach(ExtensionContext test) {
    RUNNING.add(name(test));
    LOG.println(Instant.now() + " begins: " + name(test));
  }

  @Override
  public void afterEach(ExtensionContext test) {
    RUNNING.remove(name(test));
    LOG.println(Instant.now() + " ended: " + name(test));
  }

  private static String name(ExtensionContext test) {
    String method = test.getRequiredTestMethod().getName();
    String invocation = test.getDisplayName().replaceFirst("(?s)^(\\[\\d+])?.*", "$1");
    return test.getRequiredTestClass().getSimpleName() + "." + method + invocation;
  }

  private static void report() {
    while (true) {
      try {
        Thread.sleep(20_000);
      } catch (InterruptedException e) {
        return;
      }
      long seconds = Duration.between(START, Instant.now()).toSeconds();
      System.out.println("After " + seconds + " s, running: " + String.join(", ", RUNNING));
    }
  }
}
