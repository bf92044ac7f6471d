package sammyjaeger.harness;

import java.io.File;
import java.io.IOException;
import org.junit.jupiter.api.extension.Extension;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;
import sammyjaeger.service.ServiceProcess;

/**
 * Does, before any test runs, what goes wrong now and then while others run.
 *
 * <p>A logger that is made while another thread binds slf4j 2.0.20 can stay silent for good. And a
 * program that is written while another thread starts a process can't be executed: that process has
 * the file open for writing until it becomes its own program ("Text file busy").
 */
public final class BeforeTests implements Extension {

  static final File REDIS_SERVER;

  static {
    ServiceProcess.setJdkDefaults();
    LoggerFactory.getILoggerFactory();
    try {
      REDIS_SERVER = ExecutableProvider.newJarResourceProvider().get();
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
