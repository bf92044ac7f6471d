package sammyjaeger.tracing;

import static java.util.Comparator.comparing;

import java.net.http.HttpRequest;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a span's context into the headers of a request, and as much of its baggage as there is room
 * for: servers refuse long headers and many, and baggage can be as long as a visitor's headers are,
 * and six times that when it is encoded (each é as %C3%A9).
 */
final class HeaderLimit {

  private static final Logger log = LoggerFactory.getLogger(HeaderLimit.class);

  /** Jetty, as many others, takes 8 KiB in all. */
  private static final int MAX_BYTES = 7 << 10;

  /** Apache and gunicorn take 100 in all; W3C Baggage asks for no more items than 64. */
  private static final int MAX_HEADERS = 64;

  private final AtomicLong nextLogNanos = new AtomicLong(System.nanoTime());

  /** Sets those that fit, and says once a minute if some don't. */
  void set(Map<String, String> headers, HttpRequest.Builder request) {
    int room = MAX_BYTES;
    int set = 0;
    for (var header : headers.entrySet().stream().sorted(comparing(HeaderLimit::rank)).toList()) {
      int bytes = header.getKey().length() + header.getValue().length() + ": \r\n".length();
      try {
        if (set < MAX_HEADERS && bytes <= room) {
          request.setHeader(header.getKey(), header.getValue());
          room -= bytes;
          set++;
        }
      } catch (IllegalArgumentException e) {
        // Baggage can have a name that no header can have.
      }
    }
    int leftOut = headers.size() - set;
    long now = System.nanoTime();
    long next = nextLogNanos.get();
    if (leftOut > 0
        && now - next >= 0
        && nextLogNanos.compareAndSet(next, now + TimeUnit.MINUTES.toNanos(1))) {
      log.warn(
          "{} headers with baggage were too long, too many, or misnamed, to be passed on", leftOut);
    }
  }

  /** The context comes first, as the trace ends without it; then short baggage before long. */
  private static int rank(Map.Entry<String, String> header) {
    String name = header.getKey();
    boolean baggage = name.startsWith("uberctx-") || name.startsWith("baggage-");
    return header.getValue().length() + (baggage ? 1 << 20 : 0);
  }
}
