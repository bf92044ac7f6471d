package sammyjaeger;

import static sammyjaeger.Manifests.containers;
import static sammyjaeger.Manifests.labels;
import static sammyjaeger.Manifests.list;
import static sammyjaeger.Manifests.map;
import static sammyjaeger.Manifests.name;
import static sammyjaeger.Manifests.podLabels;
import static sammyjaeger.Manifests.podSpec;
import static sammyjaeger.Manifests.program;
import static sammyjaeger.Manifests.volume;

import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1DeploymentSpec;
import io.kubernetes.client.openapi.models.V1EnvFromSource;
import io.kubernetes.client.openapi.models.V1EnvVar;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1ObjectFieldSelector;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodSecurityContext;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1ResourceRequirements;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V1VolumeMount;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds what is wrong with rendered manifests: what a cluster would refuse, and what it would
 * accept and that could not work.
 */
final class ManifestChecks {

  private static final Pattern REFERENCE = Pattern.compile("\\$\\((\\w+)\\)");
  private static final BigDecimal LEAST_MEMORY = new BigDecimal(16 << 20);
  private static final Pattern LABEL_FIELD = Pattern.compile("metadata\\.labels\\['(.+)']");

  private final Manifests manifests;
  private final Problems problems;
  private final JaegerChecks jaeger;
  private final ProgramChecks programs;
  private final NetworkChecks network;

  private ManifestChecks(Manifests manifests, Problems problems) {
    this.manifests = manifests;
    this.problems = problems;
    network = new NetworkChecks(manifests, problems);
    jaeger = new JaegerChecks(manifests, network, problems);
    programs = new ProgramChecks(network, jaeger, problems);
  }

  /** The problems of rendered manifests, worded for people; none if they are sound. */
  static List<String> problems(String text) {
    Problems problems = new Problems(new ArrayList<>());
    Manifests manifests = new Manifests(text, problems);
    if (problems.all().isEmpty()) {
      new ManifestChecks(manifests, problems).check();
    }
    return problems.all();
  }

  private void check() {
    checkNamespace();
    manifests.all(V1Deployment.class).forEach(this::checkDeployment);
    manifests.all(V1Service.class).forEach(network::checkService);
    network.checkFlows();
  }

  private void checkNamespace() {
    List<V1Namespace> namespaces = manifests.all(V1Namespace.class);
    if (namespaces.size() != 1) {
      problems.add("there must be one Namespace, but there are %s", namespaces.size());
      return;
    }
    V1ObjectMeta namespace = namespaces.get(0).getMetadata();
    if (!"restricted".equals(labels(namespace).get("pod-security.kubernetes.io/enforce"))) {
      problems.add(
          "Namespace %s: does not enforce Pod Security \"restricted\"", namespace.getName());
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
        .forEach(e -> problems.add("%s: is in the namespace %s", e.getKey(), e.getValue()));
  }

  private void checkDeployment(V1Deployment deployment) {
    String name = name(deployment);
    V1DeploymentSpec spec = deployment.getSpec();
    V1PodSpec pod = podSpec(deployment);
    if (!NetworkRules.matches(spec.getSelector(), podLabels(deployment))) {
      problems.add("%s: its selector does not match its own pods", name);
    }
    for (String label : List.of("name", "component")) {
      if (!podLabels(deployment).containsKey("app.kubernetes.io/" + label)
          || !labels(deployment.getMetadata()).containsKey("app.kubernetes.io/" + label)) {
        problems.add("%s: has no label app.kubernetes.io/%s", name, label);
      }
    }
    if (!Boolean.FALSE.equals(pod.getAutomountServiceAccountToken())) {
      problems.add("%s: mounts a service account token that nothing needs", name);
    }
    if (!Boolean.FALSE.equals(pod.getEnableServiceLinks())) {
      problems.add("%s: service links would add variables such as JAEGER_PORT", name);
    }
    if (pod.getRestartPolicy() != null && !pod.getRestartPolicy().equals("Always")) {
      problems.add("%s: its restartPolicy is not Always", name);
    }
    if (Integer.valueOf(0).equals(spec.getReplicas()) || containers(deployment).isEmpty()) {
      problems.add("%s: runs nothing", name);
    }
    checkUnique(name, "container", containers(deployment), V1Container::getName);
    checkUnique(name, "volume", list(pod.getVolumes()), V1Volume::getName);
    checkVolumes(deployment);
    new PodSecurity(problems).check(name, pod);
    for (V1Container container : containers(deployment)) {
      checkContainer(deployment, container);
    }
    for (V1Container container : list(pod.getInitContainers())) {
      String who = name + ": " + container.getName();
      if (!"Always".equals(container.getRestartPolicy())) {
        problems.add("%s: an init container that never ends needs restartPolicy: Always", who);
      }
      if (container.getReadinessProbe() != null) {
        problems.add("%s: the pod's readiness must not depend on its sidecar", who);
      }
    }
    boolean hasState =
        containers(deployment).stream()
            .anyMatch(c -> isStateful(c) && list(pod.getContainers()).contains(c));
    boolean isRecreated =
        spec.getStrategy() != null && "Recreate".equals(spec.getStrategy().getType());
    if (hasState && (!Integer.valueOf(1).equals(spec.getReplicas()) || !isRecreated)) {
      problems.add(
          "%s: its state is in one pod, so it needs replicas: 1 and strategy Recreate", name);
    }
  }

  private <T> void checkUnique(
      String who, String what, List<T> things, Function<T, String> property) {
    Set<String> seen = new HashSet<>();
    things.stream()
        .map(property)
        .filter(value -> !seen.add(value))
        .forEach(value -> problems.add("%s: has two of the %s %s", who, what, value));
  }

  private boolean isStateful(V1Container container) {
    CollectorConfig config = jaeger.config(container);
    return program(container).equals(ProgramChecks.BACKEND)
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
          problems.add(
              "%s: %s mounts %s: no such volume", name, container.getName(), mount.getName());
        }
      }
    }
    for (V1Volume volume : list(podSpec(deployment).getVolumes())) {
      if (!mounted.contains(volume.getName())) {
        problems.add("%s: no container mounts the volume %s", name, volume.getName());
      }
      if (volume.getConfigMap() != null
          && manifests.find(V1ConfigMap.class, volume.getConfigMap().getName()).isEmpty()) {
        problems.add("%s: there is no ConfigMap %s", name, volume.getConfigMap().getName());
      }
      if (volume.getPersistentVolumeClaim() != null) {
        String claim = volume.getPersistentVolumeClaim().getClaimName();
        if (manifests.find(V1PersistentVolumeClaim.class, claim).isEmpty()) {
          problems.add("%s: there is no PersistentVolumeClaim %s", name, claim);
        }
        V1PodSecurityContext context = podSpec(deployment).getSecurityContext();
        if (context == null || context.getFsGroup() == null) {
          problems.add("%s: without fsGroup the volume %s is root's", name, volume.getName());
        }
      }
    }
  }

  private void checkContainer(V1Deployment deployment, V1Container container) {
    String who = name(deployment) + ": " + container.getName();
    checkImage(who, container);
    checkResources(who, container);
    Map<String, String> variables = checkVariables(deployment, container);
    checkUnique(who, "port", list(container.getPorts()), V1ContainerPort::getName);
    checkUnique(who, "mount", list(container.getVolumeMounts()), V1VolumeMount::getMountPath);
    for (V1ContainerPort port : list(container.getPorts())) {
      if (port.getName() == null
          || !port.getName().matches("(?=.{1,15}$)[a-z0-9-]*[a-z][a-z0-9-]*")) {
        problems.add(
            "%s: the port %s needs a name of at most 15 characters", who, port.getContainerPort());
      }
      if (port.getContainerPort() < 1 || port.getContainerPort() > 65535) {
        problems.add("%s: there is no port %s", who, port.getContainerPort());
      }
    }
    if (jaeger.config(container) != null) {
      jaeger.check(deployment, container, variables);
    } else if (ProgramChecks.PROGRAMS.containsKey(program(container))) {
      programs.check(deployment, container, variables);
    }
  }

  private void checkImage(String who, V1Container container) {
    Matcher image = Manifests.IMAGE.matcher(container.getImage());
    String tag = image.matches() ? image.group(3) : null;
    if (tag == null || tag.equals("latest")) {
      problems.add("%s: the image %s has no fixed version", who, container.getImage());
    } else if (!image.group().startsWith(JaegerChecks.IMAGE + ":")
        && !image.group().startsWith(JaegerChecks.IMAGE + "-agent:")
        && !ProgramChecks.PROGRAMS.containsKey(image.group(2))) {
      problems.add("%s: nobody builds the image %s", who, container.getImage());
    }
    if (!"IfNotPresent".equals(container.getImagePullPolicy())) {
      problems.add("%s: imagePullPolicy is not IfNotPresent", who);
    }
  }

  private void checkResources(String who, V1Container container) {
    V1ResourceRequirements resources =
        Objects.requireNonNullElseGet(container.getResources(), V1ResourceRequirements::new);
    for (String resource : List.of("cpu", "memory")) {
      Quantity request = map(resources.getRequests()).get(resource);
      Quantity limit = map(resources.getLimits()).get(resource);
      if (request == null || limit == null) {
        problems.add("%s: has no request or no limit for %s", who, resource);
      } else if (request.getNumber().compareTo(limit.getNumber()) > 0) {
        problems.add("%s: requests more %s than its limit", who, resource);
      } else if (resource.equals("memory") && limit.getNumber().compareTo(LEAST_MEMORY) < 0) {
        problems.add("%s: %s bytes of memory are not enough", who, limit.getNumber());
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
                () -> problems.add("%s: there is no ConfigMap %s", who, map));
      } else if (!Boolean.TRUE.equals(source.getSecretRef().getOptional())) {
        problems.add("%s: there is no Secret %s", who, source.getSecretRef().getName());
      }
    }
    for (V1EnvVar variable : list(container.getEnv())) {
      if (variables.containsKey(variable.getName())) {
        problems.add("%s: %s is set twice", who, variable.getName());
      }
      String value = Objects.requireNonNullElse(variable.getValue(), "");
      Matcher reference = REFERENCE.matcher(value);
      while (reference.find()) {
        if (!variables.containsKey(reference.group(1))) {
          problems.add(
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
      problems.add("%s: %s takes the field %s, which there is not", who, variable.getName(), path);
    }
  }
}
