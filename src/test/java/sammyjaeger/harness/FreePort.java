package sammyjaeger.harness;

import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.PortUnreachableException;
import java.net.Socket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Ports on which nobody listens. */
public final class FreePort {

  private static final int FIRST = 10_000;
  private static final int COUNT = 22_000;

  private static final AtomicInteger next =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

  private FreePort() {}

  /**
   * A port on which nobody listens, another at each call, and below those that the system gives to
   * clients. It is asked, not opened and closed: a process that another test starts at that time
   * would have it open until it closes what it inherits.
   */
  public static int find() {
    int port;
    do {
      port = FIRST + next.getAndIncrement() % COUNT;
    } while (!refusesTcp(port) || !refusesUdp(port));
    return port;
  }

  /** Waits until nobody listens for UDP on a port that has just been closed. */
  public static void awaitClosed(int port) {
    while (!refusesUdp(port)) {}
  }

  private static boolean refusesTcp(int port) {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return false;
    } catch (IOException e) {
      return e instanceof ConnectException;
    }
  }

  private static boolean refusesUdp(int port) {
    try (DatagramSocket client = new DatagramSocket()) {
      client.connect(InetAddress.getLoopbackAddress(), port);
      client.setSoTimeout(100);
      client.send(new DatagramPacket(new byte[1], 1));
      client.receive(new DatagramPacket(new byte[1], 1));
      return false;
    } catch (IOException e) {
      return e instanceof PortUnreachableException; // Or else it is a time-out.
    }
  }
}
