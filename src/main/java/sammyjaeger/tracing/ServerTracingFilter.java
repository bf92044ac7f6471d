package sammyjaeger.tracing;

import static javax.servlet.http.MappingMatch.CONTEXT_ROOT;
import static javax.servlet.http.MappingMatch.DEFAULT;

import io.opentracing.Span;
import io.opentracing.Tracer;
import io.opentracing.contrib.web.servlet.filter.ServletFilterSpanDecorator;
import io.opentracing.contrib.web.servlet.filter.TracingFilter;
import io.opentracing.tag.Tags;
import java.io.IOException;
import java.util.List;
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
 * servlet's path, marks it if the service failed, and tells the client the trace's id. It is for
 * {@link javax.servlet.DispatcherType#REQUEST} alone.
 */
public final class ServerTracingFilter extends TracingFilter {

  /** RFC 9110, and PATCH. */
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

  public ServerTracingFilter(Tracer tracer) {
    super(tracer, List.of(ServletFilterSpanDecorator.STANDARD_TAGS, new Decorator()), null);
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    // In essence: extract the caller's context, start a span that is its child, activate it, call
    // the chain, tag the span with what came of it, and finish it.
    super.doFilter(
        request,
        response,
        (tracedRequest, tracedResponse) -> {
          // At once: a long answer would have left before the chain returns.
          ((HttpServletResponse) tracedResponse)
              .setHeader("X-Trace-Id", traceId(tracer.activeSpan()));
          chain.doFilter(tracedRequest, tracedResponse);
        });
  }

  /** The id as Jaeger's UI takes it: 32 hex digits, whatever the length that it began with. */
  public static String traceId(Span span) {
    String id = span.context().toTraceId();
    return "0".repeat(32 - id.length()) + id;
  }

  private static final class Decorator implements ServletFilterSpanDecorator {

    @Override
    public void onRequest(HttpServletRequest request, Span span) {
      span.setOperationName(method(request) + " " + route(request));
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
      return METHODS.contains(request.getMethod()) ? request.getMethod() : "OTHER";
    }

    /** The pattern that a servlet is mapped to, or /* for the one that takes what is left. */
    private static String route(HttpServletRequest request) {
      HttpServletMapping mapping = request.getHttpServletMapping();
      MappingMatch match = mapping.getMappingMatch();
      return match == CONTEXT_ROOT ? "/" : match == DEFAULT ? "/*" : mapping.getPattern();
    }
  }
}
