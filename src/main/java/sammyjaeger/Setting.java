package sammyjaeger;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One setting of a service: an environment variable. The same record validates a value and explains
 * itself in {@code --help}.
 *
 * @param name the variable's name
 * @param defaultValue what applies where the variable is not set, or empty
 * @param meaning what it is for
 * @param allowed which values it takes
 * @param parser turns a value into its type; throws an {@link IllegalArgumentException} if it can't
 */
record Setting<T>(
    String name, String defaultValue, String meaning, String allowed, Function<String, T> parser) {

  static final String URL_ALLOWED =
      "an http:// or https:// address with a host, and without user, query and fragment";

  private static final List<String> FLAGS = List.of("true", "false");
  private static final List<String> SCHEMES = List.of("http", "https");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,7})(ms|s|m)");

  static Setting<String> text(String name, String defaultValue, String meaning) {
    return new Setting<>(
        name,
        defaultValue,
        meaning,
        "text without control characters",
        value -> {
          require(value.chars().noneMatch(Character::isISOControl));
          return value;
        });
  }

  static Setting<Boolean> flag(String name, String defaultValue, String meaning) {
    return new Setting<>(
        name,
        defaultValue,
        meaning,
        "true or false",
        value -> Boolean.valueOf(requireOneOf(value.toLowerCase(Locale.ROOT), FLAGS)));
  }

  static Setting<String> oneOf(
      String name, String defaultValue, String meaning, List<String> choices) {
    return new Setting<>(
        name,
        defaultValue,
        meaning,
        "one of " + String.join(", ", choices),
        value -> requireOneOf(value, choices));
  }

  static Setting<Integer> wholeNumber(
      String name, String defaultValue, String meaning, int least, int most) {
    return new Setting<>(
        name,
        defaultValue,
        meaning,
        "a whole number from " + least + " to " + most,
        value -> {
          int number = Integer.parseInt(value);
          require(number >= least && number <= most);
          return number;
        });
  }

  static Setting<Duration> duration(
      String name, String defaultValue, String meaning, Duration least) {
    return new Setting<>(
        name,
        defaultValue,
        meaning,
        "a duration such as 250ms, 15s or 2m, of at least " + least.toMillis() + "ms",
        value -> {
          Duration duration = parseDuration(value);
          require(duration.compareTo(least) >= 0);
          return duration;
        });
  }

  static Setting<URI> url(String name, String defaultValue, String meaning) {
    return new Setting<>(name, defaultValue, meaning, URL_ALLOWED, Setting::parseUrl);
  }

  /** Has neither credentials nor a query, so that it can be shown anywhere. */
  static URI parseUrl(String value) {
    URI url = URI.create(value);
    requireOneOf(url.getScheme(), SCHEMES);
    require(url.getHost() != null && url.getPort() != 0 && url.getPort() <= 65535);
    require(url.getRawUserInfo() == null);
    require(url.getRawQuery() == null && url.getRawFragment() == null);
    return url;
  }

  /** A whole number of milliseconds, seconds or minutes, or a plain 0. */
  static Duration parseDuration(String value) {
    if (value.equals("0")) {
      return Duration.ZERO;
    }
    Matcher matcher = DURATION.matcher(value);
    require(matcher.matches());
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      default -> Duration.ofMinutes(number);
    };
  }

  static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException();
    }
  }

  private static String requireOneOf(String value, List<String> choices) {
    require(value != null && choices.contains(value));
    return value;
  }

  T parse(String value) {
    return parser.apply(value);
  }

  Setting<T> withDefault(String otherDefault) {
    return new Setting<>(name, otherDefault, meaning, allowed, parser);
  }
}
