import Bench
import Bytes
import Loopback
import Testing
import Wire

/// What factories count, and what children inherit.
struct CounterTests {
  /// A policy that asks whether it may.
  final class Gate: Factory {
    let inner: Factory
    var isOpen = true
    var layer: Layer?
    init(_ inner: Factory) {
      self.inner = inner
      super.init(user: nil)
    }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
      guard isOpen else { return nil }
      if let layer { conn.attend(layer) }
      return inner.make(conn, origin)
    }
  }

  final class Ending: Layer {
    var endings: [Status] = []
    var children = 0
    override func disconnected(_ conn: Conn, _ reason: Reason) { endings.append(reason.status) }
    override func inherited(by child: Conn) { children += 1 }
  }

  func open(_ bench: Bench, _ factory: Factory) -> Status {
    guard case .failed(let status) = Conn.open(bench.context, Output(), factory, Origin(.accepted)) else { return .ok }
    return status
  }

  @Test func openTotalAndBytes() {
    let bench = Bench()
    let host = Host(.raw)
    let outer = Gate(host)
    host.onRaw = { conn, _ in conn.write("answer") }
    let first = bench.open(outer)
    let second = bench.open(outer)
    bench.turn()
    first.feed("abc")
    second.feed("de")
    for step in 0..<2 {
      for factory in [host, outer] as [Factory] {
        let sum = factory.tally(bench.context)
        #expect(sum.open == 2 - UInt64(step) && sum.total == 2 && sum.bytesIn == 5 && sum.bytesOut == 12)
      }
      if step == 0 { first.end() }
    }
    second.end()
    let sum = outer.tally(bench.context)
    #expect(sum.open == 0 && sum.total == 2 && sum.bytesIn == 5 && sum.bytesOut == 12)
    #expect(outer.tally(nil).bytesIn == 5)
  }

  @Test func whoRefused() {
    let bench = Bench()
    let host = Host(.raw)
    let inner = Gate(host)
    let outer = Gate(inner)
    let layer = Ending()
    outer.layer = layer
    func refusals(_ factory: Factory) -> [UInt64] { [factory.counters.refused, factory.counters.refusedWithin] }
    host.isWilling = false
    #expect(open(bench, outer) == .refused)
    #expect(refusals(host) == [1, 0] && refusals(inner) == [0, 1] && refusals(outer) == [0, 1])
    inner.isOpen = false
    #expect(open(bench, outer) == .refused)
    #expect(refusals(host) == [1, 0] && refusals(inner) == [1, 1] && refusals(outer) == [0, 2])
    outer.isOpen = false
    #expect(open(bench, outer) == .refused)
    #expect(refusals(outer) == [1, 2] && outer.counters.total == 0 && outer.counters.open == 0)
    #expect(layer.endings == [.refused, .refused])
    bench.turn()
    #expect(bench.alive == 0)
  }

  /// A layer that no byte comes by costs nobody anything, and hears of the end.
  @Test func attendants() {
    let bench = Bench()
    let host = Host(.raw)
    let outer = Gate(host)
    let layer = Ending()
    outer.layer = layer
    let peer = bench.open(outer)
    bench.turn()
    peer.feed("abc")
    #expect(host.events == ["connected", "raw abc"] && layer.endings.isEmpty)
    peer.end()
    #expect(layer.endings == [.ok])
  }

  @Test func takingOver() {
    let bench = Bench()
    let first = Host.lines()
    let second = Host(.raw)
    let policy = Gate(second)
    let layer = Ending()
    policy.layer = layer
    let peer = bench.open(first)
    bench.turn()
    peer.feed("one\r\n")
    second.isWilling = false
    bench.turn { #expect(peer.conn?.replace(by: policy) == .refused) }
    #expect(layer.endings == [.refused] && policy.counters.total == 0 && policy.counters.refusedWithin == 1)
    second.isWilling = true
    bench.turn { #expect(peer.conn?.replace(by: policy) == .ok) }
    peer.feed("two")
    peer.end()
    #expect(layer.endings == [.refused, .ok])
    for factory in [first, second, policy] as [Factory] {
      #expect(factory.counters.total == 1 && factory.counters.open == 0 && factory.counters.bytesIn == 8)
    }
  }

  @Test func childrenCountForTheirElders() {
    let bench = Bench()
    let host = Host(.raw)
    let outer = Gate(host)
    let layer = Ending()
    outer.layer = layer
    let data = Host(.raw)
    let peer = bench.open(outer)
    bench.turn()
    guard case .conn(let child) = Conn.open(bench.context, Output(), data, Origin(.connected, parent: peer.conn)),
      case .conn(let grandchild) = Conn.open(bench.context, Output(), data, Origin(.connected, parent: child))
    else { return #expect(Bool(false)) }
    bench.turn {
      child.received(Array("abc".utf8).span.bytes)
      grandchild.received(Array("defg".utf8).span.bytes)
    }
    peer.feed("hi")
    #expect(layer.children == 1)
    for factory in [host, outer] as [Factory] {
      let sum = factory.tally(bench.context)
      #expect(sum.open == 1 && sum.total == 1 && sum.children == 2 && sum.bytesIn == 9)
    }
    #expect(data.tally(bench.context).bytesIn == 7 && data.counters.open == 2)
    bench.turn {
      child.close(.ok)
      grandchild.close(.ok)
    }
    #expect(outer.tally(bench.context).bytesIn == 9 && data.counters.bytesIn == 7 && data.counters.open == 0)
  }

  /// What belongs to a conversation is not wanted when that is over.
  @Test func orphans() {
    let bench = Bench()
    let host = Host(.raw)
    let data = Host(.raw)
    let client = Host(.raw)
    let peer = bench.open(host)
    bench.turn()
    guard case .endpoint(let place) = Endpoint.parse(Array("memory:data".utf8).span.bytes, for: .listen),
      case .endpoint(let target) = Endpoint.parse(Array("memory:data".utf8).span.bytes, for: .connect),
      case .listener = bench.context.listen(place, ListenOptions(), data, parent: peer.conn)
    else { return #expect(Bool(false)) }
    var outcomes: [Status] = []
    func connect(_ parent: UInt64) {
      let connect = Connect(bench.context, target, client, attemptDelay: 1, time: 1000) { _, _, reason in
        outcomes.append(reason.status)
      }
      connect.parent = parent
      #expect(connect.begin() == .ok)
      bench.turn()
      bench.turn()
    }
    connect(0)
    #expect(outcomes == [.ok] && host.counters.children == 1)
    let id = peer.conn?.id ?? 0
    peer.end()
    connect(0)
    #expect(outcomes == [.ok, .refused] && host.counters.children == 1)
    connect(id)
    #expect(outcomes.last == .refused)
  }

  /// The user of a conn is that of the factory which built its protocol.
  @Test func theInnermostUser() {
    final class Fixed: Factory {
      override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { Wire.Protocol(tag: 99) }
    }
    let bench = Bench()
    let user = UnsafeMutableRawPointer(bitPattern: 42)
    guard case .conn(let conn) = Conn.open(bench.context, Output(), Gate(Fixed(user: user)), Origin(.attached)) else {
      return #expect(Bool(false))
    }
    #expect(conn.user == user)
    conn.abort(.aborted)
    bench.turn()
  }

  @Test func addresses() {
    func parse(_ text: String) -> IP? { IP.parse(Array(text.utf8).span.bytes) }
    #expect(parse("1.2.3.4") == IP(ipv4: 0x0102_0304) && parse("::ffff:1.2.3.4") == IP(ipv4: 0x0102_0304))
    #expect(parse("::1") == IP(high: 0, low: 1) && parse("2001:db8::5") == IP(high: 0x2001_0db8_0000_0000, low: 5))
    for wrong in ["", "1.2.3", "1.2.3.4.5", "::1%lo", "x", "1.2.3.4 ", "\u{0}", String(repeating: "1", count: 99)] {
      #expect(parse(wrong) == nil, "\(wrong)")
    }
    let all = IP(high: .max, low: .max)
    #expect(all.first(0) == IP(high: 0, low: 0) && all.first(1) == IP(high: 1 << 63, low: 0))
    #expect(all.first(64) == IP(high: .max, low: 0) && all.first(65) == IP(high: .max, low: 1 << 63))
    #expect(all.first(127) == IP(high: .max, low: .max - 1) && all.first(128) == all && all.first(63).high == .max - 1)
    func words(_ address: Address) -> String {
      var out = ByteBuffer()
      address.write(to: &out)
      return text(out.bytes)
    }
    for address in ["1.2.3.4", "2001:db8::5"] {
      guard let ip = parse(address) else { return #expect(Bool(false)) }
      #expect(Address(ip, port: 80).ip == ip)
      #expect(words(Address(ip, port: 80)) == (address.contains(":") ? "[\(address)]:80" : "\(address):80"))
    }
    #expect(words(Address()) == "" && Address().ip == nil)
    guard let unix = Address(unix: Array("/run/x".utf8).span.bytes) else { return #expect(Bool(false)) }
    #expect(words(unix) == "/run/x" && unix.ip == nil)
    #expect(Address(unix: [UInt8](repeating: 65, count: 200).span.bytes) == nil)
  }
}
