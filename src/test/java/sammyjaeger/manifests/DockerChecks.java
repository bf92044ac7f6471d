package sammyjaeger.manifests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds where {@code docker/} builds or runs something else than {@code k8s}. */
final class DockerChecks {

  private static final String STAGES =
      "(?s).*AS service\n.*ENV HOST=0.0.0.0\n.*USER 65532:65532\n"
          + ".*AS backend\n.*ENV PORT=5000\nEXPOSE 5000\n"
          + ".*AS frontend\n.*ENV PORT=8000\nEXPOSE 8000\n.*";

  /** What the tutorial's steps set. */
  private static final String PASSED_ON =
      "SIMULATED_.*|COUNTER_.*|JAEGER_PROPAGATION|JAEGER_SAMPLER_PARAM";

  private DockerChecks() {}

  static List<String> problems(Path root) throws IOException {
    Variant variant = new Variant(root.resolve("k8s/replicated"));
    String dockerfile = Files.readString(root.resolve("docker/Dockerfile"));
    variant.unless(
        dockerfile.matches(STAGES), "Dockerfile: user, host or ports are not %s", STAGES);
    Node compose = Node.load(Files.readString(root.resolve("docker/compose.yaml")));
    Node services = compose.get("services");
    variant.unlessShaped("compose", "compose", services);
    for (Container container : variant.containers) {
      Program program = container.program();
      String name = program == null ? container.labels().get("app").text() : program.name();
      Node service = services.get(name);
      if (!container.isSidecar()) {
        String image = service.get("image").text();
        variant.unless(image.equals(container.image()), "%s's image is %s", name, image);
        String memory = service.get("mem_limit").text().replace("m", "Mi");
        boolean isSame = memory.equals(container.memory().text());
        variant.unless(isSame, "%s's memory is %s", name, memory);
      }
      if (program != null) {
        var settings = program.settings().keySet();
        var passed = service.get("environment").map().keySet();
        variant.unless(settings.containsAll(passed), "%s has not all of %s", name, passed);
        settings.stream()
            .filter(setting -> setting.matches(PASSED_ON) && !passed.contains(setting))
            .forEach(setting -> variant.problems.add(name + " does not get " + setting));
      }
    }
    return variant.problems;
  }
}
