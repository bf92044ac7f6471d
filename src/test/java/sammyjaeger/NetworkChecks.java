package sammyjaeger;

import static sammyjaeger.Manifests.containers;
import static sammyjaeger.Manifests.firstOf;
import static sammyjaeger.Manifests.list;
import static sammyjaeger.Manifests.name;
import static sammyjaeger.Manifests.podLabels;
import static sammyjaeger.Manifests.port;
import static sammyjaeger.Manifests.program;

import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Whether addresses lead somewhere, and NetworkPolicies let through what must pass alone. */
final class NetworkChecks {

  private static final int LEAST_STARTUP_SECONDS = 30;

  private final Manifests manifests;
  private final Problems problems;
  private final List<Flow> flows = new ArrayList<>();
  private final List<V1ContainerPort> served = new ArrayList<>();

  /** A connection that must be possible; an end that is null lies outside of the namespace. */
  record Flow(
      String what, Map<String, String> from, Map<String, String> to, V1ContainerPort port) {}

  /** The container, and its port, that an address leads to. */
  record Target(V1Deployment deployment, V1Container container, V1ContainerPort port) {}

  NetworkChecks(Manifests manifests, Problems problems) {
    this.manifests = manifests;
    this.problems = problems;
  }

  /** Has a connection tried once all of them are known. */
  void require(
      String what, Map<String, String> from, Map<String, String> to, V1ContainerPort port) {
    flows.add(new Flow(what, from, to, port));
  }

  /** What an address of a program leads to, if anything; must be reachable then. */
  Target target(V1Deployment from, String who, String variable, URI address) {
    String[] host = address.getHost().split("\\.");
    V1Service service = manifests.find(V1Service.class, host[0]).orElse(null);
    if (service == null
        || (host.length > 1 && !host[1].equals(service.getMetadata().getNamespace()))) {
      problems.add("%s: %s is %s: there is no such Service", who, variable, address);
      return null;
    }
    if (!address.getScheme().equals("http")) {
      problems.add("%s: %s is %s: nothing here speaks TLS", who, variable, address);
    }
    int number = address.getPort() < 0 ? 80 : address.getPort();
    V1ServicePort port =
        list(service.getSpec().getPorts()).stream()
            .filter(candidate -> candidate.getPort() == number)
            .findFirst()
            .orElse(null);
    if (port == null) {
      problems.add(
          "%s: %s is %s: Service %s has no port %s", who, variable, address, host[0], number);
      return null;
    }
    return targets(service).stream()
        .map(deployment -> target(deployment, port))
        .filter(Objects::nonNull)
        .peek(
            target ->
                require(variable, podLabels(from), podLabels(target.deployment()), target.port()))
        .findFirst()
        .orElse(null);
  }

  void checkProbe(
      String who,
      String kind,
      V1Probe probe,
      V1Container container,
      V1ContainerPort expected,
      String path) {
    if (probe == null || probe.getHttpGet() == null) {
      problems.add("%s: has no %s over HTTP", who, kind);
      return;
    }
    int seconds = firstOf(probe.getFailureThreshold(), 3) * firstOf(probe.getPeriodSeconds(), 10);
    if (kind.equals("startupProbe") && seconds < LEAST_STARTUP_SECONDS) {
      problems.add("%s: startupProbe gives up after %s s", who, seconds);
    }
    V1ContainerPort port = port(container, probe.getHttpGet().getPort());
    if (port == null || !port.equals(expected)) {
      problems.add(
          "%s: %s asks port %s, where nothing answers it", who, kind, probe.getHttpGet().getPort());
    }
    if (!path.equals(probe.getHttpGet().getPath())) {
      problems.add("%s: %s asks for %s, not %s", who, kind, probe.getHttpGet().getPath(), path);
    }
  }

  void checkService(V1Service service) {
    String who = "Service " + service.getMetadata().getName();
    List<V1Deployment> targets = targets(service);
    if (targets.isEmpty()) {
      problems.add("%s: its selector matches no pods", who);
    }
    for (V1ServicePort port : list(service.getSpec().getPorts())) {
      if (port.getName() == null) {
        problems.add("%s: port %s has no name", who, port.getPort());
      }
      for (V1Deployment deployment : targets) {
        if (target(deployment, port) == null) {
          problems.add(
              "%s: targetPort %s is no port of %s", who, targetPort(port), name(deployment));
        } else {
          served.add(target(deployment, port).port());
        }
      }
    }
  }

  List<V1Deployment> targets(V1Service service) {
    return manifests.all(V1Deployment.class).stream()
        .filter(d -> NetworkRules.contains(podLabels(d), service.getSpec().getSelector()))
        .toList();
  }

  private static Target target(V1Deployment deployment, V1ServicePort port) {
    for (V1Container container : containers(deployment)) {
      V1ContainerPort target = port(container, targetPort(port));
      if (target != null && protocol(target.getProtocol()).equals(protocol(port.getProtocol()))) {
        return new Target(deployment, container, target);
      }
    }
    return null;
  }

  private static IntOrString targetPort(V1ServicePort port) {
    return firstOf(port.getTargetPort(), new IntOrString(port.getPort()));
  }

  private static String protocol(String protocol) {
    return Objects.requireNonNullElse(protocol, "TCP");
  }

  private static String app(Map<String, String> labels) {
    return labels == null ? "outside" : labels.get("app");
  }

  void checkFlows() {
    NetworkRules rules = new NetworkRules(manifests.all(V1NetworkPolicy.class));
    for (V1Deployment deployment : manifests.all(V1Deployment.class)) {
      Map<String, String> pod = podLabels(deployment);
      for (String protocol : List.of("UDP", "TCP")) {
        V1ContainerPort dns = new V1ContainerPort().containerPort(53).protocol(protocol);
        require("DNS over " + protocol, pod, null, dns);
      }
      if (rules.allow(pod, null, new V1ContainerPort().containerPort(25))) {
        problems.add("%s: no NetworkPolicy stops it from connecting to anything", name(deployment));
      }
      for (V1Container container : containers(deployment)) {
        for (V1ContainerPort port : list(container.getPorts())) {
          if (!port.getName().equals("health") && served.stream().noneMatch(p -> p == port)) {
            problems.add("%s: no Service leads to %s", name(deployment), port.getName());
          }
          if (!program(container).equals(ProgramChecks.FRONTEND)
              && (rules.allow(null, pod, port) || rules.allow(Map.of(), pod, port))) {
            problems.add(
                "%s: no NetworkPolicy keeps strangers from port %s",
                name(deployment), port.getContainerPort());
          }
        }
      }
    }
    for (Flow flow : flows) {
      if (flow.port() != null && !rules.allow(flow.from(), flow.to(), flow.port())) {
        problems.add(
            "NetworkPolicy: %s is blocked on port %s, from %s to %s",
            flow.what(), flow.port().getContainerPort(), app(flow.from()), app(flow.to()));
      }
    }
  }
}
