package sammyjaeger.service;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.eclipse.jetty.util.VirtualThreads;

/**
 * What this process can bear.
 *
 * @param requests how many may run at once; each takes two descriptors, as it may call a service
 * @param connections how many clients may be connected; 64 MB of heap bore all 3,276
 */
record Capacity(int requests, int connections) {

  /** Without virtual threads, each request takes one of these. */
  static final int MAX_THREADS = 1000;

  static Capacity ofThisProcess() {
    long descriptors =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount()
            : Integer.MAX_VALUE;
    return of(Runtime.getRuntime().maxMemory(), descriptors, VirtualThreads.areSupported());
  }

  static Capacity of(long heapBytes, long descriptors, boolean virtualThreads) {
    // Some 200 descriptors and 50 threads are for other things.
    long connections = Math.min(heapBytes / 20_480, (descriptors - 200) / 2);
    long threads = virtualThreads ? Integer.MAX_VALUE : MAX_THREADS - 50;
    long requests = Math.min(threads, Math.min(heapBytes >> 18, connections));
    return new Capacity((int) Math.max(1, requests), (int) Math.max(1, connections));
  }
}
