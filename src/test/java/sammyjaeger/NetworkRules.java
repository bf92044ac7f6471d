package sammyjaeger;

import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPeer;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPort;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What the NetworkPolicies of one namespace let through. A pod is given by its labels, and whatever
 * is outside of the namespace by null.
 */
record NetworkRules(List<V1NetworkPolicy> policies) {

  private record Rule(List<V1NetworkPolicyPeer> peers, List<V1NetworkPolicyPort> ports) {
    boolean allows(Map<String, String> peer, V1ContainerPort port) {
      return (peers == null || peers.isEmpty() || peers.stream().anyMatch(p -> matches(p, peer)))
          && (ports == null || ports.isEmpty() || ports.stream().anyMatch(p -> matches(p, port)));
    }
  }

  boolean allow(Map<String, String> from, Map<String, String> to, V1ContainerPort port) {
    return (from == null || allow("Egress", from, to, port))
        && (to == null || allow("Ingress", to, from, port));
  }

  private boolean allow(
      String type, Map<String, String> pod, Map<String, String> peer, V1ContainerPort port) {
    List<V1NetworkPolicy> applying =
        policies.stream()
            .filter(policy -> matches(policy.getSpec().getPodSelector(), pod))
            .filter(policy -> types(policy).contains(type))
            .toList();
    return applying.isEmpty()
        || applying.stream()
            .flatMap(policy -> rules(policy, type))
            .anyMatch(rule -> rule.allows(peer, port));
  }

  private static List<String> types(V1NetworkPolicy policy) {
    List<String> types = policy.getSpec().getPolicyTypes();
    if (types != null) {
      return types;
    }
    return policy.getSpec().getEgress() == null ? List.of("Ingress") : List.of("Ingress", "Egress");
  }

  private static Stream<Rule> rules(V1NetworkPolicy policy, String type) {
    return type.equals("Egress")
        ? Stream.ofNullable(policy.getSpec().getEgress())
            .flatMap(List::stream)
            .map(rule -> new Rule(rule.getTo(), rule.getPorts()))
        : Stream.ofNullable(policy.getSpec().getIngress())
            .flatMap(List::stream)
            .map(rule -> new Rule(rule.getFrom(), rule.getPorts()));
  }

  /** A selector of namespaces is taken to select all of them: that errs on the strict side. */
  private static boolean matches(V1NetworkPolicyPeer peer, Map<String, String> pod) {
    if (pod == null) {
      return peer.getNamespaceSelector() != null || peer.getIpBlock() != null;
    }
    return peer.getIpBlock() == null
        && (peer.getPodSelector() == null || matches(peer.getPodSelector(), pod));
  }

  private static boolean matches(V1NetworkPolicyPort allowed, V1ContainerPort port) {
    String protocol = Objects.requireNonNullElse(allowed.getProtocol(), "TCP");
    return protocol.equals(Objects.requireNonNullElse(port.getProtocol(), "TCP"))
        && (allowed.getPort() == null
            || (allowed.getPort().isInteger()
                ? allowed.getPort().getIntValue().equals(port.getContainerPort())
                : allowed.getPort().getStrValue().equals(port.getName())));
  }

  static boolean matches(V1LabelSelector selector, Map<String, String> labels) {
    return contains(labels, selector.getMatchLabels())
        && Stream.ofNullable(selector.getMatchExpressions())
            .flatMap(List::stream)
            .allMatch(
                expression -> {
                  String label = labels.get(expression.getKey());
                  return switch (expression.getOperator()) {
                    case "In" -> label != null && expression.getValues().contains(label);
                    case "NotIn" -> !expression.getValues().contains(label);
                    case "Exists" -> label != null;
                    default -> label == null;
                  };
                });
  }

  static boolean contains(Map<String, String> labels, Map<String, String> selector) {
    return selector == null || labels.entrySet().containsAll(selector.entrySet());
  }
}
