package sammyjaeger;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The values of one service's settings, all of them valid. */
final class Settings {

  private final Map<String, String> values;

  private Settings(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Looks up and validates every setting of a table; one that is blank counts as not set.
   *
   * @param lookup gives a variable's value, or null
   * @throws StartupException if a value is not allowed: names the variable, the value and what is
   */
  static Settings read(List<Setting<?>> table, UnaryOperator<String> lookup)
      throws StartupException {
    Map<String, String> values =
        table.stream()
            .collect(Collectors.toMap(Setting::name, setting -> effective(setting, lookup)));
    for (Setting<?> setting : table) {
      String value = values.get(setting.name());
      try {
        setting.parse(value);
      } catch (IllegalArgumentException e) {
        throw new StartupException(
            "%s is '%s', but must be %s"
                .formatted(setting.name(), withoutSecrets(value), setting.allowed()));
      }
    }
    return new Settings(values);
  }

  /** Where jaeger-client-java looks too: a system property counts before the variable. */
  static String fromEnvironment(String name) {
    return System.getProperty(name, System.getenv(name));
  }

  static String help(List<Setting<?>> table) {
    return table.stream()
        .map(
            setting ->
                "  %s=%s%n      %s: %s%n"
                    .formatted(
                        setting.name(),
                        setting.defaultValue(),
                        setting.meaning(),
                        setting.allowed()))
        .collect(Collectors.joining());
  }

  <T> T get(Setting<T> setting) {
    return setting.parse(text(setting));
  }

  /** The value as it was written. */
  String text(Setting<?> setting) {
    return values.get(setting.name());
  }

  private static String effective(Setting<?> setting, UnaryOperator<String> lookup) {
    String value = lookup.apply(setting.name());
    return value == null || value.isBlank() ? setting.defaultValue() : value;
  }

  private static String withoutSecrets(String value) {
    return value.replaceAll("//.*@", "//***@").replaceAll("\\?.*", "?***");
  }
}
