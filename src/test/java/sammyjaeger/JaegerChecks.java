package sammyjaeger;

import static sammyjaeger.Manifests.containers;
import static sammyjaeger.Manifests.list;
import static sammyjaeger.Manifests.map;
import static sammyjaeger.Manifests.name;
import static sammyjaeger.Manifests.podLabels;
import static sammyjaeger.Manifests.podSpec;
import static sammyjaeger.Manifests.port;
import static sammyjaeger.Manifests.volume;

import com.google.gson.Gson;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PodSecurityContext;
import io.kubernetes.client.openapi.models.V1ResourceRequirements;
import io.kubernetes.client.openapi.models.V1SecurityContext;
import java.net.URI;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.yaml.snakeyaml.error.YAMLException;

/** Whether Jaeger and its sidecars, written out or injected, start and are connected. */
final class JaegerChecks {

  static final String IMAGE = "jaegertracing/jaeger";

  /** What the operator's agent does, in the collector's terms. */
  private static final String JAEGER_AGENT =
      "{receivers: {jaeger: {protocols: {thrift_compact: {endpoint: 'localhost:6831'}}}},"
          + " exporters: {nop: }, service: {pipelines: {traces: {receivers: [jaeger], exporters: [nop]}}}}";

  /** Six spans with their tags and logs, an estimate. */
  private static final long TRACE_BYTES = 30_000;

  private final Manifests manifests;
  private final NetworkChecks network;
  private final Problems problems;
  private final Set<String> images = new TreeSet<>();
  private final Map<V1Container, CollectorConfig> configs = new IdentityHashMap<>();

  JaegerChecks(Manifests manifests, NetworkChecks network, Problems problems) {
    this.manifests = manifests;
    this.network = network;
    this.problems = problems;
    for (V1Deployment deployment : manifests.all(V1Deployment.class)) {
      for (V1Container container : containers(deployment)) {
        readConfig(deployment, container);
      }
    }
    manifests.customResources().forEach(this::inject);
  }

  /** The configuration of a container, or null if it runs no Jaeger. */
  CollectorConfig config(V1Container container) {
    return configs.get(container);
  }

  boolean isThere() {
    return !configs.isEmpty() || !manifests.customResources().isEmpty();
  }

  private void readConfig(V1Deployment deployment, V1Container container) {
    if (!container.getImage().startsWith(IMAGE)) {
      return;
    }
    String who = name(deployment) + ": " + container.getName();
    images.add(container.getImage());
    if (images.size() > 1 || !container.getImage().startsWith(IMAGE + ":2.")) {
      problems.add("%s: must all be one Jaeger v2, but are %s", who, images);
    }
    List<Map<String, Object>> files = new ArrayList<>();
    for (String arg : list(container.getArgs())) {
      if (!arg.startsWith("--config=")) {
        problems.add("%s: Jaeger takes no %s", who, arg);
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
        problems.add("%s: no ConfigMap puts a file at %s", who, path);
        continue;
      }
      try {
        files.add(CollectorConfig.map(Manifests.yaml().load(content)));
      } catch (YAMLException e) {
        problems.add("%s: %s is not YAML: %s", who, path, e.getMessage());
      }
    }
    configs.put(container, CollectorConfig.merge(files));
  }

  /** Does what the operators will do: adds their sidecars to the pods that ask for them. */
  private void inject(String name, Object resource) {
    boolean isOtel = name.startsWith(Manifests.OTEL_OPERATOR);
    Object spec = CollectorConfig.at(resource, "spec");
    if (isOtel && !"sidecar".equals(CollectorConfig.at(spec, "mode"))) {
      problems.add("%s: mode is %s, not sidecar", name, CollectorConfig.at(spec, "mode"));
    }
    V1Container sidecar =
        isOtel
            ? container(spec, "securityContext")
                .image(String.valueOf(CollectorConfig.at(spec, "image")))
                .imagePullPolicy(String.valueOf(CollectorConfig.at(spec, "imagePullPolicy")))
            : container(CollectorConfig.at(spec, "agent"), "sidecarSecurityContext")
                .image(IMAGE + "-agent:1.62.0")
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
        configs.put(sidecar, config);
        if (!isOtel) {
          network.require(
              "the injected agent",
              podLabels(deployment),
              Map.of("app", "jaeger"),
              new V1ContainerPort().containerPort(14250));
        }
      }
    }
    if (!isOtel) {
      new PodSecurity(problems)
          .check(
              name,
              read(spec, "securityContext", V1PodSecurityContext.class),
              container(spec, "containerSecurityContext"));
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

  /** The sidecars that take spans: those written out, and those that an operator injects. */
  List<V1Container> sidecars(V1Deployment deployment) {
    List<V1Container> sidecars = new ArrayList<>(list(podSpec(deployment).getInitContainers()));
    sidecars.removeIf(sidecar -> !configs.containsKey(sidecar));
    return sidecars;
  }

  void check(V1Deployment deployment, V1Container container, Map<String, String> variables) {
    String who = name(deployment) + ": " + container.getName();
    CollectorConfig config = configs.get(container);
    config
        .problems(variables::containsKey)
        .forEach(problem -> problems.add("%s: %s", who, problem));

    Set<Integer> declared = new TreeSet<>();
    list(container.getPorts()).forEach(port -> declared.add(port.getContainerPort()));
    Set<Integer> reachable = new TreeSet<>();
    config.listening().stream().filter(at -> !at.isLocal()).forEach(at -> reachable.add(at.port()));
    if (!declared.equals(reachable)) {
      problems.add("%s: declares the ports %s, but listens on %s", who, declared, reachable);
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
    network.checkProbe(
        who, "startupProbe", container.getStartupProbe(), container, port, "/status");
    network.checkProbe(
        who, "livenessProbe", container.getLivenessProbe(), container, port, "/status");
    if (list(podSpec(deployment).getContainers()).contains(container)) {
      network.checkProbe(
          who, "readinessProbe", container.getReadinessProbe(), container, port, "/status");
    }
    checkExporter(deployment, who, config);
    checkStore(deployment, container, variables, config);
  }

  private void checkExporter(V1Deployment deployment, String who, CollectorConfig config) {
    if (config.exportsTo() != null) {
      URI address =
          URI.create("http://" + config.exportsTo().host() + ":" + config.exportsTo().port());
      checkReceiver(
          who, "otlp_grpc", network.target(deployment, who, "otlp_grpc", address), "otlp/grpc");
    }
  }

  private void checkStore(
      V1Deployment deployment,
      V1Container container,
      Map<String, String> variables,
      CollectorConfig config) {
    String who = name(deployment) + ": " + container.getName();
    if (config.storage().containsKey("memory")) {
      Object traces = CollectorConfig.at(config.storage(), "memory", "max_traces");
      long limit = container.getResources().getLimits().get("memory").getNumber().longValue();
      if (!(traces instanceof Integer) || (Integer) traces * TRACE_BYTES > limit / 2) {
        problems.add("%s: memory storage of max_traces %s outgrows %s bytes", who, traces, limit);
      }
    }
    if (config.storage().containsKey("badger")) {
      Map<String, Object> badger = CollectorConfig.map(config.storage().get("badger"));
      if (!Boolean.FALSE.equals(badger.get("ephemeral"))) {
        problems.add("%s: badger is ephemeral", who);
      }
      for (String directory : List.of("keys", "values")) {
        String path = CollectorConfig.at(badger, "directories", directory) + "/";
        boolean isKept =
            list(container.getVolumeMounts()).stream()
                .filter(mount -> path.startsWith(mount.getMountPath() + "/"))
                .flatMap(mount -> volume(deployment, mount.getName()).stream())
                .anyMatch(volume -> volume.getPersistentVolumeClaim() != null);
        if (!isKept) {
          problems.add("%s: badger's %s are in %s, on no persistent volume", who, directory, path);
        }
      }
    }
    if (config.storage().containsKey("opensearch")) {
      URI url = URI.create(variables.getOrDefault("OPENSEARCH_URL", ""));
      int port = url.getPort() < 0 ? 443 : url.getPort();
      network.require(
          "OpenSearch", podLabels(deployment), null, new V1ContainerPort().containerPort(port));
    }
  }

  void checkReceiver(String who, String variable, NetworkChecks.Target target, String receiver) {
    if (target == null) {
      return;
    }
    CollectorConfig config = configs.get(target.container());
    List<String> receivers =
        config == null
            ? List.of()
            : config.listening().stream()
                .filter(at -> !at.isLocal() && at.port() == target.port().getContainerPort())
                .map(CollectorConfig.Endpoint::component)
                .toList();
    if (!receivers.contains(receiver)) {
      problems.add(
          "%s: %s leads to %s port %s, where %s listens and not %s",
          who,
          variable,
          name(target.deployment()),
          target.port().getContainerPort(),
          receivers,
          receiver);
    }
  }
}
