package sammyjaeger.reporting;

import static sammyjaeger.service.Settings.HOST_NAME;
import static sammyjaeger.service.Settings.SECRET;
import static sammyjaeger.service.Settings.TEXT;
import static sammyjaeger.service.Settings.URL;
import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.wholeNumber;

import java.net.URI;
import sammyjaeger.service.Settings;
import sammyjaeger.service.Settings.Kind;

/** Where finished spans go. */
public record ReportingSettings(
    String agentHost,
    int agentPort,
    URI endpoint,
    String token,
    String user,
    String password,
    String logSpans,
    boolean ascii,
    int queue,
    int flushMillis) {

  private static final Kind<String> PRINT = matching("tree, true or false", "tree|true|false");
  private static final Kind<Integer> COUNT = wholeNumber(1, 1_000_000);

  public static ReportingSettings read(Settings from) {
    // A stranger can make a span of some 10 KiB.
    String queue = "" + Math.min(10_000, Runtime.getRuntime().maxMemory() >> 15);
    return new ReportingSettings(
        from.read("JAEGER_AGENT_HOST", "localhost", "where spans go, by UDP", HOST_NAME),
        from.read("JAEGER_AGENT_PORT", "6831", "the UDP port there", wholeNumber(1, 65535)),
        from.read("JAEGER_ENDPOINT", "", "or by HTTP, as http://localhost:14268/api/traces", URL),
        from.read("JAEGER_AUTH_TOKEN", "", "bearer token for JAEGER_ENDPOINT", SECRET),
        from.read("JAEGER_USER", "", "or a user for JAEGER_ENDPOINT", SECRET),
        from.read("JAEGER_PASSWORD", "", "that user's password", SECRET),
        from.read("JAEGER_REPORTER_LOG_SPANS", "tree", "print trees, spans or nothing", PRINT),
        !from.read("NO_COLOR", "", "if set, trees are drawn in ASCII", TEXT).isEmpty(),
        from.read("JAEGER_REPORTER_MAX_QUEUE_SIZE", queue, "how many spans may wait", COUNT),
        from.read("JAEGER_REPORTER_FLUSH_INTERVAL", "1000", "for how many ms they may", COUNT));
  }

  /** The scheme, host and port, as the log may show them. */
  public String destination() {
    String host = agentHost.matches("[^\\[]*:.*") ? "[" + agentHost + "]" : agentHost;
    return endpoint == null
        ? "udp://" + host + ":" + agentPort
        : endpoint.getScheme() + "://" + endpoint.getAuthority();
  }
}
