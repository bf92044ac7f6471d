package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/** The variables of jaeger-client-java: what is refused; VisitTraceTest shows what they do. */
class TracingSettingsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "JAEGER_AGENT_PORT | 0",
        "JAEGER_ENDPOINT | jaeger:14268",
        "JAEGER_SAMPLER_TYPE | always",
        "JAEGER_SAMPLER_PARAM | 0.5",
        "JAEGER_SAMPLER_PARAM | -1",
        "JAEGER_SAMPLER_PARAM | NaN",
        "JAEGER_SAMPLER_PARAM | 0,5",
        "JAEGER_PROPAGATION | zipkin",
        "JAEGER_PROPAGATION | jaeger,",
        "JAEGER_TRACEID_128BIT | yes",
        "JAEGER_TAGS | a",
        "JAEGER_TAGS | =b",
        "JAEGER_TAGS | a=b,",
        "JAEGER_TAGS | a=${}",
        "JAEGER_REPORTER_LOG_SPANS | 1",
        "JAEGER_REPORTER_MAX_QUEUE_SIZE | 0",
        "JAEGER_REPORTER_FLUSH_INTERVAL | 1s",
      })
  void wrongValue_isRefused(String name, String value) {
    String refusal = refusal(Map.of(name, value));
    assertTrue(refusal.startsWith(name + " is '" + value + "', but must be "), refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "const, 0.5",
    "const, 2",
    "probabilistic, 2",
    "probabilistic, 1.5",
    "remote, 1.5",
    "ratelimiting, .5",
    "ratelimiting, -1"
  })
  void samplerParamThatDoesNotFitItsType_isRefused(String type, String param) {
    assertEquals(
        "JAEGER_SAMPLER_PARAM is '"
            + param
            + "', but must be 0 or 1 (const), a probability (probabilistic, remote), or traces a"
            + " second (ratelimiting)",
        refusal(Map.of("JAEGER_SAMPLER_TYPE", type, "JAEGER_SAMPLER_PARAM", param)));
  }

  @ParameterizedTest
  @CsvSource({
    "const, 0",
    "const, 1",
    "const, 1.0",
    "probabilistic, 0",
    "probabilistic, 1",
    "probabilistic, 0.001",
    "remote, .5",
    "ratelimiting, 0",
    "ratelimiting, 0.5",
    "ratelimiting, 100"
  })
  void samplerParamThatFitsItsType_isRead(String type, String param) {
    Map<String, String> values = Map.of("JAEGER_SAMPLER_TYPE", type, "JAEGER_SAMPLER_PARAM", param);
    Settings settings = new Settings(values::get);
    new Tracing(settings, "test", new Metrics());
    settings.check();
  }

  @ParameterizedTest
  @ValueSource(strings = {"JAEGER_AUTH_TOKEN", "JAEGER_USER", "JAEGER_PASSWORD"})
  void secretThatNoHeaderCanCarry_isNotShown(String name) {
    for (String value : List.of("shark\n", "sh\u00e4rk", "shark\u4e16")) {
      assertEquals(
          name + " is '(not shown)', but must be printable ASCII characters",
          refusal(Map.of(name, value)));
    }
  }

  private static String refusal(Map<String, String> values) {
    Settings settings = new Settings(values::get);
    new Tracing(settings, "test", new Metrics());
    return assertThrows(Settings.Refusal.class, settings::check).getMessage();
  }
}
