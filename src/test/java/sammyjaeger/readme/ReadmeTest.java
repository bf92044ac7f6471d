package sammyjaeger.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.JarProcess;

/** Holds the README against the code, the manifests and what the programs say of themselves. */
class ReadmeTest {

  private static final String SPANISH = "src/site/markdown/index.md";

  /** A link to a file, perhaps to a heading or line of it; a title says what is in that line. */
  private static final Pattern LINK =
      Pattern.compile("\\[[^]]+]\\(([^):#]*)(?:#([^) ]+))?(?: \"(.+?)\")?\\)");

  private static final Pattern BLOCK = Pattern.compile("(?ms)^ *```.*?^ *```$");

  private static final Pattern HELP = Pattern.compile("  ([A-Z0-9_]+)=(.*)");

  /** With the pages of the folders that it links to. */
  private final String readme =
      Files.readString(Path.of("README.md"))
          + Files.readString(Path.of("docker/README.md"))
          + Files.readString(Path.of("k8s/README.md"));

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

  @ParameterizedTest
  @ValueSource(strings = {"README.md", SPANISH, "docker/README.md", "k8s/README.md"})
  void links_leadToWhatTheyName(String page) throws IOException {
    Path folder = Path.of("./" + page).getParent();
    List<String> toLines = new ArrayList<>();
    for (MatchResult link : LINK.matcher(Files.readString(Path.of(page))).results().toList()) {
      Path target =
          folder.resolve(
              link.group(1).isEmpty() ? Path.of(page).getFileName().toString() : link.group(1));
      assertTrue(Files.exists(target), link::group);
      String place = link.group(2);
      if (place == null) {
        continue;
      }
      if (!place.matches("L\\d+")) {
        assertTrue(anchors(target).contains(place), () -> link.group() + anchors(target));
        continue;
      }
      String line = Files.readAllLines(target).get(Integer.parseInt(place.substring(1)) - 1);
      assertTrue(link.group(3) != null && line.contains(link.group(3)), link.group() + line);
      toLines.add(link.group());
    }
    assertTrue(toLines.size() >= 6 || page.contains("/README"), toLines::toString);
  }

  /** The commands, outputs and code of the Spanish page begin with README's. */
  @Test
  void spanishPage_hasTheSameBlocks() throws IOException {
    List<String> blocks = blocks(readme.substring(0, readme.indexOf("\n## Settings\n")));
    assertTrue(blocks.size() > 30, blocks::toString);
    assertEquals(blocks, blocks(Files.readString(Path.of(SPANISH))).subList(0, blocks.size()));
  }

  @Test
  void variablesInCommands_areSettings() throws Exception {
    Set<String> settings = new TreeSet<>(help("backend.jar").keySet());
    settings.addAll(help("frontend.jar").keySet());
    int variables = 0;
    for (String block : blocks(readme)) {
      Matcher variable = Pattern.compile("(?m)(?:^| )([A-Z][A-Z0-9_]+)=").matcher(block);
      while (variable.find()) {
        assertTrue(settings.contains(variable.group(1)), block);
        variables++;
      }
    }
    assertTrue(variables >= 10, variables + " variables");
  }

  /** What the log says, as far as it is the same each time. */
  @Test
  void linesOfTheLog_areThoseOfTheCode() throws IOException {
    StringBuilder code = new StringBuilder();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        code.append(Files.readString(file));
      }
    }
    Matcher quote = Pattern.compile("`((?:Spans|No trace|Calls from)[^`…]*)").matcher(readme);
    int quotes = 0;
    for (; quote.find(); quotes++) {
      assertTrue(code.indexOf("\"" + quote.group(1).strip()) >= 0, quote::group);
    }
    assertTrue(quotes >= 4, quotes + " quotes");
  }

  @Test
  void build_isTheOneDescribed() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    for (String pattern :
        List.of(
            "JDK, (\\d+) or newer, <maven.compiler.release>%s<",
            "Maven, ([0-9.]+) or newer, <requireMavenVersion>\n                  <version>%s<",
            "those of jaeger-client-java ([0-9.]+\\d), <jaeger-client.version>%s<",
            "mvn -P(\\w+), <id>%s</id>")) {
      String[] inBoth = pattern.split(", (?=<)");
      Matcher value = Pattern.compile(inBoth[0]).matcher(readme);
      assertTrue(value.find(), inBoth[0]);
      String expected = inBoth[1].formatted(value.group(1));
      assertTrue(pom.contains(expected), expected);
    }
  }

  @Test
  void ports_areThoseOfThePrograms() throws Exception {
    List<String> known =
        List.of(
            "5000", "8000", "16686", "6379", "6831", "6832", "14268", "9200", "443", "5778",
            "5001");
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
    assertEquals(
        Set.of(ui), ports("<http://localhost:(\\d+)>, choose|http://localhost:(\\d+)/trace/"));
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
    String all = readme + compose + Files.readString(Path.of("docker/Dockerfile"));
    for (String image : List.of("jaegertracing/jaeger:", "valkey/valkey:", " `?eclipse-temurin:")) {
      List<String> versions =
          Pattern.compile(image + "([\\w.-]+)")
              .matcher(all)
              .results()
              .map(version -> version.group(1))
              .toList();
      assertTrue(versions.size() > 1, image);
      assertEquals(1, Set.copyOf(versions).size(), () -> image + versions);
    }
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

  private static List<String> blocks(String page) {
    return BLOCK.matcher(page).results().map(MatchResult::group).toList();
  }

  /** The headings, as GitHub makes anchors of them. */
  private static List<String> anchors(Path page) {
    try {
      return Pattern.compile("(?m)^#+ (.*)")
          .matcher(Files.readString(page))
          .results()
          .map(heading -> heading.group(1).toLowerCase().replaceAll("[^\\p{L}\\d -]", ""))
          .map(heading -> heading.replace(' ', '-'))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
