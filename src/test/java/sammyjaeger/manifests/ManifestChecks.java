package sammyjaeger.manifests;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.error.YAMLException;

/** Finds what a cluster would accept and that could not work: names, settings, shapes, flows. */
record ManifestChecks(Variant variant, Set<String> jaegers) {

  private static final Pattern REFERENCE = Pattern.compile("\\$\\((\\w+)\\)");

  /** The problems of a variant; none if it is sound. */
  static List<String> problems(Path folder) throws IOException {
    try {
      Variant variant = new Variant(folder);
      if (variant.problems.isEmpty()) {
        new NetworkChecks(variant).check();
        Set<String> jaegers =
            variant.containers.stream()
                .map(Container::image)
                .filter(image -> image.startsWith("jaegertracing/"))
                .collect(Collectors.toSet());
        new ManifestChecks(variant, jaegers).check();
      }
      return variant.problems;
    } catch (IllegalStateException | YAMLException e) { // kubectl's, or a configuration's
      return List.of(e.getMessage());
    }
  }

  private void check() {
    variant.unless(jaegers.size() < 2, "there is more than one Jaeger: %s", jaegers);
    variant.all("Service").forEach(this::checkService);
    variant.all("Deployment|StatefulSet").forEach(this::checkWorkload);
    variant.containers.forEach(this::checkContainer);
  }

  private void checkService(Node service) {
    List<Container> pods =
        variant.containers.stream()
            .filter(container -> service.at("spec/selector").selects(container.labels()))
            .toList();
    variant.unless(!pods.isEmpty(), "%s selects no pod", Variant.name(service));
    for (Node port : service.at("spec/ports").list()) {
      Node target = port.get("targetPort");
      boolean isPort = pods.stream().anyMatch(container -> container.hasPort(target));
      variant.unless(isPort, "targetPort %s is no port of its pods", target.text());
    }
  }

  private void checkWorkload(Node workload) {
    String name = workload.at("metadata/name").text();
    Node pod = workload.at("spec/template");
    variant.unlessShaped("every pod", name, pod.get("spec"));
    Node labels = pod.at("metadata/labels");
    List<Node> budgets = variant.all("PodDisruptionBudget");
    boolean hasBudget = budgets.stream().anyMatch(b -> b.at("spec/selector").selects(labels));
    boolean isOne = workload.at("spec/replicas").number() == 1;
    variant.unless(isOne != hasBudget, "%s: a PodDisruptionBudget is for two pods", name);
    for (Node volume : pod.at("spec/volumes").list()) {
      Node claim = volume.at("persistentVolumeClaim/claimName");
      variant.requireThere(name, "PersistentVolumeClaim", claim);
    }
  }

  private void checkContainer(Container container) {
    String name = container.name();
    if (!container.isOfOperator()) {
      variant.unlessShaped(name, name, container.node());
    }
    Node security = Node.of("securityContext", container.pod().get("securityContext"));
    Node whole = security.merge(container.node());
    variant.unlessShaped("every container", name, whole);
    boolean isRoot = whole.at("securityContext/runAsUser").number() == 0;
    variant.unless(!isRoot, "%s runs as root", name);
    Map<String, String> variables = variables(container);
    if (container.program() != null) {
      new ProgramChecks(variant, container).check(variables, !jaegers.isEmpty());
    } else if (container.image().startsWith("valkey/valkey:")) {
      variant.unlessShaped("with a volume", name, container.workload());
      boolean isKept = container.volumeOf("/data/any").get("persistentVolumeClaim").isThere();
      variant.unless(isKept, "%s keeps the counter on no persistent volume", name);
    } else if (container.config().get("service").isThere()) {
      new JaegerChecks(variant, container).check(variables);
    } else {
      variant.unless(container.isOfOperator(), "nobody builds the image %s", container.image());
    }
  }

  /** A container's variables; the value of one that the cluster fills in is empty. */
  private Map<String, String> variables(Container container) {
    Map<String, String> variables = new HashMap<>();
    for (Node source : container.node().get("envFrom").list()) {
      Node name = source.at("configMapRef/name");
      variant.requireThere(container.name(), "ConfigMap", name);
      Map<String, Node> data = variant.find("ConfigMap", name).get("data").map();
      data.forEach((variable, value) -> variables.put(variable, value.text()));
    }
    for (Node variable : container.node().get("env").list()) {
      for (var used : REFERENCE.matcher(variable.get("value").text()).results().toList()) {
        boolean isThere = variables.containsKey(used.group(1));
        variant.unless(isThere, "no variable before is %s", used.group());
      }
      variables.put(variable.get("name").text(), variable.get("value").text());
    }
    return variables;
  }
}
