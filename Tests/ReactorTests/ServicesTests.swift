import Bench
import Bytes
import CSystem
import Testing
import Wire

@testable import Reactor

/// Hosts of a service: what the library's host says of them, and in which order they are tried.
struct ServicesTests {
  static func add(_ lookup: ServiceLookup, _ host: String, _ port: UInt32, priority: UInt16 = 1, weight: UInt16 = 0)
    -> Status
  {
    lookup.add(Array(host.utf8).span.bytes, port: UInt16(port), priority: priority, weight: weight)
  }

  /// A server, and a port that nobody listens at.
  static func serve(_ bench: LoopBench) -> (Host, UInt32, UInt32) {
    let host = Host(.raw)
    let port = LoopBench.port(bench.listen("tcp:0:interface=127.0.0.1", host))
    let gone = bench.listen("tcp:0:interface=127.0.0.1", Host(.raw))
    let dead = LoopBench.port(gone)
    bench.turn(0) { gone?.close() }
    return (host, port, dead)
  }

  /// Connects to a service whose host answers later: the look-up, and what becomes of the connection.
  static func ask(_ bench: LoopBench, _ endpoint: String) -> (ServiceLookup?, LoopBench.Outcome) {
    var asked: ServiceLookup?
    bench.loop.locator = { lookup in
      asked = lookup
      return true
    }
    let outcome = bench.connect(endpoint, Host(.raw))
    #expect(bench.until { asked != nil })
    return (asked, outcome)
  }

  @Test func atOnceTheNextWhereOneIsDead() {
    let bench = LoopBench()
    let (host, port, dead) = Self.serve(bench)
    bench.loop.locator = { lookup in
      #expect(Self.add(lookup, "127.0.0.1", port, priority: 2) == .ok)
      #expect(Self.add(lookup, "127.0.0.1", dead, priority: 1) == .ok)
      #expect(lookup.answered() == .ok)
      #expect(lookup.answered() == .closed && Self.add(lookup, "h", 1) == .closed)
      return true
    }
    let outcome = bench.connect("tcp:chat.example:1:srv=chat", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .ok)
    #expect(bench.until { host.events == ["connected"] })
  }

  @Test func later() {
    let bench = LoopBench()
    let (_, port, _) = Self.serve(bench)
    let (asked, outcome) = Self.ask(bench, "tcp:chat.example:1:srv=chat")
    #expect(outcome.status == nil)
    bench.turn(0) {
      guard let asked else { return }
      var count = 0
      while count < 100, Self.add(asked, "127.0.0.1", port) == .ok { count += 1 }
      #expect(count == Int(CSYSTEM_SERVICES) && Self.add(asked, "h", 1) == .limit)
    }
    bench.turn(0) { _ = asked?.answered() }
    #expect(bench.until { outcome.status == .ok })
  }

  @Test func nowhere() {
    let bench = LoopBench()
    let (host, port, _) = Self.serve(bench)
    bench.loop.locator = { lookup in
      _ = Self.add(lookup, ".", 0)
      return lookup.answered() == .ok
    }
    let outcome = bench.connect("tcp:localhost:\(port):srv=chat", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status != .ok && host.events.isEmpty)
  }

  /// No hosts: the domain itself is meant.
  @Test(arguments: [false, true]) func theDomainItself(_ isCancelled: Bool) {
    let bench = LoopBench()
    let (_, port, _) = Self.serve(bench)
    let (asked, outcome) = Self.ask(bench, "tcp:localhost:\(port):srv=chat")
    bench.turn(0) { if isCancelled { asked?.cancel() } else { _ = asked?.answered() } }
    #expect(bench.until { outcome.status == .ok })
  }

  /// Of a name with so long a part nobody is asked, by the system's resolver neither.
  @Test(arguments: [false, true]) func theSystemIsAsked(_ isDeclined: Bool) {
    let bench = LoopBench()
    var asked = 0
    if isDeclined {
      bench.loop.locator = { lookup in
        asked += 1
        #expect(Self.add(lookup, "127.0.0.1", 1) == .ok)  // which is forgotten
        return false
      }
    }
    let outcome = bench.connect("tcp:\(String(repeating: "a", count: 70)).invalid:1:srv=chat", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .noName && asked == (isDeclined ? 1 : 0))
  }

  /// Ended before the host is asked: it never is.
  @Test func cancelledBefore() {
    let bench = LoopBench()
    var asked = 0
    bench.loop.locator = { _ in
      asked += 1
      return true
    }
    var status = Status.ok
    bench.turn(0) {
      let (connect, outcome) = bench.connect("tcp:chat.example:1:srv=chat", Host(.raw), &status)
      connect.cancel()
      _ = outcome
    }
    for _ in 0..<3 { bench.turn(0) }
    #expect(status == .ok && asked == 0)
  }

  @Test func whoDoesNotWaitAnyMore() {
    let bench = LoopBench()
    var asked = 0
    bench.loop.locator = { _ in
      asked += 1
      return true
    }
    var status = Status.ok
    let (connect, outcome) = bench.connect("tcp:chat.example:1:srv=chat", Host(.raw), &status)
    #expect(bench.until { asked == 1 })
    bench.turn(0) { connect.cancel() }
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .cancelled)
  }

  /// RFC 2782, "Weight".
  @Test func order() {
    func target(_ name: String, _ priority: UInt16, _ weight: UInt16) -> ServiceLookup.Target {
      .init(host: Text.make(Array(name.utf8).span.bytes)!, port: 1, priority: priority, weight: weight)
    }
    func names(_ targets: [ServiceLookup.Target]) -> String {
      targets.map { $0.host.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }.joined()
    }
    var random = Random(seed: 7)
    let all = [target("c", 2, 0), target("a", 1, 10), target("b", 1, 30), target("z", 1, 0)]
    var first: [Character: Int] = [:]
    for _ in 0..<4_000 {
      let order = names(ServiceLookup.ordered(all, &random))
      #expect(order.last == "c" && order.sorted() == ["a", "b", "c", "z"])
      first[order.first!, default: 0] += 1
    }
    let (a, b, z) = (first["a"] ?? 0, first["b"] ?? 0, first["z"] ?? 0)
    #expect(a > 800 && a < 1_200 && b > 2_700 && b < 3_200 && z > 20 && z < 200, "\(first)")
  }
}
