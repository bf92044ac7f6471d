package sammyjaeger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the README against the code. */
class ReadmeTest {

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#L(\\d+))?\\)");

  private final String readme = Files.readString(Path.of("README.md"));

  ReadmeTest() throws IOException {}

  @Test
  void settings_areThoseOfTheCode() {
    List<String> expected =
        Stream.concat(Backend.SETTINGS.stream(), Frontend.SETTINGS.stream())
            .map(Setting::name)
            .distinct()
            .sorted(Comparator.comparing(name -> name.startsWith("JAEGER_")))
            .map(
                name ->
                    "| `%s` | %s | %s | %s |"
                        .formatted(
                            name,
                            defaultIn(Backend.SETTINGS, name),
                            defaultIn(Frontend.SETTINGS, name),
                            meaning(name)))
            .toList();
    List<String> actual =
        readme.lines().filter(line -> line.matches("\\| `[A-Z0-9_]+` .*")).toList();
    assertEquals(String.join("\n", expected), String.join("\n", actual));
  }

  @Test
  void links_leadSomewhere() throws IOException {
    Matcher links = LINK.matcher(readme);
    while (links.find()) {
      Path target = Path.of(links.group(1));
      assertTrue(Files.exists(target), target::toString);
      if (links.group(3) != null) {
        String line = Files.readAllLines(target).get(Integer.parseInt(links.group(3)) - 1);
        assertTrue(line.contains("Thread.sleep"), line);
      }
    }
  }

  private static String defaultIn(List<Setting<?>> table, String name) {
    return table.stream()
        .filter(setting -> setting.name().equals(name))
        .map(setting -> setting.defaultValue().isEmpty() ? "" : "`" + setting.defaultValue() + "`")
        .findAny()
        .orElse("–");
  }

  private static String meaning(String name) {
    return Stream.concat(Backend.SETTINGS.stream(), Frontend.SETTINGS.stream())
        .filter(setting -> setting.name().equals(name))
        .map(Setting::meaning)
        .findFirst()
        .orElseThrow();
  }
}
