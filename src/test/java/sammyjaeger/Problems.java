package sammyjaeger;

import java.util.List;

/** What is wrong, in sentences for people. */
record Problems(List<String> all) {

  void add(String format, Object... values) {
    all.add(format.formatted(values));
  }
}
