import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

/// How many connections there may be, of whom, and how fast they may come.
struct ThrottleTests {
  let bench = Bench()
  let host = Host(.raw)

  func throttle(overflow: Factory? = nil, _ set: (inout ThrottleLimits) -> Void) -> ThrottleFactory {
    var limits = ThrottleLimits()
    set(&limits)
    return ThrottleFactory(host, limits, overflow: overflow)
  }

  /// How many of them get in.
  func come(_ factory: Factory, _ hosts: [String]) -> Int {
    hosts.filter { bench.come(factory, from: $0) != nil }.count
  }

  /// Twisted's own case: the third is closed, and when one leaves, another is taken.
  @Test func inAll() {
    let factory = throttle { $0.connections = 2 }
    let first = bench.come(factory)
    #expect(bench.come(factory) != nil && bench.come(factory) == nil)
    #expect(factory.refusals.refusedConnections == 1 && factory.counters.refused == 1 && factory.counters.open == 2)
    first?.end()
    #expect(bench.come(factory) != nil && bench.come(factory) == nil)
    #expect(factory.counters.open == 2 && factory.counters.total == 3)
  }

  @Test func perPeer() {
    let factory = throttle { $0.perPeer = 2 }
    #expect(come(factory, ["1.2.3.4", "::ffff:1.2.3.4", "1.2.3.4", "1.2.3.5"]) == 3)
    #expect(factory.refusals.refusedPeer == 1 && factory.knownPeers == 2)
    // Of IPv6, the first 64 bits tell peers apart.
    #expect(come(factory, ["2001:db8::1", "2001:db8::ffff:1", "2001:db8::2", "2001:db8:0:1::1"]) == 3)
    #expect(bench.come(factory) != nil)  // has no address to be counted by
  }

  @Test func peersByOtherBits() {
    let factory = throttle {
      $0.perPeer = 1
      $0.ipv6PeerBits = 128
    }
    #expect(come(factory, ["2001:db8::1", "2001:db8::2", "2001:db8::2"]) == 2)
  }

  @Test func perSubnet() {
    let factory = throttle { $0.perSubnet = 3 }
    #expect(come(factory, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.1.1"]) == 4)
    #expect(come(factory, ["2001:db8:7:1::1", "2001:db8:7:2::1", "2001:db8:7:3::1", "2001:db8:7:4::1"]) == 3)
    #expect(factory.refusals.refusedSubnet == 2)
  }

  @Test func denied() {
    let factory = throttle {
      $0.perPeer = 1
      $0.denyTime = 1000
    }
    let first = bench.come(factory, from: "1.1.1.1")
    #expect(bench.come(factory, from: "1.1.1.1") == nil)
    first?.end()
    bench.advance(999)
    #expect(bench.come(factory, from: "1.1.1.1") == nil && bench.come(factory, from: "1.1.1.2") != nil)
    #expect(factory.refusals.refusedDenied == 1 && factory.refusals.refusedPeer == 1)
    bench.advance(1)  // trying meanwhile has not prolonged it
    #expect(bench.come(factory, from: "1.1.1.1") != nil)
  }

  @Test func acceptRate() {
    let factory = throttle {
      $0.acceptRate = 10
      $0.acceptBurst = 5
    }
    func comeAll(_ count: Int) -> Int { (0..<count).filter { _ in bench.come(factory) != nil }.count }
    #expect(comeAll(20) == 5)
    bench.advance(99)
    #expect(comeAll(1) == 0)
    bench.advance(1)
    #expect(comeAll(3) == 1)
    bench.advance(60_000)
    #expect(comeAll(100) == 5 && factory.refusals.refusedRate == 15 + 1 + 2 + 95)
  }

  @Test func overflow() {
    let full = Host(.raw)
    full.onConnected = {
      $0.write("come back later")
      $0.close(.ok)
    }
    let factory = throttle(overflow: full) {
      $0.connections = 1
      $0.mostOverflow = 1
    }
    let first = bench.come(factory)
    let second = bench.come(factory)
    bench.turn()
    #expect(second?.sent == "come back later" && second?.conn == nil && host.events == ["connected"])
    #expect(factory.refusals.overflowed == 1 && full.counters.total == 1)
    full.onConnected = { _ in }
    let third = bench.come(factory)
    #expect(third?.conn != nil && bench.come(factory) == nil && factory.refusals.refusedConnections == 1)
    first?.end()
    third?.end()
    #expect(bench.come(factory) != nil && host.events == ["connected", "read closed", "disconnected 0", "connected"])
  }

  /// Who is refused further in leaves his place.
  @Test func refusedWithin() {
    let gate = Gate(host)
    var limits = ThrottleLimits()
    limits.connections = 1
    limits.perPeer = 1
    limits.perSubnet = 1
    let factory = ThrottleFactory(gate, limits, overflow: nil)
    gate.isOpen = false
    #expect(come(factory, ["1.1.1.1", "1.1.1.1"]) == 0)
    #expect(factory.counters.refused == 0 && factory.counters.refusedWithin == 2 && factory.knownPeers == 0)
    gate.isOpen = true
    #expect(come(factory, ["1.1.1.1", "1.1.1.1"]) == 1)
  }

  /// A flood from everywhere makes the first denied forgotten, not the table grow.
  @Test func aFloodFromEverywhere() {
    let factory = throttle {
      $0.perSubnet = 1
      $0.denyTime = 1 << 40
      $0.ipv6PeerBits = 128
    }
    #expect(bench.come(factory, from: "2001:db8::1") != nil)
    for peer in 2..<70_000 {
      let output = Output()
      output.address = Address(IP(high: 0x2001_0db8_0000_0000, low: UInt64(peer)), port: 1)
      guard case .failed(.refused) = Conn.open(bench.context, output, factory, Origin(.accepted)) else {
        return #expect(Bool(false))
      }
      if peer % 1000 == 0 { bench.turn() }
    }
    #expect(factory.knownPeers == 65_537 && factory.refusals.refusedSubnet == 69_998)
  }

  /// Numbers are exact, whatever comes and goes.
  @Test func manyComeAndGo() {
    let factory = throttle {
      $0.connections = 400
      $0.perPeer = 3
    }
    var random = Random(seed: 7)
    var open: [(Int, Peer)] = []
    for _ in 0..<5000 {
      if random.unit() < 0.6 || open.isEmpty {
        let number = Int(random.next() % 200)
        let mine = open.filter { $0.0 == number }.count
        let peer = bench.come(factory, from: "10.0.\(number / 100).\(number % 100)")
        #expect((peer != nil) == (mine < 3 && open.count < 400))
        if let peer { open.append((number, peer)) }
      } else {
        open.remove(at: Int(random.next() % UInt64(open.count))).1.end()
      }
    }
    #expect(factory.counters.open == UInt64(open.count) && factory.knownPeers == Set(open.map { $0.0 }).count)
    for (_, peer) in open { peer.end() }
    #expect(factory.counters.open == 0 && factory.knownPeers == 0)
  }
}
