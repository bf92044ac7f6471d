package sammyjaeger.manifests;

import java.util.Set;
import java.util.TreeSet;

/** A container of a workload's pods, with what configures its Jaeger, if it runs one. */
record Container(Node deployment, Node node, Node config) {

  Node labels() {
    return deployment.at("spec", "template", "metadata", "labels");
  }

  Node pod() {
    return deployment.at("spec", "template", "spec");
  }

  String who() {
    return deployment.at("metadata", "name").text() + ": " + node.at("name").text();
  }

  boolean isSidecar() {
    return node.at("restartPolicy").isThere();
  }

  /** An operator adds ports, probes and limits of its own to its sidecar. */
  boolean isInjected() {
    return !node.at("name").isThere();
  }

  Program program() {
    return Program.of(node.at("image").text());
  }

  Set<Integer> ports() {
    Set<Integer> ports = new TreeSet<>();
    node.at("ports").list().forEach(port -> ports.add(port.at("containerPort").number(0)));
    return ports;
  }

  /** Whether it keeps a counter that several pods share. */
  boolean isStore() {
    return node.at("image").text().startsWith("valkey/valkey:");
  }

  /** What a variable is taken from, if it is a Secret. */
  Node secret(String name) {
    Node variable = node.at("env").first(v -> v.at("name").text().equals(name));
    return variable.at("valueFrom", "secretKeyRef");
  }

  /** The port that its Jaeger takes spans on. */
  int receiver(String name, String protocol) {
    return config.at("receivers", name, "protocols", protocol, "endpoint").port();
  }

  /** The volume that a file is in. */
  Node volumeOf(String file) {
    Node mounts = node.at("volumeMounts");
    Node mount = mounts.first(m -> file.startsWith(m.at("mountPath").text() + "/"));
    return pod().at("volumes").first(volume -> volume.at("name").equals(mount.at("name")));
  }

  /** The number of the port that is given by name or number; 0 if there is none. */
  int port(Node given) {
    return node.at("ports")
        .first(p -> given.equals(p.at("name")) || given.equals(p.at("containerPort")))
        .at("containerPort")
        .number(0);
  }
}
