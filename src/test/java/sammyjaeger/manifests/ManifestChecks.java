package sammyjaeger.manifests;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.yaml.snakeyaml.error.YAMLException;

/** Finds what a cluster would accept and that could not work: names, settings, times, flows. */
final class ManifestChecks {

  /** Pod Security "restricted", and a root file system that is read-only. */
  private static final Node RESTRICTED =
      Node.load(
          "{runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true,"
              + " seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}");

  private static final Node LABELS_OF_OPERATOR = new Node(Map.of("app", "jaeger"));
  private static final Pattern REFERENCE = Pattern.compile("\\$\\((\\w+)\\)");
  private static final Pattern OPEN = Pattern.compile("0\\.0\\.0\\.0:(\\d+)");

  private final Manifests manifests;
  private final List<String> problems;
  private final NetworkRules rules;
  private final List<Node> labels;
  private final List<Container> containers = new ArrayList<>();
  private final Set<String> jaegers = new TreeSet<>();

  private ManifestChecks(Manifests manifests, List<String> problems) {
    this.manifests = manifests;
    this.problems = problems;
    rules = new NetworkRules(manifests.all("NetworkPolicy").toList());
    for (Node deployment : manifests.all("Deployment|StatefulSet").toList()) {
      Node pod = deployment.at("spec", "template", "spec");
      pod.at("initContainers").list().forEach(container -> add(deployment, container));
      pod.at("containers").list().forEach(container -> add(deployment, container));
    }
    for (Node collector : manifests.all("OpenTelemetryCollector").toList()) {
      inject(collector.at("spec"), collector.at("metadata", "name"), "spec", "template");
      jaegers.add(collector.at("spec", "image").text());
    }
    labels = new ArrayList<>(containers.stream().map(Container::labels).toList());
    for (Node jaeger : manifests.all("Jaeger").toList()) {
      inject(jaeger.at("spec", "agent"), new Node("true"));
      labels.add(LABELS_OF_OPERATOR);
      jaegers.add("the operator's");
    }
  }

  /** The problems of an overlay, worded for people; none if it is sound. */
  static List<String> problems(Path overlay) {
    List<String> problems = new ArrayList<>();
    try {
      Manifests manifests = new Manifests(overlay, problems);
      if (problems.isEmpty()) {
        new ManifestChecks(manifests, problems).check();
      }
    } catch (IllegalStateException | YAMLException e) { // kubectl's, or a configuration's
      problems.add(e.getMessage());
    }
    return problems;
  }

  private void check(boolean isSound, String problem, Object... values) {
    if (!isSound) {
      problems.add(problem.formatted(values));
    }
  }

  private void expect(Object expected, String who, Node node, String... path) {
    Object value = node.at(path).value();
    String what = String.join(".", path);
    check(Objects.equals(value, expected), "%s: %s is %s, not %s", who, what, value, expected);
  }

  private void add(Node deployment, Node node) {
    Container container = new Container(deployment, node, Node.NONE);
    Node config = Node.NONE;
    if (node.at("image").text().startsWith("jaegertracing/jaeger:2.")) {
      jaegers.add(node.at("image").text());
      for (Node arg : node.at("args").list()) {
        String path = arg.text().replaceFirst("^--config=", "");
        Node map = container.volumeOf(path).at("configMap", "name");
        Node file = manifests.find("ConfigMap", map).at("data", path.replaceFirst(".*/", ""));
        check(file.isThere(), "%s: no ConfigMap puts a file at %s", container.who(), path);
        config = config.merge(Node.load(file.text()));
      }
    }
    containers.add(new Container(deployment, node, config));
  }

  /** Does what an operator will do: adds its sidecar to the pods with an annotation. */
  private void inject(Node spec, Node annotation, String... annotated) {
    Node sidecar = spec.merge(new Node(Map.of("restartPolicy", "Always")));
    for (Node deployment : manifests.all("Deployment").toList()) {
      Node annotations = deployment.at(annotated).at("metadata", "annotations");
      if (annotations.map().containsValue(annotation)) {
        containers.add(new Container(deployment, sidecar, spec.at("config")));
      }
    }
  }

  private void check() {
    check(jaegers.size() < 2, "there is more than one Jaeger: %s", jaegers);
    rules.policies().forEach(policy -> checkSelector(policy, policy.at("spec", "podSelector")));
    manifests.all("Service").forEach(this::checkService);
    manifests.all("Deployment|StatefulSet").forEach(this::checkDeployment);
    containers.forEach(this::checkContainer);
  }

  private void checkSelector(Node object, Node selector) {
    check(labels.stream().anyMatch(selector::selects), "%s selects no pod", Manifests.name(object));
  }

  private void checkService(Node service) {
    Node selector = service.at("spec", "selector");
    checkSelector(service, selector);
    for (Node port : service.at("spec", "ports").list()) {
      Node target = port.at("targetPort");
      Stream<Container> pods = containers.stream().filter(c -> selector.selects(c.labels()));
      boolean isPort = pods.anyMatch(container -> container.port(target) > 0);
      check(isPort, "Service: targetPort %s is no port of its pods", target.text());
    }
  }

  private void checkDeployment(Node deployment) {
    String name = deployment.at("metadata", "name").text();
    Node labels = deployment.at("spec", "template", "metadata", "labels");
    Node pod = deployment.at("spec", "template", "spec");
    expect(false, name, pod, "automountServiceAccountToken");
    expect(false, name, pod, "enableServiceLinks");
    Stream<Node> budgets = manifests.all("PodDisruptionBudget").map(b -> b.at("spec", "selector"));
    boolean hasBudget = budgets.anyMatch(budget -> budget.selects(labels));
    int replicas = deployment.at("spec", "replicas").number(1);
    check(replicas > 1 == hasBudget, "%s: a PodDisruptionBudget is for more than one pod", name);
    for (Node volume : pod.at("volumes").list()) {
      checkThere(name, "ConfigMap", volume.at("configMap", "name"));
      checkThere(name, "PersistentVolumeClaim", volume.at("persistentVolumeClaim", "claimName"));
    }
    boolean isStore = deployment.at("kind").text().equals("StatefulSet");
    for (int port : isStore ? List.<Integer>of() : List.of(53, 5353)) {
      checkFlow(name + ": DNS", labels, null, "UDP", port);
      checkFlow(name + ": DNS", labels, null, "TCP", port);
    }
    check(!rules.allow(labels, null, "TCP", 25), "%s: may connect to anything", name);
  }

  private void checkThere(String who, String kind, Node name) {
    boolean isThere = !name.isThere() || manifests.find(kind, name).isThere();
    check(isThere, "%s: there is no %s %s", who, kind, name.text());
  }

  private void checkContainer(Container container) {
    String who = container.who();
    Program program = container.program();
    Node agent = container.node().at("sidecarSecurityContext"); // the Jaeger Operator's word
    Node own = container.node().at("securityContext");
    Node security = container.pod().at("securityContext").merge(own).merge(agent);
    RESTRICTED.map().forEach((field, node) -> expect(node.value(), who, security, field));
    check(security.at("runAsUser").number(0) > 0, "%s: runAsUser is no number or root's", who);
    for (String kind : List.of("requests", "limits")) {
      for (String resource : List.of("cpu", "memory")) {
        Node amount = container.node().at("resources", kind, resource);
        check(amount.isThere(), "%s: has no %s for %s", who, kind, resource);
      }
    }
    for (int port : container.ports()) {
      boolean isOpen = rules.allow(null, container.labels(), "TCP", port);
      boolean isFrontend = program != null && program.isFrontend();
      check(isOpen == isFrontend, "%s: port %s is wrongly open or closed to strangers", who, port);
    }
    if (container.isStore()) {
      checkStore(container);
    } else if (program != null) {
      checkProgram(container, variables(container));
    } else if (container.config().isThere()) {
      checkJaeger(container, variables(container));
    } else if (container.isInjected()) {
      checkFlow(who + ": the agent", container.labels(), LABELS_OF_OPERATOR, "TCP", 14250);
    } else {
      check(false, "%s: nobody builds the image %s", who, container.node().at("image").text());
    }
  }

  /** A container's variables; the value of one that the cluster fills in is empty. */
  private Map<String, String> variables(Container container) {
    Map<String, String> variables = new HashMap<>();
    for (Node source : container.node().at("envFrom").list()) {
      Node name = source.at("configMapRef", "name");
      checkThere(container.who(), "ConfigMap", name);
      Node data = manifests.find("ConfigMap", name).at("data");
      data.map().forEach((variable, value) -> variables.put(variable, value.text()));
    }
    for (Node variable : container.node().at("env").list()) {
      for (var used : REFERENCE.matcher(variable.at("value").text()).results().toList()) {
        boolean isThere = variables.containsKey(used.group(1));
        check(isThere, "%s: no variable before is %s", container.who(), used.group());
      }
      variables.put(variable.at("name").text(), variable.at("value").text());
    }
    return variables;
  }

  private void checkProgram(Container container, Map<String, String> variables) {
    String who = container.who();
    String values = String.join(" ", variables.values());
    Map<String, String> settings = new HashMap<>(container.program().settings());
    for (String name : variables.keySet()) {
      boolean isRead = settings.replace(name, variables.get(name)) != null;
      check(isRead || values.contains("$(" + name + ")"), "%s: no setting reads %s", who, name);
    }
    checkProbes(container, Integer.parseInt(settings.get("PORT")), "/livez", "/readyz");
    int sleep = container.node().at("lifecycle", "preStop", "sleep", "seconds").number(0);
    check(sleep > 0, "%s: has no preStop sleep, so it refuses requests while it stops", who);
    // And five seconds for the sidecar, which stops last.
    long stop = sleep + Program.seconds(settings.get("STOP_TIMEOUT")) + Program.END_SECONDS + 5;
    int grace = container.pod().at("terminationGracePeriodSeconds").number(30);
    check(grace >= stop, "%s: its grace period is %s s, but its stop takes %s", who, grace, stop);
    boolean hasTmp = container.volumeOf("/tmp/any").at("emptyDir").isThere();
    check(hasTmp, "%s: the JVM needs an emptyDir at /tmp", who);
    if (container.program().isFrontend()) {
      Container backend = target(container, settings.get("COUNTER_ENDPOINT"));
      Program asked = backend == null ? null : backend.program();
      check(asked != null && !asked.isFrontend(), "%s: COUNTER_ENDPOINT is no backend", who);
    } else if (settings.get("COUNTER_STORE").equals("memory")) {
      checkState(container);
    } else {
      checkCounter(container, settings.get("COUNTER_STORE"));
    }
    Node spec = container.deployment().at("spec");
    if (spec.at("replicas").number(1) > 1) {
      expect(0, who, spec, "strategy", "rollingUpdate", "maxUnavailable");
      Node spreads = container.pod().at("topologySpreadConstraints");
      Node spread = spreads.first(s -> s.at("labelSelector").selects(container.labels()));
      check(spread.isThere(), "%s: nothing spreads its pods over the nodes", who);
    }
    boolean isTraced = !settings.get("JAEGER_SAMPLER_PARAM").equals("0");
    check(isTraced != jaegers.isEmpty(), "%s: is to be traced where there is a Jaeger", who);
    if (!settings.get("JAEGER_ENDPOINT").isEmpty()) {
      checkReceiver(container, settings.get("JAEGER_ENDPOINT"), "jaeger", "thrift_http");
    } else if (isTraced) {
      checkAgent(container, settings.get("JAEGER_AGENT_HOST"), settings.get("JAEGER_AGENT_PORT"));
    }
  }

  /** The Jaeger Operator's agent has no configuration, and listens on the default port. */
  private void checkAgent(Container container, String host, String port) {
    boolean isTaken =
        containers.stream()
            .filter(c -> c.isSidecar() && c.deployment().equals(container.deployment()))
            .map(c -> c.config().isThere() ? c.receiver("jaeger", "thrift_compact") : 6831)
            .anyMatch(listening -> host.equals("localhost") && port.equals("" + listening));
    check(isTaken, "%s: no sidecar takes its spans at %s:%s", container.who(), host, port);
  }

  private void checkProbes(Container container, int port, String live, String ready) {
    String who = container.who();
    for (String kind : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      Node probe = container.node().at(kind);
      if (container.isStore()) {
        expect(List.of("valkey-cli", "-e", "ping"), who, probe, "exec", "command");
      } else if (container.isSidecar() && kind.equals("readinessProbe")) {
        expect(null, who, probe); // The pod's readiness must not depend on its sidecar.
      } else {
        Node asked = probe.at("httpGet");
        expect(kind.equals("readinessProbe") ? ready : live, who + ": " + kind, asked, "path");
        boolean isPort = container.port(asked.at("port")) == port;
        check(isPort, "%s: %s asks port %s", who, kind, asked.at("port").text());
      }
    }
    boolean waits = container.node().at("startupProbe", "initialDelaySeconds").isThere();
    check(waits, "%s: startupProbe asks before anything can answer", who);
  }

  private void checkCounter(Container backend, String address) {
    Container store = target(backend, address);
    Node secret = backend.secret(address.replaceAll(".*:\\$\\((\\w+)\\)@.*", "$1"));
    Node wanted = store == null ? Node.NONE : store.secret("VALKEYCLI_AUTH");
    boolean isRight = secret.isThere() && secret.equals(wanted);
    check(isRight, "%s: its store's password is in another Secret, or in none", backend.who());
  }

  private void checkStore(Container store) {
    String who = store.who();
    // A Deployment has two pods on one volume for a moment, at least when its pod is deleted.
    expect("StatefulSet", who, store.deployment(), "kind");
    expect(1, who + ", whose state is in one pod", store.deployment(), "spec", "replicas");
    List<String> args = List.of("--appendonly", "yes", "--requirepass", "$(VALKEYCLI_AUTH)");
    expect(args, who, store.node(), "args");
    boolean isKept = store.volumeOf("/data/any").at("persistentVolumeClaim").isThere();
    check(isKept, "%s: keeps the counter on no persistent volume", who);
    checkProbes(store, 6379, "", "");
    for (Node from : labels) {
      boolean isIn = rules.allow("Ingress", "from", store.labels(), from, "TCP", 6379);
      boolean isBackend = from.at("app").text().equals("do-visit-counter-backend");
      check(isIn == isBackend, "%s: wrongly open or closed to %s", who, from.at("app").text());
    }
    check(!rules.allow(store.labels(), null, "UDP", 53), "%s: may ask for names", who);
  }

  private void checkState(Container container) {
    Node spec = container.deployment().at("spec");
    expect(1, container.who() + ", whose state is in one pod", spec, "replicas");
    expect("Recreate", container.who(), spec, "strategy", "type");
  }

  private void checkJaeger(Container container, Map<String, String> variables) {
    String who = container.who();
    Node config = container.config();
    double memory = container.node().at("resources", "limits", "memory").quantity();
    for (String kind : List.of("receivers", "processors", "exporters", "extensions")) {
      Set<String> used = new TreeSet<>();
      config.at("service", kind).list().forEach(name -> used.add(name.text()));
      for (Node pipeline : config.at("service", "pipelines").map().values()) {
        pipeline.at(kind).list().forEach(name -> used.add(name.text()));
      }
      Set<String> defined = config.at(kind).map().keySet();
      check(used.equals(defined), "%s: %s are %s, but %s in use", who, kind, defined, used);
    }
    Node exporter = config.at("exporters", "otlp_grpc");
    if (exporter.isThere()) {
      checkReceiver(container, "http://" + exporter.at("endpoint").text(), "otlp", "grpc");
      expect("bytes", who, exporter, "sending_queue", "sizer");
      // In memory a span takes six times its size in the queue.
      double queue = 16.0 * exporter.at("sending_queue", "queue_size").number(1 << 30);
      check(queue <= memory, "%s: its queue outgrows its memory", who);
    }
    if (container.isInjected()) {
      return; // Its operator adds ports, probes and GOMEMLIMIT.
    }
    for (String name : variables.keySet()) {
      boolean isRead =
          name.matches("GOMEMLIMIT|OTEL_TRACES_SAMPLER") || config.text().contains("{env:" + name);
      check(isRead, "%s: no setting reads %s", who, name);
    }
    Node goal = new Node(variables.getOrDefault("GOMEMLIMIT", "0").replace("B", ""));
    boolean isGoal = Math.abs(goal.quantity() / memory - 0.8) < 0.05;
    check(isGoal, "%s: GOMEMLIMIT is not about 80 %% of the memory limit", who);
    if (config.at("extensions", "jaeger_query").isThere()) {
      expect("always_off", who, new Node(variables), "OTEL_TRACES_SAMPLER");
    }
    Set<Integer> open = new TreeSet<>();
    OPEN.matcher(config.text()).results().forEach(p -> open.add(Integer.valueOf(p.group(1))));
    Set<Integer> declared = container.ports();
    check(declared.equals(open), "%s: declares %s, but listens on %s", who, declared, open);
    int health = config.at("extensions", "healthcheckv2", "http", "endpoint").port();
    checkProbes(container, health, "/status", "/status");
    Node store = config.at("extensions", "jaeger_storage", "backends", "traces");
    if (store.at("memory").isThere() || store.at("badger").isThere()) {
      checkState(container);
    }
    // A trace takes 45 kB while it is searched for.
    int byDefault = store.at("memory").isThere() ? 100_000 : 0;
    double traces = 45_000.0 * store.at("memory", "max_traces").number(byDefault);
    check(traces <= memory, "%s: its store outgrows its memory", who);
    for (Node path : store.at("badger", "directories").map().values()) {
      boolean isKept = container.volumeOf(path.text()).at("persistentVolumeClaim").isThere();
      check(isKept, "%s: %s is on no persistent volume", who, path.text());
    }
    if (variables.containsKey("OPENSEARCH_URL")) {
      int port = URI.create(variables.get("OPENSEARCH_URL")).getPort();
      checkFlow(who + ": OpenSearch", container.labels(), null, "TCP", port);
    }
  }

  /** What the address of a Service leads to, over a connection that must be allowed. */
  private Container target(Container from, String address) {
    URI uri = URI.create(address);
    Node service = manifests.find("Service", new Node(uri.getHost())).at("spec");
    Node port = service.at("ports").first(p -> p.at("port").number(0) == uri.getPort());
    for (Container container : containers) {
      int number = container.port(port.at("targetPort"));
      if (number > 0 && service.at("selector").selects(container.labels())) {
        checkFlow(from.who() + ": " + address, from.labels(), container.labels(), "TCP", number);
        return container;
      }
    }
    check(false, "%s: %s leads to no port of a Service", from.who(), address);
    return null;
  }

  private void checkReceiver(Container from, String address, String receiver, String protocol) {
    Container target = target(from, address);
    int listening = target == null ? 0 : target.receiver(receiver, protocol);
    boolean isTaken = listening == URI.create(address).getPort();
    check(isTaken, "%s: at %s no %s listens", from.who(), address, protocol);
  }

  private void checkFlow(String what, Node from, Node to, String protocol, int port) {
    boolean passes = rules.allow(from, to, protocol, port);
    check(passes, "NetworkPolicy: %s is blocked on %s port %s", what, protocol, port);
  }
}
