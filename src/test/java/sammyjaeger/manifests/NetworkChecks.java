package sammyjaeger.manifests;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Finds the flows that NetworkPolicies wrongly allow or block. */
record NetworkChecks(Variant variant) {

  /** Which pods may connect to which port of which others. */
  private static final String INSIDE =
      "do-visit-counter-frontend to do-visit-counter-backend 5000"
          + "|do-visit-counter-backend to counter-store 6379"
          + "|do-visit-counter-(frontend|backend) to jaeger (4317|14268|14250)";

  /** Everybody may visit. */
  private static final String IN = ".* to do-visit-counter-frontend 8000|" + INSIDE;

  /** All but the store may ask for names; what has no name is outside. */
  private static final String OUT = "(?!counter-store).+ to  (53|5353)|" + INSIDE;

  void check() {
    variant.all("NetworkPolicy").forEach(this::checkPolicy);
    for (Container pod : variant.containers) {
      for (int port : pod.ports()) {
        check("ingress", pod.labels(), Node.NONE, "TCP", port);
        for (Container other : variant.containers) {
          check("ingress", pod.labels(), other.labels(), "TCP", port);
          check("egress", other.labels(), pod.labels(), "TCP", port);
        }
      }
      for (int port : List.of(25, 53, 5353)) {
        check("egress", pod.labels(), Node.NONE, "TCP", port);
        check("egress", pod.labels(), Node.NONE, port == 25 ? "TCP" : "UDP", port);
      }
    }
  }

  private void checkPolicy(Node policy) {
    Node pods = policy.at("spec/podSelector");
    boolean isUsed = variant.containers.stream().anyMatch(c -> pods.selects(c.labels()));
    variant.unless(isUsed, "%s selects no pod", Variant.name(policy));
    boolean isWhole =
        Stream.of("spec/ingress", "spec/egress")
            .flatMap(rules -> policy.at(rules).list().stream())
            .flatMap(rule -> rule.get("ports").list().stream())
            .allMatch(port -> port.get("protocol").isThere());
    variant.unless(
        isWhole, "%s changes at each apply: a protocol is missing", Variant.name(policy));
  }

  private void check(String way, Node pod, Node peer, String protocol, int port) {
    boolean isIn = way.equals("ingress");
    Node from = isIn ? peer : pod;
    Node to = isIn ? pod : peer;
    String flow = from.get("app").text() + " to " + to.get("app").text() + " " + port;
    boolean isOpen = allow(way, pod, peer, protocol, port);
    boolean isRight = isOpen == flow.matches(isIn ? IN : OUT);
    variant.unless(isRight, "%s is wrongly %s", flow, isOpen ? "open" : "blocked");
  }

  /** Whether policies let a pod's traffic pass, at the pod's own end; no labels are outside. */
  boolean allow(String way, Node pod, Node peer, String protocol, int port) {
    Node type = new Node(way.substring(0, 1).toUpperCase(Locale.ROOT) + way.substring(1));
    List<Node> policies =
        variant.all("NetworkPolicy").stream()
            .map(policy -> policy.get("spec"))
            .filter(policy -> policy.get("podSelector").selects(pod))
            .filter(policy -> policy.get("policyTypes").list().contains(type))
            .toList();
    Node wanted = Node.load("{protocol: %s, port: %d}".formatted(protocol, port));
    String peers = way.equals("ingress") ? "from" : "to";
    return policies.isEmpty()
        || policies.stream()
            .flatMap(policy -> policy.get(way).list().stream())
            .filter(rule -> any(rule.get("ports"), wanted::equals))
            .anyMatch(rule -> any(rule.get(peers), described -> isPeer(described, peer)));
  }

  /** A list that is not there lets everything through. */
  private static boolean any(Node list, Predicate<Node> wanted) {
    return !list.isThere() || list.list().stream().anyMatch(wanted);
  }

  /** A selector of namespaces is taken to select all of them: that errs on the strict side. */
  private static boolean isPeer(Node described, Node peer) {
    return peer.isThere()
        ? described.get("podSelector").isThere() && described.get("podSelector").selects(peer)
        : !described.map().keySet().equals(Set.of("podSelector"));
  }
}
