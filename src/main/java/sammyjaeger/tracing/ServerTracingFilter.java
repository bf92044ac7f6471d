package sammyjaeger.tracing;

import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.contrib.web.servlet.filter.TracingFilter;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.util.Set;
import javax.servlet.FilterChain;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletMapping;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.MappingMatch;

/**
 * The server half of tracing by hand: {@link TracingFilter} extracts the context from the request's
 * headers, and makes each request a server span. This names the span after the method and the
 * servlet's path, marks it if the service failed, and tells the client the trace's id. Register it
 * only for {@link javax.servlet.DispatcherType#REQUEST}.
 */
public final class ServerTracingFilter extends TracingFilter {

  /** RFC 9110, and PATCH. */
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

  private static final int MAX_URL = 1024;

  public ServerTracingFilter(Tracer tracer) {
    super(tracer);
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    // In essence: extract the caller's context, start a span that is its child, activate it, call
    // the chain, tag the span with what came of it, and finish it.
    super.doFilter(
        request,
        response,
        (tracedRequest, tracedResponse) ->
            decorate(
                tracer.activeSpan(),
                (HttpServletRequest) tracedRequest,
                (HttpServletResponse) tracedResponse,
                chain));
  }

  private static void decorate(
      Span span, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    span.setOperationName(method(request) + " " + route(request.getHttpServletMapping()));
    String uri = request.getRequestURI();
    if (uri.contains(";") || uri.equals("*") || uri.length() > MAX_URL) {
      Tags.HTTP_URL.set(span, cleanUrl(request));
    }
    // Before the chain is called: a long answer is on its way when that returns.
    response.setHeader("X-Trace-Id", traceId(span));
    chain.doFilter(request, response);
    if (response.getStatus() >= 500) {
      Tags.ERROR.set(span, true);
    }
  }

  /** The id as Jaeger's UI takes it: 32 hex digits, whatever the length that it began with. */
  public static String traceId(Span span) {
    String id = span.context().toTraceId();
    return "0".repeat(32 - id.length()) + id;
  }

  /** The method, if it is one: Jaeger lists operation names, so clients must not make them up. */
  private static String method(HttpServletRequest request) {
    return METHODS.contains(request.getMethod()) ? request.getMethod() : "OTHER";
  }

  /** The pattern that a servlet is mapped to, or /* for the one that takes all other paths. */
  private static String route(HttpServletMapping mapping) {
    MappingMatch match = mapping.getMappingMatch();
    boolean root = match == MappingMatch.CONTEXT_ROOT;
    return root ? "/" : match == MappingMatch.DEFAULT ? "/*" : mapping.getPattern();
  }

  /** The URL without {@code ;jsessionid=…}, the asterisk of OPTIONS, and an excess of length. */
  private static String cleanUrl(HttpServletRequest request) {
    String url = request.getRequestURL().toString().replaceAll(";[^/]*|\\*$", "");
    return url.substring(0, Math.min(MAX_URL, url.length()));
  }
}
