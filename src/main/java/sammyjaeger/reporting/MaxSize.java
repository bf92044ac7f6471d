package sammyjaeger.reporting;

import io.jaegertracing.thriftjava.Span;
import io.jaegertracing.thriftjava.Tag;

/**
 * How many bytes a span takes at most, in either protocol of Thrift. To know how many exactly, the
 * client encodes each span twice; so it is asked only for large ones, and for those with logs or
 * references.
 */
final class MaxSize {

  /** Larger ones would leave much of a packet empty. */
  static final int SMALL = 4096;

  private static final int SPAN = 128;
  private static final int TAG = 48;

  /** The most that UTF-8 takes for a char. */
  private static final int CHAR = 3;

  private MaxSize() {}

  /** At most so many bytes; more than {@link #SMALL} for a span with logs or references. */
  static int of(Span span) {
    if (span.getLogsSize() + span.getReferencesSize() > 0) {
      return Integer.MAX_VALUE;
    }
    int size = SPAN + CHAR * span.getOperationName().length();
    for (Tag tag : span.getTags()) {
      size += TAG + CHAR * tag.getKey().length();
      size += tag.isSetVStr() ? CHAR * tag.getVStr().length() : 0;
    }
    return size;
  }
}
