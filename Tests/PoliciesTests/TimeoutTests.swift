import Bench
import Bytes
import Framing
import Loopback
import Policies
import Testing
import Wire

/// Time limits, on the manual clock.
struct TimeoutTests {
  /// A host that is asked.
  final class Asking: TimeoutFactory {
    var asked: [TimeLimit] = []
    var goesOn = false
    var lastWords: String?
    override func expired(_ limit: TimeLimit, _ conn: Conn) -> Bool {
      asked.append(limit)
      if let lastWords { conn.write(lastWords) }
      return goesOn
    }
  }

  static func limits(_ set: (inout TimeLimits) -> Void) -> TimeLimits {
    var limits = TimeLimits()
    set(&limits)
    return limits
  }

  static func open(_ host: Host, _ set: (inout TimeLimits) -> Void) -> (Bench, Peer, Asking) {
    let bench = Bench()
    let factory = Asking(host, limits(set))
    let peer = bench.open(factory)
    bench.turn()
    return (bench, peer, factory)
  }

  @Test func idle() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) { $0.idle = 3000 }
    bench.advance(2999)
    #expect(host.events == ["connected"])
    bench.advance(1)
    #expect(host.events == ["connected", "disconnected -32"] && factory.asked == [.idle])
    #expect(peer.output.closedWith == .timeout && factory.counters.closed == 1 && bench.alive == 0)
  }

  /// Twisted's own case: read or written at 2, still open at 4.
  @Test(arguments: [true, false]) func activityInEitherDirection(_ isRead: Bool) {
    let host = Host(.raw)
    let (bench, peer, _) = TimeoutTests.open(host) { $0.idle = 3000 }
    bench.advance(2000)
    if isRead { peer.feed("x") } else { peer.turn { $0.write("x") } }
    bench.advance(2999)
    #expect(peer.conn != nil)
    bench.advance(1)
    #expect(peer.conn == nil && host.events.last == "disconnected -32")
  }

  /// The timer is moved when it rings, not with each message.
  @Test func timersAreNotMovedByMessages() {
    let host = Host(.raw)
    host.isCounting = true
    let (bench, peer, _) = TimeoutTests.open(host) { $0.idle = 1000 }
    let before = bench.context.timers.order
    for _ in 0..<500 {
      peer.feed("x")
      bench.advance(1)
    }
    #expect(bench.context.timers.order == before)
    bench.advance(1000)
    #expect(bench.context.timers.order <= before + 2 && peer.conn == nil)
  }

  /// What is written to somebody who does not read is no sign of life, and is not waited for.
  @Test func aPeerThatStopsReading() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) { $0.idle = 3000 }
    peer.output.room = 10
    peer.turn { $0.write(String(repeating: "x", count: 1000)) }
    for _ in 0..<2 {
      bench.advance(1000)
      peer.turn { $0.write("more") }
    }
    #expect(peer.conn != nil && host.events == ["connected"])
    bench.advance(1000)
    #expect(peer.conn == nil && host.events.last == "disconnected -32" && factory.asked == [.idle])
  }

  @Test func aPeerThatReadsSlowly() {
    let host = Host(.raw)
    let (bench, peer, _) = TimeoutTests.open(host) { $0.idle = 3000 }
    peer.output.room = 10
    peer.turn { $0.write(String(repeating: "x", count: 1000)) }
    for _ in 0..<10 {
      bench.advance(2000)
      peer.output.drain(10, peer)
    }
    #expect(peer.conn != nil)
    bench.advance(6000)
    #expect(peer.conn == nil)
  }

  @Test func handshake() {
    for isWhole in [true, false] {
      let host = Host.lines()
      let (bench, peer, factory) = TimeoutTests.open(host) { $0.handshake = 1000 }
      peer.feed("hello")
      bench.advance(500)
      peer.feed(isWhole ? "\r\nmore" : " and on")
      bench.advance(499)
      #expect(peer.conn != nil)
      bench.advance(1)
      #expect((peer.conn != nil) == isWhole && factory.asked == (isWhole ? [] : [.handshake]))
    }
  }

  @Test func handshakeOfARawProtocolAndOneThatTheHostEnds() {
    let (bench, peer, _) = TimeoutTests.open(Host(.raw)) { $0.handshake = 1000 }
    peer.feed("x")
    bench.advance(1000)
    #expect(peer.conn != nil)
    for isReady in [true, false] {
      let (bench, peer, _) = TimeoutTests.open(Host(.raw)) {
        $0.handshake = 1000
        $0.untilReady = true
      }
      peer.feed("x")
      if isReady { peer.turn { TimeoutLayer.nearest($0)?.setReady() } }
      bench.advance(1000)
      #expect((peer.conn != nil) == isReady)
    }
  }

  @Test func absolute() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) {
      $0.absolute = 5000
      $0.idle = 3000
    }
    for _ in 0..<4 {
      bench.advance(1000)
      peer.feed("x")
    }
    bench.advance(999)
    #expect(peer.conn != nil)
    bench.advance(1)
    #expect(peer.conn == nil && factory.asked == [.absolute])
  }

  /// Slow loris: a byte now and then, never a whole message.
  @Test func trickling() {
    let host = Host.lines()
    let (bench, peer, factory) = TimeoutTests.open(host) { $0.leastRate = 2 }
    bench.advance(60_000)  // between messages it may rest
    #expect(peer.conn != nil)
    for second in 0..<10 {
      #expect(peer.conn != nil, "\(second)")
      peer.feed("x")
      bench.advance(1000)
    }
    #expect(peer.conn == nil && factory.asked == [.rate])
    #expect(host.events == ["connected", "disconnected -32"])
  }

  @Test func fastEnough() {
    let host = Host.lines(longest: 1000)
    let (bench, peer, _) = TimeoutTests.open(host) { $0.leastRate = 2 }
    for _ in 0..<60 {
      peer.feed("xy")
      bench.advance(1000)
    }
    #expect(peer.conn != nil)
    peer.feed("\r\n")
    bench.advance(60_000)
    #expect(peer.conn != nil)
    peer.feed("x")
    bench.advance(9999)
    #expect(peer.conn != nil)
    bench.advance(1)
    #expect(peer.conn == nil)
  }

  /// Time in which this side does not read is not the peer's.
  @Test func pausesAreNotHeldAgainstThePeer() {
    let host = Host.lines()
    let (bench, peer, _) = TimeoutTests.open(host) { $0.leastRate = 2 }
    peer.feed("x")
    peer.turn { _ = $0.pause() }
    bench.advance(60_000)
    #expect(peer.conn != nil)
    peer.turn { _ = $0.resume() }
    bench.advance(9999)
    #expect(peer.conn != nil)
    bench.advance(10_001)
    #expect(peer.conn == nil)
  }

  @Test func theLeastRateOfARawProtocol() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) {
      $0.leastRate = 2
      $0.rateTime = 4000
      $0.rateAlways = true
    }
    for _ in 0..<8 {
      peer.feed("xy")
      bench.advance(1000)
    }
    #expect(peer.conn != nil)
    bench.advance(4000)
    #expect(peer.conn == nil && factory.asked == [.rate])
  }

  @Test func lastWords() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) { $0.idle = 1000 }
    factory.lastWords = "too slow"
    bench.advance(1000)
    #expect(peer.sent == "too slow" && peer.conn == nil && host.events.last == "disconnected -32")
  }

  /// They are waited for, but not for long.
  @Test func lastWordsThatNobodyTakes() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) {
      $0.idle = 1000
      $0.grace = 500
    }
    factory.lastWords = "too slow"
    peer.output.room = 3
    bench.advance(1499)
    #expect(peer.sent == "too" && peer.conn != nil && factory.asked == [.idle])
    bench.advance(1)
    #expect(peer.conn == nil && host.events.last == "disconnected -32")
  }

  @Test func theHostLetsItGoOn() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) {
      $0.idle = 1000
      $0.absolute = 2500
      $0.handshake = 1200
    }
    factory.goesOn = true
    bench.advance(5000)
    #expect(factory.asked == [.idle, .handshake, .idle, .absolute, .idle, .idle, .idle])
    #expect(peer.conn != nil && factory.counters.closed == 0)
    factory.goesOn = false
    bench.advance(1000)
    #expect(peer.conn == nil)
  }

  @Test func changed() {
    let host = Host(.raw)
    let (bench, peer, _) = TimeoutTests.open(host) { $0.absolute = 1 << 40 }
    func set(_ time: UInt64) -> UInt64? {
      var former: UInt64?
      peer.turn { former = TimeoutLayer.nearest($0)?.setIdle(time, $0) }
      return former
    }
    #expect(set(1000) == 0 && set(500) == 1000)
    bench.advance(499)
    peer.turn { TimeoutLayer.nearest($0)?.reset($0) }
    bench.advance(499)
    #expect(peer.conn != nil && set(0) == 500)
    bench.advance(100_000)
    #expect(peer.conn != nil && set(10) == 0)
    bench.advance(10)
    #expect(peer.conn == nil)
  }

  /// What a protocol's own connections do is life of the one that opened them.
  @Test func children() {
    let host = Host(.raw)
    let (bench, peer, _) = TimeoutTests.open(host) {
      $0.idle = 1000
      $0.handshake = 100_000
    }
    let data = Host(.raw)
    let output = Output()
    guard case .conn(let child) = Conn.open(bench.context, output, data, Origin(.connected, parent: peer.conn)) else {
      return #expect(Bool(false))
    }
    output.attach(child)
    bench.turn { child.start() }
    for _ in 0..<5 {
      bench.advance(900)
      bench.turn { child.received([1].span.bytes) }
    }
    #expect(peer.conn != nil)
    bench.advance(999)
    #expect(peer.conn != nil)
    bench.advance(1)
    #expect(peer.conn == nil && data.events.last == "disconnected -32")
  }

  @Test func endedInTheMiddle() {
    let host = Host(.raw)
    let (bench, peer, factory) = TimeoutTests.open(host) { $0.idle = 1000 }
    peer.end()
    bench.advance(5000)
    #expect(host.events.last == "disconnected 0" && factory.asked.isEmpty && bench.context.timers.count == 0)
  }
}
