package sammyjaeger.bench;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import javax.servlet.Filter;
import javax.servlet.Servlet;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import sammyjaeger.service.JettyServer;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.PlainText;
import sammyjaeger.service.ServerSettings;
import sammyjaeger.service.ServiceProcess;

/** The backend without tracing: the same server, and the same answer to a GET. */
final class UntracedBackend {

  private UntracedBackend() {}

  public static void main(String[] args) {
    ServiceProcess.run(
        args, "", settings -> ServerSettings.read(settings, "5000"), UntracedBackend::start);
  }

  private static JettyServer start(ServerSettings settings) {
    AtomicLong counter = new AtomicLong(1);
    Servlet servlet =
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response)
              throws IOException {
            PlainText.send(response, 200, "" + counter.get());
          }
        };
    Filter noTracing = (request, response, chain) -> chain.doFilter(request, response);
    return new JettyServer(
        settings, new Metrics(), noTracing, Map.of("/api/counter", servlet), () -> {});
  }
}
