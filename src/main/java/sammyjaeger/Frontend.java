package sammyjaeger;

/** x. */
public final class Frontend {
  private Frontend() {}

  /** x. */
  public static void main(String[] args) {
    System.out.println("b");
  }
}
