package sammyjaeger.manifests;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Finds what is wrong with the configuration of a Jaeger, and with what it needs. */
record JaegerChecks(Variant variant, Container jaeger) {

  private static final Pattern OPEN = Pattern.compile("0\\.0\\.0\\.0:(\\d+)");

  void check(Map<String, String> variables) {
    Node config = jaeger.config();
    checkParts(config);
    Node exporter = config.at("exporters/otlp_grpc");
    if (exporter.isThere()) {
      String address = "http://" + exporter.get("endpoint").text();
      variant.requireReceiver(jaeger, address, "otlp/protocols/grpc");
      variant.unlessShaped("sidecar", jaeger.name(), config);
    }
    if (jaeger.isOfOperator()) {
      return; // It adds ports, probes and GOMEMLIMIT.
    }
    checkVariables(variables);
    Set<Integer> open = new TreeSet<>();
    OPEN.matcher(config.text()).results().forEach(p -> open.add(Integer.valueOf(p.group(1))));
    unless(jaeger.ports().equals(open), "declares %s, listens on %s", jaeger.ports(), open);
    Node store = config.at("extensions/jaeger_storage/backends/traces");
    if (store.get("memory").isThere() || store.get("badger").isThere()) {
      variant.unlessShaped("with memory", jaeger.name(), jaeger.workload());
    }
    // A trace takes 45 kB while it is searched for.
    double most = 45_000.0 * store.at("memory/max_traces").number();
    unless(most <= jaeger.memory().quantity(), "its store outgrows its memory");
    for (Node path : store.at("badger/directories").map().values()) {
      boolean isKept = jaeger.volumeOf(path.text()).get("persistentVolumeClaim").isThere();
      unless(isKept, "%s is on no persistent volume", path.text());
    }
  }

  private void unless(boolean isSound, String problem, Object... values) {
    variant.unless(isSound, jaeger.name() + ": " + problem, values);
  }

  private void checkParts(Node config) {
    for (String kind : List.of("receivers", "processors", "exporters", "extensions")) {
      Set<String> used = new TreeSet<>();
      config.at("service/" + kind).list().forEach(name -> used.add(name.text()));
      for (Node pipeline : config.at("service/pipelines").map().values()) {
        pipeline.get(kind).list().forEach(name -> used.add(name.text()));
      }
      Set<String> defined = config.get(kind).map().keySet();
      unless(used.equals(defined), "%s are %s, but %s in use", kind, defined, used);
    }
  }

  private void checkVariables(Map<String, String> variables) {
    for (String name : variables.keySet()) {
      boolean isKnown = name.matches("GOMEMLIMIT|OTEL_TRACES_SAMPLER");
      boolean isRead = isKnown || jaeger.config().text().contains("{env:" + name);
      unless(isRead, "no setting reads %s", name);
    }
    Node goal = new Node(variables.getOrDefault("GOMEMLIMIT", "0").replace("B", ""));
    double share = goal.quantity() / jaeger.memory().quantity();
    unless(Math.abs(share - 0.8) < 0.05, "GOMEMLIMIT is not about 80 %% of the memory limit");
    boolean hasUi = jaeger.config().at("extensions/jaeger_query").isThere();
    boolean isQuiet = "always_off".equals(variables.get("OTEL_TRACES_SAMPLER"));
    unless(isQuiet || !hasUi, "OTEL_TRACES_SAMPLER is not always_off: it traces itself");
    String search = variables.getOrDefault("OPENSEARCH_URL", "");
    NetworkChecks network = new NetworkChecks(variant);
    int port = new Node(search).number();
    boolean passes = network.allow("egress", jaeger.labels(), Node.NONE, "TCP", port);
    unless(search.isEmpty() || passes, "%s is blocked", search);
  }
}
