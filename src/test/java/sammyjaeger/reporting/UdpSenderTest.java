package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.UdpAgent;

/** What the reporter sends over UDP, and that what it says of it is true. */
class UdpSenderTest {

  @Test
  void agentThatComesAndGoes_getsAllSpansExceptThoseSaidToBeLost() throws Exception {
    int port = FreePort.find();
    try (ReportedSpans spans = new ReportedSpans("JAEGER_AGENT_PORT", port)) {
      int finished = 0;
      int received = 0;
      for (int lost = 3; lost <= 6; lost += 3) {
        spans.finish(3);
        finished += 3;
        spans.await("failed", lost);
        try (UdpAgent agent = new UdpAgent(port)) {
          while (spans.said("again; " + lost + " were lost so far").isEmpty()) {
            spans.finish(1);
            finished++;
            await(agent, finished - received - lost);
          }
          received += agent.drain().size();
        }
        FreePort.awaitClosed(port);
      }
      spans.assertCounts(finished, received, 6);
      assertEquals(2, spans.said("don't reach").size());
      assertEquals(2, spans.said("again").size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"::1", "[::1]"})
  void ipV6Agent_getsSpans(String host) throws Exception {
    try (DatagramSocket agent = new DatagramSocket(null)) {
      try {
        agent.bind(new InetSocketAddress("::1", 0));
      } catch (IOException e) {
        Assumptions.abort("This machine has no IPv6");
      }
      int port = agent.getLocalPort();
      try (ReportedSpans spans =
          new ReportedSpans("JAEGER_AGENT_HOST", host, "JAEGER_AGENT_PORT", port)) {
        spans.finish(1);
        agent.receive(new DatagramPacket(new byte[1], 1));
        spans.assertCounts(1, 1, 0);
        assertEquals(1, spans.said("udp://[::1]:" + port).size());
      }
    }
  }

  /** Jaeger takes packets of up to 65,000 bytes. */
  @Test
  void longBatch_isSplitIntoPacketsThatJaegerTakes() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        ReportedSpans spans = new ReportedSpans("JAEGER_AGENT_PORT", agent.port())) {
      for (int i = 0; i < 100; i++) {
        spans.finish("x".repeat(2_000));
      }
      spans.finish("x".repeat(65_000));
      spans.finish("x".repeat(64_500));
      spans.assertCounts(102, 101, 1);
      spans.assertLost("a span is too long");
      assertEquals(101, agent.drain().size());
    }
  }

  /** By these words the sender knows that it must split more, as where the limit is 9,216 bytes. */
  @Test
  void packetBeyondTheSystemsLimit_isRefusedAsTooLong() throws Exception {
    try (DatagramChannel channel = DatagramChannel.open()) {
      channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9));
      ByteBuffer packet = ByteBuffer.allocate(1 << 16);
      IOException refused = assertThrows(IOException.class, () -> channel.write(packet));
      assertTrue(refused.getMessage().contains("too long"), refused::toString);
    }
  }

  @Test
  void fullQueue_isSaidAndItsSpansAreLost() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        ReportedSpans spans =
            new ReportedSpans(
                "JAEGER_AGENT_PORT", agent.port(), "JAEGER_REPORTER_MAX_QUEUE_SIZE", "1")) {
      int finished = 0;
      while (spans.count("dropped") == 0) {
        spans.finish(100);
        finished += 100;
      }
      long dropped = spans.count("dropped");
      spans.assertCounts(finished, finished - dropped, dropped);
      spans.assertLost("the reporter's queue is full");
      assertEquals(finished - dropped, agent.drain().size());
    }
  }

  /** While a span waits, others come three times, which takes longer than the reporter's pauses. */
  @Test
  void flushInterval_isHowLongASpanWaits() throws Exception {
    try (UdpAgent agent = new UdpAgent();
        ReportedSpans waiting =
            new ReportedSpans(
                "JAEGER_AGENT_PORT", agent.port(), "JAEGER_REPORTER_FLUSH_INTERVAL", "600000");
        ReportedSpans others =
            new ReportedSpans(
                "JAEGER_AGENT_PORT", agent.port(), "JAEGER_REPORTER_FLUSH_INTERVAL", "100")) {
      waiting.finish(1);
      for (int i = 1; i <= 3; i++) {
        others.finish(1);
        await(agent, i);
      }
      assertEquals(3, agent.received());
      waiting.close();
      assertEquals(4, agent.drain().size());
    }
  }

  private static void await(UdpAgent agent, int received) throws InterruptedException {
    while (agent.received() < received) {
      Thread.sleep(1);
    }
  }
}
