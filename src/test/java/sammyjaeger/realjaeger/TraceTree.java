package sammyjaeger.realjaeger;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A trace as Jaeger's query API answers it, written as a tree that a test can be read from: a line
 * for each span, with its kind, the attributes and events that matter, and a status that is set.
 */
record TraceTree(int spans, String text) {

  private static final List<String> KINDS = List.of("unspecified", "internal", "server", "client");

  /** The API's own fields; one that has nothing to say is left out there, and null here. */
  private record Answer(Result result) {}

  private record Result(List<Process> resourceSpans) {}

  private record Process(Resource resource, List<Scope> scopeSpans) {}

  private record Resource(List<Attribute> attributes) {}

  private record Scope(List<Span> spans) {}

  private record Attribute(String key, JsonObject value) {}

  private record Event(String name) {}

  private record Span(
      String spanId,
      String parentSpanId,
      String name,
      int kind,
      String startTimeUnixNano,
      List<Attribute> attributes,
      List<Event> events,
      JsonObject status) {}

  private record Line(Span span, String text) {}

  /** Reads an answer; where it says that there is no such trace, the tree is empty. */
  static TraceTree parse(String answer) {
    List<Line> lines = new ArrayList<>();
    if (answer.contains("\"resourceSpans\"")) {
      for (Process process : new Gson().fromJson(answer, Answer.class).result.resourceSpans) {
        Stream<Attribute> attributes = process.resource.attributes.stream();
        Attribute service = attributes.filter(a -> a.key.equals("service.name")).findFirst().get();
        String name = service.value.get("stringValue").getAsString() + " ";
        process.scopeSpans.stream()
            .flatMap(scope -> scope.spans.stream())
            .forEach(span -> lines.add(new Line(span, name + describe(span))));
      }
    }
    lines.sort(Comparator.comparing(line -> line.span.startTimeUnixNano));
    return new TraceTree(lines.size(), children(null, lines, ""));
  }

  private static String describe(Span span) {
    StringBuilder line = new StringBuilder(span.name + " " + KINDS.get(span.kind));
    for (Attribute attribute : span.attributes) {
      if (attribute.key.matches("http.status_code|delay.ms|error")) {
        line.append(" ").append(attribute.key).append(attribute.value);
      }
    }
    String events = span.events == null ? "" : " " + span.events;
    return line + events + (span.status.size() == 0 ? "" : " " + span.status);
  }

  private static String children(String parent, List<Line> lines, String indent) {
    StringBuilder text = new StringBuilder();
    lines.stream()
        .filter(line -> Objects.equals(parent, line.span.parentSpanId))
        .forEach(
            line -> {
              text.append(indent).append(line.text).append("\n");
              text.append(children(line.span.spanId, lines, indent + "  "));
            });
    return text.toString();
  }
}
