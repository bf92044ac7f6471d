package sammyjaeger.manifests;

import com.google.gson.Gson;
import io.kubernetes.client.openapi.JSON;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@code kubectl kustomize} renders, held against the schema of Kubernetes. */
final class Manifests {

  private static final String KINDS =
      "v1 (Namespace|ConfigMap|Service|PersistentVolumeClaim)|apps/v1 (Deployment|StatefulSet)"
          + "|policy/v1 PodDisruptionBudget|networking.k8s.io/v1 NetworkPolicy";

  /** The operators', whose schema Kubernetes does not know. */
  private static final String CUSTOM_KINDS =
      "jaegertracing.io/v1 Jaeger|opentelemetry.io/v1beta1 OpenTelemetryCollector";

  private final List<String> problems;
  private final Map<String, Node> objects = new LinkedHashMap<>();

  Manifests(Path overlay, List<String> problems) {
    this.problems = problems;
    String rendered = Program.run("kubectl", "kustomize", overlay.toString());
    Stream.of(rendered.split("(?m)^---$")).map(Node::load).forEach(this::add);
    if (rendered.matches("(?s).*\nkind: Deployment\n.*\nkind: OpenTelemetryCollector\n.*")) {
      problems.add("Deployments come before the OpenTelemetryCollector, so without sidecar");
    }
  }

  private void add(Node object) {
    String kind = object.at("apiVersion").text() + " " + object.at("kind").text();
    objects.put(name(object), object);
    if (kind.matches(KINDS)) {
      checkSchema(name(object), object, kind.replaceAll(".* ", ""));
    } else if (!kind.matches(CUSTOM_KINDS)) {
      problems.add(kind + ": there is none, or it is not in use here");
    }
  }

  static String name(Node object) {
    return object.at("kind").text() + " " + object.at("metadata", "name").text();
  }

  private void checkSchema(String name, Node object, String kind) {
    Gson gson = JSON.getGson();
    try {
      Class<?> model = Class.forName("io.kubernetes.client.openapi.models.V1" + kind);
      Object read = gson.fromJson(gson.toJson(object.value()), model);
      compareTypes(name, object, new Node(gson.fromJson(gson.toJson(read), Map.class)));
    } catch (ReflectiveOperationException | RuntimeException e) {
      String message = "" + e; // It goes on with the whole object.
      problems.add(name + ": " + message.replaceAll("(?s) in the JSON string|:? \\{.*", ""));
    }
  }

  /** Gson reads "8000" as a number where one is due; a cluster does not. */
  private void compareTypes(String path, Node written, Node read) {
    written.map().forEach((key, value) -> compareTypes(path + "." + key, value, read.at(key)));
    for (int i = 0; i < written.list().size(); i++) {
      compareTypes(path, written.list().get(i), read.list().get(i));
    }
    if (written.value() instanceof String != read.value() instanceof String
        || written.value() instanceof Boolean != read.value() instanceof Boolean) {
      problems.add(path + ": " + written.value() + " has the wrong type");
    }
  }

  Stream<Node> all(String kinds) {
    return objects.values().stream().filter(object -> object.at("kind").text().matches(kinds));
  }

  Node find(String kind, Node name) {
    return objects.getOrDefault(kind + " " + name.text(), Node.NONE);
  }
}
