package sammyjaeger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1PodSpec;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Execution(ExecutionMode.SAME_THREAD) // Leaves the cores to the tests that measure time.
class ManifestsTest {

  private static final Map<String, String> rendered = new ConcurrentHashMap<>();

  @BeforeAll
  static void requireKubectl() {
    boolean isThere =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "kubectl")));
    if (!isThere && !"true".equals(System.getenv("CI"))) {
      System.out.println("kubectl is missing: the Kubernetes manifests are not checked");
      Assumptions.abort();
    }
  }

  /** What can be applied: everything but the parts that others are made of. */
  static List<String> overlays() throws IOException {
    return files("k8s").stream()
        .filter(file -> file.endsWith("kustomization.yaml"))
        .map(file -> file.getParent().toString())
        .filter(folder -> !List.of("k8s/jaeger", "k8s/sidecar").contains(folder))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("overlays")
  void manifests_areSound(String overlay) {
    assertEquals(List.of(), ManifestChecks.problems(render(overlay)));
  }

  /** Each row is one mistake: a text of one object, replaced once by another. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      emptyValue = "",
      textBlock =
          """
          # The schema
          unknown field                        | k8s | Deployment frontend | replicas: 1 | replica: 1 | field `replica` is not defined
          misplaced field                      | k8s | Deployment frontend | imagePullPolicy: IfNotPresent | imagePullPolicy: IfNotPresent⏎        terminationGracePeriodSeconds: 45 | field `terminationGracePeriodSeconds` is not defined
          missing field                        | k8s | Service frontend | port: 8000 | protocol: TCP | required field `port`
          string for a number                  | k8s | Deployment frontend | containerPort: 8000 | containerPort: "8000" | containerPort: "8000" has the wrong type
          string for a Boolean                 | k8s | Deployment frontend | readOnlyRootFilesystem: true | readOnlyRootFilesystem: "true" | readOnlyRootFilesystem: "true" has the wrong type
          number for a string                  | k8s | Deployment frontend | - name: POD_NAME | - name: PORT⏎          value: 8000⏎        - name: POD_NAME | value: 8000 has the wrong type
          object for a list                    | k8s | Service frontend | - name: http⏎    port: 8000⏎    targetPort: frontend-port | ~  name: http~ | has an object where a list is due
          duplicate key                        | k8s | Deployment frontend | replicas: 1 | replicas: 1⏎  replicas: 2 | duplicate key replicas
          API that is gone                     | k8s | Deployment frontend | apps/v1 | apps/v1beta2 | no such kind
          quantity that is none                | k8s | Deployment frontend | memory: 256Mi | memory: 256MB | Could not parse suffix
          name that is none                    | k8s | NetworkPolicy spans | name: spans | name: Spans | is no name
          # References
          other namespace                      | k8s | Service frontend | namespace: sammy-jaeger | namespace: default | is in the namespace default
          selector misses its own pods         | k8s | Deployment frontend | matchLabels:⏎      app: do-visit-counter-frontend | matchLabels:⏎      app: frontend | selector does not match its own pods
          Service selects nothing              | k8s | Service frontend | app: do-visit-counter-frontend | app: frontend | its selector matches no pods
          targetPort by a wrong name           | k8s | Service frontend | targetPort: frontend-port | targetPort: http | targetPort http is no port of
          targetPort by a wrong number         | k8s | Service backend | targetPort: backend-port | targetPort: 8000 | targetPort 8000 is no port of
          Service for the wrong protocol       | k8s | Service jaeger | port: 4317 | port: 4317⏎    protocol: UDP | targetPort otlp-grpc is no port of
          probe of a wrong port                | k8s | Deployment frontend | port: frontend-port | port: http | livenessProbe asks port http
          probe of a wrong path                | k8s | Deployment frontend | path: /readyz | path: /healthz | readinessProbe asks for /healthz
          no startup probe                     | k8s | Deployment frontend | startupProbe:⏎          failureThreshold: 60⏎          httpGet:⏎            path: /livez⏎            port: frontend-port⏎          periodSeconds: 1 | workingDir: / | has no startupProbe
          ConfigMap that is not there          | k8s | Deployment frontend | configMap:⏎          name: jaeger-agent | configMap:⏎          name: agent | there is no ConfigMap agent
          file that no ConfigMap has           | k8s | Deployment frontend | --config=/etc/jaeger/config.yaml | --config=/etc/jaeger/agent.yaml | no ConfigMap puts a file at /etc/jaeger/agent.yaml
          volume that is not there             | k8s | Deployment frontend | mountPath: /tmp⏎          name: tmp | mountPath: /tmp⏎          name: temp | no such volume
          claim that is not there              | k8s/durable | Deployment jaeger | claimName: jaeger | claimName: badger | there is no PersistentVolumeClaim badger
          image that nobody builds             | k8s | Deployment frontend | do-visit-counter-frontend:v2 | visit-counter-frontend:v2 | nobody builds the image
          image without a version              | k8s | Deployment frontend | do-visit-counter-frontend:v2 | do-visit-counter-frontend | has no fixed version
          latest                               | k8s | Deployment jaeger | jaegertracing/jaeger:2.20.0 | jaegertracing/jaeger:latest | has no fixed version
          image pulled every time              | k8s | Deployment frontend | imagePullPolicy: IfNotPresent | imagePullPolicy: Always | imagePullPolicy is not IfNotPresent
          port that the program does not use   | k8s | Deployment frontend | containerPort: 8000 | containerPort: 8080 | listens on 8000, which is no containerPort
          port that is none                    | k8s | Deployment frontend | containerPort: 8000 | containerPort: 80000 | there is no port 80000
          no replicas                          | k8s | Deployment frontend | replicas: 1 | replicas: 0 | runs nothing
          pod that does not restart            | k8s | Deployment frontend | enableServiceLinks: false | enableServiceLinks: false⏎      restartPolicy: OnFailure | restartPolicy is not Always
          mount path taken twice               | k8s | Deployment frontend | name: tmp⏎ | name: tmp⏎          readOnly: false⏎        - mountPath: /tmp⏎          name: tmp⏎ | has two of the mount /tmp
          UI without a Service                 | k8s | Service jaeger | port: 16686⏎    targetPort: ui | port: 16686⏎    targetPort: otlp-grpc | no Service leads to ui
          # Settings
          variable that nobody reads           | k8s | Deployment frontend | name: COUNTER_ENDPOINT | name: COUNTER_URL | the program does not read COUNTER_URL
          variable of the other program        | k8s | Deployment frontend | - name: POD_NAME | - name: SIMULATED_DELAY⏎          value: 1s⏎        - name: POD_NAME | the program does not read SIMULATED_DELAY
          address without a scheme             | k8s | Deployment frontend | http://do-visit-counter-backend:5000 | do-visit-counter-backend:5000 | must be an http:// or https:// address
          TLS to the backend                   | k8s | Deployment frontend | http://do-visit | https://do-visit | nothing here speaks TLS
          address with the path                | k8s | Deployment frontend | backend:5000 | backend:5000/api/counter | COUNTER_ENDPOINT has a path
          bound to localhost                   | k8s | Deployment backend | - name: POD_NAME | - name: HOST⏎          value: localhost⏎        - name: POD_NAME | HOST lets nobody outside of the pod in
          one service's name for both          | k8s | Deployment backend | - name: POD_NAME | - name: JAEGER_SERVICE_NAME⏎          value: service⏎        - name: POD_NAME | JAEGER_SERVICE_NAME is another service's
          headers that the other does not read | k8s | Deployment backend | - name: POD_NAME | - name: JAEGER_PROPAGATION⏎          value: b3⏎        - name: POD_NAME | JAEGER_PROPAGATION differs
          delay without a unit                 | k8s | Deployment backend | - name: POD_NAME | - name: SIMULATED_DELAY⏎          value: "3"⏎        - name: POD_NAME | SIMULATED_DELAY is '3', but must be
          sampler that does not exist          | k8s | Deployment backend | - name: POD_NAME | - name: JAEGER_SAMPLER_TYPE⏎          value: always⏎        - name: POD_NAME | JAEGER_SAMPLER_TYPE is 'always', but must be
          backend of the article's namespace   | k8s | Deployment frontend | do-visit-counter-backend:5000 | do-visit-counter-backend.default.svc.cluster.local:5000 | there is no such Service
          backend's wrong port                 | k8s | Deployment frontend | do-visit-counter-backend:5000 | do-visit-counter-backend:8000 | Service do-visit-counter-backend has no port 8000
          Service's port changed               | k8s | Service backend | port: 5000 | port: 80 | Service do-visit-counter-backend has no port 5000
          frontend as its own backend          | k8s | Deployment frontend | do-visit-counter-backend:5000 | do-visit-counter-frontend:8000 | COUNTER_ENDPOINT does not lead to the backend
          reference that nothing sets          | k8s | Deployment frontend | $(NODE_NAME) | $(NODE) | uses $(NODE), which is not set before it
          pod's name not in the tags           | k8s | Deployment frontend | $(POD_NAME) | frontend | does not carry the pod's metadata.name
          field that pods do not have          | k8s | Deployment frontend | spec.nodeName | spec.node | takes the field spec.node
          # Stopping
          grace period too short               | k8s | Deployment frontend | terminationGracePeriodSeconds: 45 | terminationGracePeriodSeconds: 30 | terminationGracePeriodSeconds is 30
          grace period left out                | k8s | Deployment frontend | terminationGracePeriodSeconds: 45 | restartPolicy: Always | terminationGracePeriodSeconds is 30
          stop that outlasts the grace period  | k8s | Deployment frontend | - name: POD_NAME | - name: STOP_TIMEOUT⏎          value: 1m⏎        - name: POD_NAME | terminationGracePeriodSeconds is 45
          no sleep before the stop             | k8s | Deployment frontend | preStop | postStart | without a preStop sleep
          sidecar that blocks the start        | k8s | Deployment frontend | restartPolicy: Always | workingDir: / | needs restartPolicy: Always
          readiness that depends on Jaeger     | k8s | Deployment frontend | restartPolicy: Always | restartPolicy: Always⏎        readinessProbe:⏎          httpGet:⏎            port: health | readiness must not depend on its sidecar
          second counter                       | k8s | Deployment backend | replicas: 1 | replicas: 2 | its state is in one pod
          second counter during an update      | k8s | Deployment backend | type: Recreate | type: RollingUpdate | its state is in one pod
          second memory store                  | k8s | Deployment jaeger | replicas: 1 | replicas: 2 | its state is in one pod
          start-up cut short                   | k8s | Deployment frontend | failureThreshold: 60 | failureThreshold: 3 | startupProbe gives up after 3 s
          # Pod security
          namespace not restricted             | k8s | Namespace sammy-jaeger | restricted | baseline | does not enforce Pod Security
          root                                 | k8s | Deployment backend | runAsUser: 65532 | runAsUser: 0 | runAsUser is 0
          root in the sidecar                  | k8s | Deployment backend | runAsUser: 10001 | runAsUser: 0 | jaeger-agent: runAsUser is 0
          root allowed                         | k8s | Deployment backend | runAsNonRoot: true | runAsNonRoot: false | runAsNonRoot is not true
          privilege escalation                 | k8s | Deployment backend | allowPrivilegeEscalation: false | allowPrivilegeEscalation: true | allowPrivilegeEscalation is not false
          no seccomp profile                   | k8s | Deployment backend | seccompProfile:⏎          type: RuntimeDefault | fsGroup: 65532 | seccompProfile is not RuntimeDefault
          capabilities kept                    | k8s | Deployment backend | - ALL | - NET_RAW | does not drop ALL capabilities
          privileged                           | k8s | Deployment backend | allowPrivilegeEscalation: false | allowPrivilegeEscalation: false⏎          privileged: true | is privileged
          host's network                       | k8s | Deployment backend | enableServiceLinks: false | enableServiceLinks: false⏎      hostNetwork: true | shares a namespace of its host
          host's files                         | k8s | Deployment backend | emptyDir:⏎          sizeLimit: 64Mi | hostPath:⏎          path: /tmp | is of a kind that is not allowed
          writable root                        | k8s | Deployment backend | readOnlyRootFilesystem: true | readOnlyRootFilesystem: false | root file system is not read-only
          no /tmp                              | k8s | Deployment backend | mountPath: /tmp | mountPath: /temp | needs an emptyDir at /tmp
          service account token                | k8s | Deployment backend | automountServiceAccountToken: false | automountServiceAccountToken: true | mounts a service account token
          service links                        | k8s | Deployment backend | enableServiceLinks: false | enableServiceLinks: true | service links would add variables
          no limit                             | k8s | Deployment backend | memory: 256Mi | ephemeral-storage: 256Mi | no request or no limit for memory
          request above the limit              | k8s | Deployment backend | memory: 256Mi | memory: 100Mi | requests more memory than its limit
          limit in thousandths of a byte       | k8s | Deployment backend | cpu: "1"⏎            memory: 256Mi⏎          requests:⏎            cpu: 100m⏎            memory: 128Mi | cpu: "1"⏎            memory: 256m⏎          requests:⏎            cpu: 100m⏎            memory: 128m | bytes of memory are not enough
          # Jaeger
          Jaeger v1                            | k8s | Deployment jaeger | jaeger:2.20.0 | jaeger:1.76.0 | must all be one Jaeger v2
          sidecar of another version           | k8s | Deployment backend | jaeger:2.20.0 | jaeger:2.19.0 | must all be one Jaeger v2
          storage above the limit              | k8s | ConfigMap jaeger | max_traces: 5000 | max_traces: 50000 | outgrows
          exporter that is not defined         | k8s | ConfigMap jaeger-agent | exporters: [otlp_grpc] | exporters: [otlp] | service uses otlp, but exporters does not define it
          receiver that is not defined         | k8s | ConfigMap jaeger | receivers: [otlp, jaeger] | receivers: [otlp, zipkin] | service uses zipkin, but receivers does not define it
          receiver that is not used            | k8s | ConfigMap jaeger | receivers: [otlp, jaeger] | receivers: [otlp] | receivers defines jaeger, but no service uses it
          extension that is not used           | k8s | ConfigMap jaeger-agent | extensions: [healthcheckv2] | telemetry: {} | extensions defines healthcheckv2, but no service uses it
          protocol that does not exist         | k8s | ConfigMap jaeger-agent | thrift_compact | thrift_udp | receiver jaeger has no protocol thrift_udp
          misspelt section                     | k8s | ConfigMap jaeger-agent | exporters:⏎      otlp_grpc | exporter:⏎      otlp_grpc | the collector knows no section exporter
          configuration that is not YAML       | k8s | ConfigMap jaeger-agent | [otlp_grpc] | [otlp_grpc | config.yaml is not YAML
          sidecar on another port              | k8s | ConfigMap jaeger-agent | 127.0.0.1:6831 | 127.0.0.1:6832 | sends spans to UDP port 6831, where jaeger-agent does not listen
          app on another port                  | k8s | Deployment backend | - name: POD_NAME | - name: JAEGER_AGENT_PORT⏎          value: "6832"⏎        - name: POD_NAME | sends spans to UDP port 6832
          UDP across the network               | k8s | Deployment backend | - name: POD_NAME | - name: JAEGER_AGENT_HOST⏎          value: jaeger⏎        - name: POD_NAME | UDP spans are for a sidecar on localhost
          Jaeger by a wrong name               | k8s | ConfigMap jaeger-agent | jaeger:4317 | simplest:4317 | otlp_grpc is http://simplest:4317: there is no such Service
          Jaeger's port without a Service      | k8s | ConfigMap jaeger-agent | jaeger:4317 | jaeger:4318 | Service jaeger has no port 4318
          Jaeger's port for something else     | k8s | ConfigMap jaeger-agent | jaeger:4317 | jaeger:14268 | where [jaeger/thrift_http] listens and not otlp/grpc
          TLS where there is none              | k8s | ConfigMap jaeger-agent | insecure: true | insecure: false | otlp_grpc speaks TLS
          Jaeger on localhost                  | k8s | ConfigMap jaeger | 0.0.0.0:4317 | localhost:4317 | declares the ports
          Jaeger on another port               | k8s | ConfigMap jaeger | 0.0.0.0:16686 | 0.0.0.0:16687 | declares the ports
          no health                            | k8s | ConfigMap jaeger-agent | use_v2: true | use_v2: false | only with use_v2: true
          storage that is not defined          | k8s | ConfigMap jaeger | trace_storage: traces | trace_storage: memory | uses the storage memory
          storage without a bound              | k8s | ConfigMap jaeger | max_traces: 5000 | {} | outgrows
          endpoint at a wrong path             | k8s/direct | Deployment backend | /api/traces | /v1/traces | takes spans at /api/traces alone
          endpoint at a wrong port             | k8s/direct | Deployment backend | jaeger:14268 | jaeger:4317 | where [otlp/grpc] listens and not jaeger/thrift_http
          nobody takes the spans               | k8s/direct | Deployment backend | name: JAEGER_ENDPOINT | name: JAEGER_USER | no sidecar takes its spans
          store that is not kept               | k8s/durable | ConfigMap jaeger | keys: /badger/keys | keys: /tmp/keys | on no persistent volume
          volume that only root may write      | k8s/durable | Deployment jaeger | fsGroup: 10001 | supplementalGroups: [10001] | without fsGroup the volume badger is root's
          OpenSearch not named                 | k8s/scaled | ConfigMap opensearch | OPENSEARCH_URL | OPENSEARCH_ADDRESS | the variable OPENSEARCH_URL is not set
          UI on the collector                  | k8s/scaled | Service jaeger | targetPort: thrift-http | targetPort: ui | targetPort ui is no port of
          sidecar of another name              | k8s/otel-operator | Deployment backend | inject: jaeger-agent | inject: sidecar | no sidecar takes its spans
          collector that is no sidecar         | k8s/otel-operator | OpenTelemetryCollector jaeger-agent | mode: sidecar | mode: deployment | mode is deployment, not sidecar
          injected sidecar on another port     | k8s/otel-operator | OpenTelemetryCollector jaeger-agent | 127.0.0.1:6831 | 127.0.0.1:6832 | sends spans to UDP port 6831
          annotation that injects nothing      | k8s/jaeger-operator | Deployment backend | inject: "true" | inject: "false" | no sidecar takes its spans
          injected sidecar not restricted      | k8s/jaeger-operator | Jaeger simplest | sidecarSecurityContext | securityContext | allowPrivilegeEscalation is not false
          # Network
          backend closed to the frontend       | k8s | NetworkPolicy backend | app: do-visit-counter-frontend | app: frontend | COUNTER_ENDPOINT is blocked
          frontend closed to visitors          | k8s | NetworkPolicy frontend | port: 8000 | port: 80 | a visitor is blocked on port 8000
          frontend kept from the backend       | k8s | NetworkPolicy frontend | port: 5000 | port: 500 | COUNTER_ENDPOINT is blocked
          DNS blocked                          | k8s | NetworkPolicy default | port: 53⏎      protocol: UDP | port: 53⏎      protocol: SCTP | DNS over UDP is blocked
          sidecar kept from Jaeger             | k8s | NetworkPolicy spans | port: 4317 | port: 4318 | otlp_grpc is blocked on port 4317
          Jaeger closed to the sidecar         | k8s | NetworkPolicy jaeger | part-of: do-visit-counter | part-of: sammy-jaeger | otlp_grpc is blocked on port 4317
          OpenSearch blocked                   | k8s/scaled | NetworkPolicy opensearch | port: 9200 | port: 9300 | OpenSearch is blocked on port 9200
          injected agent kept from Jaeger      | k8s/jaeger-operator | NetworkPolicy spans | port: 14250 | port: 4317 | the injected agent is blocked on port 14250
          backend open to everybody            | k8s | NetworkPolicy backend | podSelector:⏎        matchLabels:⏎          app: do-visit-counter-frontend | namespaceSelector: {}⏎      podSelector: {} | keeps strangers from port 5000
          pods free to connect to anything     | k8s | NetworkPolicy default | - Egress | | stops it from connecting to anything
          """)
  void mistake_isReported(
      String mistake, String overlay, String object, String before, String after, String problem) {
    String sound = render(overlay);
    String part = part(sound, object);
    assertTrue(part.contains(lines(before)), () -> object + " has no " + before);
    String mistaken =
        part.replaceFirst(Pattern.quote(lines(before)), Matcher.quoteReplacement(lines(after)));
    List<String> problems = ManifestChecks.problems(sound.replace(part, mistaken));
    assertTrue(
        problems.stream().anyMatch(p -> p.contains(problem)),
        () -> mistake + ": expected '" + problem + "' among " + problems);
  }

  private static String lines(String text) {
    return text == null ? "" : text.replace("⏎", "\n");
  }

  /** The document of one object, by its kind and the end of its name. */
  private static String part(String manifests, String object) {
    String[] kindAndName = object.split(" ");
    Pattern name =
        Pattern.compile("\\n  name: (do-visit-counter-)?" + kindAndName[1] + "(-\\w{10})?\\n");
    return Stream.of(manifests.split("(?m)^---\\n"))
        .filter(part -> part.contains("kind: " + kindAndName[0] + "\n"))
        .filter(part -> name.matcher(part).find())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void usersName_standsInOnePlace() throws IOException {
    String image = pods("k8s/app").get(0).getContainers().get(0).getImage();
    String user = image.substring(0, image.lastIndexOf('/'));
    List<String> lines = new ArrayList<>();
    for (Path file : files("k8s")) {
      Files.readAllLines(file).stream()
          .filter(line -> file.toString().endsWith(".yaml") && line.contains(user))
          .forEach(lines::add);
    }
    assertEquals(1, lines.size(), lines::toString);
  }

  @Test
  void images_areThoseOfDockerfileAndReadme() throws IOException {
    Path dockerfile = Path.of("docker", "Dockerfile");
    Path readme = Path.of("README.md");
    assumeTrue(Files.exists(dockerfile) && Files.exists(readme), "no Dockerfile or no README yet");
    Set<String> images = new TreeSet<>();
    for (V1PodSpec pod : pods("k8s/app")) {
      V1Container container = pod.getContainers().get(0);
      String image = container.getImage().replaceAll(".*/", "");
      images.add(image);
      String target = image.replaceAll(".*-(.+):.*", "$1");
      String stage = stage(Files.readString(dockerfile), target);
      assertTrue(stage.contains("EXPOSE " + container.getPorts().get(0).getContainerPort()), stage);
      assertTrue(stage.contains("HOST=0.0.0.0"), stage);
      assertTrue(stage.contains("USER " + pod.getSecurityContext().getRunAsUser()), stage);
    }
    assertEquals(images, images(readme));
    for (Path file : files("docker")) {
      assertTrue(images.containsAll(images(file)), file::toString);
    }
  }

  private static List<V1PodSpec> pods(String overlay) {
    return new Manifests(render(overlay), new Problems(new ArrayList<>()))
        .all(V1Deployment.class).stream().map(Manifests::podSpec).toList();
  }

  private static Set<String> images(Path file) throws IOException {
    return Pattern.compile("/(do-visit-counter-\\w+:\\w+)")
        .matcher(Files.readString(file))
        .results()
        .map(image -> image.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The instructions of one stage of a Dockerfile, with those of the stages that it builds on. */
  private static String stage(String dockerfile, String name) {
    Matcher stage =
        Pattern.compile("(?ms)^FROM (\\S+) AS " + name + "$(.*?)(?=^FROM |\\z)")
            .matcher(dockerfile);
    return stage.find() ? stage(dockerfile, stage.group(1)) + stage.group(2) : "";
  }

  private static List<Path> files(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(folder))) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static String render(String overlay) {
    return rendered.computeIfAbsent(overlay, ManifestsTest::kustomize);
  }

  private static String kustomize(String overlay) {
    try {
      Process process =
          new ProcessBuilder("kubectl", "kustomize", overlay).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), output);
      return output;
    } catch (IOException | InterruptedException e) {
      return Assertions.fail(e);
    }
  }
}
