package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.service.Settings.Kind;

/** What is read, and what is refused in which words. */
class SettingsTest {

  @Test
  void unsetAndBlank_readAsTheDefault() {
    assertEquals("a", new Settings(name -> null).read("X", "a", "", Settings.TEXT));
    assertEquals("a", new Settings(name -> " ").read("X", "a", "", Settings.TEXT));
  }

  @Test
  void values_areRead() {
    assertEquals(Duration.ofMillis(250), read("250ms", Settings.DURATION));
    assertEquals(Duration.ofSeconds(15), read("15s", Settings.DURATION));
    assertEquals(Duration.ofMinutes(2), read("2m", Settings.DURATION));
    assertEquals(Duration.ZERO, read("0", Settings.DURATION));
    assertEquals(URI.create("https://[::1]:1/x"), read("https://[::1]:1/x", Settings.URL));
    assertEquals(true, read("TRUE", Settings.FLAG));
    assertEquals(false, read("false", Settings.FLAG));
    assertEquals(65535, read("65535", Settings.wholeNumber(0, 65535)));
    assertEquals("b", read("b", Settings.oneOf("a", "b")));
    assertEquals("::1", read("::1", Settings.HOST));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DURATION | 20",
        "DURATION | -1s",
        "DURATION | 99999999m",
        "DURATION | 1h",
        "TIMEOUT | 0",
        "TIMEOUT | 0s",
        "TIMEOUT | soon",
        "URL | localhost:5000",
        "URL | ftp://localhost",
        "URL | http://localhost:99999",
        "URL | http://local host",
        "URL | http://localhost:0",
        "URL | http:///path",
        "URL | /path",
        "HOST | http://localhost",
        "HOST | a b",
        "FLAG | yes",
        "FLAG | 1",
        "PORT | http",
        "PORT | -1",
        "PORT | 65536",
        "PORT | 8000.5",
      })
  void wrongValue_isNamedWithWhatIsAllowed(String kind, String value) {
    Kind<?> allowed =
        Map.of(
                "DURATION", Settings.DURATION,
                "TIMEOUT", Settings.TIMEOUT,
                "URL", Settings.URL,
                "HOST", Settings.HOST,
                "FLAG", Settings.FLAG,
                "PORT", Settings.wholeNumber(0, 65535))
            .get(kind);
    assertEquals("X is '" + value + "', but must be " + allowed.allowed(), refusal(value, allowed));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://sammy:secret@backend",
        "http://sammy:pass/secret@backend",
        "http://sammy:pass@secret@backend",
        "sammy:secret@backend",
        "http://sammy:secret\n@backend",
        "http://backend?token=secret",
        "http://backend?a=b\nsecret",
      })
  void secretsInAnAddress_areNotRepeated(String value) {
    for (Kind<?> kind : new Kind<?>[] {Settings.URL, Settings.HOST, Settings.FLAG}) {
      String refusal = refusal(value, kind);
      assertFalse(refusal.contains("secret") || refusal.contains("sammy"), refusal);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"secret\nmore", "secret\u00e9", "secret\u4e16"})
  void secret_isNotRepeated(String value) {
    assertEquals(
        "X is '(not shown)', but must be printable ASCII characters",
        refusal(value, Settings.SECRET));
  }

  @Test
  void longOrBrokenValue_isCutAndKeptOnOneLine() {
    String refusal = refusal("a\nb\u001b[2J\u2028" + "x".repeat(5000), Settings.HOST);
    assertTrue(refusal.startsWith("X is 'a?b?[2J?xxx"), refusal);
    assertTrue(refusal.length() < 300, refusal);
  }

  @Test
  void firstWrongValue_isTheOneThatIsNamed() {
    Settings settings = new Settings(name -> "wrong");
    assertEquals(1, settings.read("ONE", "1", "", Settings.wholeNumber(0, 1)));
    assertEquals(true, settings.read("TWO", "true", "", Settings.FLAG));
    Settings.Refusal refusal = assertThrows(Settings.Refusal.class, settings::check);
    assertEquals("ONE is 'wrong', but must be a whole number from 0 to 1", refusal.getMessage());
  }

  @Test
  void help_listsWhatWasRead() {
    Settings settings = new Settings(name -> null);
    settings.read("ONE", "1", "how many", Settings.wholeNumber(0, 1));
    settings.read("TWO", "true", "whether", Settings.FLAG);
    assertEquals(
        """
        All settings are environment variables:

          ONE=1
              how many: a whole number from 0 to 1
          TWO=true
              whether: true or false
        """,
        settings.help());
  }

  private static <T> T read(String value, Kind<T> kind) {
    Settings settings = new Settings(name -> value);
    T read =
        settings.read(
            "X", "", "", new Kind<>("", v -> v.isEmpty() ? null : kind.parser().apply(v)));
    settings.check();
    return read;
  }

  private static String refusal(String value, Kind<?> kind) {
    Settings settings = new Settings(name -> value);
    try {
      settings.read("X", "", "", kind);
    } catch (IllegalArgumentException e) {
      // The empty default is not allowed either; that the value was refused stays.
    }
    return assertThrows(Settings.Refusal.class, settings::check).getMessage();
  }
}
