package sammyjaeger.reporting;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.reporters.LoggingReporter;
import io.jaegertracing.spi.Reporter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sammyjaeger.service.Metrics;

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

  private final ReportingSettings settings;
  private final BlockingQueue<JaegerSpan> queue;
  private final SpanCounts counts;
  private final SpanSender sender;
  private final TraceTrees trees;
  private final Reporter lines = new LoggingReporter();
  private final Thread thread = new Thread(this::run, "span-reporter");
  private volatile boolean closing;

  public SpanReporter(ReportingSettings settings, Metrics metrics) {
    this.settings = settings;
    queue = new ArrayBlockingQueue<>(settings.queue());
    counts = new SpanCounts(settings.destination(), metrics);
    sender =
        settings.endpoint() == null
            ? new UdpSender(settings.agentHost(), settings.agentPort(), counts)
            : new HttpSender(settings, counts);
    trees = new TraceTrees(settings.ascii(), settings.queue());
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void report(JaegerSpan span) {
    counts.finished();
    if (!queue.offer(span)) {
      counts.dropped();
    } else if (queue.size() > queue.remainingCapacity()) {
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
    log.info(counts.summary());
  }

  private void run() {
    long flushNanos = TimeUnit.MILLISECONDS.toNanos(settings.flushMillis());
    long flushedNanos = System.nanoTime();
    boolean last = false;
    while (!last) {
      // Looked at before the queue is, so that what was reported before the close is in it.
      boolean stopping = closing;
      List<JaegerSpan> spans = new ArrayList<>();
      queue.drainTo(spans, MAX_BATCH);
      last = stopping && spans.size() < MAX_BATCH;
      print(spans, last);
      spans.forEach(sender::append);
      if (last || System.nanoTime() - flushedNanos >= flushNanos) {
        sender.flush();
        flushedNanos = System.nanoTime();
      }
      sender.poll();
      counts.sayDropped();
      if (spans.size() < MAX_BATCH && !last) {
        LockSupport.parkNanos(Math.min(PAUSE_NANOS, flushNanos));
      }
    }
    sender.close();
  }

  private void print(List<JaegerSpan> spans, boolean last) {
    if (settings.logSpans().equals("tree")) {
      System.err.print(trees.draw(spans, last));
    } else if (settings.logSpans().equals("true")) {
      spans.forEach(lines::report);
    }
  }
}
