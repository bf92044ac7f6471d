package sammyjaeger;

import static sammyjaeger.Manifests.list;
import static sammyjaeger.Manifests.name;
import static sammyjaeger.Manifests.podLabels;
import static sammyjaeger.Manifests.podSpec;
import static sammyjaeger.Manifests.port;
import static sammyjaeger.Manifests.program;
import static sammyjaeger.Manifests.volume;

import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1LifecycleHandler;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Whether the two programs get what they read and need: settings, ports, time, somebody for their
 * spans.
 */
final class ProgramChecks {

  /** The images of this project, and the variables that the program in each of them reads. */
  static final Map<String, List<Setting<?>>> PROGRAMS =
      Map.of(
          "do-visit-counter-backend", Backend.SETTINGS,
          "do-visit-counter-frontend", Frontend.SETTINGS);

  static final String BACKEND = "do-visit-counter-backend";
  static final String FRONTEND = "do-visit-counter-frontend";
  private static final Duration FLUSH = Duration.ofSeconds(5);
  private static final Duration SIDECAR_STOP = Duration.ofSeconds(5);

  private final NetworkChecks network;
  private final JaegerChecks jaeger;
  private final Problems problems;
  private final Set<String> propagations = new HashSet<>();

  ProgramChecks(NetworkChecks network, JaegerChecks jaeger, Problems problems) {
    this.network = network;
    this.jaeger = jaeger;
    this.problems = problems;
  }

  void check(V1Deployment deployment, V1Container container, Map<String, String> variables) {
    String who = name(deployment) + ": " + container.getName();
    Map<String, Setting<?>> settings = new HashMap<>();
    PROGRAMS.get(program(container)).forEach(setting -> settings.put(setting.name(), setting));
    Map<String, String> values = new HashMap<>();
    settings.forEach((name, setting) -> values.put(name, setting.defaultValue()));
    boolean isValid = true;
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      Setting<?> setting = settings.get(variable.getKey());
      boolean isReferred =
          variables.values().stream().anyMatch(v -> v.contains("$(" + variable.getKey() + ")"));
      if (setting == null && !isReferred) {
        problems.add("%s: the program does not read %s", who, variable.getKey());
      } else if (setting != null && !variable.getValue().isEmpty()) {
        values.put(variable.getKey(), variable.getValue());
        try {
          setting.parse(variable.getValue());
        } catch (IllegalArgumentException e) {
          isValid = false;
          problems.add(
              "%s: %s is '%s', but must be %s",
              who, variable.getKey(), variable.getValue(), setting.allowed());
        }
      }
    }
    if (!isValid) {
      return;
    }

    V1ContainerPort port = port(container, new IntOrString(Integer.parseInt(values.get("PORT"))));
    if (port == null) {
      problems.add(
          "%s: the program listens on %s, which is no containerPort", who, values.get("PORT"));
    }
    network.checkProbe(who, "startupProbe", container.getStartupProbe(), container, port, "/livez");
    network.checkProbe(
        who, "livenessProbe", container.getLivenessProbe(), container, port, "/livez");
    network.checkProbe(
        who, "readinessProbe", container.getReadinessProbe(), container, port, "/readyz");
    checkStop(deployment, container, Setting.parseDuration(values.get("STOP_TIMEOUT")));
    checkTmp(deployment, container);
    checkTags(who, container, variables);
    checkNames(who, container, variables, values);
    if (program(container).equals(FRONTEND)) {
      network.require("a visitor", null, podLabels(deployment), port);
      NetworkChecks.Target backend =
          network.target(
              deployment, who, "COUNTER_ENDPOINT", URI.create(values.get("COUNTER_ENDPOINT")));
      if (backend != null && !program(backend.container()).equals(BACKEND)) {
        problems.add("%s: COUNTER_ENDPOINT does not lead to the backend", who);
      }
      if (!URI.create(values.get("COUNTER_ENDPOINT")).getPath().matches("/?")) {
        problems.add("%s: COUNTER_ENDPOINT has a path, which the program adds itself", who);
      }
    }
    checkSpans(deployment, who, values);
  }

  private void checkNames(
      String who,
      V1Container container,
      Map<String, String> variables,
      Map<String, String> values) {
    if (List.of("localhost", "127.0.0.1").contains(variables.getOrDefault("HOST", ""))) {
      problems.add("%s: HOST lets nobody outside of the pod in", who);
    }
    if (!values.get("JAEGER_SERVICE_NAME").equals(program(container))) {
      problems.add("%s: JAEGER_SERVICE_NAME is another service's", who);
    }
    propagations.add(values.get("JAEGER_PROPAGATION"));
    if (propagations.size() > 1) {
      problems.add("%s: JAEGER_PROPAGATION differs: the services' spans join no trace", who);
    }
  }

  private void checkStop(V1Deployment deployment, V1Container container, Duration stopTimeout) {
    String who = name(deployment) + ": " + container.getName();
    V1LifecycleHandler preStop =
        container.getLifecycle() == null ? null : container.getLifecycle().getPreStop();
    if (preStop == null || preStop.getSleep() == null) {
      problems.add("%s: without a preStop sleep a stopping pod refuses requests", who);
      return;
    }
    Duration needed =
        Duration.ofSeconds(preStop.getSleep().getSeconds()).plus(stopTimeout).plus(FLUSH);
    if (!jaeger.sidecars(deployment).isEmpty()) {
      needed = needed.plus(SIDECAR_STOP);
    }
    long grace =
        Objects.requireNonNullElse(podSpec(deployment).getTerminationGracePeriodSeconds(), 30L);
    if (grace < needed.toSeconds()) {
      problems.add(
          "%s: terminationGracePeriodSeconds is %s, but preStop, STOP_TIMEOUT, the last flush"
              + " and the sidecar take %s",
          who, grace, needed.toSeconds());
    }
  }

  private void checkTmp(V1Deployment deployment, V1Container container) {
    boolean isWritable =
        list(container.getVolumeMounts()).stream()
            .filter(mount -> mount.getMountPath().equals("/tmp"))
            .filter(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
            .flatMap(mount -> volume(deployment, mount.getName()).stream())
            .anyMatch(volume -> volume.getEmptyDir() != null);
    if (!isWritable) {
      problems.add(
          "%s: %s: the JVM needs an emptyDir at /tmp", name(deployment), container.getName());
    }
  }

  private void checkTags(String who, V1Container container, Map<String, String> variables) {
    String tags = variables.getOrDefault("JAEGER_TAGS", "");
    for (String field : List.of("metadata.name", "spec.nodeName")) {
      boolean isTag =
          list(container.getEnv()).stream()
              .filter(variable -> variable.getValueFrom() != null)
              .map(variable -> Map.entry(variable.getName(), variable.getValueFrom()))
              .filter(v -> v.getValue().getFieldRef() != null)
              .filter(v -> field.equals(v.getValue().getFieldRef().getFieldPath()))
              .anyMatch(variable -> tags.contains("$(" + variable.getKey() + ")"));
      if (!isTag) {
        problems.add("%s: JAEGER_TAGS does not carry the pod's %s", who, field);
      }
    }
  }

  /** Spans must end at a Jaeger, if there is one. */
  private void checkSpans(V1Deployment deployment, String who, Map<String, String> values) {
    String endpoint = values.get("JAEGER_ENDPOINT");
    if (!endpoint.isEmpty()) {
      NetworkChecks.Target target =
          network.target(deployment, who, "JAEGER_ENDPOINT", URI.create(endpoint));
      jaeger.checkReceiver(who, "JAEGER_ENDPOINT", target, "jaeger/thrift_http");
      if (!URI.create(endpoint).getPath().equals("/api/traces")) {
        problems.add(
            "%s: JAEGER_ENDPOINT %s: Jaeger takes spans at /api/traces alone", who, endpoint);
      }
      return;
    }
    String agentHost = values.get("JAEGER_AGENT_HOST");
    String agentPort = values.get("JAEGER_AGENT_PORT");
    if (!agentHost.equals("localhost") && !agentHost.equals("127.0.0.1")) {
      problems.add(
          "%s: JAEGER_AGENT_HOST is %s: UDP spans are for a sidecar on localhost", who, agentHost);
    }
    List<V1Container> sidecars = jaeger.sidecars(deployment);
    if (sidecars.isEmpty() && jaeger.isThere()) {
      problems.add("%s: no sidecar takes its spans", who);
    }
    for (V1Container sidecar : sidecars) {
      boolean listens =
          jaeger.config(sidecar).listening().stream()
              .filter(at -> at.component().equals("jaeger/thrift_compact"))
              .anyMatch(at -> String.valueOf(at.port()).equals(agentPort));
      if (!listens) {
        problems.add(
            "%s: sends spans to UDP port %s, where %s does not listen",
            who, agentPort, sidecar.getName());
      }
    }
  }
}
