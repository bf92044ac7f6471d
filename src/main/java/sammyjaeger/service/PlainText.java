package sammyjaeger.service;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** What a service answers: a status and one plain sentence, never what the client sent. */
public final class PlainText {

  private static final String TYPE = "text/plain;charset=utf-8";

  private PlainText() {}

  public static void send(HttpServletResponse response, int status, String text)
      throws IOException {
    response.setStatus(status);
    response.setContentType(TYPE);
    response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Answers a HEAD whose GET would cost something; the length is left open. */
  public static void sendHead(HttpServletResponse response) throws IOException {
    response.setContentType(TYPE);
    response.flushBuffer();
  }

  public static void sendMethodNotAllowed(HttpServletResponse response, String allowed)
      throws IOException {
    response.setHeader("Allow", allowed);
    send(response, 405, "This path allows only " + allowed + ".");
  }

  /** Answers a request that reaches no servlet. */
  static boolean send(Response response, Callback callback, int status, String text) {
    response.setStatus(status);
    response.getHeaders().put("Content-Type", TYPE);
    Content.Sink.write(response, true, text, callback);
    return true;
  }

  /** Says why a request failed, where its status is all that is known. */
  static String sentence(int status) {
    return status < 500 || status == 505
        ? "This request can't be answered: " + HttpStatus.getMessage(status) + "."
        : "This service failed; its log says how.";
  }
}
