package sammyjaeger.service;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Refuses a request with too many headers while it is read. Jetty 12.1.14 bounds their bytes alone,
 * and many short ones take twenty times those of the heap.
 */
final class HeaderCountLimit extends HttpConnectionFactory {

  /** As many as Apache and gunicorn take. */
  private static final int MAX_HEADERS = 100;

  HeaderCountLimit(HttpConfiguration http) {
    super(http);
  }

  @Override
  public Connection newConnection(Connector connector, EndPoint endPoint) {
    return configure(
        new HttpConnection(getHttpConfiguration(), connector, endPoint) {
          @Override
          protected RequestHandler newRequestHandler() {
            return new RequestHandler() {
              private int headers;

              @Override
              public void startRequest(String method, String uri, HttpVersion version) {
                headers = 0;
                super.startRequest(method, uri, version);
              }

              @Override
              public void parsedHeader(HttpField header) {
                if (++headers > MAX_HEADERS) {
                  throw new HttpException.RuntimeException(
                      HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431);
                }
                super.parsedHeader(header);
              }
            };
          }
        },
        connector,
        endPoint);
  }
}
