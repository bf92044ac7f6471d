package sammyjaeger.harness;

import org.junit.jupiter.api.extension.Extension;
import org.slf4j.LoggerFactory;

/**
 * Binds slf4j before any test runs. Where many tests are the first to log at once, a logger that is
 * made while another thread binds slf4j 2.0.20 can stay silent for good.
 */
public final class LogBinding implements Extension {

  public LogBinding() {
    LoggerFactory.getILoggerFactory();
  }
}
