package sammyjaeger.service;

import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import javax.net.ssl.SSLException;

/** What happened to a call of another service. */
public final class Failures {

  private Failures() {}

  /** Says it in words that go on from the service's name. */
  public static String whatHappened(Throwable failure) {
    String words = "gave no answer, or a broken one";
    for (Throwable cause = failure; cause != null; cause = causeOf(cause)) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return "has a host name that is not known";
      } else if (cause instanceof SSLException) {
        return "has no TLS, or none that is trusted here";
      } else if (String.valueOf(cause.getMessage()).matches("(?s).*(nreachable|o route).*")) {
        return "can't be reached";
      } else if (cause instanceof SocketTimeoutException) {
        words = "did not answer in time";
      } else if (cause instanceof ConnectException) {
        words = "refused the connection";
      }
    }
    return words;
  }

  /** Jedis keeps what failed at each of a host's addresses as suppressed exceptions. */
  private static Throwable causeOf(Throwable e) {
    return e.getSuppressed().length > 0 ? e.getSuppressed()[0] : e.getCause();
  }
}
