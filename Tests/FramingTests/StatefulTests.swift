import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// Handlers and counts.
struct StatefulTests {
  /// A digit says how many bytes follow; they are noted, and then the next digit is wanted.
  final class Counting: MessageFactory {
    var events: [String] = []
    var onBytes: (Conn, StatefulProtocol, String) -> Void = { conn, stateful, bytes in
      if stateful.label == 1, let digit = UInt8(bytes.utf8.first ?? 0).digit {
        stateful.set(2, digit, conn)
      } else {
        stateful.set(1, 1, conn)
      }
    }

    init() { super.init(user: nil) }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { StatefulProtocol(self, 1, 1) }
    var marks: [String] = []
    override func writePaused(_ conn: Conn) { marks.append("write paused") }
    override func writeResumed(_ conn: Conn) { marks.append("write resumed") }
    override func readClosed(_ conn: Conn) -> Bool {
      marks.append("read closed")
      return true
    }
    override func disconnected(_ conn: Conn, _ reason: Reason) { events.append("disconnected \(reason.status)") }
    override func takeRaw(_ bytes: RawSpan, _ conn: Conn) {
      let bytes = text(bytes)
      events.append(bytes)
      _ = conn.speaking(Tag.stateful) { (stateful: StatefulProtocol) in
        onBytes(conn, stateful, bytes)
        return .ok
      }
    }
  }

  @Test func everySplit() {
    let stream = Array("3abc01x9123456789".utf8)
    let wanted = ["3", "abc", "0", "", "1", "x", "9", "123456789"]
    for cut in 0...stream.count {
      let (bench, host) = (Bench(), Counting())
      let peer = bench.open(host)
      peer.feed(stream[..<cut])
      peer.feed(stream[cut...])
      #expect(host.events == wanted, "cut at \(cut)")
      #expect(peer.conn?.held == 0)
    }
    for size in 1...5 {
      let (bench, host) = (Bench(), Counting())
      let peer = bench.open(host)
      for at in stride(from: 0, to: stream.count, by: size) { peer.feed(stream[at..<min(at + size, stream.count)]) }
      #expect(host.events == wanted, "pieces of \(size)")
    }
  }

  /// What was asked for is smaller than what is held, and larger, and what arrives completes it in the same call.
  @Test func changedOutside() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    peer.feed("9abcde")
    func set(_ label: UInt, _ wanted: Int) {
      bench.turn {
        guard let conn = peer.conn else { return }
        _ = conn.speaking(Tag.stateful) { (stateful: StatefulProtocol) in
          stateful.set(label, wanted, conn)
          return .ok
        }
      }
    }
    set(2, 3)
    #expect(host.events == ["9", "abc", "d", "e"])
    set(2, 4)
    peer.feed("fgh2xy")
    #expect(host.events == ["9", "abc", "d", "e", "fgh2", "x", "y"])
  }

  @Test func pausedInBetween() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    let go = host.onBytes
    host.onBytes = { conn, stateful, bytes in
      go(conn, stateful, bytes)
      if bytes == "ab" { _ = conn.pause() }
    }
    peer.feed("2ab1c")
    #expect(host.events == ["2", "ab"] && peer.conn?.held == 2)
    peer.feed("1d")
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.events == ["2", "ab", "1", "c", "1", "d"])
  }

  @Test func closedInBetween() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    host.onBytes = { conn, _, _ in conn.close(.ok) }
    peer.feed("2ab")
    bench.turn()
    #expect(host.events == ["2", "disconnected 0"])
  }

  /// What was held until now is looked at once more, and then it is over.
  @Test func closedWithSomethingHeld() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    peer.feed("3a")
    host.onBytes = { conn, _, _ in conn.close(.ok) }
    peer.feed("bcd")
    #expect(host.events == ["3", "abc", "disconnected 0"])
  }

  /// A state that is set while the conn is paused waits with it.
  @Test func setWhilePaused() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    peer.feed("3a")
    bench.turn {
      guard let conn = peer.conn else { return }
      _ = conn.pause()
      _ = conn.speaking(Tag.stateful) { (stateful: StatefulProtocol) in
        stateful.set(2, 1, conn)
        return .ok
      }
    }
    #expect(host.events == ["3"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.events == ["3", "a"])
  }

  @Test func tooMuchHeld() {
    let (bench, host) = (Bench(), Counting())
    bench.context.mostHeld = 5
    let peer = bench.open(host)
    peer.feed("9abcde")
    #expect(peer.conn?.held == 5)
    peer.feed("f")
    #expect(host.events == ["9", "disconnected \(Status.overflow)"])
  }

  /// Another protocol gets what is held.
  @Test func handedOn() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    peer.feed("9a line")
    let next = Host.lines()
    bench.turn { #expect(peer.conn?.replace(by: next) == .ok) }
    peer.feed("\r\n")
    #expect(next.events == ["connected", "a line"])
  }

  @Test func marks() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    peer.output.room = 0
    bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
    peer.output.drain(.max, peer)
    peer.end()
    #expect(host.marks == ["write paused", "write resumed", "read closed"])
  }

  @Test func nothingForEver() {
    let (bench, host) = (Bench(), Counting())
    let peer = bench.open(host)
    host.onBytes = { conn, stateful, _ in stateful.set(1, 0, conn) }
    peer.feed("x")
    #expect(host.events.count == 1 + StatefulProtocol.mostIdle + 1 && host.events.last == "disconnected -1")
  }
}
