package sammyjaeger.service;

import java.net.URI;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The settings of one service, each an environment variable. To read one is to declare it: {@code
 * --help} is made of what was read. Where a value is wrong its default is read, until {@link
 * #check} refuses it.
 */
public final class Settings {

  /**
   * Which values are allowed, in words; and what reads them, or throws IllegalArgumentException.
   */
  public record Kind<T>(String allowed, Function<String, T> parser) {}

  /** A service can't start: why, in one line for the person who started it. */
  public static final class Refusal extends RuntimeException {
    Refusal(String message) {
      super(message);
    }
  }

  public static final Kind<String> TEXT =
      matching("at most 200 characters, none of them a control character", "\\P{Cntrl}{0,200}");
  public static final Kind<String> HOST =
      matching("a host name or an IP address", "[A-Za-z0-9._:%\\[\\]-]{1,200}");

  /** Is never shown, and fits into an HTTP header. */
  public static final Kind<String> SECRET = matching("printable ASCII characters", "[ -~]*");

  public static final Kind<Boolean> FLAG =
      new Kind<>("true or false", value -> requireMatch(value, "(?i)true|false").length() == 4);
  public static final Kind<Duration> DURATION =
      new Kind<>("a duration such as 250ms, 15s, 2m or 0", Settings::parseDuration);

  /** Is not zero. */
  public static final Kind<Duration> TIMEOUT =
      new Kind<>(
          "a duration such as 250ms, 15s or 2m, but not 0",
          value -> require(parseDuration(value), duration -> !duration.isZero()));

  /** Has neither credentials nor a query, so that it can be shown anywhere; null if empty. */
  public static final Kind<URI> URL =
      new Kind<>(
          "an http:// or https:// address with a host, and without user, query and fragment",
          value -> value.isEmpty() ? null : require(URI.create(value), Settings::isPlainUrl));

  private final UnaryOperator<String> environment;
  private final StringBuilder help = new StringBuilder("All settings are environment variables:\n");
  private String refusal;

  /** Reads from what gives a variable's value, or null. */
  public Settings(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  /** Where jaeger-client-java looks too: a system property counts before the variable. */
  public static String fromEnvironment(String name) {
    return System.getProperty(name, System.getenv(name));
  }

  public static Kind<String> matching(String allowed, String pattern) {
    return new Kind<>(allowed, value -> requireMatch(value, pattern));
  }

  public static Kind<String> oneOf(String... choices) {
    return matching("one of " + String.join(", ", choices), String.join("|", choices));
  }

  public static Kind<Integer> wholeNumber(int min, int max) {
    return new Kind<>(
        "a whole number from " + min + " to " + max,
        value -> require(Integer.parseInt(value), number -> number >= min && number <= max));
  }

  /** Reads a variable; one that is blank counts as not set. */
  public <T> T read(String name, String defaultValue, String meaning, Kind<T> kind) {
    help.append("\n  %s=%s\n      %s: %s".formatted(name, defaultValue, meaning, kind.allowed));
    String value = environment.apply(name);
    if (value != null && !value.isBlank()) {
      try {
        return kind.parser.apply(value);
      } catch (IllegalArgumentException e) {
        String shown = kind == SECRET ? "(not shown)" : withoutSecrets(value);
        refuse("%s is '%s', but must be %s".formatted(name, shown, kind.allowed));
      }
    }
    return kind.parser.apply(defaultValue);
  }

  /** Lets {@link #check} fail; the first reason counts. */
  void refuse(String reason) {
    refusal = refusal == null ? reason : refusal;
  }

  /** Ends the reading; fails if a value is not allowed, and says which, and what is. */
  public void check() {
    if (refusal != null) {
      throw new Refusal(refusal);
    }
  }

  /** What was read: names, defaults, meanings, and what is allowed. */
  String help() {
    return help + "\n";
  }

  public static Duration parseDuration(String value) {
    requireMatch(value, "0|\\d{1,7}(ms|s|m)");
    long number = Long.parseLong(value.replaceAll("\\D", ""));
    if (value.endsWith("ms")) {
      return Duration.ofMillis(number);
    }
    return value.endsWith("m") ? Duration.ofMinutes(number) : Duration.ofSeconds(number);
  }

  public static <T> T require(T value, Predicate<T> condition) {
    if (!condition.test(value)) {
      throw new IllegalArgumentException();
    }
    return value;
  }

  private static String requireMatch(String value, String pattern) {
    return require(value, text -> text.matches(pattern));
  }

  private static boolean isPlainUrl(URI url) {
    return String.valueOf(url.getScheme()).matches("https?")
        && url.getHost() != null
        && url.getPort() != 0
        && url.getPort() <= 65535
        && url.toString().matches("[^@?#]{0,200}");
  }

  /** An address may have a user and a password in front, and a token in its query. */
  private static String withoutSecrets(String value) {
    String shown =
        value
            .replaceAll("(?s)^(rediss?:).*$", "$1***")
            .replaceAll("(?s)^.*@", "***@")
            .replaceAll("(?s)[?#].*$", "?***");
    return LogStream.printable(shown);
  }
}
