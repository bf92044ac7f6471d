package sammyjaeger.manifests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.SAME_THREAD) // Leaves the cores to the tests that measure time.
class ManifestsTest {

  @BeforeAll
  static void requireKubectl() {
    boolean isThere =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> new File(folder, "kubectl").canExecute());
    if (!isThere && !"true".equals(System.getenv("CI"))) {
      System.out.println("kubectl is missing: the Kubernetes manifests are not checked");
      Assumptions.abort();
    }
  }

  /** Those that stand on their own; the others, k8s/jaeger and k8s/sidecar, are parts of them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "app", "direct", "durable",
        "scaled", "replicated", "otel-operator", "jaeger-operator"
      })
  void manifests_areSound(String overlay) {
    assertEquals(List.of(), ManifestChecks.problems(Path.of("k8s", overlay)));
  }

  @Test
  void docker_isAsKubernetes() throws IOException {
    assertEquals(List.of(), DockerChecks.problems(Path.of("")));
  }

  /** Each row is one mistake: a text of one file in a copy, replaced once by another. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          image at the pod's level    | k8s/app/frontend.yaml | ⏎      volumes: | ⏎      image: any⏎      volumes: | field `image` is not defined
          string for a number         | k8s/app/frontend.yaml | containerPort: 8000 | containerPort: "8000" | containerPort: 8000 has the wrong type
          misspelt field              | k8s/app/frontend.yaml | imagePullPolicy | imagePullPolicyy | field `imagePullPolicyy` is not defined
          API that is gone            | k8s/app/frontend.yaml | apps/v1 | apps/v1beta2 | apps/v1beta2 Deployment: there is none
          key twice                   | k8s/app/frontend.yaml | replicas: 1 | replicas: 1⏎  replicas: 1 | "replicas" already defined
          key twice, in a config      | k8s/sidecar/config.yaml | sizer: bytes | sizer: bytes⏎      sizer: bytes | duplicate key sizer
          Service selects nothing     | k8s/app/frontend.yaml | selector:⏎    app: do-visit-counter-frontend | selector:⏎    app: frontend | Service do-visit-counter-frontend selects no pod
          wrong targetPort            | k8s/app/frontend.yaml | targetPort: frontend-port | targetPort: http | targetPort http is no port
          wrong probe port            | k8s/app/frontend.yaml | port: frontend-port | port: http | startupProbe asks port http
          wrong probe path            | k8s/app/frontend.yaml | path: /readyz | path: /healthz | path is /healthz, not /readyz
          probe before the start      | k8s/jaeger/jaeger.yaml | initialDelaySeconds: 1 | timeoutSeconds: 2 | asks before anything can answer
          missing ConfigMap           | k8s/sidecar/patch.yaml | configMap:⏎            name: jaeger-agent | configMap:⏎            name: agent | there is no ConfigMap agent
          missing ConfigMap, for env  | k8s/scaled/query.yaml | configMapRef:⏎                name: opensearch | configMapRef:⏎                name: search | there is no ConfigMap search
          file that no ConfigMap has  | k8s/sidecar/patch.yaml | jaeger/config.yaml | jaeger/agent.yaml | no ConfigMap puts a file at /etc/jaeger/agent.yaml
          missing volume              | k8s/durable/kustomization.yaml | claimName: jaeger | claimName: badger | there is no PersistentVolumeClaim badger
          image that nobody builds    | k8s/app/frontend.yaml | image: do-visit | image: visit | nobody builds the image
          no resources                | k8s/sidecar/patch.yaml | resources:⏎            requests:⏎              cpu: 20m⏎              memory: 64Mi⏎            limits:⏎              cpu: 200m⏎              memory: 128Mi⏎          securityContext | securityContext | has no requests for cpu
          no runAsNonRoot             | k8s/app/backend.yaml | runAsNonRoot: true | fsGroup: 65532 | runAsNonRoot is null
          root                        | k8s/app/backend.yaml | runAsUser: 65532 | runAsUser: 0 | runAsUser is no number or root's
          service account token       | k8s/app/backend.yaml | automountServiceAccountToken: false | automountServiceAccountToken: true | automountServiceAccountToken is true
          service links               | k8s/app/backend.yaml | enableServiceLinks: false | enableServiceLinks: true | enableServiceLinks is true
          no /tmp                     | k8s/app/backend.yaml | mountPath: /tmp | mountPath: /temp | needs an emptyDir at /tmp
          variable that nobody reads  | k8s/app/frontend.yaml | name: COUNTER_ENDPOINT | name: COUNTER_URL | no setting reads COUNTER_URL
          variable Jaeger ignores     | k8s/jaeger/jaeger.yaml | name: OTEL_TRACES_SAMPLER | name: OTEL_SDK_DISABLED | no setting reads OTEL_SDK_DISABLED
          Jaeger tracing itself       | k8s/jaeger/jaeger.yaml | always_off | always_on | OTEL_TRACES_SAMPLER is always_on
          frontend as its own backend | k8s/app/frontend.yaml | counter-backend:5000 | counter-frontend:8000 | COUNTER_ENDPOINT is no backend
          grace period too short      | k8s/app/frontend.yaml | GracePeriodSeconds: 45 | GracePeriodSeconds: 38 | grace period is 38 s, but its stop takes 39
          no sleep before the stop    | k8s/app/frontend.yaml | preStop: | postStart: | has no preStop sleep
          second counter              | k8s/app/backend.yaml | replicas: 1 | replicas: 2 | replicas is 2, not 1
          counters during an update   | k8s/app/backend.yaml | type: Recreate | type: RollingUpdate | type is RollingUpdate
          second memory counter       | k8s/replicated/kustomization.yaml | redis://:$(COUNTER_STORE_PASSWORD)@counter-store:6379 | memory | one pod: replicas is 2, not 1
          counter in no store         | k8s/replicated/kustomization.yaml | @counter-store:6379 | @store:6379 | @store:6379 leads to no port of a Service
          counter at no port          | k8s/replicated/kustomization.yaml | @counter-store:6379 | @counter-store:6380 | @counter-store:6380 leads to no port of a Service
          counter's password, plain   | k8s/replicated/kustomization.yaml | $(COUNTER_STORE_PASSWORD) | hunter2 | its store's password is in another Secret, or in none
          counter's other password    | k8s/replicated/store.yaml | key: password | key: passphrase | its store's password is in another Secret, or in none
          password after its use      | k8s/replicated/kustomization.yaml | env/-⏎        value:⏎          name: COUNTER_STORE⏎ | env/0⏎        value:⏎          name: COUNTER_STORE⏎ | no variable before is $(COUNTER_STORE_PASSWORD)
          password that is not there  | k8s/replicated/kustomization.yaml | name: COUNTER_STORE_PASSWORD | name: STORE_PASSWORD | no variable before is $(COUNTER_STORE_PASSWORD)
          store's password, plain     | k8s/replicated/store.yaml | $(VALKEYCLI_AUTH) | hunter2 | args is [--appendonly, yes, --requirepass, hunter2], not
          store's password in a probe | k8s/replicated/store.yaml | [valkey-cli, -e, ping] | [sh, -c, 'valkey-cli -a "$VALKEYCLI_AUTH" ping'] | command is [sh, -c
          counter on no volume        | k8s/replicated/store.yaml | mountPath: /data | mountPath: /var/data | keeps the counter on no persistent volume
          second store                | k8s/replicated/store.yaml | replicas: 1 | replicas: 2 | one pod: spec.replicas is 2, not 1
          store in a rolling update   | k8s/replicated/store.yaml | kind: StatefulSet # Never has two pods on the volume at once, as a Deployment has when its pod is deleted.⏎metadata:⏎  name: counter-store⏎  labels:⏎    app.kubernetes.io/name: counter-store⏎spec:⏎  replicas: 1⏎  serviceName: counter-store | kind: Deployment⏎metadata:⏎  name: counter-store⏎spec:⏎  replicas: 1 | kind is Deployment, not StatefulSet
          one of two away in updates  | k8s/replicated/replicas.yaml | maxUnavailable: 0 | maxUnavailable: 1 | maxUnavailable is 1, not 0
          two pods on one node        | k8s/replicated/replicas.yaml | part-of: do-visit-counter | part-of: visit-counter | nothing spreads its pods over the nodes
          backend kept from its store | k8s/replicated/network-policy.yaml | policyTypes: [Egress]⏎  egress:⏎    - to:⏎        - podSelector:⏎            matchLabels:⏎              app: counter-store | policyTypes: [Egress]⏎  egress:⏎    - to:⏎        - podSelector:⏎            matchLabels:⏎              app: store | counter-store:6379 is blocked on TCP port 6379
          store open to its namespace | k8s/replicated/network-policy.yaml | podSelector:⏎            matchLabels:⏎              app: do-visit-counter-backend | podSelector: {} | wrongly open or closed to jaeger
          store that asks for names   | k8s/replicated/kustomization.yaml | [counter-store] | [store] | counter-store: valkey: may ask for names
          no disruption budget        | k8s/scaled/disruption-budget.yaml | app: jaeger⏎ | app: query⏎ | jaeger: a PodDisruptionBudget is for
          traced without a Jaeger     | k8s/app/backend.yaml | "0" | "1" | is to be traced where there is a Jaeger
          not traced with a Jaeger    | k8s/direct/kustomization.yaml | op: remove⏎        path: /spec/template/spec/containers/0/env/0 | op: test⏎        path: /spec/replicas⏎        value: 1 | is to be traced where there is a Jaeger
          sidecar on another port     | k8s/sidecar/config.yaml | 127.0.0.1:6831 | 127.0.0.1:6832 | no sidecar takes its spans
          sidecar of another name     | k8s/otel-operator/kustomization.yaml | inject: jaeger-agent | inject: sidecar | no sidecar takes its spans
          collector after the pods    | k8s/otel-operator/kustomization.yaml | sortOptions:⏎  order: legacy⏎  legacySortOptions:⏎    orderFirst: [Namespace, OpenTelemetryCollector]⏎    orderLast: [Deployment] | buildMetadata: [] | come before the OpenTelemetryCollector
          queue in requests           | k8s/sidecar/config.yaml | sizer: bytes | sizer: requests | sizer is requests, not bytes
          queue in requests, injected | k8s/otel-operator/collector.yaml | sizer: bytes⏎ | ⏎ | sizer is null, not bytes
          queue too large             | k8s/sidecar/config.yaml | 8388608 | 16777216 | queue outgrows its memory
          GOMEMLIMIT above the limit  | k8s/sidecar/patch.yaml | 100MiB | 1GiB | GOMEMLIMIT is not about 80 %
          store on no volume          | k8s/durable/storage.yaml | /badger/keys | /tmp/keys | on no persistent volume
          second memory store         | k8s/jaeger/jaeger.yaml | replicas: 1 | replicas: 2 | one pod: replicas is 2, not 1
          store above the limit       | k8s/jaeger/storage.yaml | 5000 | 50000 | store outgrows its memory
          undefined exporter          | k8s/sidecar/config.yaml | [otlp_grpc] | [otlp] | exporters are [otlp_grpc], but [otlp] in use
          unused receiver             | k8s/jaeger/config.yaml | [otlp, jaeger] | [otlp] | but [otlp] in use
          wrong Jaeger                | k8s/sidecar/config.yaml | jaeger:4317 | simplest:4317 | http://simplest:4317 leads to no port
          wrong port of Jaeger        | k8s/direct/kustomization.yaml | 14268 | 4317 | no thrift_http listens
          Jaeger on localhost         | k8s/jaeger/config.yaml | 0.0.0.0:4317 | 127.0.0.1:4317 | declares [4317
          another sidecar's version   | k8s/sidecar/patch.yaml | 2.20.0 | 2.19.0 | more than one Jaeger
          policy selects nothing      | k8s/app/network-policy.yaml | matchLabels:⏎      app: do-visit-counter-backend | matchLabels:⏎      app: backend | NetworkPolicy do-visit-counter-backend selects no pod
          policy for nobody           | k8s/app/network-policy.yaml | app: do-visit-counter-frontend⏎      ports | app: frontend⏎      ports | is blocked on TCP port 5000
          DNS blocked                 | k8s/app/network-policy.yaml | 5353 # | 5354 # | DNS is blocked on UDP port 5353
          agent kept from Jaeger      | k8s/jaeger-operator/network-policy.yaml | 14250 | 4317 | the agent is blocked
          OpenSearch blocked          | k8s/scaled/network-policy.yaml | 9200 | 9300 | OpenSearch is blocked
          backend open to strangers   | k8s/app/network-policy.yaml | - from:⏎        - podSelector:⏎            matchLabels:⏎              app: do-visit-counter-frontend⏎      ports | - ports | port 5000 is wrongly open
          everything open             | k8s/app/network-policy.yaml | [Ingress, Egress] | [Ingress] | may connect to anything
          compose's agent             | docker/compose.yaml | JAEGER_AGENT_HOST: jaeger | JAEGER_AGENT_HOST: agent | backend's agent is agent, not jaeger
          compose's setting           | docker/compose.yaml | COUNTER_ENDPOINT: | COUNTER_URL: | frontend's setting COUNTER_URL is false
          compose's backend           | docker/compose.yaml | backend:5000 | backend:8000 | COUNTER_ENDPOINT leads to backend is false
          compose's Jaeger            | docker/compose.yaml | 2.20.0 | 2.19.0 | jaeger's image is
          compose's store             | docker/compose.yaml | 9.1.4-alpine | 9-alpine | counter-store's image is
          compose's store as root     | docker/compose.yaml | user: "999:1000" | privileged: false | counter-store's user is , not 999:1000
          compose's store in memory   | docker/compose.yaml | [--appendonly, "yes"] | [--appendonly, "no"] | command is [--appendonly, no], not [--appendonly, yes]
          compose's published port    | docker/compose.yaml | 127.0.0.1:8000:8000 | 127.0.0.1:80:8000 | frontend's ports is [127.0.0.1:80:8000]
          compose's published UI      | docker/compose.yaml | 127.0.0.1:16686:16686 | 16686:16686 | jaeger's ports is [16686:16686]
          compose's grace period      | docker/compose.yaml | 30s | 28s | backend's grace period of 29 s is false
          compose's GOMEMLIMIT        | docker/compose.yaml | 400MiB | 1GiB | GOMEMLIMIT is
          compose's memory            | docker/compose.yaml | 320m | 300m | frontend's memory is 300Mi, not 320Mi
          Dockerfile's port           | docker/Dockerfile | EXPOSE 8000 | EXPOSE 8080 | frontend's line EXPOSE 8000 is false
          Dockerfile's user           | docker/Dockerfile | USER 65532:65532 | USER 65532 | line USER 65532:65532 is false
          """)
  void mistake_isReported(
      String mistake, String file, String before, String after, String problem, @TempDir Path copy)
      throws IOException {
    Program.run("cp", "-r", "k8s", "docker", copy.toString());
    Path mistaken = copy.resolve(file);
    String text = Files.readString(mistaken).replace('\n', '⏎');
    int start = text.indexOf(before);
    assertTrue(start >= 0, () -> file + " has no " + before);
    String changed = text.substring(0, start) + after + text.substring(start + before.length());
    Files.writeString(mistaken, changed.replace('⏎', '\n'));

    String overlay = file.replaceFirst("k8s/jaeger/", "k8s/direct/").replaceFirst("sidecar/", "");
    List<String> problems =
        file.startsWith("docker/")
            ? DockerChecks.problems(copy)
            : ManifestChecks.problems(copy.resolve(overlay).getParent());
    assertTrue(
        problems.stream().anyMatch(p -> p.contains(problem)),
        () -> "expected '" + problem + "' among " + problems);
  }
}
