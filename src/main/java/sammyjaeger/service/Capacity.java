package sammyjaeger.service;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.eclipse.jetty.util.VirtualThreads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process can bear.
 *
 * @param requests how many may run at once; each takes two descriptors, as it may call a service
 * @param connections how many clients may be connected; 64 MB of heap bore all 1,638, each with a
 *     request of 8 KiB of headers that waits
 */
record Capacity(int requests, int connections) {

  private static final Logger log = LoggerFactory.getLogger(Capacity.class);

  /** Below this, the log says that the limit of descriptors is low. */
  private static final int FEW_REQUESTS = 1000;

  /**
   * Without virtual threads, each request takes one of these, also while it waits; some 50 are for
   * other things.
   */
  static final int MAX_THREADS = 2050;

  static Capacity ofThisProcess() {
    long descriptors =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount()
            : Integer.MAX_VALUE;
    Capacity capacity =
        of(Runtime.getRuntime().maxMemory(), descriptors, VirtualThreads.areSupported());
    if (capacity.requests < FEW_REQUESTS && capacity.requests == forDescriptors(descriptors)) {
      log.warn(
          "No more than {} requests run at once, as this process may open only {} files (ulimit -n)",
          capacity.requests,
          descriptors);
    }
    return capacity;
  }

  static Capacity of(long heapBytes, long descriptors, boolean virtualThreads) {
    long threads = virtualThreads ? Integer.MAX_VALUE : MAX_THREADS - 50;
    long connections = Math.min(threads, Math.min(heapBytes / 40_960, forDescriptors(descriptors)));
    long requests = Math.min(heapBytes >> 18, connections);
    return new Capacity((int) Math.max(1, requests), (int) Math.max(1, connections));
  }

  private static long forDescriptors(long descriptors) {
    return Math.max(1, (descriptors - 200) / 2); // Some 200 are for other things.
  }
}
