import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

/// The PROXY protocol.
struct ProxyTests {
  static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
  /// A header of version 2, with its addresses and further fields.
  static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
    signature + [0x20 | command, family, UInt8(rest.count >> 8), UInt8(rest.count & 255)] + rest
  }
  static let ipv4: [UInt8] = [10, 1, 2, 3, 192, 0, 2, 9, 0x1f, 0x90, 0, 80]
  static let ipv6: [UInt8] =
    [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 0, count: 15) + [1] + [
      4, 0, 0, 80,
    ]
  static var unix: [UInt8] {
    let path = Array("/run/client".utf8)
    return path + [UInt8](repeating: 0, count: 108 - path.count) + [UInt8](repeating: 65, count: 107) + [0]
  }

  static func words(_ address: Address) -> String {
    var out = ByteBuffer()
    address.write(to: &out)
    return Bench.plain(out.bytes)
  }

  static func parse(_ bytes: [UInt8], longest: Int = 4096) -> String {
    switch ProxyHeader.parse(bytes.span.bytes, longest: longest) {
    case .unfinished: return "unfinished"
    case .failed(let reason): return "\(reason.status) \(reason.offset ?? -1)"
    case .header(let header):
      let ends = header.ends.map { "\(words($0.source)) \(words($0.target))" } ?? "-"
      return "\(header.length) \(ends)"
    }
  }

  static let valid: [([UInt8], String)] = [
    (Array("PROXY TCP4 10.1.2.3 192.0.2.9 8080 80\r\n".utf8), "39 10.1.2.3:8080 192.0.2.9:80"),
    (Array("PROXY TCP6 2001:db8::7 ::1 1024 0\r\n".utf8), "35 [2001:db8::7]:1024 [::1]:0"),
    (Array("PROXY UNKNOWN\r\n".utf8), "15 -"),
    (Array("PROXY UNKNOWN ffff::1 x y z\r\n".utf8), "29 -"),
    (binary(1, 0x11, ipv4), "28 10.1.2.3:8080 192.0.2.9:80"),
    (binary(1, 0x21, ipv6), "52 [2001:db8::7]:1024 [::1]:80"),
    (binary(1, 0x31, unix), "232 /run/client " + String(repeating: "A", count: 107)),
    (binary(0, 0x00, []), "16 -"),
    (binary(0, 0x11, [1, 2, 3]), "19 -"),
    (binary(1, 0x00, [4, 0, 1, 9]), "20 -"),
    (binary(1, 0x12, ipv4), "28 -"),
    (binary(1, 0x11, ipv4 + [1, 0, 2, 104, 50, 4, 0, 0]), "36 10.1.2.3:8080 192.0.2.9:80"),
    (checked(ipv4), "35 10.1.2.3:8080 192.0.2.9:80"),
  ]

  /// With a checksum that is right.
  static func checked(_ addresses: [UInt8]) -> [UInt8] {
    var header = binary(1, 0x11, addresses + [3, 0, 4, 0, 0, 0, 0])
    var crc = UInt32.max
    for byte in header {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
    for place in 0..<4 {
      header[header.count - 4 + place] = UInt8(truncatingIfNeeded: ~crc >> (24 - 8 * UInt32(place)))
    }
    return header
  }

  @Test(arguments: 0..<ProxyTests.valid.count) func headers(_ index: Int) {
    let (bytes, wanted) = ProxyTests.valid[index]
    #expect(ProxyTests.parse(bytes) == wanted && ProxyTests.parse(bytes + [1, 2, 3]) == wanted)
    for length in 0..<bytes.count { #expect(ProxyTests.parse(Array(bytes[..<length])) == "unfinished", "\(length)") }
  }

  @Test func wrongOnes() {
    let cases: [([UInt8], String)] = [
      (Array("GET / HTTP/1.1\r\n".utf8), "-51 0"), (Array("PROXx".utf8), "-51 4"),
      (Array("PROXY TCP5 ".utf8), "unfinished"),
      (Array("PROXY TCP5 a b c d\r\n".utf8), "-51 6"), (Array("PROXY TCP4 ::1 1.2.3.4 1 2\r\n".utf8), "-51 11"),
      (Array("PROXY TCP6 ::1 1.2.3.4 1 2\r\n".utf8), "-51 15"),
      (Array("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n".utf8), "-51 27"),
      (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 02\r\n".utf8), "-51 29"),
      (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n".utf8), "-51 31"),
      (Array("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n".utf8), "-51 19"),
      (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n".utf8), "-51 28"),
      (Array("PROXY UNKNOWN\n".utf8), "-51 0"), (Array("PROXY UNKNOWN\rx".utf8), "-51 14"),
      (Array("PROXY\r\n".utf8), "-51 5"),
      (Array("PROXY \r\n".utf8), "-51 6"),
      (Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 65, count: 93), "-50 -1"),
      (Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 65, count: 92) + [13, 10], "-50 -1"),
      ([13, 10, 13, 11], "-51 3"), (ProxyTests.signature + [0x11], "-51 12"), (ProxyTests.signature + [0x22], "-51 12"),
      (ProxyTests.signature + [0x21, 0x41], "-51 13"), (ProxyTests.signature + [0x21, 0x13], "-51 13"),
      (ProxyTests.signature + [0x21, 0x11, 0, 11], "-51 14"), (ProxyTests.signature + [0x21, 0x21, 0, 35], "-51 14"),
      (ProxyTests.signature + [0x21, 0x11, 0x10, 0], "-50 -1"),
      (ProxyTests.binary(1, 0x11, ProxyTests.ipv4 + [1, 0]), "-51 28"),
      (ProxyTests.binary(1, 0x11, ProxyTests.ipv4 + [1, 0, 2, 5]), "-51 28"),
      (ProxyTests.binary(1, 0x11, ProxyTests.ipv4 + [3, 0, 1, 5]), "-51 28"),
      (ProxyTests.binary(1, 0x11, ProxyTests.ipv4 + [3, 0, 4, 1, 2, 3, 4]), "-51 28"),
    ]
    for (bytes, wanted) in cases { #expect(ProxyTests.parse(bytes) == wanted, "\(bytes)") }
    #expect(ProxyTests.parse(ProxyTests.binary(1, 0x11, ProxyTests.ipv4), longest: 27) == "-50 -1")
  }

  struct World {
    let bench = Bench()
    let host = Host(.raw)
    var seen: [String] = []
    let factory: ProxyFactory
    init(_ set: (inout ProxyRules) -> Void = { _ in }, inner: ((Host) -> Factory)? = nil) {
      var rules = ProxyRules()
      set(&rules)
      factory = ProxyFactory(inner?(host) ?? host, rules)
    }
  }

  /// Every cut in two, and byte by byte: the same conversation, with the client's address.
  @Test(arguments: 0..<ProxyTests.valid.count) func everyChunking(_ index: Int) {
    let (header, wanted) = ProxyTests.valid[index]
    let all = header + Array("hello".utf8)
    let source = wanted.split(separator: " ")[1]
    for cut in 0...all.count {
      let world = World()
      var peerSeen = ""
      world.host.onConnected = { conn in
        var address = Address()
        _ = conn.peer(&address)
        peerSeen = ProxyTests.words(address)
      }
      let peer = world.bench.come(world.factory, from: "9.9.9.9")
      if cut == all.count {
        for byte in all { peer?.feed([byte]) }
      } else {
        peer?.feed(all[..<cut])
        if cut < header.count { #expect(world.host.events.isEmpty) }
        peer?.feed(all[cut...])
      }
      let heard = world.host.events.dropFirst().map { $0.dropFirst(4) }.joined()
      #expect(world.host.events.first == "connected" && heard == "hello", "\(cut)")
      #expect(peerSeen == (source == "-" ? "9.9.9.9:1000" : String(source)))
      peer?.turn { $0.write("bye") }
      #expect(peer?.sent == "bye")
      peer?.end()
      #expect(world.factory.counters.open == 0 && world.host.counters.total == 1 && world.bench.alive == 0)
    }
  }

  @Test func nobodyHearsOfABadOne() {
    let world = World()
    let peer = world.bench.come(world.factory)
    peer?.feed("GET / HTTP/1.1\r\n\r\n")
    #expect(peer?.conn == nil && peer?.output.closedWith == .malformed && world.host.events.isEmpty)
    #expect(world.factory.counters.closed == 1)
    let second = world.bench.come(world.factory)
    second?.feed("PROXY TC")
    second?.end()
    #expect(second?.conn == nil && world.host.events.isEmpty && world.factory.counters.closed == 2)
    #expect(world.bench.alive == 0 && world.bench.context.timers.count == 0)
  }

  @Test func tooLate() {
    let world = World { $0.time = 1000 }
    let peer = world.bench.come(world.factory)
    peer?.feed("PROXY ")
    world.bench.advance(999)
    #expect(peer?.conn != nil)
    world.bench.advance(1)
    #expect(peer?.conn == nil && peer?.output.closedWith == .timeout && world.host.events.isEmpty)
    let second = world.bench.come(world.factory)
    second?.feed("PROXY UNKNOWN\r\n")
    world.bench.advance(5000)
    #expect(second?.conn != nil && world.host.events == ["connected"])
  }

  @Test func trusted() {
    let world = World { $0.trusted = list("10.0.0.0/8") }
    #expect(world.bench.come(world.factory, from: "11.0.0.1") == nil && world.factory.counters.refused == 1)
    #expect(world.bench.come(world.factory, from: "10.0.0.1") != nil && world.bench.come(world.factory) != nil)
    let open = World {
      $0.trusted = list("10.0.0.0/8")
      $0.isDirectForOthers = true
    }
    let direct = open.bench.come(open.factory, from: "11.0.0.1")
    direct?.feed("PROXY UNKNOWN\r\n")
    #expect(open.host.events == ["connected", "raw PROXY UNKNOWN\\r\\n"])
  }

  /// What stands within sees the client, and may refuse it: a clean end, and nobody hears.
  @Test func limitsPerClient() {
    var limits = ThrottleLimits()
    limits.perPeer = 1
    let world = World(inner: { ThrottleFactory($0, limits, overflow: nil) })
    func come(_ host: String) -> Peer? {
      let peer = world.bench.come(world.factory, from: "10.0.0.1")
      peer?.feed("PROXY TCP4 \(host) 1.1.1.1 5 6\r\nx")
      return peer
    }
    let first = come("5.5.5.5")
    let second = come("5.5.5.5")
    let third = come("6.6.6.6")
    #expect(first?.conn != nil && second?.conn == nil && third?.conn != nil)
    #expect(second?.output.closedWith == .refused)
    #expect(world.host.events == ["connected", "raw x", "connected", "raw x"])
    #expect(world.factory.counters.refusedWithin == 1 && world.factory.counters.open == 2)
    first?.end()
    #expect(come("5.5.5.5")?.conn != nil)
  }
}
