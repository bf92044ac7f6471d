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
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.thrift.TException;
import org.apache.thrift.TSerializer;
import org.apache.thrift.protocol.TCompactProtocol;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.UdpAgent;

/** What the reporter sends over UDP, and that it says the truth of it. */
class UdpSenderTest {

  private static final int MAX_PACKET_BYTES = 65_000;

  @Test
  void nobodyOnThePort_losesEverySpanInOneOutage() throws Exception {
    try (ReportedSpans spans = new ReportedSpans("JAEGER_AGENT_PORT", FreePort.find())) {
      for (int lost = 1; lost <= 5; lost++) {
        spans.finish(1);
        spans.await("failed", lost);
      }
      spans.assertLost("nobody listens there");
      spans.assertCounts(5, 0, 5);
    }
  }

  @Test
  void lastPacketToNobody_isLostToo() throws Exception {
    try (ReportedSpans spans = new ReportedSpans("JAEGER_AGENT_PORT", FreePort.find())) {
      spans.finish(3);
      spans.assertCounts(3, 0, 3);
      spans.assertLost("nobody listens there");
    }
  }

  @Test
  void agentThatComesAndGoes_getsAllSpansExceptThoseSaidToBeLost() throws Exception {
    int port = FreePort.find();
    try (ReportedSpans spans = new ReportedSpans("JAEGER_AGENT_PORT", port)) {
      int finished = 0;
      int received = 0;
      for (int outage = 1; outage <= 2; outage++) {
        spans.finish(3);
        spans.await("failed", 3 * outage);
        try (UdpAgent agent = new UdpAgent(port)) {
          spans.finish(2);
          int since = 2;
          while (spans.said("again; " + 3 * outage + " were lost so far").isEmpty()) {
            spans.finish(1);
            since++;
            while (agent.received() < since) {
              Thread.sleep(1);
            }
          }
          finished += 3 + since;
          received += agent.drain().size();
        }
        FreePort.awaitClosed(port);
      }
      assertEquals(finished - 6, received);
      assertEquals(2, spans.said("don't reach").size());
      assertEquals(2, spans.said("again").size());
      spans.assertCounts(finished, received, 6);
    }
  }

  @Test
  void unknownHost_losesEverySpanInOneOutage() throws Exception {
    int port = FreePort.find();
    try (ReportedSpans spans =
        new ReportedSpans("JAEGER_AGENT_HOST", "no-such-host.invalid", "JAEGER_AGENT_PORT", port)) {
      spans.finish(2);
      spans.await("failed", 2);
      spans.finish(1);
      spans.assertCounts(3, 0, 3);
      spans.assertLost("it has a host name that is not known");
    }
  }

  @Test
  void ipV6Agent_getsSpans() throws Exception {
    InetSocketAddress loopback = new InetSocketAddress("::1", 0);
    try (DatagramSocket agent = new DatagramSocket(null)) {
      try {
        agent.bind(loopback);
      } catch (IOException e) {
        Assumptions.abort("This machine has no IPv6");
      }
      int port = agent.getLocalPort();
      for (String host : List.of("::1", "[::1]")) {
        try (ReportedSpans spans =
            new ReportedSpans("JAEGER_AGENT_HOST", host, "JAEGER_AGENT_PORT", port)) {
          spans.finish(1);
          DatagramPacket packet = new DatagramPacket(new byte[MAX_PACKET_BYTES], MAX_PACKET_BYTES);
          agent.receive(packet);
          assertTrue(packet.getLength() > 1);
          spans.assertCounts(1, 1, 0);
          assertEquals(1, spans.said("udp://[::1]:" + port).size());
        }
      }
    }
  }

  /** Jaeger takes no longer packets. */
  @Test
  void longBatch_isSplitIntoPacketsThatTheAgentTakes() throws Exception {
    List<Integer> packets = new CopyOnWriteArrayList<>();
    AtomicLong received = new AtomicLong();
    try (UdpAgent agent =
            new UdpAgent(
                0,
                batch -> {
                  try {
                    TSerializer compact = new TSerializer(new TCompactProtocol.Factory());
                    packets.add(compact.serialize(batch).length);
                    received.addAndGet(batch.getSpansSize());
                  } catch (TException e) {
                    throw new IllegalStateException(e);
                  }
                });
        ReportedSpans spans = new ReportedSpans("JAEGER_AGENT_PORT", agent.port())) {
      for (int i = 0; i < 150; i++) {
        spans.finish("x".repeat(2_000));
      }
      spans.finish("x".repeat(MAX_PACKET_BYTES));
      spans.finish("x".repeat(64_000));
      spans.assertCounts(152, 151, 1);
      spans.assertLost("a span is too long");
      agent.drain();
      assertEquals(151, received.get());
      packets.forEach(bytes -> assertTrue(bytes < MAX_PACKET_BYTES, packets::toString));
    }
  }

  /** Some allow only 9,216 bytes; no system has a lower limit that a test could set. */
  @Test
  void packetThatTheSystemRefuses_isSaidToBeTooLong() throws Exception {
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

  /** While a span waits, others come three times. */
  @Test
  void flushInterval_isHowLongASpanWaits() throws Exception {
    try (UdpAgent patient = new UdpAgent();
        UdpAgent agent = new UdpAgent();
        ReportedSpans waiting =
            new ReportedSpans(
                "JAEGER_AGENT_PORT", patient.port(), "JAEGER_REPORTER_FLUSH_INTERVAL", "600000");
        ReportedSpans others = new ReportedSpans("JAEGER_AGENT_PORT", agent.port())) {
      waiting.finish(1);
      for (int i = 1; i <= 3; i++) {
        others.finish(1);
        while (agent.received() < i) {
          Thread.sleep(1);
        }
      }
      assertEquals(0, patient.received());
      waiting.assertCounts(1, 1, 0);
      assertEquals(1, patient.drain().size());
    }
  }
}
