package sammyjaeger.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures of programs, one for each round. A cell shows the median, the lowest and the highest. */
final class Table {

  /** By column and program. */
  private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();

  /** Adds the figure of one round. */
  void add(String column, String program, double figure) {
    figures
        .computeIfAbsent(column, name -> new LinkedHashMap<>())
        .computeIfAbsent(program, name -> new ArrayList<>())
        .add(figure);
  }

  /** Adds a column with each figure's ratio to that of the base program in the same round. */
  void addRatios(String ratio, String column, String base) {
    Map<String, List<Double>> rounds = figures.get(column);
    for (String program : rounds.keySet()) {
      for (int i = 0; i < rounds.get(program).size(); i++) {
        add(ratio, program, rounds.get(program).get(i) / rounds.get(base).get(i));
      }
    }
  }

  /** The table in Markdown, with these columns, separated by commas. */
  String toMarkdown(String names) {
    String[] columns = names.split(", ");
    StringBuilder text = new StringBuilder("| | " + String.join(" | ", columns) + " |\n|---|");
    text.append("---:|".repeat(columns.length)).append("\n");
    for (String program : figures.get(columns[0]).keySet()) {
      text.append("| ").append(program).append(" |");
      for (String column : columns) {
        List<Double> rounds = figures.get(column).getOrDefault(program, List.of());
        text.append(" ").append(cell(rounds.stream().sorted().toList())).append(" |");
      }
      text.append("\n");
    }
    return text.toString();
  }

  private static String cell(List<Double> sorted) {
    if (sorted.isEmpty()) {
      return "–";
    }
    int last = sorted.size() - 1;
    double median = (sorted.get(last / 2) + sorted.get((last + 1) / 2)) / 2;
    String format = median < 10 && median % 1 != 0 ? "%.2f (%.2f–%.2f)" : "%,.0f (%,.0f–%,.0f)";
    return format.formatted(median, sorted.get(0), sorted.get(last));
  }
}
