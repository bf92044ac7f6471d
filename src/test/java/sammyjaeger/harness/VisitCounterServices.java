package sammyjaeger.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sammyjaeger.backend.Backend;
import sammyjaeger.backend.BackendSettings;
import sammyjaeger.frontend.Frontend;
import sammyjaeger.frontend.FrontendSettings;
import sammyjaeger.service.JettyServer;
import sammyjaeger.service.Settings;

/**
 * Both services on real sockets, with real tracers that report to a UDP agent. Its spans are there
 * once the services are stopped, and then they are all there.
 */
public final class VisitCounterServices implements AutoCloseable {

  public static final String FRONTEND = "do-visit-counter-frontend";
  public static final String BACKEND = "do-visit-counter-backend";

  /** Longer than any test waits, however busy the machine is. */
  public static final String PATIENCE = "60m";

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final UdpAgent agent = new UdpAgent();
  private final JettyServer backend;
  private final JettyServer frontend;
  private boolean stopped;

  /** Starts both; settings go to whichever service has them. */
  public VisitCounterServices(Map<String, String> settings) throws Exception {
    Map<String, String> all = environment(agent, settings);
    // Thousands of lines would be written into Surefire's pipe, one at a time.
    all.putIfAbsent("JAEGER_REPORTER_LOG_SPANS", "false");
    backend = Backend.start(Settings.read(all::get, BackendSettings::read));
    all.putIfAbsent("COUNTER_ENDPOINT", backend.uri().toString());
    frontend = Frontend.start(Settings.read(all::get, FrontendSettings::read));
  }

  public VisitCounterServices() throws Exception {
    this(Map.of());
  }

  /** Starts both, with a frontend that asks another backend. */
  public static VisitCounterServices with(FakeBackend other, Map<String, String> settings)
      throws Exception {
    Map<String, String> all = new HashMap<>(settings);
    all.put("COUNTER_ENDPOINT", other.uri().toString());
    return new VisitCounterServices(all);
  }

  public URI frontend() {
    return frontend.uri();
  }

  public URI counter() {
    return backend.uri().resolve("/api/counter");
  }

  public HttpResponse<String> visit(String... headers) throws Exception {
    return send("GET", frontend(), headers);
  }

  public static HttpResponse<String> send(String method, URI uri, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), BodyHandlers.ofString());
  }

  /** Stops both services, and returns every span that they made. */
  public List<WireSpan> stop() throws Exception {
    stopped = true;
    frontend.stop();
    backend.stop();
    return agent.drain();
  }

  /** The one span of that service and name. */
  public static WireSpan only(List<WireSpan> spans, String service, String operation) {
    List<WireSpan> found =
        spans.stream()
            .filter(span -> span.service().equals(service) && span.operation().equals(operation))
            .toList();
    assertEquals(1, found.size(), () -> service + " " + operation + " in " + spans);
    return found.get(0);
  }

  public static String greeting(long number) {
    return "Hello, World!\n\nYou're visitor number " + number + " in here!\n\n";
  }

  @Override
  public void close() throws InterruptedException {
    if (!stopped) {
      frontend.stop();
      backend.stop();
    }
    agent.close();
  }

  /** A test's settings, and for the rest those of most tests. */
  static Map<String, String> environment(UdpAgent agent, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("PORT", "0");
    all.putIfAbsent("SIMULATED_DELAY", "0");
    all.putIfAbsent("COUNTER_TIMEOUT", PATIENCE);
    all.putIfAbsent("JAEGER_AGENT_PORT", String.valueOf(agent.port()));
    return all;
  }
}
