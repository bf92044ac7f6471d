package sammyjaeger.harness;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Calls that are made at the same time. */
public final class Concurrently {

  private Concurrently() {}

  /** Makes all calls, each in a thread of its own, and returns what they return. */
  public static <T> List<T> call(List<Callable<T>> calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(calls.size());
    try {
      List<T> answers = new ArrayList<>();
      for (Future<T> answer : threads.invokeAll(calls)) {
        answers.add(answer.get());
      }
      return answers;
    } finally {
      threads.shutdownNow();
    }
  }

  /** Makes the same call many times. */
  public static <T> List<T> call(int times, Callable<T> call) throws Exception {
    return call(Collections.nCopies(times, call));
  }
}
