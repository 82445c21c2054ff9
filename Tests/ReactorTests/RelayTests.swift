import Bench
import Bytes
import Testing
import Wire

@testable import Reactor

/// Two conns in the middle, whose bytes go from one to the other by way of a pipe.
struct RelayTests {
  final class Middle {
    let bench = LoopBench()
    let host = Host(.raw)
    let (left, right) = (Host(.raw), Host(.raw))
    var conns: [UInt64] = []
    /// What came by way of the protocols, since the other side took nothing.
    var copied = 0
    var got = ""
    var wasFull = false
    var hasEnded = false
    var ends: (UInt64, UInt64) = (0, 0)

    init() {
      host.isCounting = true
      right.isCounting = true
      // Weak: the bench ends what is left when this is gone.
      host.onConnected = { [weak self] in self?.conns.append($0.id) }
      host.onRaw = { [weak self] conn, bytes in
        self?.copied += bytes.utf8.count
        self?.other(conn)?.write(bytes)
      }
      host.onReadClosed = { [weak self] conn in _ = self?.other(conn)?.closeWrite() }
      host.onWritePaused = { [weak self] conn in
        self?.wasFull = true
        _ = self?.other(conn)?.pause()
      }
      host.onWriteResumed = { [weak self] conn in _ = self?.other(conn)?.resume() }
      host.onDisconnected = { [weak self] conn in
        conn.transport.relay(to: nil)
        guard let other = self?.other(conn) else { return }
        other.transport.relay(to: nil)
        other.close(.ok)
      }
      right.onReadClosed = { [weak self] _ in self?.hasEnded = true }
      right.onRaw = { [weak self] _, bytes in self?.got += bytes }
      let listener = bench.listen("tcp:0:interface=127.0.0.1", host)
      let endpoint = "tcp:127.0.0.1:\(LoopBench.port(listener))"
      let (one, two) = (bench.connect(endpoint, left), bench.connect(endpoint, right))
      #expect(bench.until { conns.count == 2 && one.status == .ok && two.status == .ok })
      ends = (one.conn, two.conn)
      // Which of them is whose: both ends of a connection know the same ports.
      if port(conns[0], { $0.peer(&$1) }) != port(ends.0, { $0.local(&$1) }) { conns.reverse() }
      bench.turn(0) {
        guard let near = bench.conn(conns[0]), let far = bench.conn(conns[1]) else { return }
        near.transport.relay(to: far.transport)
        far.transport.relay(to: near.transport)
      }
    }

    func other(_ conn: Conn) -> Conn? { bench.conn(conns[0] == conn.id ? conns[1] : conns[0]) }

    /// The port at either end of a conn.
    func port(_ id: UInt64, _ end: (Conn, inout Address) -> Status) -> UInt32 {
      var address = Address()
      guard let conn = bench.conn(id), end(conn, &address) == .ok else { return 0 }
      return LoopBench.port(&address)
    }

    func send(_ text: String) { bench.turn(0) { bench.conn(ends.0)?.write(text) } }
  }

  @Test func allGoesPastTheProtocols() {
    let middle = Middle()
    let text = String(repeating: "0123456789", count: 20_000)
    for _ in 0..<5 { middle.send(text) }
    #expect(middle.bench.until { middle.got.utf8.count == 1_000_000 })
    #expect(middle.got == String(repeating: text, count: 5))
    middle.bench.turn(0) { middle.bench.conn(middle.ends.1)?.write("back") }
    #expect(middle.bench.until { middle.left.events.contains("raw back") })
    #expect(middle.copied == 0)
  }

  @Test func whoTakesNothingLosesNothing() {
    let middle = Middle()
    let text = String(repeating: "abcdefghij", count: 100_000)
    middle.bench.turn(0) { _ = middle.bench.conn(middle.ends.1)?.pause() }
    for _ in 0..<12 { middle.send(text) }
    #expect(middle.bench.until { middle.wasFull })
    #expect(middle.got.isEmpty)
    middle.bench.turn(0) { _ = middle.bench.conn(middle.ends.1)?.resume() }
    #expect(middle.bench.until { middle.got.utf8.count == 12_000_000 })
    #expect(middle.got == String(repeating: text, count: 12))
  }

  @Test func ends() {
    let middle = Middle()
    middle.send("last")
    middle.bench.turn(0) { _ = middle.bench.conn(middle.ends.0)?.closeWrite() }
    #expect(middle.bench.until { middle.hasEnded })
    #expect(middle.got == "last")
    middle.bench.turn(0) { middle.bench.conn(middle.ends.1)?.close(.ok) }
    #expect(middle.bench.until { middle.left.events.last == "disconnected 0" && middle.bench.bench.alive == 1 })
  }

  /// What lies in the pipe is lost with the one that it was for.
  @Test func theOtherSideIsGone() {
    let middle = Middle()
    middle.bench.turn(0) { middle.bench.conn(middle.ends.1)?.abort(.aborted) }
    middle.send(String(repeating: "x", count: 1_000_000))
    #expect(middle.bench.until { middle.left.events.last?.hasPrefix("disconnected") == true })
    #expect(middle.bench.until { middle.bench.bench.alive == 1 })
  }

  @Test func toItselfIsNoRelay() {
    let middle = Middle()
    middle.bench.turn(0) {
      guard let near = middle.bench.conn(middle.conns[0]) else { return }
      near.transport.relay(to: near.transport)
    }
    middle.send("seen")
    #expect(middle.bench.until { middle.got == "seen" })
    #expect(middle.copied == 4)
  }
}
