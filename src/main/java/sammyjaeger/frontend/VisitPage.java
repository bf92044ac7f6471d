package sammyjaeger.frontend;

import static org.eclipse.jetty.util.StringUtil.sanitizeXmlString;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.http.QuotedQualityCSV;

/**
 * What a browser is answered instead of plain text: the same sentences, a bar for each call of the
 * backend, and a link to the visit's trace. It needs no script, and nothing from elsewhere.
 */
final class VisitPage {

  /** A call of the backend, which returns a number. */
  interface Call {
    long call() throws IOException;
  }

  private record Bar(String name, long startNanos, long endNanos, boolean failed) {}

  private static final Pattern TEXT = Pattern.compile("(?i)(text/(html|plain|\\*)|\\*/\\*)(;.*)?");
  private static final String TEMPLATE = read("visit.html");

  /** Lets the browser take the page's own style and empty icon, and nothing else. */
  private static final String POLICY =
      "default-src 'none'; img-src data:; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
          .formatted(sha256(TEMPLATE.split("</?style>")[1]));

  private final List<Bar> bars = new ArrayList<>();
  private final String traceId;
  private final String traceUrl;

  VisitPage(URI jaegerUi, String traceId) {
    this.traceId = traceId;
    traceUrl = jaegerUi.toString().replaceAll("/+$", "") + "/trace/" + traceId;
  }

  /** Whether the client would rather have a page than plain text. */
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

  /** Makes a call, and draws a bar for the time that it takes. */
  long drawBar(String name, Call call) throws IOException {
    long start = System.nanoTime();
    boolean failed = true;
    try {
      long answer = call.call();
      failed = false;
      return answer;
    } finally {
      bars.add(new Bar(name, start, System.nanoTime(), failed));
    }
  }

  /** Answers with the page; each paragraph of the text is one of the page. */
  void send(HttpServletResponse response, int status, String text) throws IOException {
    String page =
        TEMPLATE
            .replace("{text}", sanitizeXmlString(text.strip()).replace("\n\n", "</p>\n<p>"))
            .replace("{bars}", bars.stream().map(this::draw).collect(Collectors.joining("\n")))
            .replace("{traceUrl}", sanitizeXmlString(traceUrl))
            .replace("{traceId}", traceId);
    response.setStatus(status);
    response.setContentType("text/html;charset=utf-8");
    response.setHeader("Content-Security-Policy", POLICY);
    response.getOutputStream().write(page.getBytes(StandardCharsets.UTF_8));
  }

  private String draw(Bar bar) {
    long start = bars.get(0).startNanos;
    double total = bars.get(bars.size() - 1).endNanos - start;
    return """
        <tr%s><th>%s<td><svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect x="%.2f" width="%.2f" height="10"/></svg><td>%.3f s\
        """
        .formatted(
            bar.failed ? " class=failed" : "",
            bar.name,
            Math.min(99, 100 * (bar.startNanos - start) / total),
            Math.max(1, 100 * (bar.endNanos - bar.startNanos) / total),
            (bar.endNanos - bar.startNanos) / 1e9);
  }

  private static String read(String resource) {
    try (InputStream in = VisitPage.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256", e);
    }
  }
}
