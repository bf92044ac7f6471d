package sammyjaeger.manifests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One of the two programs, with the defaults of its settings as its own {@code --help} tells. */
record Program(String name, Map<String, String> settings) {

  private static final Pattern IMAGE = Pattern.compile(".+/do-visit-counter-(\\w+):v\\d+");
  private static final Pattern SETTING = Pattern.compile("(?m)^  ([A-Z][A-Z0-9_]*)=(.*)$");
  private static final Map<String, Program> PROGRAMS = new ConcurrentHashMap<>();

  /** The program in an image, or null if the image is none of this project's. */
  static Program of(String image) {
    Matcher matcher = IMAGE.matcher(image);
    return matcher.matches() ? PROGRAMS.computeIfAbsent(matcher.group(1), Program::ask) : null;
  }

  private static Program ask(String name) {
    String java = System.getProperty("java.home") + "/bin/java";
    Map<String, String> settings = new HashMap<>();
    String help = run(java, "-jar", "target/" + name + ".jar", "--help");
    SETTING.matcher(help).results().forEach(s -> settings.put(s.group(1), s.group(2)));
    return new Program(name, settings);
  }

  /** What a command prints. */
  static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(output);
      }
      return output;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
