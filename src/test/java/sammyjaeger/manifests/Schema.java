package sammyjaeger.manifests;

import com.google.gson.Gson;
import io.kubernetes.client.openapi.JSON;
import java.util.List;
import java.util.Map;

/** Holds an object against the schema of Kubernetes. */
final class Schema {

  private static final String KINDS =
      "v1 (Namespace|ConfigMap|Service|PersistentVolumeClaim)|apps/v1 (Deployment|StatefulSet)"
          + "|policy/v1 PodDisruptionBudget|networking.k8s.io/v1 NetworkPolicy";

  /** The operators', whose schema Kubernetes does not know. */
  private static final String CUSTOM_KINDS =
      "jaegertracing.io/v1 Jaeger|opentelemetry.io/v1beta1 OpenTelemetryCollector";

  private Schema() {}

  static void check(String name, Node object, List<String> problems) {
    String kind = object.get("apiVersion").text() + " " + object.get("kind").text();
    if (!kind.matches(KINDS)) {
      if (!kind.matches(CUSTOM_KINDS)) {
        problems.add(kind + ": unknown, or not in use here");
      }
      return;
    }
    Gson gson = JSON.getGson();
    try {
      String model = "io.kubernetes.client.openapi.models.V1" + object.get("kind").text();
      Object read = gson.fromJson(gson.toJson(object.value()), Class.forName(model));
      compareTypes(name, object, new Node(gson.fromJson(gson.toJson(read), Map.class)), problems);
    } catch (ReflectiveOperationException | RuntimeException e) {
      String message = "" + e; // It goes on with the whole object.
      problems.add(name + ": " + message.replaceAll("(?s) in the JSON string|:? \\{.*", ""));
    }
  }

  /** Gson reads "8000" as a number where one is due; a cluster does not. */
  private static void compareTypes(String path, Node written, Node read, List<String> problems) {
    written
        .map()
        .forEach((key, node) -> compareTypes(path + "." + key, node, read.get(key), problems));
    for (int i = 0; i < written.list().size(); i++) {
      compareTypes(path, written.list().get(i), read.list().get(i), problems);
    }
    boolean isSame =
        written.value() instanceof String == read.value() instanceof String
            && written.value() instanceof Boolean == read.value() instanceof Boolean;
    if (!isSame) {
      problems.add(path + ": " + written.value() + " has the wrong type");
    }
  }
}
