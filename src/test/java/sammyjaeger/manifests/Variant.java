package sammyjaeger.manifests;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A variant as {@code kubectl kustomize} renders it, and the containers that a cluster runs. */
final class Variant {

  /** What the Jaeger Operator makes: a pod that takes spans, and an agent in annotated pods. */
  private static final Node OPERATORS_POD =
      Node.load(
          "{metadata: {name: simplest}, spec: {template: {metadata: {labels: {app: jaeger}}}}}");

  private static final Node OPERATORS_JAEGER =
      Node.load("{image: jaegertracing/all-in-one, ports: [{containerPort: 14250}]}");
  private static final Node OPERATORS_AGENT =
      Node.load("{receivers: {jaeger: {protocols: {thrift_compact: {endpoint: 'any:6831'}}}}}");
  private static final Node SIDECAR = Node.load("{restartPolicy: Always}");

  final List<String> problems = new ArrayList<>();
  final List<Container> containers = new ArrayList<>();
  private final Map<String, Node> objects = new LinkedHashMap<>();
  private final Node shapes;

  Variant(Path folder) throws IOException {
    shapes =
        Node.load(Files.readString(Path.of("src/test/java/sammyjaeger/manifests/shapes.yaml")));
    String rendered = Program.run("kubectl", "kustomize", folder.toString());
    for (String document : rendered.split("(?m)^---$")) {
      Node object = Node.load(document);
      objects.put(name(object), object);
      Schema.check(name(object), object, problems);
    }
    unless(
        !rendered.matches("(?s).*\nkind: Deployment\n.*\nkind: OpenTelemetryCollector\n.*"),
        "Deployments come before the OpenTelemetryCollector, so their pods get no sidecar");
    for (Node workload : all("Deployment|StatefulSet")) {
      Node pod = workload.at("spec/template/spec");
      pod.get("initContainers").list().forEach(container -> add(workload, container));
      pod.get("containers").list().forEach(container -> add(workload, container));
    }
    for (Node collector : all("OpenTelemetryCollector")) {
      Node spec = collector.get("spec");
      inject("spec/template/metadata", collector.at("metadata/name"), spec, spec.get("config"));
    }
    for (Node jaeger : all("Jaeger")) {
      Node spec = jaeger.get("spec").merge(OPERATORS_JAEGER);
      Node security = Node.of("securityContext", spec.get("containerSecurityContext"));
      containers.add(Container.of(OPERATORS_POD, spec.merge(security), Node.NONE));
      Node agent = spec.get("agent");
      security = Node.of("securityContext", agent.get("sidecarSecurityContext"));
      inject("metadata", new Node("true"), agent.merge(security), OPERATORS_AGENT);
    }
  }

  static String name(Node object) {
    return object.get("kind").text() + " " + object.at("metadata/name").text();
  }

  void unless(boolean isSound, String problem, Object... values) {
    if (!isSound) {
      problems.add(problem.formatted(values));
    }
  }

  void unlessShaped(String shape, String who, Node node) {
    node.misfits(who, shapes.get(shape)).forEach(problems::add);
  }

  /** Adds a container, whose Jaeger reads the files in its arguments from ConfigMaps. */
  private void add(Node workload, Node node) {
    Container container = Container.of(workload, node, Node.NONE);
    Node config = Node.NONE;
    if (container.image().startsWith("jaegertracing/")) {
      for (Node arg : node.get("args").list()) {
        String path = arg.text().replaceFirst("^--config=", "");
        Node map = find("ConfigMap", container.volumeOf(path).at("configMap/name"));
        Node file = map.get("data").get(path.replaceFirst(".*/", ""));
        unless(file.isThere(), "%s: no ConfigMap puts a file at %s", container.name(), path);
        config = config.merge(Node.load(file.text()));
      }
    }
    containers.add(Container.of(workload, node, config));
  }

  /** Does what an operator does: adds its sidecar to the pods with an annotation. */
  private void inject(String metadata, Node annotation, Node sidecar, Node config) {
    for (Node deployment : all("Deployment")) {
      if (deployment.at(metadata + "/annotations").map().containsValue(annotation)) {
        containers.add(Container.of(deployment, sidecar.merge(SIDECAR), config));
      }
    }
  }

  List<Node> all(String kinds) {
    return objects.values().stream().filter(o -> o.get("kind").text().matches(kinds)).toList();
  }

  Node find(String kind, Node name) {
    return objects.getOrDefault(kind + " " + name.text(), Node.NONE);
  }

  void requireThere(String who, String kind, Node name) {
    boolean isThere = !name.isThere() || find(kind, name).isThere();
    unless(isThere, "%s: there is no %s %s", who, kind, name.text());
  }

  /** The container that the address of a Service leads to. */
  Container target(Container from, String address) {
    URI uri = URI.create(address);
    Node service = find("Service", new Node(uri.getHost())).get("spec");
    Node port = service.get("ports").first(p -> p.get("port").number() == uri.getPort());
    for (Container container : containers) {
      boolean isSelected = service.get("selector").selects(container.labels());
      if (isSelected && container.hasPort(port.get("targetPort"))) {
        return container;
      }
    }
    unless(false, "%s: %s leads to no port of a Service", from.name(), address);
    return Container.of(Node.NONE, Node.NONE, Node.NONE);
  }

  void requireReceiver(Container from, String address, String protocol) {
    Node taken = target(from, address).config().at("receivers/" + protocol + "/endpoint");
    boolean isRight = taken.number() == URI.create(address).getPort();
    unless(isRight, "%s: nothing takes spans at %s", from.name(), address);
  }
}
