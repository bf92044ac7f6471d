package sammyjaeger.manifests;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/** What NetworkPolicies let through: to a pod, its labels, or to null, anything outside. */
record NetworkRules(List<Node> policies) {

  boolean allow(Node from, Node to, String protocol, int port) {
    return (from == null || allow("Egress", "to", from, to, protocol, port))
        && (to == null || allow("Ingress", "from", to, from, protocol, port));
  }

  /** What they let through at one of the two ends. */
  boolean allow(String type, String peers, Node pod, Node peer, String protocol, int port) {
    List<Node> applying =
        policies.stream()
            .map(policy -> policy.at("spec"))
            .filter(policy -> policy.at("podSelector").selects(pod))
            .filter(policy -> policy.at("policyTypes").list().contains(new Node(type)))
            .toList();
    return applying.isEmpty()
        || applying.stream()
            .flatMap(policy -> policy.at(type.toLowerCase(Locale.ROOT)).list().stream())
            .filter(rule -> any(rule.at("ports"), p -> is(p, protocol, port)))
            .anyMatch(rule -> any(rule.at(peers), p -> is(p, peer)));
  }

  /** A list that is not there lets everything through. */
  private static boolean any(Node list, Predicate<Node> wanted) {
    return !list.isThere() || list.list().stream().anyMatch(wanted);
  }

  private static boolean is(Node described, String protocol, int port) {
    return described.at("port").number(0) == port
        && protocol.equals(new Node("TCP").merge(described.at("protocol")).text());
  }

  /** A selector of namespaces is taken to select all of them: that errs on the strict side. */
  private static boolean is(Node described, Node peer) {
    return peer == null
        ? !described.map().keySet().equals(Set.of("podSelector"))
        : described.at("podSelector").isThere() && described.at("podSelector").selects(peer);
  }
}
