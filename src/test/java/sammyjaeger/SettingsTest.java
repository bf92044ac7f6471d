package sammyjaeger;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jaegertracing.Configuration.Propagation;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

  private static final List<Setting<?>> ALL =
      Stream.concat(Backend.SETTINGS.stream(), Frontend.SETTINGS.stream()).toList();

  @Test
  void backend_defaults() throws Exception {
    Settings settings = read(Backend.SETTINGS, Map.of());
    assertEquals("127.0.0.1", settings.get(TracedServer.HOST));
    assertEquals(5000, settings.get(TracedServer.PORT));
    assertEquals(Duration.ofSeconds(20), settings.get(TracedServer.STOP_TIMEOUT));
    assertEquals(
        new SimulatedDelay(Duration.ofSeconds(1), Duration.ofSeconds(10)),
        settings.get(Backend.SIMULATED_DELAY));
    assertEquals("do-visit-counter-backend", settings.get(JaegerSettings.SERVICE_NAME));
  }

  @Test
  void frontend_defaults() throws Exception {
    Settings settings = read(Frontend.SETTINGS, Map.of());
    assertEquals(8000, settings.get(TracedServer.PORT));
    assertEquals(URI.create("http://localhost:5000"), settings.get(Frontend.COUNTER_ENDPOINT));
    assertEquals(Duration.ofSeconds(15), settings.get(Frontend.COUNTER_TIMEOUT));
    assertEquals("do-visit-counter-frontend", settings.get(JaegerSettings.SERVICE_NAME));
  }

  @Test
  void jaeger_defaults() throws Exception {
    Settings settings = read(Backend.SETTINGS, Map.of());
    assertEquals("localhost", settings.get(JaegerSettings.AGENT_HOST));
    assertEquals(6831, settings.get(JaegerSettings.AGENT_PORT));
    assertEquals("const", settings.get(JaegerSettings.SAMPLER_TYPE));
    assertEquals(1, settings.get(JaegerSettings.SAMPLER_PARAM));
    assertEquals(true, settings.get(JaegerSettings.TRACEID_128BIT));
    assertEquals(true, settings.get(JaegerSettings.REPORTER_LOG_SPANS));
    assertEquals(10_000, settings.get(JaegerSettings.REPORTER_MAX_QUEUE_SIZE));
    assertEquals(List.of(Propagation.JAEGER), settings.get(JaegerSettings.PROPAGATION));
  }

  @Test
  void values_areRead() throws Exception {
    Settings settings =
        read(
            Frontend.SETTINGS,
            Map.of(
                "PORT", "8001",
                "COUNTER_TIMEOUT", "250ms",
                "JAEGER_SAMPLER_PARAM", "0.25",
                "JAEGER_PROPAGATION", "w3c,B3",
                "JAEGER_REPORTER_LOG_SPANS", "FALSE",
                "JAEGER_TAGS", "a=1, b=x=y ,c=${NO_SUCH_VARIABLE:d}"));
    assertEquals(8001, settings.get(TracedServer.PORT));
    assertEquals(Duration.ofMillis(250), settings.get(Frontend.COUNTER_TIMEOUT));
    assertEquals(0.25, settings.get(JaegerSettings.SAMPLER_PARAM));
    assertEquals(
        List.of(Propagation.W3C, Propagation.B3), settings.get(JaegerSettings.PROPAGATION));
    assertEquals(false, settings.get(JaegerSettings.REPORTER_LOG_SPANS));
    assertEquals(Map.of("a", "1", "b", "x=y", "c", "d"), settings.get(JaegerSettings.TAGS));
  }

  @Test
  void blankValue_countsAsNotSet() throws Exception {
    assertEquals(5000, read(Backend.SETTINGS, Map.of("PORT", "")).get(TracedServer.PORT));
    assertEquals(5000, read(Backend.SETTINGS, Map.of("PORT", " ")).get(TracedServer.PORT));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PORT | http",
        "PORT | -1",
        "PORT | 65536",
        "PORT | 8000.5",
        "STOP_TIMEOUT | 20",
        "STOP_TIMEOUT | -1s",
        "STOP_TIMEOUT | 99999999m",
        "SIMULATED_DELAY | 10s..1s",
        "SIMULATED_DELAY | 1..10",
        "SIMULATED_DELAY | 1s-10s",
        "SIMULATED_DELAY | 1s..",
        "COUNTER_ENDPOINT | localhost:5000",
        "COUNTER_ENDPOINT | ftp://localhost",
        "COUNTER_ENDPOINT | http://localhost:99999",
        "COUNTER_ENDPOINT | http://local host",
        "COUNTER_ENDPOINT | http://localhost:0",
        "COUNTER_TIMEOUT | soon",
        "COUNTER_TIMEOUT | 0",
        "JAEGER_AGENT_PORT | 0",
        "JAEGER_ENDPOINT | jaeger:14268",
        "JAEGER_SAMPLER_TYPE | always",
        "JAEGER_SAMPLER_PARAM | -1",
        "JAEGER_SAMPLER_PARAM | NaN",
        "JAEGER_SAMPLER_PARAM | 0,5",
        "JAEGER_PROPAGATION | zipkin",
        "JAEGER_PROPAGATION | jaeger,",
        "JAEGER_TRACEID_128BIT | yes",
        "JAEGER_TAGS | a",
        "JAEGER_TAGS | =b",
        "JAEGER_REPORTER_LOG_SPANS | 1",
        "JAEGER_REPORTER_MAX_QUEUE_SIZE | 0",
        "JAEGER_REPORTER_FLUSH_INTERVAL | 1s",
      })
  void badValue_isNamedWithWhatIsAllowed(String name, String value) {
    Setting<?> setting =
        ALL.stream().filter(candidate -> candidate.name().equals(name)).findAny().orElseThrow();
    StartupException e =
        assertThrows(StartupException.class, () -> read(List.of(setting), Map.of(name, value)));
    assertEquals(name + " is '" + value + "', but must be " + setting.allowed(), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://sammy:secret@backend",
        "http://sammy:pass/secret@backend",
        "http://backend?token=secret"
      })
  void secrets_areNotRepeated(String endpoint) {
    StartupException e =
        assertThrows(
            StartupException.class,
            () -> read(Frontend.SETTINGS, Map.of("COUNTER_ENDPOINT", endpoint)));
    assertFalse(e.getMessage().contains("secret"), e::getMessage);
  }

  @ParameterizedTest
  @CsvSource({"const, 0.5", "probabilistic, 2", "remote, 1.5", "ratelimiting, 0.5"})
  void samplerParamThatDoesNotFitItsType_isRefused(String type, String param) throws Exception {
    Settings settings =
        read(Backend.SETTINGS, Map.of("JAEGER_SAMPLER_TYPE", type, "JAEGER_SAMPLER_PARAM", param));
    StartupException e = assertThrows(StartupException.class, () -> new Tracing(settings));
    assertEquals(
        ("JAEGER_SAMPLER_PARAM is '%s' and JAEGER_SAMPLER_TYPE is %s, but must be 0 or 1 for const,"
                + " a number from 0 to 1 for probabilistic and remote, a whole number for ratelimiting")
            .formatted(param, type),
        e.getMessage());
  }

  @Test
  void lineBreakInASecret_isRefused() {
    assertThrows(
        StartupException.class,
        () -> read(Backend.SETTINGS, Map.of("JAEGER_AUTH_TOKEN", "token\nmore")));
  }

  @Test
  void everyDefault_isAllowed() {
    ALL.forEach(setting -> assertDoesNotThrow(() -> setting.parse(setting.defaultValue())));
  }

  @Test
  void help_listsEverySetting() {
    String help = Settings.help(Frontend.SETTINGS);
    for (Setting<?> setting : Frontend.SETTINGS) {
      assertTrue(help.contains(setting.name() + "=" + setting.defaultValue()), help);
      assertTrue(help.contains(setting.allowed()), help);
    }
  }

  @Test
  void simulatedDelay_drawsWithinItsEnds() {
    SimulatedDelay delay = SimulatedDelay.parse("2ms..4ms");
    List<Long> drawn = Stream.generate(delay::drawMillis).limit(1000).distinct().sorted().toList();
    assertEquals(List.of(2L, 3L, 4L), drawn);
    assertEquals(0, SimulatedDelay.parse("0").drawMillis());
    assertEquals(250, SimulatedDelay.parse("250ms").drawMillis());
    assertEquals(120_000, SimulatedDelay.parse("2m").drawMillis());
  }

  private static Settings read(List<Setting<?>> table, Map<String, String> values)
      throws StartupException {
    return Settings.read(table, values::get);
  }
}
