package sammyjaeger;

import java.io.IOException;
import java.util.Collection;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.ee8.nested.ErrorHandler;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/** Answers errors with one plain sentence, where Jetty would send a page with a stack trace. */
final class PlainErrors {

  private final String notFound;

  PlainErrors(Collection<String> paths) {
    this.notFound =
        "There is nothing at this path; this service answers at " + String.join(", ", paths) + ".";
  }

  /** For what the servlets and their filters did not answer. */
  ErrorHandler forServlets() {
    return new ErrorHandler() {
      @Override
      public boolean errorPageForMethod(String method) {
        return true;
      }

      @Override
      protected void generateAcceptableResponse(
          org.eclipse.jetty.ee8.nested.Request baseRequest,
          HttpServletRequest request,
          HttpServletResponse response,
          int status,
          String message)
          throws IOException {
        TextResponse.send(response, status, sentence(status));
      }
    };
  }

  /** For requests that are so broken that they reach no servlet. */
  Request.Handler forServer() {
    return (request, response, callback) -> {
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, TextResponse.CONTENT_TYPE);
      Content.Sink.write(response, true, sentence(response.getStatus()), callback);
      return true;
    };
  }

  private String sentence(int status) {
    if (status == HttpStatus.NOT_FOUND_404) {
      return notFound;
    }
    if (status >= 500) {
      return "This service failed; its log says how.";
    }
    return "This request can't be answered: " + HttpStatus.getMessage(status) + ".";
  }
}
