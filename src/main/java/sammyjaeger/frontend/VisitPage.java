package sammyjaeger.frontend;

import static org.eclipse.jetty.util.StringUtil.sanitizeXmlString;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.http.QuotedQualityCSV;

/**
 * What a browser is answered instead of plain text: the same sentences, and a link to the visit's
 * trace. It needs no script, and nothing from elsewhere.
 */
final class VisitPage {

  private static final Pattern TEXT = Pattern.compile("(?i)(text/(html|plain|\\*)|\\*/\\*)(;.*)?");
  private static final String TEMPLATE = read("visit.html");

  /** The page brings its own style and an empty icon; the browser loads nothing else. */
  private static final String POLICY =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
          + " form-action 'none'; frame-ancestors 'none'";

  private VisitPage() {}

  /** Whether the client prefers a page to plain text. */
  static boolean isPreferred(HttpServletRequest request) {
    QuotedQualityCSV accepted = new QuotedQualityCSV();
    try {
      request.getHeaders("Accept").asIterator().forEachRemaining(accepted::addValue);
    } catch (IllegalArgumentException e) {
      return false; // The header is malformed.
    }
    return accepted.getValues().stream()
        .filter(type -> TEXT.matcher(type).matches())
        .findFirst()
        .filter(type -> type.toLowerCase().startsWith("text/html"))
        .isPresent();
  }

  /** Answers with the page; each paragraph of the text is one of the page. */
  static void send(
      HttpServletResponse response, int status, String text, URI jaegerUi, String traceId)
      throws IOException {
    String traceUrl = jaegerUi.toString().replaceAll("/+$", "") + "/trace/" + traceId;
    String page =
        TEMPLATE
            .replace("{text}", sanitizeXmlString(text.strip()).replace("\n\n", "</p>\n<p>"))
            .replace("{traceUrl}", sanitizeXmlString(traceUrl))
            .replace("{traceId}", traceId);
    response.setStatus(status);
    response.setContentType("text/html;charset=utf-8");
    response.setHeader("Content-Security-Policy", POLICY);
    response.getOutputStream().write(page.getBytes(StandardCharsets.UTF_8));
  }

  private static String read(String resource) {
    try (InputStream in = VisitPage.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
