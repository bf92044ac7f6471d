package sammyjaeger.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.JarProcess;

/** Holds the README against the code, the manifests and what the programs say of themselves. */
class ReadmeTest {

  /** A link to a file, perhaps to a line of it, and what is to be found there in its title. */
  private static final Pattern LINK =
      Pattern.compile("\\[([^]]+)]\\(([^):]+?)(?:#L(\\d+))?(?: \"(.+?)\")?\\)");

  private static final Pattern HELP = Pattern.compile("  ([A-Z0-9_]+)=(.*)");

  private final String readme = Files.readString(Path.of("README.md"));

  ReadmeTest() throws IOException {}

  @Test
  void settings_areThoseOfHelp() throws Exception {
    Map<String, String[]> backend = help("backend.jar");
    Map<String, String[]> frontend = help("frontend.jar");
    Map<String, String[]> all = new LinkedHashMap<>(backend);
    all.putAll(frontend);
    List<String> expected = new ArrayList<>();
    all.forEach(
        (name, setting) ->
            expected.add(
                "| `%s` | %s | %s | %s |"
                    .formatted(
                        name, cell(backend.get(name)), cell(frontend.get(name)), setting[1])));
    List<String> actual =
        readme.lines().filter(line -> line.matches("\\| `[A-Z0-9_]+` \\|.*\\|.*\\|.*\\|")).toList();
    assertEquals(
        String.join("\n", new TreeSet<>(expected)), String.join("\n", new TreeSet<>(actual)));
  }

  @Test
  void links_leadToWhatTheyName() throws IOException {
    List<String> toLines = new ArrayList<>();
    for (MatchResult link : LINK.matcher(readme).results().toList()) {
      Path target = Path.of(link.group(2));
      assertTrue(Files.exists(target), link::group);
      if (link.group(3) != null) {
        String line = Files.readAllLines(target).get(Integer.parseInt(link.group(3)) - 1);
        assertTrue(link.group(4) != null && line.contains(link.group(4)), link.group() + line);
        toLines.add(link.group());
      }
    }
    assertTrue(toLines.size() >= 5, toLines::toString);
  }

  @Test
  void ports_areThoseOfThePrograms() throws Exception {
    List<String> known =
        List.of("5000", "8000", "16686", "6831", "6832", "14268", "9200", "443", "5778", "5001");
    assertEquals("5000", help("backend.jar").get("PORT")[0]);
    assertEquals("8000", help("frontend.jar").get("PORT")[0]);
    Matcher ports =
        Pattern.compile("(?:localhost|127\\.0\\.0\\.1):(\\d+)|port (\\d+)").matcher(readme);
    while (ports.find()) {
      String port = ports.group(1) == null ? ports.group(2) : ports.group(1);
      assertTrue(known.contains(port), ports::group);
    }
  }

  @Test
  void visitsAndTraces_areAskedForWhereTheyAre() throws Exception {
    String frontend = help("frontend.jar").get("PORT")[0];
    assertEquals(Set.of(frontend), ports("curl (?:-i )?localhost:(\\d+)"));
    String compose = Files.readString(Path.of("docker/compose.yaml"));
    String ui = "16686";
    for (String published : List.of(frontend, ui)) {
      assertTrue(compose.contains("127.0.0.1:%1$s:%1$s\"".formatted(published)), published);
    }
    assertEquals(Set.of(ui), ports("<http://localhost:(\\d+)>|http://localhost:(\\d+)/trace/"));
    Matcher jaeger = Pattern.compile("docker run (.*) jaegertracing/jaeger:").matcher(readme);
    assertTrue(jaeger.find());
    assertEquals(
        "--rm -p 127.0.0.1:16686:16686 -p 127.0.0.1:6831:6831/udp",
        jaeger.group(1),
        "the UI, and where spans go unless told otherwise");
    assertEquals("6831", help("backend.jar").get("JAEGER_AGENT_PORT")[0]);
  }

  @Test
  void portForwards_leadToServices() throws IOException {
    List<String> services = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("k8s"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        services.addAll(List.of(Files.readString(file).split("\n---\n")));
      }
    }
    // The operator makes it, of the Jaeger called simplest.
    services.add("kind: Service\n  name: simplest-query\n  port: 16686\n");
    Matcher forward =
        Pattern.compile("kubectl -n (\\S+) port-forward service/(\\S+) (\\d+):(\\d+)")
            .matcher(readme);
    int forwards = 0;
    while (forward.find()) {
      assertEquals("sammy-jaeger", forward.group(1), forward::group);
      assertEquals(forward.group(4), forward.group(3), forward::group);
      String name = "\n  name: " + forward.group(2) + "\n";
      String port = " port: " + forward.group(4) + "\n";
      assertTrue(
          services.stream()
              .map(service -> service + "\n")
              .anyMatch(
                  service ->
                      service.contains("kind: Service\n")
                          && service.contains(name)
                          && service.contains(port)),
          forward::group);
      forwards++;
    }
    assertEquals(
        readme
            .lines()
            .filter(line -> line.startsWith("kubectl ") && line.contains(" port-forward "))
            .count(),
        forwards);
    assertTrue(forwards >= 4);
  }

  private Set<String> ports(String pattern) {
    Set<String> ports = new TreeSet<>();
    Matcher port = Pattern.compile(pattern).matcher(readme);
    while (port.find()) {
      ports.add(port.group(1) == null ? port.group(2) : port.group(1));
    }
    return ports;
  }

  @Test
  void versionsAndNames_areThoseOfTheManifests() throws IOException {
    String compose = Files.readString(Path.of("docker/compose.yaml"));
    String app =
        Files.readString(Path.of("k8s/app/kustomization.yaml"))
            + Files.readString(Path.of("k8s/app/backend.yaml"))
            + Files.readString(Path.of("k8s/app/frontend.yaml"));
    Matcher jaegers = Pattern.compile("jaegertracing/jaeger:([0-9.]+)").matcher(readme + compose);
    assertEquals(
        1,
        jaegers.results().map(jaeger -> jaeger.group(1)).distinct().count(),
        "Jaeger's versions");
    Matcher images = Pattern.compile("your_username/([a-z-]+:v\\d+)").matcher(readme);
    images
        .results()
        .forEach(image -> assertTrue(app.contains("image: " + image.group(1)), image.group()));
    Matcher namespaces = Pattern.compile("kubectl (?:-n|--namespace) ([\\w-]+)").matcher(readme);
    List<String> others =
        List.of("cert-manager", "observability", "opentelemetry-operator-system", "sammy-jaeger");
    namespaces.results().forEach(name -> assertTrue(others.contains(name.group(1)), name.group()));
    assertTrue(app.contains("namespace: sammy-jaeger"));
    Matcher folders = Pattern.compile("kubectl (?:apply|delete) -k ([\\w/-]+)").matcher(readme);
    folders
        .results()
        .forEach(
            folder ->
                assertTrue(
                    Files.exists(Path.of(folder.group(1), "kustomization.yaml")), folder.group()));
  }

  private static String cell(String[] setting) {
    if (setting == null) {
      return "–";
    }
    return setting[0].isEmpty() ? "" : "`" + setting[0] + "`";
  }

  /** Each setting's default and meaning. */
  private static Map<String, String[]> help(String jar) throws Exception {
    try (JarProcess program = new JarProcess(jar, Map.of(), "--help")) {
      List<String> lines = program.log();
      assertEquals(0, program.exitCode());
      Map<String, String[]> settings = new LinkedHashMap<>();
      for (int i = 0; i < lines.size(); i++) {
        Matcher setting = HELP.matcher(lines.get(i));
        if (setting.matches()) {
          String meaning = lines.get(i + 1).strip().split(": ", 2)[0];
          settings.put(setting.group(1), new String[] {setting.group(2), meaning});
        }
      }
      return settings;
    }
  }
}
