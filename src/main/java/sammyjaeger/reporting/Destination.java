package sammyjaeger.reporting;

import static sammyjaeger.service.Settings.HOST;
import static sammyjaeger.service.Settings.SECRET;
import static sammyjaeger.service.Settings.URL;
import static sammyjaeger.service.Settings.wholeNumber;

import io.jaegertracing.thrift.internal.senders.ThriftSender;
import java.net.URI;
import org.apache.thrift.transport.TTransportException;
import sammyjaeger.service.Settings;

/** Where spans go: to an agent by UDP, or to a collector by HTTP. */
final class Destination {

  private final String host;
  private final int port;
  private final URI endpoint;
  private final String token;
  private final String user;
  private final String password;

  /** Reads the settings. */
  Destination(Settings settings) {
    host = settings.read("JAEGER_AGENT_HOST", "localhost", "where spans go, by UDP", HOST);
    port = settings.read("JAEGER_AGENT_PORT", "6831", "the UDP port there", wholeNumber(1, 65535));
    endpoint =
        settings.read(
            "JAEGER_ENDPOINT", "", "or by HTTP, as in http://localhost:14268/api/traces", URL);
    token = settings.read("JAEGER_AUTH_TOKEN", "", "bearer token for JAEGER_ENDPOINT", SECRET);
    user = settings.read("JAEGER_USER", "", "user for JAEGER_ENDPOINT", SECRET);
    password = settings.read("JAEGER_PASSWORD", "", "that user's password", SECRET);
  }

  /** As the log shows it. */
  String name() {
    return endpoint == null ? "udp://" + host + ":" + port : endpoint.toString();
  }

  ThriftSender sender(SpanLoss spanLoss) {
    try {
      return endpoint == null
          ? new UdpSender(host, port, spanLoss)
          : new HttpSender(endpoint, token, user, password, spanLoss);
    } catch (TTransportException e) {
      throw new IllegalStateException("Thrift's buffer can't be made", e);
    }
  }
}
