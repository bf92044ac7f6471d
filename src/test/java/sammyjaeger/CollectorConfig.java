package sammyjaeger;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A configuration of the OpenTelemetry Collector, which Jaeger v2 is, and what would keep it from
 * starting or from getting spans.
 */
record CollectorConfig(Map<String, Object> root) {

  /** The parts of Jaeger's binary that are in use here: it starts with no other. */
  private static final Map<String, Set<String>> COMPONENTS =
      Map.of(
          "receivers", Set.of("jaeger", "otlp", "nop"),
          "exporters", Set.of("jaeger_storage_exporter", "otlp_grpc", "nop"),
          "extensions", Set.of("jaeger_storage", "jaeger_query", "healthcheckv2"));

  private static final Map<String, Set<String>> PROTOCOLS =
      Map.of(
          "jaeger", Set.of("grpc", "thrift_binary", "thrift_compact", "thrift_http"),
          "otlp", Set.of("grpc", "http"));

  private static final Set<String> STORAGES = Set.of("memory", "badger", "opensearch");
  private static final Pattern HOST_AND_PORT = Pattern.compile("([\\w.-]+):(\\d{1,5})");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{env:(\\w+)(:-[^}]*)?}");

  /** What listens, such as {@code jaeger/thrift_compact}, and where. */
  record Endpoint(String component, String host, int port) {
    boolean isLocal() {
      return host.equals("localhost") || host.startsWith("127.");
    }

    boolean isUdp() {
      return component.endsWith("/thrift_compact") || component.endsWith("/thrift_binary");
    }
  }

  /** Merges files as {@code --config}, given more than once, does: later ones win, lists whole. */
  static CollectorConfig merge(List<Map<String, Object>> files) {
    Map<String, Object> merged = new LinkedHashMap<>();
    files.forEach(file -> merge(merged, file));
    return new CollectorConfig(merged);
  }

  private static void merge(Map<String, Object> into, Map<String, Object> from) {
    from.forEach(
        (key, value) -> {
          if (value instanceof Map && into.get(key) instanceof Map) {
            Map<String, Object> both = new LinkedHashMap<>(map(into.get(key)));
            merge(both, map(value));
            into.put(key, both);
          } else {
            into.put(key, value);
          }
        });
  }

  static Object at(Object node, String... path) {
    for (String key : path) {
      node = map(node).get(key);
    }
    return node;
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object node) {
    return node instanceof Map ? (Map<String, Object>) node : Map.of();
  }

  private Map<String, Object> section(String... path) {
    return map(at(root, path));
  }

  /** Host and port, or null if the text is no such thing. */
  static Endpoint endpoint(String component, Object text) {
    Matcher matcher = HOST_AND_PORT.matcher(String.valueOf(text));
    return matcher.matches()
        ? new Endpoint(component, matcher.group(1), Integer.parseInt(matcher.group(2)))
        : null;
  }

  List<Endpoint> listening() {
    List<Endpoint> listening = new ArrayList<>();
    section("receivers")
        .forEach(
            (receiver, settings) ->
                map(at(settings, "protocols"))
                    .forEach(
                        (protocol, at) ->
                            listening.add(
                                endpoint(receiver + "/" + protocol, at(at, "endpoint")))));
    section("extensions")
        .forEach(
            (extension, settings) -> {
              if (map(settings).containsKey("http")) {
                listening.add(endpoint(extension + "/http", at(settings, "http", "endpoint")));
              }
            });
    listening.removeIf(endpoint -> endpoint == null);
    return listening;
  }

  /** Where spans are passed on to, over OTLP; null if nowhere. */
  Endpoint exportsTo() {
    Map<String, Object> exporter = section("exporters", "otlp_grpc");
    return endpoint("otlp_grpc", exporter.get("endpoint"));
  }

  Map<String, Object> storage() {
    return map(section("extensions", "jaeger_storage", "backends").get("traces"));
  }

  /**
   * What is wrong with the configuration itself.
   *
   * @param isSet whether an environment variable has a value
   */
  List<String> problems(Predicate<String> isSet) {
    List<String> problems = new ArrayList<>();
    Map<String, Set<String>> used = new LinkedHashMap<>();
    Object extensions = at(root, "service", "extensions");
    used.put(
        "extensions",
        extensions == null ? Set.of() : names("service.extensions", extensions, problems));
    if (section("service", "pipelines").isEmpty()) {
      problems.add("service.pipelines is empty: the collector does not start");
    }
    section("service", "pipelines")
        .forEach(
            (pipeline, parts) ->
                List.of("receivers", "processors", "exporters")
                    .forEach(
                        kind -> {
                          Object list = map(parts).get(kind);
                          if (list == null && kind.equals("processors")) {
                            return;
                          }
                          used.computeIfAbsent(kind, k -> new HashSet<>())
                              .addAll(names("pipeline " + pipeline + ": " + kind, list, problems));
                        }));
    used.forEach((kind, names) -> compareWithDefined(kind, names, problems));
    Set<String> sections = new TreeSet<>(root.keySet());
    sections.removeAll(Set.of("receivers", "processors", "exporters", "extensions", "service"));
    sections.forEach(section -> problems.add("the collector knows no section " + section));

    checkEndpoints(problems);
    checkStorage(problems);
    Matcher variables = VARIABLE.matcher(root.toString());
    while (variables.find()) {
      if (variables.group(2) == null && !isSet.test(variables.group(1))) {
        problems.add("the variable " + variables.group(1) + " is not set");
      }
    }
    return problems;
  }

  private static Set<String> names(String where, Object list, List<String> problems) {
    Set<String> names = new HashSet<>();
    if (list instanceof List<?> all && !all.isEmpty()) {
      all.forEach(name -> names.add(String.valueOf(name)));
    } else {
      problems.add(where + " is empty");
    }
    return names;
  }

  private void compareWithDefined(String kind, Set<String> used, List<String> problems) {
    Set<String> defined = section(kind).keySet();
    for (String name : used) {
      if (!defined.contains(name)) {
        problems.add("service uses %s, but %s does not define it".formatted(name, kind));
      }
    }
    for (String name : defined) {
      if (!used.contains(name)) {
        problems.add("%s defines %s, but no service uses it".formatted(kind, name));
      }
      if (!COMPONENTS.getOrDefault(kind, Set.of()).contains(name)) {
        problems.add("%s: Jaeger has no %s".formatted(kind, name));
      }
    }
  }

  private void checkEndpoints(List<String> problems) {
    section("receivers")
        .forEach(
            (receiver, settings) -> {
              Map<String, Object> protocols = map(at(settings, "protocols"));
              if (protocols.isEmpty() && !receiver.equals("nop")) {
                problems.add("receiver " + receiver + " has no protocols");
              }
              protocols.forEach(
                  (protocol, at) -> {
                    if (!PROTOCOLS.getOrDefault(receiver, Set.of()).contains(protocol)) {
                      problems.add("receiver %s has no protocol %s".formatted(receiver, protocol));
                    }
                    checkEndpoint(receiver + "/" + protocol, at, problems);
                  });
            });
    for (String extension : List.of("jaeger_query", "healthcheckv2")) {
      Map<String, Object> settings = section("extensions", extension);
      if (!settings.isEmpty()) {
        checkEndpoint(extension + "/http", settings.get("http"), problems);
      }
    }
    Map<String, Object> health = section("extensions", "healthcheckv2");
    if (!health.isEmpty() && !Boolean.TRUE.equals(health.get("use_v2"))) {
      problems.add("healthcheckv2 answers /status only with use_v2: true");
    }
    Map<String, Object> exporter = section("exporters", "otlp_grpc");
    if (!exporter.isEmpty()) {
      checkEndpoint("otlp_grpc", exporter, problems);
      if (!Boolean.TRUE.equals(at(exporter, "tls", "insecure"))) {
        problems.add("otlp_grpc speaks TLS, which Jaeger here does not: set tls.insecure");
      }
    }
  }

  private static void checkEndpoint(String component, Object settings, List<String> problems) {
    Object text = at(settings, "endpoint");
    if (endpoint(component, text) == null) {
      problems.add("%s: endpoint is %s, not host:port".formatted(component, text));
    }
  }

  private void checkStorage(List<String> problems) {
    Map<String, Object> backends = section("extensions", "jaeger_storage", "backends");
    backends.forEach(
        (name, storage) -> {
          if (map(storage).size() != 1 || !STORAGES.containsAll(map(storage).keySet())) {
            problems.add(
                "storage %s must be one of %s, but is %s"
                    .formatted(name, new TreeSet<>(STORAGES), map(storage).keySet()));
          }
        });
    checkStorageName("jaeger_storage_exporter", "exporters", backends, problems, "trace_storage");
    checkStorageName("jaeger_query", "extensions", backends, problems, "storage", "traces");
  }

  private void checkStorageName(
      String user,
      String kind,
      Map<String, Object> backends,
      List<String> problems,
      String... path) {
    if (!section(kind).containsKey(user)) {
      return;
    }
    Object name = at(section(kind, user), path);
    if (!backends.containsKey(String.valueOf(name))) {
      problems.add(
          "%s uses the storage %s, but there is only %s".formatted(user, name, backends.keySet()));
    }
  }
}
