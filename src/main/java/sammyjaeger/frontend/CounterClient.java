package sammyjaeger.frontend;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.regex.Pattern;
import sammyjaeger.tracing.TracedHttpClient;

/** Asks the backend for its counter. */
final class CounterClient {

  /** The backend's name in its traces. */
  static final String PEER_SERVICE = "do-visit-counter-backend";

  /** A positive number that a long can hold. */
  private static final Pattern COUNTER = Pattern.compile("[1-9][0-9]{0,17}");

  private final TracedHttpClient http;
  private final URI url;

  /** Makes a client of the backend at an address such as {@code http://localhost:5000}. */
  CounterClient(TracedHttpClient http, URI endpoint) {
    this.http = http;
    this.url = URI.create(endpoint.toString().replaceAll("/+$", "") + "/api/counter");
  }

  long get() throws IOException {
    return http.call("GET", url, answer -> counterIn(answer, 1));
  }

  /** Increments the counter, and returns its new value: at least 2, as it starts at 1. */
  long post() throws IOException {
    return http.call("POST", url, answer -> counterIn(answer, 2));
  }

  private long counterIn(HttpResponse<String> answer, long min) throws IOException {
    if (answer.statusCode() != 200) {
      throw useless("answered with status " + answer.statusCode());
    }
    if (!COUNTER.matcher(answer.body()).matches() || Long.parseLong(answer.body()) < min) {
      throw useless("gave an answer that is not a counter");
    }
    return Long.parseLong(answer.body());
  }

  private IOException useless(String why) {
    return new IOException(PEER_SERVICE + " at " + url + " " + why + ".");
  }
}
