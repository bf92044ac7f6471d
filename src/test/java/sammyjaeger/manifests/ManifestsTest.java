package sammyjaeger.manifests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.SAME_THREAD) // Leaves the cores to the tests that measure time.
class ManifestsTest {

  @BeforeAll
  static void requireKubectl() {
    boolean isThere =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> new File(folder, "kubectl").canExecute());
    if (!isThere && !"true".equals(System.getenv("CI"))) {
      System.out.println("kubectl is missing: the Kubernetes manifests are not checked");
      Assumptions.abort();
    }
  }

  /** Those that stand on their own; the others, k8s/jaeger and k8s/sidecar, are parts of them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "app", "direct", "durable",
        "scaled", "replicated", "otel-operator", "jaeger-operator"
      })
  void manifests_areSound(String variant) throws IOException {
    assertEquals(List.of(), ManifestChecks.problems(Path.of("k8s", variant)));
  }

  @Test
  void docker_isAsKubernetes() throws IOException {
    assertEquals(List.of(), DockerChecks.problems(Path.of("")));
  }

  @ParameterizedTest
  @CsvFileSource(
      files = "src/test/java/sammyjaeger/manifests/mistakes.csv",
      delimiter = '|',
      quoteCharacter = '~')
  void mistake_isReported(
      String name, String before, String after, String problem, @TempDir Path copy)
      throws IOException {
    String file = name.startsWith("docker/") ? name : "k8s/" + name;
    Program.run("cp", "-r", "k8s", "docker", copy.toString());
    String text = Files.readString(copy.resolve(file));
    String mistaken = text.replaceFirst(before, after.replace('⏎', '\n'));
    assertNotEquals(text, mistaken);
    Files.writeString(copy.resolve(file), mistaken);

    String variant = file.replaceFirst("s/jaeger/", "s/direct/").replace("sidecar/", "");
    List<String> problems =
        variant.startsWith("docker/")
            ? DockerChecks.problems(copy)
            : ManifestChecks.problems(copy.resolve(variant).getParent());
    assertTrue(
        problems.stream().anyMatch(found -> found.contains(problem)),
        () -> problem + " is not among " + problems);
  }
}
