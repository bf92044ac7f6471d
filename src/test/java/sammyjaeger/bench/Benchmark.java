package sammyjaeger.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Measures what tracing costs: the same request to the same server, untraced and traced in several
 * ways. {@code mvn -Pbench verify} runs it, other builds don't. A short try takes two minutes:
 * {@code mvn -Pbench verify -Dbench.warmup=3 -Dbench.seconds=3 -Dbench.rounds=1 -Dbench.starts=1}.
 * It shows that the benchmark runs, but measures mostly the JIT compiler.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class Benchmark {

  private static final int WARMUP = Integer.getInteger("bench.warmup", 30);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 15);
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int RATE = Integer.getInteger("bench.rate", 2000);
  private static final int STARTS = Integer.getInteger("bench.starts", 7);

  @AutoClose private final SpanReceiver receiver = new SpanReceiver();
  private final Table answers = new Table();
  private final Table starts = new Table();

  Benchmark() throws IOException {
    Locale.setDefault(Locale.ROOT);
    Files.createDirectories(Variant.FOLDER);
    // A start-up cache accepts classes only from jars.
    ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow();
    String arguments = "-cf " + Variant.SERVERS + " -C target/test-classes sammyjaeger/bench";
    jar.run(System.out, System.err, arguments.split(" "));
  }

  @Test
  void writeReport() throws Exception {
    measureStarts();
    measureAnswers();
    String report = report();
    Files.writeString(Variant.FOLDER.resolve("report.md"), report);
    System.out.println("\n" + report);
  }

  private void measureStarts() throws Exception {
    Variant backend = Variant.byDefault(receiver);
    Variant javaagent = Variant.javaagent(receiver);
    String jettyCache = makeCache(Variant.CORE);
    String backendCache = makeCache(backend);
    for (int i = 1; i <= STARTS; i++) {
      System.out.println("Start " + i + " of " + STARTS);
      measureStart(Variant.CORE.name(), Variant.CORE);
      measureStart("backend", backend);
      measureStart(javaagent.name(), javaagent);
      measureStart(Variant.CORE.name() + ", start-up cache", Variant.CORE, jettyCache);
      measureStart("backend, start-up cache", backend, backendCache);
    }
  }

  private void measureStart(String name, Variant variant, String... options) throws Exception {
    try (ServerProcess server = new ServerProcess(variant, options)) {
      starts.add("ms", name, server.toFirstAnswer.toNanos() / 1e6);
      starts.add("MB", name, server.residentMegabytes());
      server.stop();
    }
  }

  /** Makes a cache from one start and one answer, and returns the option that uses it. */
  private static String makeCache(Variant variant) throws Exception {
    boolean aot = Runtime.version().feature() >= 25;
    Path cache = Variant.FOLDER.resolve(variant.name().replaceAll("\\W+", "-") + ".cache");
    Files.deleteIfExists(cache);
    String make = aot ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=";
    try (ServerProcess server = new ServerProcess(variant, make + cache)) {
      server.stop();
    }
    if (!Files.exists(cache)) {
      throw new IOException("The JVM did not write " + cache);
    }
    return (aot ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + cache;
  }

  /** Each round starts new processes, because the JIT compiler decides differently each time. */
  private void measureAnswers() throws Exception {
    List<Variant> variants = new ArrayList<>(Variant.all(receiver));
    for (int round = 1; round <= ROUNDS; round++) {
      for (Variant variant : variants) {
        System.out.println("Round " + round + " of " + ROUNDS + ": " + variant.name());
        measureAnswers(variant);
      }
      Collections.reverse(variants);
    }
  }

  private void measureAnswers(Variant variant) throws Exception {
    String name = variant.name();
    long receivedBefore = receiver.received();
    try (ServerProcess server = new ServerProcess(variant)) {
      int made = 1; // By the first answer.
      try (Load load = new Load(server.port)) {
        made += load.drive(0, WARMUP).length;
        Thread.sleep(2000);

        Duration cpu = server.cpu();
        long[] atRate = load.drive(RATE, SECONDS);
        answers.add("µs at the rate", name, micros(cpu, server.cpu(), atRate.length));
        answers.add("p99 ms", name, atRate[atRate.length * 99 / 100] / 1e6);

        cpu = server.cpu();
        long[] fast = load.drive(0, SECONDS);
        answers.add("µs at full speed", name, micros(cpu, server.cpu(), fast.length));
        answers.add("answers/s", name, fast.length / (double) SECONDS);
        answers.add("MB", name, server.residentMegabytes());
        made += atRate.length + fast.length;
      }
      if (variant.traced()) {
        Thread.sleep(2000); // Until the last spans are sent, or lost.
        answers.add("spans made", name, made);
        answers.add("reported lost", name, server.spansReportedLost());
        server.stop();
        Thread.sleep(500); // Until the last spans are decoded.
        answers.add("received", name, receiver.received() - receivedBefore);
      }
    }
  }

  private static double micros(Duration before, Duration after, int answers) {
    return after.minus(before).toNanos() / 1e3 / answers;
  }

  private String report() {
    answers.addRatios("CPU at the rate", "µs at the rate", Variant.UNTRACED.name());
    answers.addRatios("CPU at full speed", "µs at full speed", Variant.UNTRACED.name());
    String head =
        """
        # What tracing costs

        %s, JDK %s, %d processors, shared by the server, the load generator and the receiver of spans.
        Each cell is the median of %d rounds, with the lowest and the highest. Each round starts each program anew,
        with %d s of warm-up at full speed, %d s at a rate of %d requests/s, and as long at full speed, on 16 connections.

        CPU time of a request, as a ratio to the untraced servlet in the same round and in µs; answers at full speed;
        time to an answer at the rate, counted from when the request was due; memory at the end; spans:

        """;
    return head.formatted(
            LocalDate.now(),
            Runtime.version(),
            Runtime.getRuntime().availableProcessors(),
            ROUNDS,
            WARMUP,
            SECONDS,
            RATE)
        + answers.toMarkdown(
            "CPU at the rate, CPU at full speed, µs at the rate, µs at full speed, answers/s,"
                + " p99 ms, MB, spans made, received, reported lost")
        + ("\nFrom the start of a process to its first answer, and memory then (%d starts):\n\n")
            .formatted(STARTS)
        + starts.toMarkdown("ms, MB");
  }
}
