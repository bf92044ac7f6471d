package sammyjaeger;

/** x. */
public final class Backend {
  private Backend() {}

  /** x. */
  public static void main(String[] args) {
    System.out.println("b");
  }
}
