package sammyjaeger.reporting;

import static sammyjaeger.service.Settings.matching;
import static sammyjaeger.service.Settings.wholeNumber;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.reporters.LoggingReporter;
import io.jaegertracing.spi.Reporter;
import io.jaegertracing.thrift.internal.senders.ThriftSender;
import io.jaegertracing.thriftjava.Process;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Metrics;
import sammyjaeger.service.Settings;

/**
 * What becomes of a finished span: a thread prints it and then sends it, so that a request waits
 * for neither, whatever state the terminal and Jaeger are in.
 */
public final class SpanReporter implements Reporter {

  private static final Logger log = LoggerFactory.getLogger(SpanReporter.class);

  /** Spans are taken in batches: to wake the thread for each would cost its request more. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int MAX_BATCH = 1000;

  /** How long a stop may wait for a Jaeger that does not answer. */
  private static final long CLOSE_TIMEOUT_MILLIS = 5000;

  private final Process process;
  private final String print;
  private final TraceTrees trees;
  private final Reporter lines = new LoggingReporter();
  private final long flushNanos;
  private final SpanQueue queue;
  private final SpanLoss spanLoss;
  private final ThriftSender sender;
  private final Thread thread = new Thread(this::run, "span-reporter");
  private volatile int probes;
  private volatile boolean closing;

  public SpanReporter(Settings settings, String serviceName, Metrics metrics) {
    process = new Process(serviceName);
    Destination destination = Destination.read(settings);
    print =
        settings
            .read(
                "JAEGER_REPORTER_LOG_SPANS",
                "tree",
                "print each trace as a tree, log each span (true), or neither",
                matching("tree, true or false", "(?i)tree|true|false"))
            .toLowerCase();
    long maxBytes = Runtime.getRuntime().maxMemory() / 8;
    trees = new TraceTrees(settings, serviceName, maxBytes);
    queue =
        new SpanQueue(
            settings.read(
                "JAEGER_REPORTER_MAX_QUEUE_SIZE",
                "10000",
                "how many spans may wait, in an eighth of the heap at most; more are lost",
                wholeNumber(1, 1_000_000)),
            maxBytes);
    flushNanos =
        TimeUnit.MILLISECONDS.toNanos(
            settings.read(
                "JAEGER_REPORTER_FLUSH_INTERVAL",
                "1000",
                "how many milliseconds a span may wait",
                wholeNumber(1, 600_000)));
    spanLoss = destination.spanLoss();
    spanLoss.addTo(metrics);
    sender = destination.sender();
  }

  public void start() {
    thread.setDaemon(true);
    thread.start();
  }

  /** Sends batches without spans, so that the log says at once if nobody takes them. */
  public void probe() {
    // By UDP, what became of the first is known when the second is sent.
    probes = sender instanceof UdpSender ? 2 : 1;
  }

  /** Where spans go, as the log shows it. */
  public String destination() {
    return spanLoss.destination;
  }

  @Override
  public void report(JaegerSpan span) {
    spanLoss.finished();
    if (!queue.offer(span)) {
      spanLoss.dropped();
    } else if (queue.isHalfFull()) {
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(CLOSE_TIMEOUT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    log.info(spanLoss.summary());
  }

  private void run() {
    long flushedNanos = System.nanoTime();
    boolean last = false;
    while (!last) {
      // Looked at before the queue is, so that what was reported before the close is in it.
      boolean stopping = closing;
      List<JaegerSpan> spans = queue.take(MAX_BATCH);
      last = stopping && spans.size() < MAX_BATCH;
      print(spans, last);
      for (JaegerSpan span : spans) {
        send(() -> sender.append(span));
      }
      if (probes > 0) {
        probes--;
        send(
            () -> {
              sender.send(process, List.of());
              return 0;
            });
      }
      if (System.nanoTime() - flushedNanos >= flushNanos) {
        send(sender::flush);
        flushedNanos = System.nanoTime();
      }
      if (spans.size() < MAX_BATCH && !last) {
        LockSupport.parkNanos(Math.min(PAUSE_NANOS, flushNanos));
      }
    }
    send(sender::close);
  }

  private void print(List<JaegerSpan> spans, boolean last) {
    try {
      switch (print) {
        case "tree" -> spans.forEach(trees::add);
        case "true" -> spans.forEach(lines::report);
        default -> {}
      }
      String text = trees.take(last);
      if (!text.isEmpty()) {
        System.err.print(text);
      }
    } catch (RuntimeException e) {
      log.warn("Spans could not be printed: {}", e.toString());
    }
  }

  /** Counts a span that the sender refuses; those that it takes, it counts itself. */
  private void send(Callable<Integer> sending) {
    try {
      sending.call();
    } catch (Exception e) {
      spanLoss.lost(1, "one of them can't be encoded, or is too long");
    }
  }
}
