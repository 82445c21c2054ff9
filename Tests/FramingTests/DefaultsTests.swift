import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// What a factory or a framer does that says nothing else.
struct DefaultsTests {
  final class Mute: MessageFactory {
    var ended = false
    init() { super.init(user: nil) }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { Int32Protocol(Int32Framer(longest: 9), self) }
    override func disconnected(_ conn: Conn, _ reason: Reason) {
      super.disconnected(conn, reason)
      ended = reason.status == .tooLong
    }
  }
  final class MuteRaw: MessageFactory {
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { RawProtocol(self) }
  }

  @Test func aFactoryThatSaysNothing() {
    let bench = Bench()
    let mute = Mute()
    let peer = bench.open(mute)
    peer.output.room = 0
    peer.feed([0, 0, 0, 1, 97])
    #expect(peer.conn?.held == 0, "it is taken")
    bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
    peer.output.drain(.max, peer)
    peer.feed([0, 0, 0, 10])
    #expect(mute.ended)
    let other = bench.open(Mute())
    other.end()
    #expect(other.conn == nil)
    let raw = bench.open(MuteRaw(user: nil))
    raw.feed("taken")
    #expect(raw.conn?.held == 0)
  }

  @Test func marksOfFramedProtocols() {
    for host in [Host.lines(), .netstrings(), .strings(2), .strings32()] {
      let bench = Bench()
      host.onReadClosed = { _ in }
      let peer = bench.open(host)
      peer.output.room = 0
      bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
      peer.output.drain(.max, peer)
      peer.end()
      #expect(host.events == ["connected", "write paused", "write resumed", "read closed"])
    }
  }

  @Test func framers() {
    let bytes: [UInt8] = [1, 2, 3]
    let delimiter = Delimiter.of(";")
    guard case .unfinished = LineFramer(delimiter).step(bytes.span.bytes, from: 0) else {
      Issue.record("lines are found by a scan alone")
      return
    }
    withExtendedLifetime(delimiter) {}
    let framer = Int32Framer(longest: 1)
    #expect(framer.end(in: bytes.span.bytes) == 0)
    #expect(!framer.takesAll(100) && !framer.isUnfinished(bytes.span.bytes))
  }
}
