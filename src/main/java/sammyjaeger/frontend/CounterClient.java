package sammyjaeger.frontend;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import sammyjaeger.tracing.TracedHttpClient;

/** Asks the backend for its counter; what a method throws goes on from this client's name. */
final class CounterClient {

  /** The backend's name in its traces. */
  static final String PEER_SERVICE = "do-visit-counter-backend";

  private final TracedHttpClient http;
  private final URI endpoint;
  private final URI url;

  /** Makes a client of the backend at an address such as {@code http://localhost:5000}. */
  CounterClient(TracedHttpClient http, URI endpoint) {
    this.http = http;
    this.endpoint = endpoint;
    this.url = URI.create(endpoint.toString().replaceAll("/+$", "") + "/api/counter");
  }

  long get() throws IOException {
    return http.call("GET", url, answer -> counterIn(answer, 1));
  }

  /** Increments the counter, and returns its new value: at least 2, as it starts at 1. */
  long post() throws IOException {
    return http.call("POST", url, answer -> counterIn(answer, 2));
  }

  private static long counterIn(HttpResponse<String> answer, long min) throws IOException {
    int status = answer.statusCode();
    if (status != 200) {
      String question = status < 500 ? " (is this the backend?)" : "";
      throw new IOException("answered with status " + status + question);
    }
    if (!answer.body().matches("[1-9][0-9]{0,17}") || Long.parseLong(answer.body()) < min) {
      throw new IOException("gave an answer that is not a counter (is this the backend?)");
    }
    return Long.parseLong(answer.body());
  }

  /** The backend's name and address, as in a sentence. */
  @Override
  public String toString() {
    return PEER_SERVICE + " at " + endpoint.getScheme() + "://" + endpoint.getAuthority();
  }
}
