package sammyjaeger.service;

import java.net.URI;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Reads environment variables. Each room has a record of its settings, whose read() is a table. */
public final class Settings {

  /**
   * A kind of value: which are allowed, in words; whether a refused one may hold a password, and so
   * is not shown; and what reads one, or throws IllegalArgumentException (a Refusal also says why).
   */
  public record Kind<T>(String allowed, boolean secret, Function<String, T> parser) {
    public Kind(String allowed, Function<String, T> parser) {
      this(allowed, false, parser);
    }
  }

  /** Why a service can't start, in words for the person who started it. */
  public static final class Refusal extends IllegalArgumentException {
    public Refusal(String reason) {
      super(reason);
    }
  }

  public static final Kind<String> TEXT =
      matching("at most 200 characters, none of them a control character", "\\P{Cntrl}{0,200}");
  public static final Kind<String> HOST_NAME =
      matching("a host name or an IP address", "[A-Za-z0-9._:%\\[\\]-]{1,200}");
  public static final Kind<Boolean> FLAG =
      new Kind<>("true or false", text -> match(text, "(?i)true|false").length() == 4);
  public static final Kind<Duration> DURATION =
      new Kind<>("a duration such as 250ms, 15s, 2m or 0", Settings::parseDuration);
  public static final Kind<Duration> TIMEOUT =
      new Kind<>(
          "a duration such as 250ms, 15s or 2m", text -> parseDuration(match(text, ".*[1-9].*")));
  public static final Kind<String> SECRET = // It goes into an HTTP header.
      new Kind<>("printable ASCII characters", true, text -> match(text, "[ -~]*"));

  /** It can be shown, because it has neither credentials nor a query; null if empty. */
  public static final Kind<URI> URL =
      new Kind<>(
          "an http:// or https:// address with a host, and without user, query and fragment",
          true,
          text -> text.isEmpty() ? null : parseAddress(text, "https?://[^@?#]{1,200}"));

  private final UnaryOperator<String> environment;
  private final StringBuilder help = new StringBuilder("All settings are environment variables:\n");
  private Refusal refusal;

  private Settings(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  /**
   * Reads a table of settings from what gives a variable's value, or null.
   *
   * @throws Refusal if a value is not allowed; it names the variable, the value and what is allowed
   */
  public static <T> T read(UnaryOperator<String> environment, Function<Settings, T> table) {
    Settings settings = new Settings(environment);
    T values = table.apply(settings);
    if (settings.refusal != null) {
      throw settings.refusal;
    }
    return values;
  }

  /** Lists the settings of a table. */
  static String help(Function<Settings, ?> table) {
    Settings settings = new Settings(name -> null);
    table.apply(settings);
    return settings.help + "\n";
  }

  /** A variable's value. As in jaeger-client-java, a system property comes before the variable. */
  public static String fromEnvironment(String name) {
    return System.getProperty(name, System.getenv(name));
  }

  /** Reads one variable. A blank one counts as not set, and a last line break is left out. */
  public <T> T read(String name, String defaultValue, String meaning, Kind<T> kind) {
    help.append("\n  %s=%s\n      %s: %s".formatted(name, defaultValue, meaning, kind.allowed));
    String value = environment.apply(name);
    if (value != null && !value.isBlank()) {
      try {
        return kind.parser.apply(value.replaceFirst("\\R$", ""));
      } catch (IllegalArgumentException e) {
        // An address may hold a password, wherever it was set.
        boolean hidden = kind.secret || value.contains("://") || value.contains("@");
        String shown = hidden ? "(not shown)" : "'" + LogStream.printable(value) + "'";
        String why = e instanceof Refusal ? "; " + e.getMessage() : "";
        String reason = "%s is %s, but must be %s%s".formatted(name, shown, kind.allowed, why);
        refusal = refusal == null ? new Refusal(reason) : refusal;
      }
    }
    return kind.parser.apply(defaultValue);
  }

  public static Kind<String> matching(String allowed, String pattern) {
    return new Kind<>(allowed, text -> match(text, pattern));
  }

  public static Kind<Integer> wholeNumber(int min, int max) {
    return new Kind<>(
        "a whole number from " + min + " to " + max,
        text -> {
          refuseIf(
              text.contains("://"),
              "comes from Kubernetes: set the variable, or enableServiceLinks: false in the pod");
          int number = Integer.parseInt(text);
          require(min <= number && number <= max);
          return number;
        });
  }

  public static Duration parseDuration(String text) {
    match(text, "0|\\d{1,7}(ms|s|m)");
    long number = Long.parseLong(text.replaceAll("\\D", ""));
    if (text.endsWith("ms")) {
      return Duration.ofMillis(number);
    }
    return text.endsWith("m") ? Duration.ofMinutes(number) : Duration.ofSeconds(number);
  }

  /** Reads an address, or says what is wrong with it without showing it. */
  public static URI parseAddress(String text, String pattern) {
    URI address = URI.create(text);
    String authority = String.valueOf(address.getRawAuthority());
    refuseIf(authority.replaceFirst(".*@", "").contains("_"), "has an underscore in its host name");
    refuseIf(address.getHost() == null, "has no valid host");
    refuseIf(
        authority.matches(".*:0*") || address.getPort() > 65535, "has no port from 1 to 65535");
    refuseIf(
        !text.matches(pattern) && authority.contains("@"),
        "has a user or a password that is not allowed");
    match(text, pattern);
    return address;
  }

  private static void refuseIf(boolean wrong, String reason) {
    if (wrong) {
      throw new Refusal("this one " + reason);
    }
  }

  public static void require(boolean allowed) {
    if (!allowed) {
      throw new IllegalArgumentException();
    }
  }

  private static String match(String text, String pattern) {
    require(text.matches(pattern));
    return text;
  }
}
