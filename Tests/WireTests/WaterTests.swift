import Bench
import Bytes
import Testing

@testable import Wire

/// Output: gathering, marks, cap, the time limit of a close.
struct WaterTests {
  @Test func writesAreGathered() {
    let bench = Bench()
    let host = Host(.raw)
    host.onRaw = { conn, bytes in
      conn.write(bytes)
      conn.write("!")
    }
    let peer = bench.open(host)
    peer.feed("a")
    peer.feed("b")
    #expect(peer.sent == "a!b!" && peer.output.writes == 2)
    #expect(peer.conn?.bytesOut == 4 && peer.conn?.bytesIn == 2)
  }

  @Test func nothingWrittenIsNothingSent() {
    let bench = Bench()
    let peer = bench.open(Host(.raw))
    bench.turn { #expect(peer.conn?.write("") == .ok) }
    #expect(peer.output.writes == 0)
  }

  @Test func marks() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    var limits = Limits()
    limits.highWater = 10
    limits.lowWater = 4
    peer.conn?.limits = limits
    bench.turn { peer.conn?.write("0123456789") }
    #expect(host.heard() == ["connected"], "at the mark is not above it")
    #expect(peer.conn?.waiting == 10)
    bench.turn { peer.conn?.write("x") }
    #expect(host.heard() == ["write paused"])
    peer.output.drain(6, peer)
    #expect(host.heard() == [], "five are left")
    peer.output.drain(1, peer)
    bench.turn { peer.conn?.drained() }
    #expect(host.heard() == ["write resumed"])
    #expect(peer.conn?.waiting == 4)
    peer.output.drain(.max, peer)
    #expect(peer.sent == "0123456789x")
  }

  @Test func marksWhileClosing() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
    bench.turn { peer.conn?.close(.ok) }
    peer.output.drain(.max, peer)
    #expect(host.events == ["connected", "write paused", "disconnected 0"])
  }

  /// What a host writes when it is told to go on can bring it above the mark again.
  @Test func producer() {
    let bench = Bench()
    let host = Host(.raw)
    var left = 20
    func produce(_ conn: Conn) {
      while left > 0, !conn.state.contains(.writePaused), conn.waiting <= 65536 {
        left -= 1
        conn.write(String(repeating: "x", count: 10_000))
      }
    }
    host.onConnected = produce
    host.onWriteResumed = produce
    let peer = bench.open(host)
    peer.output.room = 0
    bench.turn()
    var rounds = 0
    while left > 0 || (peer.conn?.waiting ?? 0) > 0, rounds < 100 {
      rounds += 1
      peer.output.drain(9000, peer)
    }
    #expect(peer.output.sent.count == 200_000)
    #expect(host.events.filter { $0 == "write paused" }.count >= 2)
  }

  @Test func overflow() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    var limits = Limits()
    limits.cap = 1000
    peer.conn?.limits = limits
    bench.turn {
      #expect(peer.conn?.write(String(repeating: "x", count: 1000)) == .ok)
      #expect(peer.conn?.write("y") == .overflow)
      #expect(peer.conn?.write("z") == .closed)
    }
    #expect(host.events == ["connected", "disconnected -22"])
    #expect(peer.sent == "")
  }

  @Test func moreThanThereCanBe() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    bench.turn { #expect(peer.conn?.write(mostBytes) { _ in Issue.record("there is no room") } == .overflow) }
    #expect(host.events == ["connected", "disconnected -22"])
  }

  /// The room of a buffer that was used before does not make the cap another.
  @Test func theCap() {
    let bench = Bench()
    let host = Host(.raw)
    var used = ByteBuffer()
    #expect((used.reserve(60_000, limit: 1 << 20)) == true)
    bench.context.pool.give(used)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    var limits = Limits()
    limits.cap = 1000
    peer.conn?.limits = limits
    let piece = String(repeating: "x", count: 300)
    bench.turn {
      for _ in 0..<3 { #expect(peer.conn?.write(piece) == .ok) }
      #expect(peer.conn?.write(piece) == .overflow)
    }
    #expect(host.events.last == "disconnected -22")
  }

  @Test func aTransportThatFails() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.fault = .system(-32)
    peer.feed("")
    bench.turn { peer.conn?.write("x") }
    #expect(host.events == ["connected", "disconnected -1032"])
  }

  // MARK: The time limit of a close

  @Test func closeWaitsForThePeer() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    bench.turn {
      peer.conn?.write("0123456789")
      peer.conn?.close(.ok)
    }
    bench.advance(29_999)
    peer.feed("not heard")
    #expect(host.events == ["connected"])
    #expect(peer.output.readings.last == false)
    peer.output.drain(10, peer)
    #expect(host.events == ["connected", "disconnected 0"])
    #expect(peer.sent == "0123456789")
    bench.advance(100_000)
    #expect(bench.context.timers.count == 0)
  }

  @Test func closeWaitsSoLong() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    var limits = Limits()
    limits.closeTime = 100
    peer.conn?.limits = limits
    bench.turn {
      peer.conn?.write("x")
      peer.conn?.close(.ok)
    }
    bench.advance(99)
    #expect(host.events == ["connected"])
    bench.advance(1)
    #expect(host.events == ["connected", "disconnected -32"])
    #expect(peer.output.closedWith == .timeout)
  }
}
