package sammyjaeger.service;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** What a service answers: a status and one plain sentence, never what the client sent. */
public final class PlainText {

  private static final String CONTENT_TYPE = "text/plain;charset=utf-8";

  private PlainText() {}

  public static void send(HttpServletResponse response, int status, String text)
      throws IOException {
    response.setStatus(status);
    response.setContentType(CONTENT_TYPE);
    response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  static void sendMetrics(HttpServletResponse response, Metrics metrics) throws IOException {
    response.setContentType(Metrics.CONTENT_TYPE);
    response.getOutputStream().write(metrics.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Answers a HEAD whose GET would cost something; the length is left open. */
  public static void sendHead(HttpServletResponse response) throws IOException {
    response.setContentType(CONTENT_TYPE);
    response.flushBuffer();
  }

  public static void sendMethodNotAllowed(HttpServletResponse response, String allowed)
      throws IOException {
    response.setHeader("Allow", allowed);
    send(response, 405, "This path takes no other methods than " + allowed + ".");
  }

  static void sendError(HttpServletResponse response, int status) throws IOException {
    send(response, status, status < 500 ? fault(status) : "This service failed; its log says how.");
  }

  /** For requests that never reached the servlets. */
  static boolean sendError(Request request, Response response, Callback callback) {
    int status = response.getStatus();
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, CONTENT_TYPE);
    String sentence = fault(status);
    if (status == 503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, 5); // seconds
      sentence = "This service can't take more requests now; try again in a while.";
    }
    Content.Sink.write(response, true, sentence, callback);
    return true;
  }

  private static String fault(int status) {
    return "This request can't be answered: " + HttpStatus.getMessage(status) + ".";
  }
}
