package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;

/** What a service prints of its spans as a process, and how many may wait there. */
class ReporterProcessTest {

  @ParameterizedTest
  @CsvSource({
    "'',    C.UTF-8, '',  '  GET /api/counter +█+ +0[.]\\d{3} s'",
    "tree,  C.UTF-8, 1,   '  GET /api/counter +#+ +0[.]\\d{3} s'",
    "'',    C,       '',  '  GET /api/counter +#+ +0[.]\\d{3} s'",
    "true,  C.UTF-8, '',  '.* - Span reported: [0-9a-f]{32}:.* - GET /api/counter'",
    "false, C.UTF-8, '',  ",
  })
  void logSpans_decides(String logSpans, String locale, String noColor, String expected)
      throws Exception {
    Map<String, String> settings =
        Map.of("JAEGER_REPORTER_LOG_SPANS", logSpans, "LC_ALL", locale, "NO_COLOR", noColor);
    try (UdpAgent agent = new UdpAgent();
        JarProcess backend = JarProcess.backend(agent, settings)) {
      VisitCounterServices.send("GET", backend.uri().resolve("/api/counter"));
      backend.terminate();
      List<String> log = backend.log();
      List<String> printed = log.stream().filter(line -> line.contains("GET /api")).toList();
      assertEquals(expected == null ? 0 : 1, printed.size(), log::toString);
      printed.forEach(line -> assertTrue(line.matches(expected), line));
    }
  }

  @ParameterizedTest
  @CsvSource({"-Xmx512m, 10000", "-Xmx64m, 1[0-9]{3}|2048"})
  void heap_decidesHowManySpansMayWait(String heap, String queue) throws Exception {
    try (JarProcess help =
        new JarProcess("backend.jar", Map.of("JAVA_TOOL_OPTIONS", heap), "--help")) {
      String line = help.await("JAEGER_REPORTER_MAX_QUEUE_SIZE=");
      assertTrue(line.matches(" *JAEGER_REPORTER_MAX_QUEUE_SIZE=(" + queue + ")"), line);
    }
  }
}
