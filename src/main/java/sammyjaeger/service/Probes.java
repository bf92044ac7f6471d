package sammyjaeger.service;

import java.util.Set;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/** Answers what machines ask for, also while other requests wait, and counts the others. */
final class Probes extends Handler.Wrapper {

  private static final Set<String> PATHS = Set.of("/livez", "/readyz", "/metrics");

  private final Set<String> counted;
  private final Metrics metrics;
  private volatile boolean ready = true;

  Probes(Handler handler, Set<String> counted, Metrics metrics) {
    super(handler);
    this.counted = counted;
    this.metrics = metrics;
  }

  void stopping() {
    ready = false;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    Connector connector = request.getConnectionMetaData().getConnector();
    if (!ready || !((ServerConnector) connector).isAccepting()) {
      // Others wait to be connected, or this is a stop.
      response.getHeaders().put("Connection", "close");
    }
    String path = Request.getPathInContext(request);
    if (!PATHS.contains(path)) {
      try {
        return super.handle(request, response, callback);
      } finally {
        metrics.countRequest(counted.contains(path) ? path : "other", response.getStatus());
      }
    }
    if (!Set.of("GET", "HEAD").contains(request.getMethod())) {
      response.getHeaders().put("Allow", "GET, HEAD");
      return PlainText.send(response, callback, 405, "This path allows only GET, HEAD.");
    }
    if (path.equals("/metrics")) {
      return PlainText.send(response, callback, 200, metrics.toString());
    }
    return path.equals("/livez") || ready
        ? PlainText.send(response, callback, 200, "ok")
        : PlainText.send(response, callback, 503, "This service is stopping.");
  }
}
