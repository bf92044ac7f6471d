package sammyjaeger.tracing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.service.Settings;

/** The variables of jaeger-client-java: which values they take. */
class TracingSettingsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "JAEGER_AGENT_HOST                | a,b",
        "JAEGER_AGENT_PORT                | 0 no",
        "JAEGER_SAMPLER_TYPE              | always",
        "JAEGER_SAMPLER_PARAM             | 0.5 -1 NaN 0,5",
        "JAEGER_SAMPLER_MANAGER_HOST_PORT | a,b",
        "JAEGER_PROPAGATION               | zipkin jaeger,",
        "JAEGER_TRACEID_128BIT            | yes",
        "JAEGER_TAGS                      | a =b a=b, a=${}",
        "JAEGER_REPORTER_LOG_SPANS        | 1",
        "JAEGER_REPORTER_MAX_QUEUE_SIZE   | 0",
        "JAEGER_REPORTER_FLUSH_INTERVAL   | 1s",
      })
  void wrongValue_isRefused(String name, String values) {
    for (String value : values.split(" ")) {
      String refusal = refusal(Map.of(name, value));
      assertTrue(refusal.startsWith(name + " is '" + value + "', but must be "), refusal);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "const, 0 1 1.0, 0.5 2",
    "probabilistic, 0 1 0.001, 1.5 2",
    "remote, .5, 1.5",
    "ratelimiting, 0 0.5 100, .5 -1",
  })
  void samplerParam_mustFitItsType(String type, String fitting, String others) {
    for (String param : fitting.split(" ")) {
      assertEquals(param, read(sampler(type, param)).samplerParam());
    }
    for (String param : others.split(" ")) {
      assertEquals(
          "JAEGER_SAMPLER_PARAM is '%s', but must be 0 or 1 (const), a probability".formatted(param)
              + " (probabilistic, remote), or traces a second (ratelimiting)",
          refusal(sampler(type, param)));
    }
  }

  private static Map<String, String> sampler(String type, String param) {
    return Map.of("JAEGER_SAMPLER_TYPE", type, "JAEGER_SAMPLER_PARAM", param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a = b=c , d=    | {a=b=c, d=}",
        "a=${,b=},c=${x}y | {a=${, b=}, c=${x}y}",
        "a=${NO_SUCH : 1:2},b=${NO_SUCH} | {a=1:2, b=}",
      })
  void tags_mayBePaddedOrEmptyOrFromAVariable(String value, String tags) {
    assertEquals(tags, read(Map.of("JAEGER_TAGS", value)).tags().toString());
  }

  private static TracingSettings read(Map<String, String> environment) {
    return Settings.read(environment::get, from -> TracingSettings.read(from, "test"));
  }

  private static String refusal(Map<String, String> environment) {
    return assertThrows(Settings.Refusal.class, () -> read(environment)).getMessage();
  }
}
