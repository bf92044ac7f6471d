package sammyjaeger.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.backend.BackendSettings;
import sammyjaeger.frontend.FrontendSettings;

/** Which values are read, and in which words the others are refused. */
class SettingsTest {

  private record Both(FrontendSettings frontend, BackendSettings backend) {
    static Both read(Settings from) {
      return new Both(FrontendSettings.read(from), BackendSettings.read(from));
    }
  }

  @Test
  void unsetAndBlankVariables_haveTheirDefaults() {
    Both defaults = read(Map.of());
    assertEquals("127.0.0.1", defaults.frontend.server().host());
    assertEquals(8000, defaults.frontend.server().port());
    assertEquals(5000, defaults.backend.server().port());
    assertEquals(defaults, read(Map.of("PORT", "", "COUNTER_STORE", " ")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://[::1]:1/x", "http://h\n"})
  void address_mayHaveAPathAndALastLineBreak(String address) {
    Both settings = read(Map.of("COUNTER_ENDPOINT", address));
    assertEquals(URI.create(address.strip()), settings.frontend.counterEndpoint());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "250ms, 250", "15s, 15000", "2m, 120000"})
  void duration_isReadInItsUnit(String text, long millis) {
    Both settings = read(Map.of("STOP_TIMEOUT", text));
    assertEquals(millis, settings.frontend.server().stopTimeout().toMillis());
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis://h", "redis://:under_score@h:6379/0", "rediss://user:p%40ss@h"})
  void storeAddress_mayHaveUserAndPassword(String address) {
    assertEquals(URI.create(address), read(Map.of("COUNTER_STORE", address)).backend.store());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PORT                  | http -1 65536 8000.5    | a whole number from 0 to 65535",
        "HOST                  | a,b //localhost         | a host name or an IP address",
        "STOP_TIMEOUT          | 20 -1s 99999999m 1h     | a duration such as 250ms, 15s, 2m or 0",
        "COUNTER_TIMEOUT       | 0 0s soon               | a duration such as 250ms, 15s or 2m",
        "JAEGER_TRACEID_128BIT | yes 1                   | true or false",
      })
  void wrongValue_isShownWithWhatIsAllowed(String variable, String values, String allowed) {
    for (String value : values.split(" ")) {
      assertEquals(
          "%s is '%s', but must be %s".formatted(variable, value, allowed),
          refusal(variable, value));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "localhost:5000             | ; this one has no valid host",
        "http:///path               | ; this one has no valid host",
        "http://do_visit:5000       | ; this one has an underscore in its host name",
        "http://localhost:99999     | ; this one has no port from 1 to 65535",
        "http://localhost:0         | ; this one has no port from 1 to 65535",
        "http://sammy:shark@backend | ; this one has a user or a password that is not allowed",
        "http://local host          | ''",
        "ftp://localhost            | ''",
        "http://localhost/?a=b      | ''",
      })
  void wrongAddress_isNotShownButWhatIsWrongWithIt(String address, String why) {
    assertEquals(
        "COUNTER_ENDPOINT is (not shown), but must be an http:// or https:// address with a host,"
            + " and without user, query and fragment"
            + why,
        refusal("COUNTER_ENDPOINT", address));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sammy:shark@backend",
        "http://sammy:shark%40backend",
        "http://sammy:pass/shark@backend",
        "http://sammy:pass@shark@backend",
        "http://sammy:shark\n@backend",
        "http://backend?token=shark",
        "http://backend?a=b\nshark",
        "\"redis://:shark\"",
        "redis://:shark",
        "tcp://:shark:6379",
      })
  void passwordInAnAddress_isNotShown(String address) {
    for (String variable :
        "COUNTER_STORE COUNTER_ENDPOINT JAEGER_ENDPOINT JAEGER_UI_URL PORT HOST SIMULATED_DELAY"
            .split(" ")) {
      String refusal = refusal(variable, address);
      assertTrue(refusal.startsWith(variable + " is (not shown), but must be "), refusal);
      assertFalse(refusal.contains("shark"), refusal);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"JAEGER_AUTH_TOKEN", "JAEGER_USER", "JAEGER_PASSWORD"})
  void secret_isNotShown(String variable) {
    for (String value : List.of("shark\nmore", "shark\u00e9", "shark\u4e16")) {
      assertEquals(
          variable + " is (not shown), but must be printable ASCII characters",
          refusal(variable, value));
    }
  }

  @Test
  void longOrBrokenValue_isCutAndKeptOnOneLine() {
    String value = "a\nb\u001b[2J\u2028" + "x".repeat(5000);
    String refusal = refusal("HOST", value);
    assertTrue(refusal.startsWith("HOST is 'a?b?[2J?xxx"), refusal);
    assertTrue(refusal.length() < 300, refusal);
  }

  @Test
  void help_listsWhatIsChecked() {
    String help = Settings.help(Both::read);
    assertTrue(
        help.contains(
            "\n  STOP_TIMEOUT=20s\n"
                + "      how long a stop waits for requests to end: a duration such as 250ms,"),
        help);
    List<String> names =
        Pattern.compile("(?m)^  (\\w+)=").matcher(help).results().map(m -> m.group(1)).toList();
    names.forEach(name -> assertTrue(refusal(name, "\u0007").startsWith(name + " is ")));
  }

  /** Jetty closes a connection after 30 seconds without traffic. */
  @Test
  void jdksHttpClient_closesIdleConnectionsBeforeJettyDoes() {
    ServiceProcess.setJdkDefaults();
    assertTrue(Integer.getInteger("jdk.httpclient.keepalive.timeout") < 30);
  }

  private static Both read(Map<String, String> environment) {
    return Settings.read(environment::get, Both::read);
  }

  private static String refusal(String name, String value) {
    return assertThrows(Settings.Refusal.class, () -> read(Map.of(name, value))).getMessage();
  }
}
