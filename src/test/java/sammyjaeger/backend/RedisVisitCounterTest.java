package sammyjaeger.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.RedisClient;
import sammyjaeger.harness.Concurrently;
import sammyjaeger.harness.CounterStore;
import sammyjaeger.harness.FakeBackend;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.JarProcess;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.UdpAgent;
import sammyjaeger.harness.VisitCounterServices;
import sammyjaeger.harness.WireSpan;

/** A counter that is kept in a store. */
class RedisVisitCounterTest {

  private static final String KEY = "sammy-jaeger:visits";
  private static final String BACKEND = VisitCounterServices.BACKEND;

  private final Log log = new Log();
  private final AtomicInteger timeouts = new AtomicInteger();

  @Test
  void counter_outlivesItsBackend() throws Exception {
    try (CounterStore store = new CounterStore()) {
      try (VisitCounterServices services = services(store.address())) {
        assertEquals("1", get(services).body());
        assertEquals(VisitCounterServices.greeting(1), services.visit().body());
      }
      try (VisitCounterServices services = services(store.address() + "/0")) {
        assertEquals(VisitCounterServices.greeting(2), services.visit().body());
        assertEquals("3", get(services).body());
      }
      try (VisitCounterServices other = services(store.address() + "/1")) {
        assertEquals("1", get(other).body());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"GET /api/counter, GET", "POST /api/counter, INCR"})
  void command_isAClientSpanOfTheVisitsTrace(String request, String name) throws Exception {
    try (CounterStore store = new CounterStore();
        VisitCounterServices services = services(store.address())) {
      services.visit();
      List<WireSpan> spans = services.stop();
      assertEquals(8, spans.size(), spans::toString);
      assertEquals(1, spans.stream().map(WireSpan::traceId).distinct().count());

      WireSpan server = VisitCounterServices.only(spans, BACKEND, request);
      WireSpan command = VisitCounterServices.only(spans, BACKEND, name);
      assertEquals(server.spanId(), command.parentId());
      assertTrue(server.encloses(command));
      Map<String, Object> tags = command.tags();
      assertEquals("client", tags.get("span.kind"));
      assertEquals("redis", tags.get("db.type"));
      assertEquals(name + " " + KEY, tags.get("db.statement"));
      assertEquals("counter-store", tags.get("peer.service"));
      assertEquals("127.0.0.1", tags.get("peer.hostname"));
      assertEquals((long) store.port(), tags.get("peer.port"));
      assertFalse(tags.containsKey("error"));
    }
  }

  @Test
  void concurrentPostsToThreeBackends_eachGetTheirOwnValue() throws Exception {
    int posts = 300;
    try (CounterStore store = new CounterStore();
        VisitCounterServices one = services(store.address());
        VisitCounterServices two = services(store.address());
        VisitCounterServices three = services(store.address())) {
      List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
      for (VisitCounterServices backend : List.of(one, two, three)) {
        calls.addAll(Collections.nCopies(posts / 3, () -> post(backend)));
      }
      Set<Long> values = new HashSet<>();
      for (HttpResponse<String> answer : Concurrently.call(calls)) {
        assertTrue(values.add(Long.valueOf(answer.body())));
      }
      try (RedisClient redis = RedisClient.create(store.address())) {
        long stored = Long.parseLong(redis.get(KEY));
        // One that did not answer in time may have counted.
        assertTrue(stored >= posts && stored <= posts + timeouts.get(), () -> stored + " stored");
        assertTrue(values.stream().allMatch(value -> value >= 2 && value <= stored + 1));
      }
    }
  }

  @Test
  void storeThatIsAway_costsOnlyTheVisitsMeanwhile() throws Exception {
    int port = FreePort.find();
    try (VisitCounterServices services = services("redis://127.0.0.1:" + port)) {
      assertUnavailable(post(services), port, "refused the connection");
      assertUnavailable(get(services), port, "refused the connection");
      URI ready = services.counter().resolve("/readyz");
      assertEquals("ok", VisitCounterServices.send("GET", ready).body());

      HttpResponse<String> visit = services.visit();
      assertEquals(502, visit.statusCode());
      assertTrue(visit.body().endsWith(" answered with status 503."), visit::body);

      try (CounterStore store = new CounterStore(port)) {
        assertEquals("2", post(services).body());
      }
    }
  }

  /** All its connections are broken then; the first call that notices gives them up. */
  @Test
  void storeThatRestarts_failsOneCallAtMost() throws Exception {
    int port = FreePort.find();
    try (VisitCounterServices services = services("redis://127.0.0.1:" + port)) {
      try (CounterStore store = new CounterStore(port)) {
        Concurrently.call(50, () -> post(services));
      }
      try (CounterStore again = new CounterStore(port)) {
        post(services); // This one may fail.
        for (HttpResponse<String> answer : Concurrently.call(50, () -> post(services))) {
          assertEquals(200, answer.statusCode(), answer::body);
        }
      }
    }
  }

  /** Connections from before a failover lead to the old server, and new ones to the new. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "LOADING Redis is loading the dataset in memory",
        "CLUSTERDOWN The cluster is down",
        "MOVED 866 127.0.0.1:6381",
        "NOAUTH Authentication required.",
      })
  void wrongServer_isLeftAfterItsFirstError(String error) throws Exception {
    Set<Integer> connections = ConcurrentHashMap.newKeySet();
    AtomicInteger old = new AtomicInteger();
    IntFunction<String> reply =
        number -> {
          connections.add(number);
          while (connections.size() < 3) { // So that there are several to give up.
            LockSupport.parkNanos(1_000_000);
          }
          return number < old.get() ? "-" + error : ":1";
        };
    try (FakeStore store = new FakeStore(reply);
        VisitCounterServices services = services("redis://127.0.0.1:" + store.port())) {
      Concurrently.call(20, () -> post(services));
      old.set(store.connections());
      String first = post(services).body();
      assumeTrue(timeouts.get() == 0, "Busy: what does not answer in time is left anyway");
      String code = error.substring(0, error.indexOf(' '));
      assertTrue(first.endsWith(" answered with an error " + code + "."), first);
      for (HttpResponse<String> answer : Concurrently.call(20, () -> post(services))) {
        assertEquals("2", answer.body());
      }
    }
  }

  @Test
  void flickeringStore_isOneOutage() throws Exception {
    AtomicBoolean failing = new AtomicBoolean();
    try (FakeStore store = new FakeStore(number -> failing.get() ? "-ERR no" : ":1");
        VisitCounterServices services = services("redis://127.0.0.1:" + store.port())) {
      int pauses = 0;
      for (int i = 0; i < 20; i++) {
        long start = System.nanoTime();
        failing.set(true);
        assertUnavailable(post(services), store.port(), "answered with an error ERR");
        failing.set(false);
        assertEquals("2", post(services).body());
        // The outage may be over where a busy machine was quiet for a second.
        pauses += System.nanoTime() - start < 1_000_000_000 ? 0 : 1;
      }
      String address = "127.0.0.1:" + store.port();
      String reasons = address + " (answered with an error ERR|did not answer in time)\\.";
      long outages =
          log.lines(address).stream().filter(line -> line.matches(".*" + reasons)).count();
      assertTrue(outages >= 1 && outages <= 1 + pauses, () -> outages + " outages");

      while (log.lines(address + " answers again").size() < outages) {
        post(services);
        Thread.sleep(10);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"many, 0", "-5, 0", "-1, 0", "9223372036854775807, 0", "'', 0", "list, 1"})
  void valueThatIsNoCounter_isAnErrorAndCostsNoConnection(String value, int elements)
      throws Exception {
    try (CounterStore store = new CounterStore();
        VisitCounterServices services = services(store.address());
        RedisClient redis = RedisClient.create(store.address())) {
      post(services);
      String connections = connectionsOf(redis);
      redis.del(KEY);
      if (elements == 0) {
        redis.set(KEY, value);
      } else {
        redis.rpush(KEY, value);
      }
      assertUnavailable(get(services), store.port(), "has a value that is no counter");
      assertUnavailable(post(services), store.port(), "has a value that is no counter");
      redis.del(KEY);
      assertEquals("2", post(services).body());
      assumeTrue(timeouts.get() == 0, "Busy: what does not answer in time costs its connection");
      assertEquals(connections, connectionsOf(redis));
    }
  }

  private static String connectionsOf(RedisClient redis) {
    return redis.info("stats").replaceAll("(?s).*total_connections_received:(\\d+).*", "$1");
  }

  @ParameterizedTest
  @CsvSource({
    "requirepass shark, GET, NOAUTH",
    "maxmemory 1, INCR, OOM",
    "replicaof 127.0.0.1 1, INCR, READONLY"
  })
  void storeThatRefuses_marksTheCommandsSpan(String setting, String name, String code)
      throws Exception {
    try (CounterStore store = new CounterStore(FreePort.find(), setting);
        VisitCounterServices services = services(store.address())) {
      String whatHappened = "answered with an error " + code;
      assertUnavailable(post(services), store.port(), whatHappened);
      String traceId = services.visit().headers().firstValue("X-Trace-Id").orElseThrow();

      List<WireSpan> spans =
          services.stop().stream().filter(s -> s.traceId().equals(traceId)).toList();
      WireSpan command = VisitCounterServices.only(spans, BACKEND, name);
      assertEquals(true, command.tags().get("error"));
      assertEquals("error", command.logs().get(0).get("event"));
      assertEquals(whatHappened, command.logs().get(0).get("message"));
    }
  }

  @Test
  void storeOfAnUnknownHost_answers503() throws Exception {
    try (VisitCounterServices services = services("redis://no-such-host.invalid")) {
      assertEquals(
          "The counter's store at no-such-host.invalid:6379 has a host name that is not known.",
          get(services).body());
    }
  }

  @Test
  void peerOfAnIpV6Store_isTaggedWithoutBrackets() throws Exception {
    try (VisitCounterServices services = services("redis://[::1]:1")) {
      get(services);
      WireSpan command = VisitCounterServices.only(services.stop(), BACKEND, "GET");
      assertEquals("::1", command.tags().get("peer.hostname"));
    }
  }

  @Test
  void storeThatDoesNotAnswer_answers503() throws Exception {
    try (FakeBackend silent = FakeBackend.silent();
        VisitCounterServices services = services("redis://127.0.0.1:" + silent.uri().getPort())) {
      HttpResponse<String> answer = VisitCounterServices.send("POST", services.counter());
      assertUnavailable(answer, silent.uri().getPort(), "did not answer in time");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 400 Bad, 'gave no answer, or a broken one'",
    "\u0007, 'gave no answer, or a broken one'",
    "$9|1, 'gave no answer, or a broken one'",
    "'', 'gave no answer, or a broken one'",
    "-no upstream, answered with an error",
    "-WAYTOOLONGTOBEASINGLEERROR, answered with an error WAYTOOLONGTOBEASINGL",
    "+OK, has a value that is no counter",
    "$-1, has a value that is no counter",
  })
  void storeThatAnswersNonsense_answers503(String nonsense, String whatHappened) throws Exception {
    String answer = nonsense.isEmpty() ? "" : nonsense.replace("|", "\r\n") + "\r\n";
    try (FakeBackend broken = FakeBackend.sending(answer);
        VisitCounterServices services = services("redis://127.0.0.1:" + broken.uri().getPort())) {
      assertUnavailable(post(services), broken.uri().getPort(), whatHappened);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "requirepass sh@rk, :sh%40rk",
    "requirepass sh@rk, default:sh%40rk",
    "user sammy on >shark ~* +@all, sammy:shark",
  })
  void credentials_areShownToTheStoreAndToNobodyElse(String setting, String credentials)
      throws Exception {
    try (CounterStore store = new CounterStore(FreePort.find(), setting)) {
      String address = "@127.0.0.1:" + store.port();
      try (VisitCounterServices services = services("redis://" + credentials + address)) {
        assertEquals("2", post(services).body());
      }
      try (VisitCounterServices services =
          services("redis://" + credentials + "turtle" + address)) {
        assertUnavailable(post(services), store.port(), "answered with an error WRONGPASS");
      }
    }
    assertEquals(List.of(), log.lines("turtle"));
  }

  @Test
  void storeWithoutTls_getsNoPassword() throws Exception {
    try (FakeStore store = new FakeStore(number -> ":1");
        VisitCounterServices services = services("rediss://:shark@127.0.0.1:" + store.port())) {
      assertUnavailable(post(services), store.port(), "has no TLS, or none that is trusted here");
      assertEquals(List.of(), List.copyOf(store.commands));
    }
  }

  /** As managed services hand out their addresses. */
  @ParameterizedTest
  @CsvSource({
    "localhost, 2, AUTH sammy shark",
    "another.invalid, 'has no TLS, or none that is trusted here', ",
  })
  void certificate_mustBeOneForTheStoresHost(
      String host, String answer, String firstCommand, @TempDir Path folder) throws Exception {
    Path certificate = folder.resolve("certificate");
    try (FakeStore fake = new FakeStore(tlsSocket(certificate, host), number -> ":1");
        UdpAgent agent = new UdpAgent();
        JarProcess backend =
            JarProcess.backend(
                agent,
                Map.of(
                    "COUNTER_STORE", "rediss://sammy:shark@localhost:" + fake.port() + "/0",
                    "JAVA_TOOL_OPTIONS",
                        "-Djavax.net.ssl.trustStorePassword=secret -Djavax.net.ssl.trustStore="
                            + certificate))) {
      String body = inTime("POST", backend.uri().resolve("/api/counter")).body();
      String store = "The counter's store at localhost:" + fake.port() + " ";
      assertEquals(firstCommand == null ? store + answer + "." : answer, body);
      assertEquals(firstCommand, fake.commands.peek());
    }
  }

  private static ServerSocket tlsSocket(Path certificate, String host) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String generate = " -genkeypair -keyalg EC -dname CN=store -ext san=dns:%s".formatted(host);
    String store = " -storetype PKCS12 -storepass secret -keystore " + certificate;
    assertEquals(0, new ProcessBuilder((keytool + generate + store).split(" ")).start().waitFor());

    char[] password = "secret".toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(KeyStore.getInstance(certificate.toFile(), password), password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context
        .getServerSocketFactory()
        .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private HttpResponse<String> get(VisitCounterServices services) throws Exception {
    return inTime("GET", services.counter());
  }

  private HttpResponse<String> post(VisitCounterServices services) throws Exception {
    return inTime("POST", services.counter());
  }

  /** Asks again where a store would have answered, but not in time: the machine is busy. */
  private HttpResponse<String> inTime(String method, URI counter) throws Exception {
    HttpResponse<String> answer = VisitCounterServices.send(method, counter);
    while (answer.body().endsWith(" did not answer in time.")) {
      timeouts.incrementAndGet();
      answer = VisitCounterServices.send(method, counter);
    }
    return answer;
  }

  private static void assertUnavailable(
      HttpResponse<String> answer, int port, String whatHappened) {
    assertEquals(
        "The counter's store at 127.0.0.1:" + port + " " + whatHappened + ".", answer.body());
    assertEquals(503, answer.statusCode());
    assertTrue(answer.headers().firstValue("X-Trace-Id").isPresent());
  }

  private static VisitCounterServices services(String store) throws Exception {
    return new VisitCounterServices(Map.of("COUNTER_STORE", store));
  }
}
