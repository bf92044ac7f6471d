package sammyjaeger.manifests;

import java.util.HashMap;
import java.util.Map;

/** Finds what is wrong with one of the two services: its settings, and whom it talks to. */
record ProgramChecks(Variant variant, Container service) {

  void check(Map<String, String> variables, boolean hasJaeger) {
    Map<String, String> settings = settings(variables);
    Node workload = service.workload();
    variant.unlessShaped("of the app", service.name(), workload);
    boolean hasTmp = service.volumeOf("/tmp/any").get("emptyDir").isThere();
    unless(hasTmp, "the JVM needs an emptyDir at /tmp");
    if (settings.containsKey("COUNTER_ENDPOINT")) {
      Container backend = variant.target(service, settings.get("COUNTER_ENDPOINT"));
      unless(backend.name().endsWith("-backend"), "COUNTER_ENDPOINT is no backend");
    } else if (settings.get("COUNTER_STORE").equals("memory")) {
      variant.unlessShaped("with memory", service.name(), workload);
    } else {
      checkStore(settings.get("COUNTER_STORE"));
    }
    if (workload.at("spec/replicas").number() > 1) {
      variant.unlessShaped("of two pods", service.name(), workload);
      Node spreads = service.pod().get("topologySpreadConstraints");
      Node spread = spreads.first(s -> s.get("labelSelector").selects(service.labels()));
      unless(spread.isThere(), "nothing spreads its pods over the nodes");
    }
    checkTracing(settings, hasJaeger);
  }

  private void unless(boolean isSound, String problem, Object... values) {
    variant.unless(isSound, service.name() + ": " + problem, values);
  }

  private Map<String, String> settings(Map<String, String> variables) {
    String values = String.join(" ", variables.values());
    Map<String, String> settings = new HashMap<>(service.program().settings());
    for (String name : variables.keySet()) {
      boolean isRead = settings.replace(name, variables.get(name)) != null;
      unless(isRead || values.contains("$(" + name + ")"), "no setting reads %s", name);
    }
    return settings;
  }

  private void checkStore(String address) {
    Node wanted = variant.target(service, address).secret("VALKEYCLI_AUTH");
    Node secret = service.secret(address.replaceAll(".*:\\$\\((\\w+)\\)@.*", "$1"));
    boolean isRight = secret.isThere() && secret.equals(wanted);
    unless(isRight, "its store's password is in another Secret, or in none");
  }

  private void checkTracing(Map<String, String> settings, boolean hasJaeger) {
    boolean isTraced = !settings.get("JAEGER_SAMPLER_PARAM").equals("0");
    unless(isTraced == hasJaeger, "must be traced exactly where there is a Jaeger");
    boolean isQuiet = settings.get("JAEGER_REPORTER_LOG_SPANS").equals("false");
    unless(isQuiet, "prints and keeps traces, of which a pod knows only its own");
    String endpoint = settings.get("JAEGER_ENDPOINT");
    String agent = settings.get("JAEGER_AGENT_HOST") + ":" + settings.get("JAEGER_AGENT_PORT");
    if (!endpoint.isEmpty()) {
      variant.requireReceiver(service, endpoint, "jaeger/protocols/thrift_http");
    } else if (isTraced) {
      boolean isTaken =
          variant.containers.stream()
              .filter(c -> c.isSidecar() && c.workload().equals(service.workload()))
              .map(c -> c.config().at("receivers/jaeger/protocols/thrift_compact/endpoint"))
              .anyMatch(address -> agent.equals("localhost:" + address.number()));
      unless(isTaken, "no sidecar takes its spans at %s", agent);
    }
  }
}
