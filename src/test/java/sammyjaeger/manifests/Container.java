package sammyjaeger.manifests;

import java.util.Set;
import java.util.TreeSet;

/**
 * A container of a workload's pods, with the configuration of the Jaeger in it, if there is one.
 */
record Container(
    String name, String image, Node labels, Node pod, Node workload, Node node, Node config) {

  static Container of(Node workload, Node node, Node config) {
    Node template = workload.at("spec/template");
    return new Container(
        node.get("name").text(),
        node.get("image").text(),
        template.at("metadata/labels"),
        template.get("spec"),
        workload,
        node,
        config);
  }

  /** The program of ours in it, or null. */
  Program program() {
    return Program.of(image);
  }

  boolean isSidecar() {
    return node.get("restartPolicy").isThere();
  }

  /** Whether an operator makes it, which adds names, ports and probes of its own. */
  boolean isOfOperator() {
    return name.isEmpty();
  }

  Node memory() {
    return node.at("resources/limits/memory");
  }

  Set<Integer> ports() {
    Set<Integer> ports = new TreeSet<>();
    node.get("ports").list().forEach(port -> ports.add(port.get("containerPort").number()));
    return ports;
  }

  /** Whether it has the port that a Service names as its target. */
  boolean hasPort(Node name) {
    return node.get("ports").first(port -> port.get("name").equals(name)).isThere();
  }

  /** The key of a Secret that a variable is taken from. */
  Node secret(String name) {
    Node variable = node.get("env").first(v -> v.get("name").text().equals(name));
    return variable.at("valueFrom/secretKeyRef");
  }

  /** The volume that a file is in. */
  Node volumeOf(String file) {
    Node mounts = node.get("volumeMounts");
    Node mount = mounts.first(m -> file.startsWith(m.get("mountPath").text() + "/"));
    return pod.get("volumes").first(volume -> volume.get("name").equals(mount.get("name")));
  }
}
