package sammyjaeger.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import sammyjaeger.service.Settings;

/**
 * Measures what tracing costs: the same request to the same server, untraced and traced in several
 * ways. The options are those of the profile {@code bench} in pom.xml.
 */
final class Benchmark implements AutoCloseable {

  private static final Path REPORT = Path.of("target", "bench", "report.md");
  private static final int CONNECTIONS = 16;
  private static final int[] CROWDS = {100, 1000, 2000, 5000, 9500, 10_000};
  private static final int WARM_UP_CROWDS = 10;
  private static final int WARM_UP_VISITORS = 2000;

  private final Duration warmup = Settings.parseDuration(System.getProperty("bench.warmup"));
  private final int seconds = Integer.getInteger("bench.seconds");
  private final int rounds = Integer.getInteger("bench.rounds");
  private final int rate = Integer.getInteger("bench.rate");
  private final int starts = Integer.getInteger("bench.starts");
  private final SpanReceiver receiver = new SpanReceiver();
  private final Table answers = new Table();
  private final Table firstAnswers = new Table();
  private final Table crowds = new Table();

  private Benchmark() throws IOException {}

  public static void main(String[] args) throws Exception {
    Locale.setDefault(Locale.ROOT);
    try (Benchmark benchmark = new Benchmark()) {
      String begun = Instant.now().truncatedTo(ChronoUnit.MINUTES).toString();
      benchmark.measureStarts();
      benchmark.measureAnswers();
      benchmark.measureCrowds();
      String report = benchmark.report(begun);
      Files.writeString(REPORT, report);
      System.out.println("\n" + report);
    }
  }

  @Override
  public void close() throws InterruptedException {
    receiver.close();
  }

  /**
   * In each round, each variant is a new process: what the JIT compiler makes differs each time.
   */
  private void measureAnswers() throws Exception {
    for (int round = 0; round < rounds; round++) {
      List<Variant> variants = new ArrayList<>(Variant.all(receiver));
      if (round % 2 == 1) {
        Collections.reverse(variants);
      }
      for (Variant variant : variants) {
        System.out.println("Round " + (round + 1) + " of " + rounds + ": " + variant.name());
        measureAnswers(variant);
      }
    }
  }

  private void measureAnswers(Variant variant) throws Exception {
    String name = variant.name();
    long receivedBefore = receiver.received();
    try (ServerProcess server = new ServerProcess(variant)) {
      long spans = 1; // Of the first answer.
      try (Load load = new Load(server.port, CONNECTIONS)) {
        spans += load.atFullSpeed(warmup).getTotalCount();
        Thread.sleep(2000);

        Duration cpu = server.cpu();
        Histogram atRate = load.atRate(rate, Duration.ofSeconds(seconds));
        answers.add("µs at the rate", "%.1f", name, micros(server.cpu().minus(cpu), atRate));
        answers.add("p50 ms", "%.2f", name, atRate.getValueAtPercentile(50) / 1e6);
        answers.add("p99 ms", "%.2f", name, atRate.getValueAtPercentile(99) / 1e6);

        cpu = server.cpu();
        Histogram fast = load.atFullSpeed(Duration.ofSeconds(seconds));
        answers.add("µs at full speed", "%.1f", name, micros(server.cpu().minus(cpu), fast));
        answers.add("answers/s", "%.0f", name, (double) fast.getTotalCount() / seconds);
        answers.add("MB", "%.0f", name, server.residentMegabytes());
        spans += atRate.getTotalCount() + fast.getTotalCount();
      }
      if (variant.traced()) {
        Thread.sleep(2000); // Until the last spans are sent, or lost.
        long said = spansSaidToBeLost(server);
        server.stop();
        Thread.sleep(500); // Until the last spans are decoded.
        long received = receiver.received() - receivedBefore;
        answers.add("spans made", "%.0f", name, spans);
        answers.add("received", "%.0f", name, received);
        answers.add("said to be lost", "%.0f", name, said);
        answers.add("lost unsaid", "%.0f", name, spans - received - said);
      }
    }
  }

  /** By Jetty's core handler, the backend and the javaagent; with a start-up cache too. */
  private void measureStarts() throws Exception {
    Variant backend = Variant.byDefault(receiver);
    Variant javaagent = Variant.javaagent(receiver);
    String jettyCache = trainedCache(Variant.CORE);
    String backendCache = trainedCache(backend);
    for (int round = 0; round < starts; round++) {
      System.out.println("Start " + (round + 1) + " of " + starts);
      measureStart(Variant.CORE.name(), Variant.CORE);
      measureStart("backend", backend);
      measureStart(javaagent.name(), javaagent);
      measureStart(Variant.CORE.name() + ", start-up cache", Variant.CORE, jettyCache);
      measureStart("backend, start-up cache", backend, backendCache);
    }
  }

  /** Visits at once through both services, as many as the machine lets them have descriptors. */
  private void measureCrowds() throws Exception {
    // A heap that lets 10,000 requests run at once; what they need of it is what is measured.
    String heap = "-Xmx2600m";
    try (ServerProcess backend = new ServerProcess(Variant.slowBackend(receiver, "2s"), heap);
        ServerProcess frontend =
            new ServerProcess(Variant.frontend(receiver, backend.port), heap)) {
      for (int i = 0; i < WARM_UP_CROWDS; i++) {
        System.out.println("Warm-up crowd " + (i + 1) + " of " + WARM_UP_CROWDS);
        Crowd.visit(frontend.port, WARM_UP_VISITORS);
      }
      for (int visitors : CROWDS) {
        for (int round = 0; round < rounds && visitors <= maxCrowd(); round++) {
          System.out.println("Crowd of " + visitors);
          measureCrowd(visitors + " visits", visitors, backend, frontend);
        }
      }
    }
  }

  private void measureCrowd(
      String name, int visitors, ServerProcess backend, ServerProcess frontend) throws Exception {
    Thread.sleep(2000); // Until the spans of the visits before are received.
    long receivedBefore = receiver.received();
    Duration frontendCpu = frontend.cpu();
    Duration backendCpu = backend.cpu();
    Crowd crowd = Crowd.visit(frontend.port, visitors);
    Thread.sleep(2000);
    Histogram visits = crowd.latencies;
    crowds.add("frontend µs", "%.0f", name, micros(frontend.cpu().minus(frontendCpu), visits));
    crowds.add("backend µs", "%.0f", name, micros(backend.cpu().minus(backendCpu), visits));
    crowds.add("frontend MB", "%.0f", name, frontend.residentMegabytes());
    crowds.add("backend MB", "%.0f", name, backend.residentMegabytes());
    crowds.add("p50 s", "%.2f", name, visits.getValueAtPercentile(50) / 1e9);
    crowds.add("p99 s", "%.2f", name, visits.getValueAtPercentile(99) / 1e9);
    crowds.add("numbers", "%.0f", name, crowd.numbers.size());
    crowds.add("spans received", "%.0f", name, receiver.received() - receivedBefore);
  }

  /** In the frontend each takes two descriptors, and before Java 21 a thread. */
  private static int maxCrowd() {
    long descriptors =
        ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getMaxFileDescriptorCount();
    return (int) Math.min(Runtime.version().feature() < 21 ? 2000 : 10_000, descriptors / 2 - 100);
  }

  private void measureStart(String name, Variant variant, String... options) throws Exception {
    try (ServerProcess server = new ServerProcess(variant, options)) {
      firstAnswers.add("ms", "%.0f", name, server.toFirstAnswer.toNanos() / 1e6);
      firstAnswers.add("MB", "%.0f", name, server.residentMegabytes());
      server.stop();
    }
  }

  /** Makes a cache of the classes of one start and answer; returns the option that uses it. */
  private static String trainedCache(Variant variant) throws Exception {
    boolean aot = Runtime.version().feature() >= 25;
    Path cache = REPORT.resolveSibling(variant.name().replaceAll("\\W+", "-") + ".cache");
    Files.deleteIfExists(cache);
    String training = aot ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=";
    try (ServerProcess server = new ServerProcess(variant, training + cache)) {
      server.stop();
    }
    if (!Files.exists(cache)) {
      throw new IOException(cache + " was not made");
    }
    return (aot ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + cache;
  }

  private static double micros(Duration cpu, Histogram answers) {
    return cpu.toNanos() / 1e3 / answers.getTotalCount();
  }

  /** What /metrics says; a program without it says nothing. */
  private static long spansSaidToBeLost(ServerProcess server) throws IOException {
    URI metrics = URI.create("http://127.0.0.1:" + server.port + "/metrics");
    try (InputStream in = metrics.toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.matches("tracing_spans_total\\{result=\"(dropped|failed)\"} .*"))
          .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' '))))
          .sum();
    }
  }

  private String report(String begun) {
    String base = Variant.UNTRACED.name();
    answers.addRatios("CPU at the rate", "µs at the rate", base);
    answers.addRatios("CPU at full speed", "µs at full speed", base);
    firstAnswers.addRatios("× Jetty", "ms", Variant.CORE.name());
    return """
        # What tracing costs

        %s, JDK %s, %s %s with %d processors. A cell is the median of %d rounds, with the least and the most.
        In each round each program is a new process: %s of warm-up at full speed, then %d s at the rate of
        %d requests/s and %d s at full speed, on %d connections. All spans are sampled but where it says sampler 0.

        CPU time for a request as a ratio to the untraced servlet's in the same round, the same in µs, and how fast
        it was at full speed, where the load generator and the receiver of spans have the same processors:

        %s
        Time to an answer at the rate, from when its request was due; memory at the end; spans made and received
        in all, and how many of the others /metrics says are lost:

        %s
        From the start of the process to the first answer, and memory then (%d starts):

        %s
        Visits at once through both services, each held for 2 s by the backend, after a warm-up: CPU time for a visit,
        memory at the end, how long they took from the first one's arrival, the numbers told, and the spans received:

        %s"""
        .formatted(
            begun,
            Runtime.version(),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            Runtime.getRuntime().availableProcessors(),
            rounds,
            System.getProperty("bench.warmup"),
            seconds,
            rate,
            seconds,
            CONNECTIONS,
            answers.toMarkdown(
                "CPU at the rate",
                "CPU at full speed",
                "µs at the rate",
                "µs at full speed",
                "answers/s"),
            answers.toMarkdown(
                "p50 ms",
                "p99 ms",
                "MB",
                "spans made",
                "received",
                "said to be lost",
                "lost unsaid"),
            starts,
            firstAnswers.toMarkdown("× Jetty", "ms", "MB"),
            crowds.toMarkdown(
                "frontend µs",
                "backend µs",
                "frontend MB",
                "backend MB",
                "p50 s",
                "p99 s",
                "numbers",
                "spans received"));
  }
}
