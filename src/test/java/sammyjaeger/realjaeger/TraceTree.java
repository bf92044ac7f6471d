package sammyjaeger.realjaeger;

import com.google.gson.Gson;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A trace as Jaeger's UI gets it, written as a tree that a test can be read from: a line for each
 * span, with the tags that matter, their types, and the number of its logs.
 */
final class TraceTree {

  /** The API's own fields. */
  private record Answer(List<Trace> data) {}

  private record Trace(List<Span> spans, Map<String, Process> processes) {}

  private record Process(String serviceName) {}

  private record Span(
      String spanID,
      List<Reference> references,
      String processID,
      String operationName,
      long startTime,
      List<Tag> tags,
      List<Object> logs) {}

  private record Reference(String spanID) {}

  private record Tag(String key, String type, String value) {}

  private TraceTree() {}

  /** Draws what an answer has; it is empty where Jaeger has no such trace. */
  static String draw(String answer) {
    List<Trace> traces = new Gson().fromJson(answer, Answer.class).data;
    return traces == null ? "" : children(List.of(), traces.get(0), "");
  }

  private static String children(List<Reference> parent, Trace trace, String indent) {
    StringBuilder text = new StringBuilder();
    trace.spans.stream()
        .filter(span -> span.references.equals(parent))
        .sorted(Comparator.comparing(Span::startTime))
        .forEach(
            span -> {
              text.append(indent + trace.processes.get(span.processID).serviceName);
              text.append(" " + span.operationName);
              span.tags.stream()
                  .filter(tag -> tag.key.matches("span.kind|http.status_code|delay.ms|error"))
                  .sorted(Comparator.comparing(Tag::key).reversed())
                  .map(tag -> " %s=%s:%s".formatted(tag.key, tag.type, tag.value))
                  .forEach(tag -> text.append(tag.replace("span.kind=string:", "")));
              text.append(span.logs.isEmpty() ? "\n" : " logs=" + span.logs.size() + "\n");
              text.append(children(List.of(new Reference(span.spanID)), trace, indent + "  "));
            });
    return text.toString();
  }
}
