package sammyjaeger;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/** Tells Kubernetes whether this service is well; asks nobody else, and is never traced. */
final class HealthServlet extends HttpServlet {

  private final BooleanSupplier healthy;

  HealthServlet(BooleanSupplier healthy) {
    this.healthy = healthy;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    switch (request.getMethod()) {
      case "GET", "HEAD" -> {
        if (healthy.getAsBoolean()) {
          TextResponse.send(response, HttpServletResponse.SC_OK, "ok");
        } else {
          TextResponse.send(
              response, HttpServletResponse.SC_SERVICE_UNAVAILABLE, "This service is stopping.");
        }
      }
      default -> TextResponse.sendMethodNotAllowed(response, "GET, HEAD");
    }
  }
}
