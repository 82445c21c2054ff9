import Bench
import Bytes
import Framing
import Testing
import Wire

@testable import Loopback

/// Two ends that talk with each other.
struct LoopbackTests {
  /// The two, and all that both have heard, in order.
  final class Talk {
    let bench = Bench()
    let server = Host(.raw)
    let client = Host(.raw)
    var log: [String] = []
    var endings: [String] = []
    var call: Loopback?

    init() {
      for (host, letter) in [(server, "S"), (client, "C")] {
        host.onConnected = { _ in self.log.append("\(letter) connected") }
        host.onRaw = { _, bytes in self.log.append("\(letter) \(bytes)") }
        host.onDisconnected = { _ in self.log.append(letter + " " + (host.events.last ?? "")) }
      }
    }

    @discardableResult func begin(_ policy: PumpPolicy = PumpPolicy(), isByHand: Bool = false) -> Status {
      let call = Loopback(bench.context, policy, isByHand: isByHand) { _, server, client in
        self.endings.append("\(server.status) \(client.status)")
      }
      self.call = call
      let status = call.begin(server, client)
      if status == .ok { bench.turn() }
      return status
    }
    func on(_ id: UInt64?, _ body: (Conn) -> Void) {
      bench.turn {
        guard let id, let object = bench.context.ids.find(id, Kind.conn) else { return }
        body(Unmanaged<Conn>.fromOpaque(object).takeUnretainedValue())
      }
    }
    func heard() -> [String] {
      defer { log = [] }
      return log
    }
  }

  /// A write is a piece of its own, whatever it is gathered with; through a layer, too.
  @Test(arguments: [false, true]) func writesAreKeptApart(_ hasLayer: Bool) {
    let talk = Talk()
    if hasLayer { talk.client.layers = [Layer()] }
    talk.begin()
    #expect(talk.heard() == ["S connected", "C connected"])
    talk.on(talk.call?.client) { conn in
      for word in ["a", "bcd", "", "ef"] { conn.write(word) }
      #expect(conn.waiting == 6)
    }
    #expect(talk.heard() == ["S a", "S bcd", "S ef"])
  }

  /// So many that a recursion would be too deep.
  @Test func manyWrites() {
    let talk = Talk()
    talk.server.isCounting = true
    talk.server.onRaw = { _, _ in }
    talk.begin()
    talk.on(talk.call?.client) { conn in for _ in 0..<20_000 { conn.write("x") } }
    #expect(talk.server.count == 20_001)
  }

  @Test func theCapHolds() {
    let talk = Talk()
    talk.begin()
    talk.on(talk.call?.client) { conn in
      var limits = Limits()
      (limits.highWater, limits.lowWater, limits.cap) = (4, 2, 10)
      conn.limits = limits
      #expect(conn.write("0123456789") == .ok)
      #expect(conn.write("!") == .overflow)
    }
    #expect(talk.heard().suffix(2) == ["S disconnected -1104", "C disconnected -22"])
    #expect(talk.endings == ["-1104 -22"])
  }

  /// A protocol above a framer that is fed byte by byte hears the same.
  @Test func framed() {
    let bench = Bench()
    let (server, client) = (Host.lines(), Host.lines())
    server.onMessage = { conn, line in conn.write(line + "!\r\n") }
    client.onConnected = { $0.write("one\r\ntwo\r\n") }
    let call = Loopback(bench.context, PumpPolicy(.byteByByte), isByHand: false) { _, _, _ in }
    #expect(call.begin(server, client) == .ok)
    bench.turn()
    #expect(client.events == ["connected", "one!", "two!"])
  }

  @Test func refusedByOne() {
    for isServer in [true, false] {
      let talk = Talk()
      (isServer ? talk.server : talk.client).isWilling = false
      #expect(talk.begin() == .refused)
      talk.bench.turn()
      #expect(talk.log.isEmpty && talk.bench.alive == 0)
    }
  }

  /// What a layer says at the close is delivered, too, before anybody hears the end.
  @Test func lastWords() {
    final class Farewell: Layer {
      var words = ""
      override func closing(_ conn: Conn, _ place: Int) {
        words = "bye"
        conn.needFlush()
      }
      override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
        _ = block.append(Array(words.utf8).span.bytes, limit: 100)
        words = ""
      }
    }
    let talk = Talk()
    talk.client.layers = [Farewell()]
    talk.begin()
    talk.on(talk.call?.client) { conn in
      conn.write("the end")
      conn.close(.ok)
    }
    #expect(
      talk.heard() == [
        "S connected", "C connected", "S the end", "S bye", "S disconnected 0", "C disconnected 0",
      ])
    talk.bench.turn()
    #expect(talk.bench.alive == 0 && talk.endings == ["0 0"])
  }

  /// A reason of one's own is one's own; to the other it is an end in good order.
  @Test func reasons() {
    for isServer in [true, false] {
      let talk = Talk()
      talk.begin()
      talk.on(isServer ? talk.call?.server : talk.call?.client) { $0.close(.malformed) }
      #expect(talk.endings == [isServer ? "-51 0" : "0 -51"])
    }
    let talk = Talk()
    talk.begin()
    talk.on(talk.call?.server) { $0.close(.malformed) }
    #expect(talk.log.suffix(2) == ["S disconnected -51", "C disconnected 0"])
  }

  /// Both half-close: that is the end.
  @Test func bothHalves() {
    let talk = Talk()
    talk.server.onReadClosed = { conn in
      conn.write("last")
      _ = conn.closeWrite()
    }
    talk.client.onReadClosed = { _ in }
    talk.begin()
    talk.on(talk.call?.client) { _ = $0.closeWrite() }
    #expect(talk.heard() == ["S connected", "C connected", "C last", "S disconnected 0", "C disconnected 0"])
  }

  /// A delay goes by the manual clock, and keeps what is written later for later.
  @Test func delayed() {
    let talk = Talk()
    talk.begin(PumpPolicy(.collapsing, delay: 10))
    talk.on(talk.call?.client) { $0.write("a") }
    talk.bench.advance(5)
    talk.on(talk.call?.client) { $0.write("b") }
    talk.on(talk.call?.server) { $0.write("c") }
    #expect(talk.heard() == ["S connected", "C connected"])
    talk.bench.advance(5)
    #expect(talk.heard() == ["S a"])
    talk.bench.advance(5)
    #expect(talk.heard() == ["C c", "S b"])
  }

  /// Two that never stop share the turns with everybody else.
  @Test func withoutEnd() {
    let talk = Talk()
    talk.server.isCounting = true
    talk.server.onRaw = { conn, bytes in conn.write(bytes) }
    talk.client.onRaw = { conn, bytes in conn.write(bytes) }
    talk.client.onConnected = { $0.write("x") }
    talk.begin()
    let before = talk.server.count
    #expect(before > 1 && before < 1000)
    talk.bench.turn()
    #expect(talk.server.count > before)
  }

  @Test func everyWayOfCutting() {
    for count in [1, 2, 3, 10, 40] {
      var index = 0
      var seen: Set<String> = []
      while var way = Chunking.at(index, count, mostTwo: 0, randoms: 5, seed: 9) {
        var sizes: [Int] = []
        while sizes.reduce(0, +) < count { sizes.append(way.next(sizes.reduce(0, +), count)) }
        #expect(sizes.reduce(0, +) == count && !sizes.contains(0))
        if way.cut == .two { seen.insert("\(sizes)") }
        index += 1
      }
      #expect(index == 2 + count - 1 + 16 + 5 && seen.count == count - 1)
    }
    let cuts = (2..<7).compactMap { Chunking.at($0, 100, mostTwo: 5, randoms: 0, seed: 1)?.parameter }
    #expect(cuts == [1, 25, 50, 74, 99])
  }
}
