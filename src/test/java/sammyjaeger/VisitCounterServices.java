package sammyjaeger;

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
import java.util.function.UnaryOperator;

/**
 * Both services on real sockets, with real tracers that report to a UDP agent. Its spans are there
 * once the services are stopped, and then they are all there.
 */
final class VisitCounterServices implements AutoCloseable {

  final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final UdpAgent agent = new UdpAgent();
  private final Tracing backendTracing;
  private final Tracing frontendTracing;
  private final TracedServer backend;
  private final TracedServer frontend;

  /** Starts both; settings go to whichever service has them. */
  VisitCounterServices(Map<String, String> settings) throws Exception {
    Settings backendSettings = read(Backend.SETTINGS, settings, Map.of());
    backendTracing = new Tracing(backendSettings);
    backend = Backend.newServer(backendSettings, backendTracing.tracer());
    backend.start();
    Settings frontendSettings =
        read(Frontend.SETTINGS, settings, Map.of("COUNTER_ENDPOINT", backend.uri().toString()));
    frontendTracing = new Tracing(frontendSettings);
    frontend = Frontend.newServer(frontendSettings, frontendTracing.tracer());
    frontend.start();
  }

  VisitCounterServices() throws Exception {
    this(Map.of());
  }

  URI frontend() {
    return frontend.uri();
  }

  URI counter() {
    return backend.uri().resolve(CounterServlet.PATH);
  }

  HttpResponse<String> visit(String... headers) throws Exception {
    return send("GET", frontend(), headers);
  }

  HttpResponse<String> send(String method, URI uri, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  /** Stops both services, and returns every span that they made. */
  List<WireSpan> stop() throws Exception {
    frontend.stop();
    frontendTracing.close();
    backend.stop();
    backendTracing.close();
    return agent.drain();
  }

  /** Stops both services, and returns the one span of that name. */
  static WireSpan only(List<WireSpan> spans, String service, String operation) {
    List<WireSpan> found =
        spans.stream()
            .filter(span -> span.service().equals(service) && span.operation().equals(operation))
            .toList();
    assertEquals(1, found.size(), () -> service + " " + operation + " in " + spans);
    return found.get(0);
  }

  @Override
  public void close() throws InterruptedException {
    agent.close();
    frontend.stop();
    backend.stop();
  }

  private Settings read(
      List<Setting<?>> table, Map<String, String> settings, Map<String, String> defaults)
      throws StartupException {
    Map<String, String> all = new HashMap<>(defaults);
    all.put("PORT", "0");
    all.put("SIMULATED_DELAY", "0");
    all.put("JAEGER_AGENT_PORT", String.valueOf(agent.port()));
    all.putAll(settings);
    UnaryOperator<String> lookup = all::get;
    return Settings.read(table, lookup);
  }
}
