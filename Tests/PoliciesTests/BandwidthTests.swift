import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

/// Token buckets, on the manual clock.
struct BandwidthTests {
  static func throttle(_ host: Factory, _ set: (inout ThrottleLimits) -> Void) -> ThrottleFactory {
    var limits = ThrottleLimits()
    set(&limits)
    return ThrottleFactory(host, limits, overflow: nil)
  }

  /// Counts bytes.
  final class Sink: Factory {
    var count = 0
    init() { super.init(user: nil) }
    final class Ears: Protocol {
      let sink: Sink
      init(_ sink: Sink) {
        self.sink = sink
        super.init(tag: 99)
      }
      override func received(_ bytes: RawSpan, _ conn: Conn) { sink.count += bytes.byteCount }
    }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { Ears(self) }
  }

  static func host() -> Host {
    let host = Host(.raw)
    host.isCounting = true
    return host
  }

  static func within(_ count: Int, _ wanted: Int) -> Bool { abs(count - wanted) * 50 <= wanted }

  @Test(arguments: [1000, 100_000, 5_000_000]) func reading(_ limit: UInt64) {
    let counter = Sink()
    let factory = BandwidthTests.throttle(counter) { $0.read = Rate(limit: limit, burst: 0) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    let chunk = [UInt8](repeating: 120, count: 65536)
    for _ in 0..<10_000 {
      var most = 100
      while peer.isReading, most > 0 {
        peer.feed(chunk)
        most -= 1
      }
      bench.advance(1)
    }
    #expect(BandwidthTests.within(counter.count, Int(limit) * 10), "\(counter.count) of \(limit * 10)")
    #expect(counter.count <= Int(limit) * 10 + Int(limit) / 10)
  }

  @Test(arguments: [1000, 100_000, 5_000_000]) func writing(_ limit: UInt64) {
    let factory = BandwidthTests.throttle(BandwidthTests.host()) { $0.write = Rate(limit: limit, burst: 0) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    let chunk = [UInt8](repeating: 120, count: Int(limit) / 500)
    var sent = 0
    for _ in 0..<10_000 {
      peer.turn { conn in if conn.waiting < chunk.count { _ = conn.write(chunk.count) { $0.put(chunk.span.bytes) } } }
      bench.advance(1)
      sent += peer.output.sent.count
      peer.output.sent.removeAll(keepingCapacity: true)
    }
    #expect(BandwidthTests.within(sent, Int(limit) * 10), "\(sent) of \(limit * 10)")
    #expect(sent <= Int(limit) * 10 + Int(limit) / 10)
  }

  /// One write, of more than ten seconds' worth.
  @Test func oneLargeWrite() {
    let factory = BandwidthTests.throttle(BandwidthTests.host()) { $0.writeEach = Rate(limit: 10_000, burst: 0) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    peer.turn { $0.write(String(repeating: "x", count: 150_000)) }
    #expect(peer.output.sent.count == 1000)
    for second in 1...10 {
      bench.advance(1000)
      #expect(BandwidthTests.within(peer.output.sent.count - 1000, 10_000 * second))
    }
    #expect(peer.conn?.waiting == 150_000 - peer.output.sent.count)
    // A close waits as long as something leaves.
    peer.turn { $0.close(.ok) }
    bench.advance(20_000)
    #expect(peer.output.sent.count == 150_000 && peer.conn == nil && peer.output.closedWith == .ok)
  }

  @Test func aCloseThatTakesLongerThanItsLimit() {
    let host = Host(.raw)
    let factory = BandwidthTests.throttle(host) { $0.write = Rate(limit: 100, burst: 0) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    peer.turn {
      $0.write(String(repeating: "x", count: 10_000))
      $0.close(.ok)
    }
    bench.advance(99_000)
    #expect(peer.conn != nil)
    bench.advance(1500)
    #expect(peer.output.sent.count == 10_000 && host.events.last == "disconnected 0")
  }

  /// A bucket for all is shared evenly.
  @Test(arguments: [true, false]) func fairness(_ isReading: Bool) {
    let bench = Bench()
    let factory = BandwidthTests.throttle(isReading ? Sink() : BandwidthTests.host()) {
      let rate = Rate(limit: 100_000, burst: 0)
      if isReading { $0.read = rate } else { $0.write = rate }
    }
    let peers = (0..<20).map { _ in bench.open(factory) }
    bench.turn()
    let chunk = [UInt8](repeating: 120, count: 5000)
    for _ in 0..<1000 {
      for peer in peers {
        if isReading {
          if peer.isReading { peer.feed(chunk) }
        } else {
          peer.turn { conn in if conn.waiting < 5000 { _ = conn.write(5000) { $0.put(chunk.span.bytes) } } }
        }
      }
      bench.advance(10)
    }
    let counts = peers.map { isReading ? Int($0.conn?.bytesIn ?? 0) : $0.output.sent.count }
    let sum = counts.reduce(0, +)
    #expect(BandwidthTests.within(isReading ? sum - 20 * 2500 : sum, 1_000_000) || isReading, "\(sum)")
    for count in counts { #expect(abs(count - 50_000) < 7500, "\(counts)") }
  }

  /// Each its own limit, and all together another.
  @Test func bothBuckets() {
    let bench = Bench()
    let factory = BandwidthTests.throttle(BandwidthTests.host()) {
      $0.write = Rate(limit: 100_000, burst: 0)
      $0.writeEach = Rate(limit: 30_000, burst: 0)
    }
    func run(_ count: Int) -> [Int] {
      let peers = (0..<count).map { _ in bench.open(factory) }
      bench.turn()
      for peer in peers { peer.turn { $0.write(String(repeating: "x", count: 500_000)) } }
      bench.advance(10_000)
      let counts = peers.map { $0.output.sent.count }
      for peer in peers { peer.turn { $0.abort(.aborted) } }
      return counts
    }
    for count in run(2) { #expect(BandwidthTests.within(count, 300_000)) }
    bench.advance(1000)
    let counts = run(8)
    #expect(BandwidthTests.within(counts.reduce(0, +), 1_000_000))
    for count in counts { #expect(abs(count - 125_000) < 15_000, "\(counts)") }
    #expect(factory.writeWaits > 0 && factory.readWaits == 0)
  }

  @Test func theEndComesBehindWhatIsKept() {
    let host = Host(.raw)
    let factory = BandwidthTests.throttle(host) { $0.readEach = Rate(limit: 10, burst: 4) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    peer.feed("abcdefgh")
    peer.end()
    #expect(host.events == ["connected", "raw abcd"] && !peer.isReading)
    bench.advance(400)
    #expect(host.events.joined().contains("disconnected 0"))
    #expect(host.events.filter { $0.hasPrefix("raw") }.map { $0.dropFirst(4) }.joined() == "abcdefgh")
  }

  @Test func readingRests() {
    let host = Host(.raw)
    let factory = BandwidthTests.throttle(host) { $0.read = Rate(limit: 10, burst: 4) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    peer.feed("abcd")
    #expect(peer.isReading)
    peer.feed("ef")
    #expect(!peer.isReading && host.events == ["connected", "raw abcd"])
    bench.advance(100)
    #expect(!peer.isReading && host.events.last == "raw e")
    bench.advance(100)
    #expect(peer.isReading && host.events.last == "raw f")
    peer.feed("ghi")
    peer.turn { $0.close(.ok) }
    #expect(peer.conn == nil)
    bench.advance(1000)
    #expect(host.events.last == "disconnected 0")
  }

  /// A peer that floods costs what one read brings, no more.
  @Test func flooding() {
    let factory = BandwidthTests.throttle(Sink()) { $0.read = Rate(limit: 1000, burst: 0) }
    let bench = Bench()
    let peer = bench.open(factory)
    bench.turn()
    var fed = 0
    let chunk = [UInt8](repeating: 120, count: 65536)
    for _ in 0..<10_000 {
      if peer.isReading {
        peer.feed(chunk)
        fed += chunk.count
      }
      bench.advance(1)
    }
    #expect(fed <= 65536)
  }

  @Test func childrenShare() {
    let bench = Bench()
    let factory = BandwidthTests.throttle(BandwidthTests.host()) { $0.writeEach = Rate(limit: 10_000, burst: 0) }
    let peer = bench.open(factory)
    bench.turn()
    let output = Output()
    guard
      case .conn(let child) = Conn.open(
        bench.context, output, BandwidthTests.host(), Origin(.connected, parent: peer.conn))
    else { return #expect(Bool(false)) }
    output.attach(child)
    bench.turn { child.start() }
    bench.turn {
      peer.conn?.write(String(repeating: "x", count: 100_000))
      child.write(String(repeating: "y", count: 100_000))
    }
    bench.advance(10_000)
    let (first, second) = (peer.output.sent.count, output.sent.count)
    #expect(BandwidthTests.within(first + second, 100_000) && abs(first - second) < 10_000, "\(first) \(second)")
  }

  /// Whoever ends while he stands in line, does not hold up the rest.
  @Test func whoLeavesTheLine() {
    let bench = Bench()
    let factory = BandwidthTests.throttle(BandwidthTests.host()) { $0.write = Rate(limit: 10_000, burst: 0) }
    let peers = (0..<10).map { _ in bench.open(factory) }
    bench.turn()
    for peer in peers { peer.turn { $0.write(String(repeating: "x", count: 10_000)) } }
    bench.advance(100)
    for peer in peers.dropLast() { peer.turn { $0.abort(.aborted) } }
    bench.advance(1200)
    #expect(peers.last?.output.sent.count == 10_000)
    bench.advance(1000)
    #expect(bench.context.timers.count == 0)
  }

  @Test func rates() {
    #expect(Rate(limit: 0, burst: 5) == nil)
    #expect(Rate(limit: 1000, burst: 0)?.burst == 100 && Rate(limit: 1000, burst: 1)?.burst == 10)
    #expect(Rate(limit: 1, burst: 0)?.burst == 1 && Rate(limit: 1000, burst: 5000)?.burst == 5000)
  }
}
