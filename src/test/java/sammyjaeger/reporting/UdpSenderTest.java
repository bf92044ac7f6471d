package sammyjaeger.reporting;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.reporters.InMemoryReporter;
import io.jaegertracing.internal.samplers.ConstSampler;
import java.util.List;
import org.junit.jupiter.api.Test;
import sammyjaeger.harness.FreePort;
import sammyjaeger.harness.Log;
import sammyjaeger.harness.UdpAgent;

/** What the counts say of each packet, told at the next one. */
class UdpSenderTest {

  private final Log log = new Log();
  private final JaegerTracer tracer =
      new JaegerTracer.Builder("sender")
          .withReporter(new InMemoryReporter())
          .withSampler(new ConstSampler(true))
          .withManualShutdown()
          .build();

  @Test
  void nobodyOnThePort_losesEachPacketButTheLast() throws Exception {
    int port = FreePort.find();
    SpanLoss spanLoss = spanLoss(port);
    UdpSender sender = new UdpSender("localhost", port, spanLoss);
    sendPacket(sender, 1);
    sendPacket(sender, 2);
    sendPacket(sender, 3);
    assertSent(0, spanLoss);
    assertEquals(1, log.lines(":" + port + ", because nobody listens").size());
    sender.close();
    assertSent(3, spanLoss);
  }

  @Test
  void agentThatStartsLate_getsThePacketAfterTheLostOne() throws Exception {
    int port = FreePort.find();
    SpanLoss spanLoss = spanLoss(port);
    UdpSender sender = new UdpSender("localhost", port, spanLoss);
    sendPacket(sender, 1);
    sendPacket(sender, 2);
    try (UdpAgent agent = new UdpAgent(port)) {
      sendPacket(sender, 3);
      assertEquals(List.of(), log.lines(":" + port + " again"));
      sendPacket(sender, 4);
      assertSent(3, spanLoss);
      assertEquals(1, log.lines(":" + port + " again; 3 were lost").size());
      sender.close();
      assertSent(7, spanLoss);
      assertEquals(7, agent.drain().size());
    }
  }

  @Test
  void secondOutage_isCountedOnItsOwn() throws Exception {
    int port = FreePort.find();
    SpanLoss spanLoss = spanLoss(port);
    UdpSender sender = new UdpSender("localhost", port, spanLoss);
    sendPacket(sender, 1);
    try (UdpAgent agent = new UdpAgent(port)) {
      sendPacket(sender, 2);
      sendPacket(sender, 3);
      agent.drain();
    }
    FreePort.awaitClosed(port);
    sendPacket(sender, 4);
    sendPacket(sender, 5);
    try (UdpAgent agent = new UdpAgent(port)) {
      sendPacket(sender, 6);
      sendPacket(sender, 7);
      assertEquals(13, agent.drain().size());
    }
    assertEquals(2, log.lines("don't reach", ":" + port + ", because").size());
    assertEquals(1, log.lines(":" + port + " again; 1 were lost").size());
    assertEquals(1, log.lines(":" + port + " again; 9 were lost").size());
  }

  @Test
  void unknownHost_losesWhatIsAtHandAndSaysSoOnce() throws Exception {
    SpanLoss spanLoss = new SpanLoss("udp://unknown-to-sender");
    UdpSender sender = new UdpSender("no-such-host.invalid", 6831, spanLoss);
    sendPacket(sender, 1);
    sendPacket(sender, 2);
    sender.close();
    assertSent(0, spanLoss);
    assertEquals(1, log.lines("udp://unknown-to-sender, because its host is not known").size());
  }

  /** The network can go away, of which the sender's own close is the nearest that a test has. */
  @Test
  void otherFailure_losesItsOwnPacketAlone() throws Exception {
    try (UdpAgent agent = new UdpAgent()) {
      SpanLoss spanLoss = spanLoss(agent.port());
      UdpSender sender = new UdpSender("localhost", agent.port(), spanLoss);
      sendPacket(sender, 1);
      sender.append(span());
      assertEquals(1, sender.close(), "flushed");
      sendPacket(sender, 2);
      String destination = ":" + agent.port();
      assertEquals(1, log.lines(destination + ", because its host").size());
      spanLoss.sent(1);
      assertEquals(1, log.lines(destination + " again; 2 were lost").size());
    }
  }

  private JaegerSpan span() {
    return tracer.buildSpan("span").start();
  }

  private void sendPacket(UdpSender sender, int spans) throws Exception {
    for (int i = 0; i < spans; i++) {
      sender.append(span());
    }
    sender.flush();
  }

  private static SpanLoss spanLoss(int port) {
    return new SpanLoss("udp://localhost:" + port);
  }

  private static void assertSent(int expected, SpanLoss spanLoss) {
    String counts = spanLoss.summary().replaceAll("\\D+", " ");
    assertEquals(String.valueOf(expected), counts.strip().split(" ")[1], spanLoss::summary);
  }
}
