package sammyjaeger;

/** Why a service could not start, in one line for the person who started it. */
final class StartupException extends Exception {

  private static final long serialVersionUID = 1;

  StartupException(String message) {
    super(message);
  }
}
