import Bench
import Bytes
import CSystem
import Testing
import Wire

@testable import Reactor

/// A conn that is closed while its peer still sends: what comes is read away, so that the peer gets the end of what was sent.
struct LingeringTests {
  /// A server that answers and closes while there is more to read, and a client that hears it and goes on sending.
  final class Pair {
    let bench: LoopBench
    let server = Host(.raw)
    let client = Host(.raw)
    var outcome: LoopBench.Outcome
    var conn: Conn? { bench.conn(outcome.conn) }
    var served: UInt64 = 0

    init(manualClock: Bool = false) {
      bench = LoopBench(manualClock: manualClock)
      outcome = LoopBench.Outcome()
      client.onReadClosed = { _ in }
      server.onConnected = { [unowned self] conn in
        served = conn.id
        _ = conn.pause()
      }
      client.onConnected = { $0.write("more") }
      let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
      outcome = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", client)
    }

    /// Turns without a clock, as often as that may need.
    func until(_ isSo: () -> Bool) -> Bool {
      for _ in 0..<10_000 where !isSo() { bench.turn(bench.loop.manualTime == nil ? 10 : 1) }
      return isSo()
    }

    func close() {
      #expect(until { server.events == ["connected"] && outcome.status == .ok })
      bench.turn(0) {
        bench.conn(served)?.write("the end")
        bench.conn(served)?.close(.ok)
      }
    }
  }

  @Test func untilThePeerEnds() {
    let pair = Pair()
    pair.close()
    #expect(pair.until { pair.client.events.count == 3 })
    #expect(pair.client.events == ["connected", "raw the end", "read closed"])
    #expect(pair.server.events == ["connected", "disconnected 0"])
    #expect(pair.bench.loop.lingering.count == 1)
    pair.bench.turn(0) { pair.conn?.write("still more") }
    pair.bench.turn(0) { pair.conn?.close(.ok) }
    #expect(pair.until { pair.bench.loop.lingering.isEmpty })
    #expect(pair.client.events.last == "disconnected 0")
  }

  @Test func notForEver() {
    let pair = Pair(manualClock: true)
    pair.close()
    #expect(pair.until { pair.client.events.count == 3 })
    pair.bench.bench.advance(Lingering.time - 1)
    #expect(pair.bench.loop.lingering.count == 1)
    pair.bench.bench.advance(1)
    #expect(pair.bench.loop.lingering.isEmpty)
    #expect(pair.bench.bench.alive == 2, "the listener and the client, whose side is open")
  }

  @Test func notBeyondTheReactor() {
    let pair = Pair()
    pair.close()
    #expect(pair.bench.loop.lingering.count == 1)
    pair.bench.end()
    #expect(pair.client.events.last == "disconnected -31")
    #expect(pair.bench.loop.lingering.isEmpty)
  }
}
