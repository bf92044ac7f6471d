package sammyjaeger.manifests;

import io.kubernetes.client.custom.Quantity;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** A part of a YAML document; the value of a missing one is null. */
record Node(Object value) {

  static final Node NONE = new Node(null);

  static Node load(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Node(new Yaml(new SafeConstructor(options)).load(text));
  }

  static Node of(String key, Node node) {
    return new Node(Collections.singletonMap(key, node.value));
  }

  Node get(String key) {
    return value instanceof Map<?, ?> map ? new Node(map.get(key)) : NONE;
  }

  Node at(String path) {
    Node node = this;
    for (String key : path.split("/")) {
      node = node.get(key);
    }
    return node;
  }

  boolean isThere() {
    return value != null;
  }

  String text() {
    return isThere() ? value.toString() : "";
  }

  /** The number, or the port at the end of an address; 0 if there is none. */
  int number() {
    return Integer.parseInt("0" + text().replaceAll("^.*\\D", ""));
  }

  double quantity() {
    return isThere() ? Quantity.fromString(text()).getNumber().doubleValue() : 0;
  }

  List<Node> list() {
    return value instanceof List<?> list ? list.stream().<Node>map(Node::new).toList() : List.of();
  }

  Node first(Predicate<Node> wanted) {
    return list().stream().filter(wanted).findFirst().orElse(NONE);
  }

  Map<String, Node> map() {
    Map<String, Node> nodes = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, node) -> nodes.put(key.toString(), new Node(node)));
    }
    return nodes;
  }

  /** This one with another laid over it, whose values and whole lists win. */
  Node merge(Node over) {
    if (!(value instanceof Map) || !(over.value instanceof Map)) {
      return over.isThere() ? over : this;
    }
    Map<String, Object> merged = new LinkedHashMap<>();
    map().forEach((key, node) -> merged.put(key, node.value));
    over.map().forEach((key, node) -> merged.put(key, get(key).merge(node).value));
    return new Node(merged);
  }

  /** What differs from a shape, as {@code shapes.yaml} has them. */
  Stream<String> misfits(String path, Node shape) {
    if (shape.value instanceof Map) {
      Set<String> keys = shape.map().keySet();
      return keys.stream().flatMap(k -> get(k).misfits(path + "." + k, shape.get(k)));
    }
    boolean fits =
        switch (shape.text()) {
          case "any" -> isThere();
          case "none" -> !isThere();
          default -> equals(shape);
        };
    return fits ? Stream.of() : Stream.of(path + " is " + value + ", not " + shape.value);
  }

  /** Whether it is a selector of these labels; the only operator it knows is {@code NotIn}. */
  boolean selects(Node labels) {
    boolean isPlain = !get("matchLabels").isThere() && !get("matchExpressions").isThere();
    Node wanted = isPlain ? this : get("matchLabels");
    for (Node expression : get("matchExpressions").list()) {
      Node value = labels.get(expression.get("key").text());
      boolean isKnown = expression.get("operator").text().equals("NotIn");
      if (!isKnown || expression.get("values").list().contains(value)) {
        return false;
      }
    }
    return labels.map().entrySet().containsAll(wanted.map().entrySet());
  }
}
