package sammyjaeger.manifests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Whether {@code docker/} builds and runs what {@code k8s} does. */
final class DockerChecks {

  private final List<String> problems = new ArrayList<>();
  private final String dockerfile;
  private final Node compose;

  private DockerChecks(Path root) throws IOException {
    dockerfile = Files.readString(root.resolve("docker/Dockerfile"));
    compose = Node.load(Files.readString(root.resolve("docker/compose.yaml"))).at("services");
    Manifests manifests = new Manifests(root.resolve("k8s/replicated"), problems);
    for (Node deployment : manifests.all("Deployment|StatefulSet").toList()) {
      Node container = deployment.at("spec", "template", "spec", "containers").list().get(0);
      check(new Container(deployment, container, Node.NONE));
    }
  }

  static List<String> problems(Path root) throws IOException {
    return new DockerChecks(root).problems;
  }

  private void expect(String what, Object expected, Object actual) {
    if (!expected.equals(actual)) {
      problems.add("%s is %s, not %s".formatted(what, actual, expected));
    }
  }

  private void check(Container container) {
    Program program = container.program();
    String name = program == null ? container.who().replaceAll(":.*", "") : program.name();
    Node service = compose.at(name);
    Node environment = service.at("environment");
    expect(name + "'s image", container.node().at("image"), service.at("image"));
    String memory = container.node().at("resources", "limits", "memory").text();
    expect(name + "'s memory", memory, service.at("mem_limit").text().replace("m", "Mi"));
    int port = container.port(new Node(program == null ? "ui" : name + "-port"));
    boolean isPublished = port > 0 && !name.equals("backend");
    String published = !isPublished ? "" : "[127.0.0.1:%1$s:%1$s]".formatted(port);
    expect(name + "'s ports", published, service.at("ports").text());
    Node user = container.pod().at("securityContext");
    String ids = user.at("runAsUser").text() + ":" + user.at("runAsGroup").text();
    if (container.isStore()) {
      expect(name + "'s user", ids, service.at("user").text());
      String args = container.node().at("args").text().replaceAll(", --requirepass.*", "]");
      expect(name + "'s command", args, service.at("command").text());
    }
    if (program == null) {
      for (Node variable : container.node().at("env").list()) {
        String key = variable.at("name").text();
        expect(key, variable.at("value"), environment.at(key));
      }
      return;
    }
    expect(name + "'s agent", "jaeger", environment.at("JAEGER_AGENT_HOST").text());
    for (String key : environment.map().keySet()) {
      expect(name + "'s setting " + key, true, program.settings().containsKey(key));
    }
    String backend = compose.at("frontend", "environment", "COUNTER_ENDPOINT").text();
    boolean leadsHere = backend.equals("http://" + name + ":" + port);
    expect("that COUNTER_ENDPOINT leads to " + name, name.equals("backend"), leadsHere);
    long stop = Program.seconds(program.settings().get("STOP_TIMEOUT")) + Program.END_SECONDS;
    boolean isEnough = Program.seconds(service.at("stop_grace_period").text()) >= stop;
    expect(name + "'s grace period of " + stop + " s", true, isEnough);
    String wanted = "(?s)(runtime AS service|service AS " + name + ")\n.*";
    List<String> stages =
        Stream.of(dockerfile.split("\nFROM ")).filter(stage -> stage.matches(wanted)).toList();
    for (String line : List.of("HOST=0.0.0.0", "PORT=" + port, "EXPOSE " + port, "USER " + ids)) {
      boolean isThere = stages.stream().anyMatch(stage -> stage.contains(line + "\n"));
      expect(name + "'s line " + line, true, isThere);
    }
  }
}
