package sammyjaeger;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.servlet.http.HttpServletResponse;

/** What both services answer: a status and a short text. */
final class TextResponse {

  static final String CONTENT_TYPE = "text/plain;charset=utf-8";

  private TextResponse() {}

  static void send(HttpServletResponse response, int status, String text) throws IOException {
    response.setStatus(status);
    response.setContentType(CONTENT_TYPE);
    response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Answers a HEAD whose GET would cost something; the length is left open. */
  static void sendHead(HttpServletResponse response) throws IOException {
    response.setContentType(CONTENT_TYPE);
    response.flushBuffer();
  }

  static void sendMethodNotAllowed(HttpServletResponse response, String allowed)
      throws IOException {
    response.setHeader("Allow", allowed);
    send(
        response,
        HttpServletResponse.SC_METHOD_NOT_ALLOWED,
        "This path takes no other methods than " + allowed + ".");
  }
}
