package sammyjaeger.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures of programs, one for each round; a cell shows their median, the least and the most. */
final class Table {

  private record Column(String format, Map<String, List<Double>> figures) {}

  private final Map<String, Column> columns = new LinkedHashMap<>();

  /** Adds a round's figure; columns are in the order in which they were first named. */
  void add(String column, String format, String program, double figure) {
    columns
        .computeIfAbsent(column, name -> new Column(format, new LinkedHashMap<>()))
        .figures
        .computeIfAbsent(program, name -> new ArrayList<>())
        .add(figure);
  }

  /** Adds a column with the ratio of each figure to that of another program in the same round. */
  void addRatios(String ratio, String column, String base) {
    Map<String, List<Double>> figures = columns.get(column).figures;
    figures.forEach(
        (program, rounds) -> {
          for (int round = 0; round < rounds.size(); round++) {
            add(ratio, "%.2f", program, rounds.get(round) / figures.get(base).get(round));
          }
        });
  }

  /** The table in Markdown, with the columns in this order. */
  String toMarkdown(String... order) {
    StringBuilder text = new StringBuilder("| |");
    for (String column : order) {
      text.append(" ").append(column).append(" |");
    }
    text.append("\n|---|").append("---:|".repeat(order.length)).append("\n");
    for (String program : columns.get(order[0]).figures.keySet()) {
      text.append("| ").append(program).append(" |");
      for (String column : order) {
        text.append(" ").append(cell(columns.get(column), program)).append(" |");
      }
      text.append("\n");
    }
    return text.toString();
  }

  private static String cell(Column column, String program) {
    List<Double> sorted =
        column.figures.getOrDefault(program, List.of()).stream().sorted().toList();
    if (sorted.isEmpty()) {
      return "–";
    }
    int last = sorted.size() - 1;
    double median = (sorted.get(last / 2) + sorted.get((last + 1) / 2)) / 2;
    String text = column.format.formatted(median);
    String spread = column.format + "–" + column.format;
    return text + " (" + spread.formatted(sorted.get(0), sorted.get(last)) + ")";
  }
}
