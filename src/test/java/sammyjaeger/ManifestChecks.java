package sammyjaeger;

import static sammyjaeger.Manifests.containers;
import static sammyjaeger.Manifests.firstOf;
import static sammyjaeger.Manifests.labels;
import static sammyjaeger.Manifests.list;
import static sammyjaeger.Manifests.map;
import static sammyjaeger.Manifests.name;
import static sammyjaeger.Manifests.podLabels;
import static sammyjaeger.Manifests.podSpec;
import static sammyjaeger.Manifests.port;
import static sammyjaeger.Manifests.volume;

import com.google.gson.Gson;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1DeploymentSpec;
import io.kubernetes.client.openapi.models.V1EnvFromSource;
import io.kubernetes.client.openapi.models.V1EnvVar;
import io.kubernetes.client.openapi.models.V1LifecycleHandler;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1ObjectFieldSelector;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodSecurityContext;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1ResourceRequirements;
import io.kubernetes.client.openapi.models.V1SecurityContext;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V1VolumeMount;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Finds what is wrong with rendered manifests: what a cluster would refuse, and what it would
 * accept and that could not work.
 */
final class ManifestChecks {

  /** The images of this project, and the variables that the program in each of them reads. */
  static final Map<String, List<Setting<?>>> PROGRAMS =
      Map.of(
          "do-visit-counter-backend", Backend.SETTINGS,
          "do-visit-counter-frontend", Frontend.SETTINGS);

  private static final String BACKEND = "do-visit-counter-backend";
  private static final String FRONTEND = "do-visit-counter-frontend";
  private static final String JAEGER_IMAGE = "jaegertracing/jaeger";
  private static final Duration FLUSH = Duration.ofSeconds(5);
  private static final Duration SIDECAR_STOP = Duration.ofSeconds(5);

  /** What the operator's agent does, in the collector's terms. */
  private static final String JAEGER_AGENT =
      "{receivers: {jaeger: {protocols: {thrift_compact: {endpoint: 'localhost:6831'}}}},"
          + " exporters: {nop: }, service: {pipelines: {traces: {receivers: [jaeger], exporters: [nop]}}}}";

  private static final Pattern IMAGE = Pattern.compile("(?:(.+)/)?([^/:@]+)(?::([^/:@]+))?");
  private static final Pattern REFERENCE = Pattern.compile("\\$\\((\\w+)\\)");
  private static final Pattern LABEL_FIELD = Pattern.compile("metadata\\.labels\\['(.+)']");

  private final Manifests manifests;
  private final List<String> problems = new ArrayList<>();
  private final Map<V1Container, CollectorConfig> collectors = new IdentityHashMap<>();
  private final List<Flow> flows = new ArrayList<>();

  /** A connection that must be possible; an end that is null lies outside of the namespace. */
  private record Flow(
      String what, Map<String, String> from, Map<String, String> to, V1ContainerPort port) {}

  /** The container and its port behind a Service. */
  private record Target(V1Deployment deployment, V1Container container, V1ContainerPort port) {}

  private ManifestChecks(Manifests manifests) {
    this.manifests = manifests;
  }

  /** The problems of rendered manifests, worded for people; none if they are sound. */
  static List<String> problems(String text) {
    Manifests manifests = new Manifests(text);
    ManifestChecks checks = new ManifestChecks(manifests);
    if (manifests.problems().isEmpty()) {
      checks.check();
    }
    return manifests.problems().isEmpty() ? checks.problems : manifests.problems();
  }

  private void problem(String format, Object... values) {
    problems.add(format.formatted(values));
  }

  // Cross references

  private void check() {
    checkNamespace();
    for (V1Deployment deployment : manifests.all(V1Deployment.class)) {
      for (V1Container container : containers(deployment)) {
        readCollectorConfig(deployment, container);
      }
    }
    manifests.customResources().forEach(this::inject);
    manifests.all(V1Deployment.class).forEach(this::checkDeployment);
    manifests.all(V1Service.class).forEach(this::checkService);
    checkNetwork();
  }

  private void checkNamespace() {
    List<V1Namespace> namespaces = manifests.all(V1Namespace.class);
    if (namespaces.size() != 1) {
      problem("there must be one Namespace, but there are %s", namespaces.size());
      return;
    }
    V1ObjectMeta namespace = namespaces.get(0).getMetadata();
    if (!"restricted".equals(labels(namespace).get("pod-security.kubernetes.io/enforce"))) {
      problem("Namespace %s: does not enforce Pod Security \"restricted\"", namespace.getName());
    }
    Stream.concat(
            manifests.objects().entrySet().stream()
                .filter(entry -> !(entry.getValue() instanceof V1Namespace))
                .map(e -> Map.entry(e.getKey(), "" + e.getValue().getMetadata().getNamespace())),
            manifests.customResources().entrySet().stream()
                .map(
                    e ->
                        Map.entry(
                            e.getKey(),
                            "" + CollectorConfig.at(e.getValue(), "metadata", "namespace"))))
        .filter(entry -> !entry.getValue().equals(namespace.getName()))
        .forEach(e -> problem("%s: is in the namespace %s", e.getKey(), e.getValue()));
  }

  private void checkDeployment(V1Deployment deployment) {
    String name = name(deployment);
    V1DeploymentSpec spec = deployment.getSpec();
    V1PodSpec pod = podSpec(deployment);
    if (!NetworkRules.matches(spec.getSelector(), podLabels(deployment))) {
      problem("%s: its selector does not match its own pods", name);
    }
    for (String label : List.of("name", "component")) {
      if (!podLabels(deployment).containsKey("app.kubernetes.io/" + label)
          || !labels(deployment.getMetadata()).containsKey("app.kubernetes.io/" + label)) {
        problem("%s: has no label app.kubernetes.io/%s", name, label);
      }
    }
    if (!Boolean.FALSE.equals(pod.getAutomountServiceAccountToken())) {
      problem("%s: mounts a service account token that nothing needs", name);
    }
    if (!Boolean.FALSE.equals(pod.getEnableServiceLinks())) {
      problem("%s: service links would add variables such as JAEGER_PORT", name);
    }
    checkVolumes(deployment);
    new PodSecurity(problems).check(name, pod);
    for (V1Container container : containers(deployment)) {
      checkContainer(deployment, container);
    }
    for (V1Container container : list(pod.getInitContainers())) {
      String who = name + ": " + container.getName();
      if (!"Always".equals(container.getRestartPolicy())) {
        problem("%s: an init container that never ends needs restartPolicy: Always", who);
      }
      if (container.getReadinessProbe() != null) {
        problem("%s: the pod's readiness must not depend on its sidecar", who);
      }
    }
    boolean hasState =
        containers(deployment).stream()
            .anyMatch(c -> isStateful(c) && list(pod.getContainers()).contains(c));
    boolean isRecreated =
        spec.getStrategy() != null && "Recreate".equals(spec.getStrategy().getType());
    if (hasState && (!Integer.valueOf(1).equals(spec.getReplicas()) || !isRecreated)) {
      problem("%s: its state is in one pod, so it needs replicas: 1 and strategy Recreate", name);
    }
  }

  private boolean isStateful(V1Container container) {
    CollectorConfig config = collectors.get(container);
    return program(container).equals(BACKEND)
        || (config != null
            && Stream.of("memory", "badger").anyMatch(config.storage()::containsKey));
  }

  private void checkVolumes(V1Deployment deployment) {
    String name = name(deployment);
    Set<String> mounted = new HashSet<>();
    for (V1Container container : containers(deployment)) {
      for (V1VolumeMount mount : list(container.getVolumeMounts())) {
        mounted.add(mount.getName());
        if (volume(deployment, mount.getName()).isEmpty()) {
          problem("%s: %s mounts %s: no such volume", name, container.getName(), mount.getName());
        }
      }
    }
    for (V1Volume volume : list(podSpec(deployment).getVolumes())) {
      if (!mounted.contains(volume.getName())) {
        problem("%s: no container mounts the volume %s", name, volume.getName());
      }
      if (volume.getConfigMap() != null
          && manifests.find(V1ConfigMap.class, volume.getConfigMap().getName()).isEmpty()) {
        problem("%s: there is no ConfigMap %s", name, volume.getConfigMap().getName());
      }
      if (volume.getPersistentVolumeClaim() != null) {
        String claim = volume.getPersistentVolumeClaim().getClaimName();
        if (manifests.find(V1PersistentVolumeClaim.class, claim).isEmpty()) {
          problem("%s: there is no PersistentVolumeClaim %s", name, claim);
        }
        V1PodSecurityContext context = podSpec(deployment).getSecurityContext();
        if (context == null || context.getFsGroup() == null) {
          problem("%s: without fsGroup the volume %s is root's", name, volume.getName());
        }
      }
    }
  }

  private void checkContainer(V1Deployment deployment, V1Container container) {
    String who = name(deployment) + ": " + container.getName();
    checkImage(who, container);
    checkResources(who, container);
    Map<String, String> variables = checkVariables(deployment, container);
    Set<String> ports = new HashSet<>();
    for (V1ContainerPort port : list(container.getPorts())) {
      if (port.getName() == null || port.getName().length() > 15 || !ports.add(port.getName())) {
        problem(
            "%s: the port %s needs a name of its own, of at most 15 characters",
            who, port.getContainerPort());
      }
    }
    if (collectors.containsKey(container)) {
      checkCollector(deployment, container, variables);
    } else if (PROGRAMS.containsKey(program(container))) {
      checkProgram(deployment, container, variables);
    }
  }

  private void checkImage(String who, V1Container container) {
    Matcher image = IMAGE.matcher(container.getImage());
    String tag = image.matches() ? image.group(3) : null;
    if (tag == null || tag.equals("latest")) {
      problem("%s: the image %s has no fixed version", who, container.getImage());
    } else if (!image.group().startsWith(JAEGER_IMAGE + ":")
        && !image.group().startsWith(JAEGER_IMAGE + "-agent:")
        && !PROGRAMS.containsKey(image.group(2))) {
      problem("%s: nobody builds the image %s", who, container.getImage());
    }
    if (!"IfNotPresent".equals(container.getImagePullPolicy())) {
      problem("%s: imagePullPolicy is not IfNotPresent", who);
    }
  }

  private void checkResources(String who, V1Container container) {
    V1ResourceRequirements resources =
        Objects.requireNonNullElseGet(container.getResources(), V1ResourceRequirements::new);
    for (String resource : List.of("cpu", "memory")) {
      Quantity request = map(resources.getRequests()).get(resource);
      Quantity limit = map(resources.getLimits()).get(resource);
      if (request == null || limit == null) {
        problem("%s: has no request or no limit for %s", who, resource);
      } else if (request.getNumber().compareTo(limit.getNumber()) > 0) {
        problem("%s: requests more %s than its limit", who, resource);
      }
    }
  }

  /** The values that are known; one that the cluster fills in is empty. */
  private Map<String, String> checkVariables(V1Deployment deployment, V1Container container) {
    String who = name(deployment) + ": " + container.getName();
    Map<String, String> variables = new LinkedHashMap<>();
    for (V1EnvFromSource source : list(container.getEnvFrom())) {
      if (source.getConfigMapRef() != null) {
        String map = source.getConfigMapRef().getName();
        manifests
            .find(V1ConfigMap.class, map)
            .ifPresentOrElse(
                found -> variables.putAll(map(found.getData())),
                () -> problem("%s: there is no ConfigMap %s", who, map));
      } else if (!Boolean.TRUE.equals(source.getSecretRef().getOptional())) {
        problem("%s: there is no Secret %s", who, source.getSecretRef().getName());
      }
    }
    for (V1EnvVar variable : list(container.getEnv())) {
      if (variables.containsKey(variable.getName())) {
        problem("%s: %s is set twice", who, variable.getName());
      }
      String value = Objects.requireNonNullElse(variable.getValue(), "");
      Matcher reference = REFERENCE.matcher(value);
      while (reference.find()) {
        if (!variables.containsKey(reference.group(1))) {
          problem(
              "%s: %s uses $(%s), which is not set before it",
              who, variable.getName(), reference.group(1));
        }
      }
      variables.put(variable.getName(), value);
      if (variable.getValueFrom() != null) {
        checkField(who, deployment, variable);
      }
    }
    return variables;
  }

  private void checkField(String who, V1Deployment deployment, V1EnvVar variable) {
    V1ObjectFieldSelector field = variable.getValueFrom().getFieldRef();
    String path = field == null ? "none" : field.getFieldPath();
    Matcher label = LABEL_FIELD.matcher(path);
    boolean isThere =
        label.matches()
            ? podLabels(deployment).containsKey(label.group(1))
            : List.of("metadata.name", "spec.nodeName").contains(path);
    if (!isThere) {
      problem("%s: %s takes the field %s, which there is not", who, variable.getName(), path);
    }
  }

  // The two programs

  private void checkProgram(
      V1Deployment deployment, V1Container container, Map<String, String> variables) {
    String who = name(deployment) + ": " + container.getName();
    Map<String, Setting<?>> settings = new HashMap<>();
    PROGRAMS.get(program(container)).forEach(setting -> settings.put(setting.name(), setting));
    Map<String, String> values = new HashMap<>();
    settings.forEach((name, setting) -> values.put(name, setting.defaultValue()));
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      Setting<?> setting = settings.get(variable.getKey());
      boolean isReferred =
          variables.values().stream().anyMatch(v -> v.contains("$(" + variable.getKey() + ")"));
      if (setting == null && !isReferred) {
        problem("%s: the program does not read %s", who, variable.getKey());
      } else if (setting != null && !variable.getValue().isEmpty()) {
        values.put(variable.getKey(), variable.getValue());
        try {
          setting.parse(variable.getValue());
        } catch (IllegalArgumentException e) {
          problem(
              "%s: %s is '%s', but must be %s",
              who, variable.getKey(), variable.getValue(), setting.allowed());
        }
      }
    }
    if (problems.stream()
        .anyMatch(problem -> problem.startsWith(who) && problem.contains("must be"))) {
      return;
    }

    V1ContainerPort port = port(container, new IntOrString(Integer.parseInt(values.get("PORT"))));
    if (port == null) {
      problem("%s: the program listens on %s, which is no containerPort", who, values.get("PORT"));
    }
    checkProbe(who, "startupProbe", container.getStartupProbe(), container, port, "/livez");
    checkProbe(who, "livenessProbe", container.getLivenessProbe(), container, port, "/livez");
    checkProbe(who, "readinessProbe", container.getReadinessProbe(), container, port, "/readyz");
    checkStop(deployment, container, Setting.parseDuration(values.get("STOP_TIMEOUT")));
    checkTmp(deployment, container);
    checkTags(who, container, variables);
    if (port != null
        && manifests.all(V1Service.class).stream()
            .noneMatch(s -> targets(s).contains(deployment))) {
      problem("%s: no Service leads to it", who);
    }
    if (program(container).equals(FRONTEND)) {
      flows.add(new Flow("a visitor", null, podLabels(deployment), port));
      Target backend =
          target(deployment, who, "COUNTER_ENDPOINT", URI.create(values.get("COUNTER_ENDPOINT")));
      if (backend != null && !program(backend.container()).equals(BACKEND)) {
        problem("%s: COUNTER_ENDPOINT does not lead to the backend", who);
      }
    }
    checkSpans(deployment, who, values);
  }

  private void checkStop(V1Deployment deployment, V1Container container, Duration stopTimeout) {
    String who = name(deployment) + ": " + container.getName();
    V1LifecycleHandler preStop =
        container.getLifecycle() == null ? null : container.getLifecycle().getPreStop();
    if (preStop == null || preStop.getSleep() == null) {
      problem("%s: without a preStop sleep a stopping pod refuses requests", who);
      return;
    }
    Duration needed =
        Duration.ofSeconds(preStop.getSleep().getSeconds()).plus(stopTimeout).plus(FLUSH);
    if (!sidecars(deployment).isEmpty()) {
      needed = needed.plus(SIDECAR_STOP);
    }
    long grace =
        Objects.requireNonNullElse(podSpec(deployment).getTerminationGracePeriodSeconds(), 30L);
    if (grace < needed.toSeconds()) {
      problem(
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
      problem("%s: %s: the JVM needs an emptyDir at /tmp", name(deployment), container.getName());
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
        problem("%s: JAEGER_TAGS does not carry the pod's %s", who, field);
      }
    }
  }

  /** Spans must end at a Jaeger, if there is one. */
  private void checkSpans(V1Deployment deployment, String who, Map<String, String> values) {
    String endpoint = values.get("JAEGER_ENDPOINT");
    if (!endpoint.isEmpty()) {
      Target target = target(deployment, who, "JAEGER_ENDPOINT", URI.create(endpoint));
      checkReceiver(who, "JAEGER_ENDPOINT", target, "jaeger/thrift_http");
      if (!URI.create(endpoint).getPath().equals("/api/traces")) {
        problem("%s: JAEGER_ENDPOINT %s: Jaeger takes spans at /api/traces alone", who, endpoint);
      }
      return;
    }
    String agentHost = values.get("JAEGER_AGENT_HOST");
    String agentPort = values.get("JAEGER_AGENT_PORT");
    if (!agentHost.equals("localhost") && !agentHost.equals("127.0.0.1")) {
      problem(
          "%s: JAEGER_AGENT_HOST is %s: UDP spans are for a sidecar on localhost", who, agentHost);
    }
    boolean hasJaeger = !collectors.isEmpty() || !manifests.customResources().isEmpty();
    List<V1Container> sidecars = sidecars(deployment);
    if (sidecars.isEmpty() && hasJaeger) {
      problem("%s: no sidecar takes its spans", who);
    }
    for (V1Container sidecar : sidecars) {
      boolean listens =
          collectors.get(sidecar).listening().stream()
              .filter(at -> at.component().equals("jaeger/thrift_compact"))
              .anyMatch(at -> String.valueOf(at.port()).equals(agentPort));
      if (!listens) {
        problem(
            "%s: sends spans to UDP port %s, where %s does not listen",
            who, agentPort, sidecar.getName());
      }
    }
  }

  // Jaeger

  /** The sidecars that take spans: those written out, and those that an operator injects. */
  private List<V1Container> sidecars(V1Deployment deployment) {
    List<V1Container> sidecars = new ArrayList<>(list(podSpec(deployment).getInitContainers()));
    sidecars.removeIf(sidecar -> !collectors.containsKey(sidecar));
    return sidecars;
  }

  private void readCollectorConfig(V1Deployment deployment, V1Container container) {
    if (!container.getImage().startsWith(JAEGER_IMAGE)) {
      return;
    }
    String who = name(deployment) + ": " + container.getName();
    List<Map<String, Object>> files = new ArrayList<>();
    for (String arg : list(container.getArgs())) {
      if (!arg.startsWith("--config=")) {
        problem("%s: Jaeger takes no %s", who, arg);
        continue;
      }
      String path = arg.substring("--config=".length());
      String content =
          list(container.getVolumeMounts()).stream()
              .filter(mount -> path.startsWith(mount.getMountPath() + "/"))
              .flatMap(
                  mount ->
                      volume(deployment, mount.getName()).stream()
                          .filter(volume -> volume.getConfigMap() != null)
                          .flatMap(
                              v ->
                                  manifests
                                      .find(V1ConfigMap.class, v.getConfigMap().getName())
                                      .stream())
                          .map(
                              map ->
                                  map(map.getData())
                                      .get(path.substring(mount.getMountPath().length() + 1))))
              .filter(Objects::nonNull)
              .findFirst()
              .orElse(null);
      if (content == null) {
        problem("%s: no ConfigMap puts a file at %s", who, path);
        continue;
      }
      try {
        files.add(CollectorConfig.map(Manifests.yaml().load(content)));
      } catch (YAMLException e) {
        problem("%s: %s is not YAML: %s", who, path, e.getMessage());
      }
    }
    collectors.put(container, CollectorConfig.merge(files));
  }

  private void checkCollector(
      V1Deployment deployment, V1Container container, Map<String, String> variables) {
    String who = name(deployment) + ": " + container.getName();
    CollectorConfig config = collectors.get(container);
    config.problems(variables::containsKey).forEach(problem -> problem("%s: %s", who, problem));

    Set<Integer> declared = new TreeSet<>();
    list(container.getPorts()).forEach(port -> declared.add(port.getContainerPort()));
    Set<Integer> reachable = new TreeSet<>();
    config.listening().stream().filter(at -> !at.isLocal()).forEach(at -> reachable.add(at.port()));
    if (!declared.equals(reachable)) {
      problem("%s: declares the ports %s, but listens on %s", who, declared, reachable);
    }
    if (list(container.getArgs()).isEmpty()) {
      checkExporter(deployment, who, config); // An injected one: its operator adds no probes.
      return;
    }
    int health =
        config.listening().stream()
            .filter(at -> at.component().equals("healthcheckv2/http"))
            .mapToInt(CollectorConfig.Endpoint::port)
            .findFirst()
            .orElse(0);
    V1ContainerPort port = port(container, new IntOrString(health));
    checkProbe(who, "startupProbe", container.getStartupProbe(), container, port, "/status");
    checkProbe(who, "livenessProbe", container.getLivenessProbe(), container, port, "/status");
    if (list(podSpec(deployment).getContainers()).contains(container)) {
      checkProbe(who, "readinessProbe", container.getReadinessProbe(), container, port, "/status");
    }
    checkExporter(deployment, who, config);
    checkStore(deployment, container, variables, config);
  }

  private void checkExporter(V1Deployment deployment, String who, CollectorConfig config) {
    if (config.exportsTo() != null) {
      URI address =
          URI.create("http://" + config.exportsTo().host() + ":" + config.exportsTo().port());
      checkReceiver(who, "otlp_grpc", target(deployment, who, "otlp_grpc", address), "otlp/grpc");
    }
  }

  private void checkStore(
      V1Deployment deployment,
      V1Container container,
      Map<String, String> variables,
      CollectorConfig config) {
    String who = name(deployment) + ": " + container.getName();
    if (config.storage().containsKey("memory")
        && !(CollectorConfig.at(config.storage(), "memory", "max_traces") instanceof Integer)) {
      problem("%s: memory storage without max_traces outgrows the container", who);
    }
    if (config.storage().containsKey("badger")) {
      Map<String, Object> badger = CollectorConfig.map(config.storage().get("badger"));
      if (!Boolean.FALSE.equals(badger.get("ephemeral"))) {
        problem("%s: badger is ephemeral", who);
      }
      for (String directory : List.of("keys", "values")) {
        String path = CollectorConfig.at(badger, "directories", directory) + "/";
        boolean isKept =
            list(container.getVolumeMounts()).stream()
                .filter(mount -> path.startsWith(mount.getMountPath() + "/"))
                .flatMap(mount -> volume(deployment, mount.getName()).stream())
                .anyMatch(volume -> volume.getPersistentVolumeClaim() != null);
        if (!isKept) {
          problem("%s: badger's %s are in %s, on no persistent volume", who, directory, path);
        }
      }
    }
    if (config.storage().containsKey("opensearch")) {
      URI url = URI.create(variables.getOrDefault("OPENSEARCH_URL", ""));
      int port = url.getPort() < 0 ? 443 : url.getPort();
      flows.add(
          new Flow(
              "OpenSearch",
              podLabels(deployment),
              null,
              new V1ContainerPort().containerPort(port)));
    }
  }

  private void checkReceiver(String who, String variable, Target target, String receiver) {
    if (target == null) {
      return;
    }
    CollectorConfig config = collectors.get(target.container());
    List<String> receivers =
        config == null
            ? List.of()
            : config.listening().stream()
                .filter(at -> !at.isLocal() && at.port() == target.port().getContainerPort())
                .map(CollectorConfig.Endpoint::component)
                .toList();
    if (!receivers.contains(receiver)) {
      problem(
          "%s: %s leads to %s port %s, where %s listens and not %s",
          who,
          variable,
          name(target.deployment()),
          target.port().getContainerPort(),
          receivers,
          receiver);
    }
  }

  // Operators

  /** Does what the operators will do: adds their sidecars to the pods that ask for them. */
  private void inject(String name, Object resource) {
    boolean isOtel = name.startsWith(Manifests.OTEL_OPERATOR);
    Object spec = CollectorConfig.at(resource, "spec");
    if (isOtel && !"sidecar".equals(CollectorConfig.at(spec, "mode"))) {
      problem("%s: mode is %s, not sidecar", name, CollectorConfig.at(spec, "mode"));
    }
    V1Container sidecar =
        isOtel
            ? container(spec, "securityContext")
                .image(String.valueOf(CollectorConfig.at(spec, "image")))
                .imagePullPolicy(String.valueOf(CollectorConfig.at(spec, "imagePullPolicy")))
            : container(CollectorConfig.at(spec, "agent"), "sidecarSecurityContext")
                .image(JAEGER_IMAGE + "-agent:1.62.0")
                .imagePullPolicy("IfNotPresent");
    CollectorConfig config =
        isOtel
            ? new CollectorConfig(CollectorConfig.map(CollectorConfig.at(spec, "config")))
            : new CollectorConfig(Manifests.yaml().load(JAEGER_AGENT));
    for (V1Deployment deployment : manifests.all(V1Deployment.class)) {
      V1ObjectMeta annotated =
          isOtel ? deployment.getSpec().getTemplate().getMetadata() : deployment.getMetadata();
      String annotation =
          map(annotated.getAnnotations())
              .get(isOtel ? "sidecar.opentelemetry.io/inject" : "sidecar.jaegertracing.io/inject");
      if ("true".equals(annotation) || name.endsWith(" " + annotation)) {
        podSpec(deployment).addInitContainersItem(sidecar);
        collectors.put(sidecar, config);
        if (!isOtel) {
          flows.add(
              new Flow(
                  "the injected agent",
                  podLabels(deployment),
                  Map.of("app", "jaeger"),
                  new V1ContainerPort().containerPort(14250)));
        }
      }
    }
    if (!isOtel) {
      V1Container jaeger = container(spec, "containerSecurityContext");
      new PodSecurity(problems)
          .check(name, read(spec, "securityContext", V1PodSecurityContext.class), jaeger);
      checkResources(name, jaeger);
    }
  }

  private static V1Container container(Object spec, String securityContext) {
    return new V1Container()
        .name("injected sidecar")
        .restartPolicy("Always")
        .securityContext(read(spec, securityContext, V1SecurityContext.class))
        .resources(read(spec, "resources", V1ResourceRequirements.class));
  }

  private static <T> T read(Object spec, String field, Class<T> type) {
    return JSON.getGson()
        .fromJson(new Gson().toJson(CollectorConfig.map(CollectorConfig.at(spec, field))), type);
  }

  // Network

  private void checkService(V1Service service) {
    String who = "Service " + service.getMetadata().getName();
    List<V1Deployment> targets = targets(service);
    if (targets.isEmpty()) {
      problem("%s: its selector matches no pods", who);
    }
    for (V1ServicePort port : service.getSpec().getPorts()) {
      for (V1Deployment deployment : targets) {
        if (target(deployment, port) == null) {
          problem("%s: targetPort %s is no port of %s", who, targetPort(port), name(deployment));
        }
      }
    }
  }

  /** What an address of a program leads to, if anything; must be reachable then. */
  private Target target(V1Deployment from, String who, String variable, URI address) {
    String[] host = address.getHost().split("\\.");
    V1Service service = manifests.find(V1Service.class, host[0]).orElse(null);
    if (service == null
        || (host.length > 1 && !host[1].equals(service.getMetadata().getNamespace()))) {
      problem("%s: %s is %s: there is no such Service", who, variable, address);
      return null;
    }
    int number = address.getPort() < 0 ? 80 : address.getPort();
    V1ServicePort port =
        service.getSpec().getPorts().stream()
            .filter(candidate -> candidate.getPort() == number)
            .findFirst()
            .orElse(null);
    if (port == null) {
      problem("%s: %s is %s: Service %s has no port %s", who, variable, address, host[0], number);
      return null;
    }
    return targets(service).stream()
        .map(deployment -> target(deployment, port))
        .filter(Objects::nonNull)
        .peek(
            target ->
                flows.add(
                    new Flow(
                        variable, podLabels(from), podLabels(target.deployment()), target.port())))
        .findFirst()
        .orElse(null);
  }

  private List<V1Deployment> targets(V1Service service) {
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

  private void checkNetwork() {
    NetworkRules rules = new NetworkRules(manifests.all(V1NetworkPolicy.class));
    for (V1Deployment deployment : manifests.all(V1Deployment.class)) {
      Map<String, String> pod = podLabels(deployment);
      for (String protocol : List.of("UDP", "TCP")) {
        V1ContainerPort dns = new V1ContainerPort().containerPort(53).protocol(protocol);
        flows.add(new Flow("DNS over " + protocol, pod, null, dns));
      }
      if (rules.allow(pod, null, new V1ContainerPort().containerPort(25))) {
        problem("%s: no NetworkPolicy stops it from connecting to anything", name(deployment));
      }
      for (V1Container container : containers(deployment)) {
        for (V1ContainerPort port : list(container.getPorts())) {
          if (!program(container).equals(FRONTEND)
              && (rules.allow(null, pod, port) || rules.allow(Map.of(), pod, port))) {
            problem(
                "%s: no NetworkPolicy keeps strangers from port %s",
                name(deployment), port.getContainerPort());
          }
        }
      }
    }
    for (Flow flow : flows) {
      if (flow.port() != null && !rules.allow(flow.from(), flow.to(), flow.port())) {
        problem(
            "NetworkPolicy: %s is blocked on port %s, from %s to %s",
            flow.what(), flow.port().getContainerPort(), app(flow.from()), app(flow.to()));
      }
    }
  }

  private static String app(Map<String, String> labels) {
    return labels == null ? "outside" : labels.get("app");
  }

  private void checkProbe(
      String who,
      String kind,
      V1Probe probe,
      V1Container container,
      V1ContainerPort expected,
      String path) {
    if (probe == null || probe.getHttpGet() == null) {
      problem("%s: has no %s over HTTP", who, kind);
      return;
    }
    V1ContainerPort port = port(container, probe.getHttpGet().getPort());
    if (port == null || !port.equals(expected)) {
      problem(
          "%s: %s asks port %s, where nothing answers it", who, kind, probe.getHttpGet().getPort());
    }
    if (!path.equals(probe.getHttpGet().getPath())) {
      problem("%s: %s asks for %s, not %s", who, kind, probe.getHttpGet().getPath(), path);
    }
  }

  /** The name of the program that an image of this project runs. */
  private static String program(V1Container container) {
    Matcher image = IMAGE.matcher(container.getImage());
    return image.matches() ? image.group(2) : "";
  }
}
