import Bench
import Bytes
import CSystem
import Testing
import Wire

@testable import Reactor

/// Connecting to names and addresses; happy eyeballs.
struct ConnectingTests {
  func addresses(_ hosts: [String]) -> [csystem_address] {
    hosts.map { host in
      var address = csystem_address()
      #expect(csystem_address_parse(&address, host, 0, 80) == 0)
      return address
    }
  }
  func hosts(_ all: [csystem_address]) -> [String] {
    all.map { address in
      var address = address
      var host = [CChar](repeating: 0, count: 112)
      var port: UInt32 = 0
      var scope: UInt32 = 0
      csystem_address_text(&address, &host, &port, &scope)
      return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The families in turn, beginning with the system's first (RFC 8305 §4).
  @Test func alternation() {
    let cases: [([String], [String])] = [
      ([], []),
      (["::1"], ["::1"]),
      (["::1", "::2", "10.0.0.1"], ["::1", "10.0.0.1", "::2"]),
      (["10.0.0.1", "10.0.0.2", "10.0.0.3", "::1"], ["10.0.0.1", "::1", "10.0.0.2", "10.0.0.3"]),
      (["::1", "10.0.0.1", "::2", "10.0.0.2"], ["::1", "10.0.0.1", "::2", "10.0.0.2"]),
      (["10.0.0.1", "::1", "::2", "::3"], ["10.0.0.1", "::1", "::2", "::3"]),
    ]
    for (given, wanted) in cases { #expect(hosts(Race.alternating(addresses(given))) == wanted) }
  }

  /// The lowest priority first; among equals by lot: each first as often as its weight says (RFC 2782).
  @Test func services() throws {
    func target(_ name: String, _ priority: UInt16, _ weight: UInt16) throws -> ServiceLookup.Target {
      let host = Text.make(Array(name.utf8).span.bytes)
      return ServiceLookup.Target(host: try #require(host), port: 1, priority: priority, weight: weight)
    }
    func names(_ all: [ServiceLookup.Target]) -> String {
      all.map { target in withExtendedLifetime(target.host) { String(cString: target.host.pointer) } }.joined()
    }
    var random = Random(seed: 7)
    #expect(names(ServiceLookup.ordered([], &random)) == "")
    let all = [try target("c", 20, 9), try target("a", 10, 1), try target("b", 10, 3), try target("d", 30, 0)]
    var first = 0
    for _ in 0..<4000 {
      let order = names(ServiceLookup.ordered(all, &random))
      #expect(order == "abcd" || order == "bacd")
      if order == "bacd" { first += 1 }
    }
    // A lot of 0 to 4 falls to the first by 0 and 1: 2 in 5, of which a five's worth of a hundred is beyond chance here.
    #expect((2100...3100).contains(first))
    let idle = [try target("x", 1, 0), try target("y", 1, 0)]
    #expect(names(ServiceLookup.ordered(idle, &random)).count == 2)
  }

  /// A port on which nobody listens.
  func closedPort(_ bench: LoopBench) -> UInt32 {
    let listener = bench.listen("tcp:0:interface=127.0.0.1", Host(.raw))
    defer { listener?.close() }
    return LoopBench.port(listener)
  }

  @Test func refused() {
    let bench = LoopBench()
    let outcome = bench.connect("tcp:127.0.0.1:\(closedPort(bench))", Host(.raw))
    #expect(outcome.status == nil)
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .refused || outcome.status == .system(-111))
    let none = bench.connect("unix:\(LoopBench.path())", Host(.raw))
    #expect(bench.until { none.status != nil })
    #expect(none.status == .system(-2))
  }

  @Test func byName() {
    let bench = LoopBench()
    let server = Host(.raw)
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    let outcome = bench.connect("tcp:localhost:\(LoopBench.port(listener))", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .ok, "whatever other addresses the name has")
  }

  /// An address that fails does not wait for the next one's time.
  @Test func theNextAtOnce() {
    let bench = LoopBench()
    let server = Host(.raw)
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    let bad = closedPort(bench)
    let connect = Connect(
      bench.context, LoopBench.endpoint("tcp:x:1", .connect), Host(.raw), attemptDelay: 1 << 40, time: 10_000
    ) { _, _, _ in }
    var status: Status?
    let race = Race(bench.loop, connect)
    var addresses = addresses(["127.0.0.1", "127.0.0.1"])
    _ = csystem_address_parse(&addresses[0], "127.0.0.1", 0, UInt16(bad))
    _ = csystem_address_parse(&addresses[1], "127.0.0.1", 0, UInt16(LoopBench.port(listener)))
    bench.turn(0) {
      #expect(connect.register(Kind.call))
      connect.attempt = race
      race.found(addresses, .ok)
    }
    #expect(bench.until { server.events == ["connected"] })
    status = connect.outcome?.status
    #expect(status == .ok && race.isOver)
  }

  /// One that does not answer is raced by the next after a while: here a listener whose backlog is full.
  @Test func theNextAfterAWhile() {
    let bench = LoopBench()
    let server = Host(.raw)
    let silent = csystem_socket(Address.ipv4)
    var address = csystem_address()
    _ = csystem_address_parse(&address, "127.0.0.1", Address.ipv4, 0)
    #expect(csystem_bind(silent, &address) == 0 && csystem_listen(silent, 0) == 0)
    #expect(csystem_local(silent, &address) == 0)
    let fillers = (0..<4).map { _ in csystem_socket(Address.ipv4) }
    for filler in fillers { _ = csystem_connect(filler, &address) }
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    var good = csystem_address()
    _ = csystem_address_parse(&good, "127.0.0.1", 0, UInt16(LoopBench.port(listener)))
    let connect = Connect(
      bench.context, LoopBench.endpoint("tcp:x:1", .connect), Host(.raw), attemptDelay: 20, time: 10_000
    ) { _, _, _ in }
    let race = Race(bench.loop, connect)
    bench.turn(0) {
      #expect(connect.register(Kind.call))
      connect.attempt = race
      race.found([address, good], .ok)
    }
    #expect(bench.until { server.events == ["connected"] })
    #expect(connect.outcome?.status == .ok)
    for fd in fillers + [silent] { _ = csystem_close(fd) }
  }

  @Test func noneOfTheFamily() {
    let bench = LoopBench()
    let outcome = bench.connect("tcp:127.0.0.1:80:bindAddress=\\:\\:1", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .noName)
  }

  @Test func boundElsewhere() {
    let bench = LoopBench()
    let outcome = bench.connect("tcp:127.0.0.1:80:bindAddress=192.0.2.1", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .system(-99))
  }

  @Test func cancelled() {
    for words in ["tcp:localhost:1", "tcp:127.0.0.1:1", "unix:/nowhere", "memory:x"] {
      let bench = LoopBench()
      var status = Status.ok
      let (connect, outcome) = bench.connect(words, Host(.raw), &status)
      #expect(status == .ok)
      connect.cancel()
      #expect(outcome.status == nil)
      #expect(bench.until { outcome.status != nil })
      #expect(bench.bench.alive == 0)
    }
  }

  @Test func endedWithTheReactor() {
    for words in ["tcp:localhost:1", "tcp:127.0.0.1:1"] {
      let bench = LoopBench()
      let outcome = bench.connect(words, Host(.raw))
      bench.end()
      #expect(outcome.status != nil)
    }
  }

  @Test func resolverCodes() {
    #expect(Lookup.status(-3001) == .nameAgain && Lookup.status(-3006) == .noMemory && Lookup.status(-3008) == .noName)
    #expect(Lookup.status(-3007) == .noName && Lookup.status(-3010) == .noName && Lookup.status(-22) == .system(-22))
  }
}
