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
record Destination(SpanLoss spanLoss, ThriftSender sender) {

  static Destination read(Settings settings) {
    String host = settings.read("JAEGER_AGENT_HOST", "localhost", "where spans go, by UDP", HOST);
    int port =
        settings.read("JAEGER_AGENT_PORT", "6831", "the UDP port there", wholeNumber(1, 65535));
    URI endpoint =
        settings.read(
            "JAEGER_ENDPOINT", "", "or by HTTP, as in http://localhost:14268/api/traces", URL);
    String token =
        settings.read(
            "JAEGER_AUTH_TOKEN",
            "",
            "bearer token for JAEGER_ENDPOINT, without user and password",
            SECRET);
    String user = settings.read("JAEGER_USER", "", "user for JAEGER_ENDPOINT", SECRET);
    String password = settings.read("JAEGER_PASSWORD", "", "that user's password", SECRET);
    SpanLoss loss =
        new SpanLoss(endpoint == null ? "udp://" + host + ":" + port : endpoint.toString());
    try {
      return endpoint == null
          ? new Destination(loss, new UdpSender(host, port, loss))
          : new Destination(loss, new HttpSender(endpoint, token, user, password, loss));
    } catch (TTransportException e) {
      throw new IllegalStateException("Thrift's buffer can't be made", e);
    }
  }
}
