package sammyjaeger.manifests;

import io.kubernetes.client.custom.Quantity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** A part of a YAML document; the value of one that is not there is null. */
record Node(Object value) {

  static final Node NONE = new Node(null);

  static Node load(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Node(new Yaml(new SafeConstructor(options)).load(text));
  }

  Node at(String... path) {
    Object node = value;
    for (String key : path) {
      node = node instanceof Map<?, ?> map ? map.get(key) : null;
    }
    return new Node(node);
  }

  boolean isThere() {
    return value != null;
  }

  String text() {
    return isThere() ? value.toString() : "";
  }

  int number(int absent) {
    return value instanceof Number number ? number.intValue() : absent;
  }

  /** The port of an address, 0 if it is none. */
  int port() {
    return Integer.parseInt("0" + text().replaceAll("^[^:]*:?", ""));
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

  /** With another one laid over it: its values win, its lists whole. */
  Node merge(Node over) {
    if (!(value instanceof Map) || !(over.value instanceof Map)) {
      return over.isThere() ? over : this;
    }
    Map<String, Object> merged = new LinkedHashMap<>();
    map().forEach((key, node) -> merged.put(key, node.value));
    over.map().forEach((key, node) -> merged.put(key, at(key).merge(node).value));
    return new Node(merged);
  }

  /** Whether it is a selector of these labels; of expressions only {@code NotIn} is known. */
  boolean selects(Node labels) {
    Node expressions = at("matchExpressions");
    Predicate<Node> isNotIn = e -> e.at("operator").text().equals("NotIn");
    Predicate<Node> isIn = e -> e.at("values").list().contains(labels.at(e.at("key").text()));
    boolean isPlain = !at("matchLabels").isThere() && !expressions.isThere();
    Node wanted = isPlain ? this : at("matchLabels");
    return labels.map().entrySet().containsAll(wanted.map().entrySet())
        && expressions.list().stream().allMatch(isNotIn.and(isIn.negate()));
  }
}
