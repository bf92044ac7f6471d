package sammyjaeger;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1Volume;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** Rendered manifests: parsed, held against the schema of Kubernetes, and looked up. */
final class Manifests {

  private static final Map<String, Class<? extends KubernetesObject>> KINDS =
      Map.of(
          "v1 Namespace", V1Namespace.class,
          "v1 ConfigMap", V1ConfigMap.class,
          "v1 Service", V1Service.class,
          "v1 PersistentVolumeClaim", V1PersistentVolumeClaim.class,
          "apps/v1 Deployment", V1Deployment.class,
          "networking.k8s.io/v1 NetworkPolicy", V1NetworkPolicy.class);

  static final Pattern IMAGE = Pattern.compile("(?:(.+)/)?([^/:@]+)(?::([^/:@]+))?");

  private static final String NAME = "[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?";

  static final String JAEGER_OPERATOR = "jaegertracing.io/v1 Jaeger";
  static final String OTEL_OPERATOR = "opentelemetry.io/v1beta1 OpenTelemetryCollector";

  private final Problems problems;
  private final Map<String, KubernetesObject> objects = new LinkedHashMap<>();
  private final Map<String, Object> customResources = new LinkedHashMap<>();

  Manifests(String text, Problems problems) {
    this.problems = problems;
    try {
      for (Object document : yaml().loadAll(text)) {
        load(new Gson().toJsonTree(document).getAsJsonObject(), document);
      }
    } catch (YAMLException e) {
      problems.add("not YAML: %s", e.getMessage());
    }
  }

  Map<String, KubernetesObject> objects() {
    return objects;
  }

  /** The operators' resources, whose schema Kubernetes does not know. */
  Map<String, Object> customResources() {
    return customResources;
  }

  <T> List<T> all(Class<T> kind) {
    return objects.values().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  <T extends KubernetesObject> Optional<T> find(Class<T> kind, String name) {
    return all(kind).stream().filter(o -> o.getMetadata().getName().equals(name)).findFirst();
  }

  static Yaml yaml() {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(options));
  }

  static V1ContainerPort port(V1Container container, IntOrString port) {
    return list(container.getPorts()).stream()
        .filter(
            candidate ->
                port.isInteger()
                    ? port.getIntValue().equals(candidate.getContainerPort())
                    : port.getStrValue().equals(candidate.getName()))
        .findFirst()
        .orElse(null);
  }

  static Optional<V1Volume> volume(V1Deployment deployment, String name) {
    return list(podSpec(deployment).getVolumes()).stream()
        .filter(volume -> volume.getName().equals(name))
        .findFirst();
  }

  static List<V1Container> containers(V1Deployment deployment) {
    List<V1Container> containers = new ArrayList<>(list(podSpec(deployment).getInitContainers()));
    containers.addAll(podSpec(deployment).getContainers());
    return containers;
  }

  static String name(V1Deployment deployment) {
    return "Deployment " + deployment.getMetadata().getName();
  }

  static V1PodSpec podSpec(V1Deployment deployment) {
    return firstOf(
        deployment.getSpec().getTemplate().getSpec(), new V1PodSpec().containers(List.of()));
  }

  static Map<String, String> podLabels(V1Deployment deployment) {
    return labels(deployment.getSpec().getTemplate().getMetadata());
  }

  static Map<String, String> labels(V1ObjectMeta metadata) {
    return metadata == null ? Map.of() : map(metadata.getLabels());
  }

  static <T> T firstOf(T first, T second) {
    return first == null ? second : first;
  }

  static <T> List<T> list(List<T> list) {
    return Objects.requireNonNullElse(list, List.of());
  }

  static <V> Map<String, V> map(Map<String, V> map) {
    return Objects.requireNonNullElse(map, Map.of());
  }

  /** The name of an image, without user and version. */
  static String program(V1Container container) {
    Matcher image = IMAGE.matcher(container.getImage());
    return image.matches() ? image.group(2) : "";
  }

  private void load(JsonObject written, Object document) {
    String kind =
        CollectorConfig.at(document, "apiVersion") + " " + CollectorConfig.at(document, "kind");
    String name = kind + " " + CollectorConfig.at(document, "metadata", "name");
    if (!String.valueOf(CollectorConfig.at(document, "metadata", "name")).matches(NAME)) {
      problems.add("%s: is no name", name);
    }
    if (kind.equals(JAEGER_OPERATOR) || kind.equals(OTEL_OPERATOR)) {
      customResources.put(name, document);
      return;
    }
    if (!KINDS.containsKey(kind)) {
      problems.add("%s: no such kind, or none that this project uses", name);
      return;
    }
    try {
      KubernetesObject object = JSON.getGson().fromJson(written, KINDS.get(kind));
      compareTypes(name, written, JSON.getGson().toJsonTree(object));
      if (objects.put(name, object) != null) {
        problems.add("%s: is there twice", name);
      }
    } catch (ClassCastException e) {
      problems.add("%s: has an object where a list is due", name);
    } catch (RuntimeException e) {
      // The message goes on with the whole object.
      problems.add(
          "%s: %s",
          name, e.getMessage().replaceAll("(?s) in the JSON string|(:| JSON:) \\{.*", ""));
    }
  }

  /** Gson reads "8000" as a number where one is due; a cluster does not. */
  private void compareTypes(String path, JsonElement written, JsonElement read) {
    if (written.isJsonNull()) {
      return;
    } else if (read == null) {
      problems.add("%s: is not understood", path);
    } else if (written.isJsonObject()) {
      written.getAsJsonObject().entrySet().stream()
          .forEach(
              entry ->
                  compareTypes(
                      path + "." + entry.getKey(),
                      entry.getValue(),
                      read.getAsJsonObject().get(entry.getKey())));
    } else if (written.isJsonArray()) {
      for (int i = 0; i < written.getAsJsonArray().size(); i++) {
        compareTypes(
            path + "[" + i + "]", written.getAsJsonArray().get(i), read.getAsJsonArray().get(i));
      }
    } else if (written.getAsJsonPrimitive().isString() != read.getAsJsonPrimitive().isString()
        || written.getAsJsonPrimitive().isBoolean() != read.getAsJsonPrimitive().isBoolean()) {
      problems.add("%s: %s has the wrong type", path, written);
    }
  }
}
