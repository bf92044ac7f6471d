package sammyjaeger;

import io.opentracing.Span;
import io.opentracing.contrib.web.servlet.filter.ServletFilterSpanDecorator;
import io.opentracing.tag.Tags;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.ee8.nested.Request;
import org.eclipse.jetty.http.HttpMethod;

/** Adds to the filter's server spans what it leaves out, and tells the client the trace's id. */
final class ServerSpanDecorator implements ServletFilterSpanDecorator {

  @Override
  public void onRequest(HttpServletRequest request, Span span) {
    span.setOperationName(method(request) + " " + route(request));
    // At once, and not in onResponse: a long answer would have left by then.
    Request.getBaseRequest(request).getResponse().setHeader("X-Trace-Id", Tracing.traceId(span));
  }

  @Override
  public void onResponse(HttpServletRequest request, HttpServletResponse response, Span span) {
    if (response.getStatus() >= 500) {
      Tags.ERROR.set(span, true);
    }
  }

  @Override
  public void onError(
      HttpServletRequest request, HttpServletResponse response, Throwable error, Span span) {}

  @Override
  public void onTimeout(
      HttpServletRequest request, HttpServletResponse response, long timeout, Span span) {}

  /** The method, if it is one: Jaeger lists operation names, so clients must not make them up. */
  private static String method(HttpServletRequest request) {
    return HttpMethod.fromString(request.getMethod()) == null ? "OTHER" : request.getMethod();
  }

  /** The path that a servlet is mapped to, or /* where none is. */
  private static String route(HttpServletRequest request) {
    return switch (request.getHttpServletMapping().getMappingMatch()) {
      case CONTEXT_ROOT -> "/";
      case EXACT -> request.getHttpServletMapping().getPattern();
      default -> "/*";
    };
  }
}
