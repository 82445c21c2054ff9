import Bench
import Bytes
import TLS
import Testing
import Wire

struct HandshakeTests {
  nonisolated(unsafe) static let authority = Authority("Test Root")
  static let issued = authority.issue("localhost", Authority.Wish(names: "DNS:localhost,IP:127.0.0.1"))
  static func configs(_ version: Int32 = 0) -> (client: Config, server: Config) {
    (Pair.config(.client(authority) { $0.mostVersion = version }), Pair.config(.server(issued)))
  }

  @Test(arguments: [Int32(0x0303), 0x0304])
  func bothSidesHearEachOther(_ version: Int32) {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs(version))
    #expect(pair.clientHost.events.isEmpty && pair.serverHost.events.isEmpty)
    pair.carry()
    #expect(pair.clientHost.events == ["connected"] && pair.serverHost.events == ["connected"])
    pair.write("hello", pair.client)
    pair.carry()
    #expect(pair.serverHost.events.last == "raw hello")
    pair.write("and back", pair.server)
    pair.carry()
    #expect(pair.clientHost.events.last == "raw and back")
    #expect(!pair.client.sent.contains("hello"))
    pair.bench.turn { pair.client.conn?.close(.ok) }
    pair.carry()
    #expect(pair.clientHost.events.last == "disconnected 0")
    #expect(pair.serverHost.events.suffix(2) == ["read closed", "disconnected 0"])
  }

  /// However the bytes of a handshake and of what follows it are cut, the same is heard.
  @Test(arguments: [Int32(0x0303), 0x0304])
  func everySplit(_ version: Int32) {
    let configs = HandshakeTests.configs(version)
    for most in [1, 2, 3, 5, 7, 64, 500] {
      let pair = Pair(Settings(), Settings(), configs: configs)
      pair.serverHost.onConnected = { $0.write("welcome") }
      pair.carry(most)
      pair.write("hello", pair.client)
      pair.carry(most)
      #expect(pair.serverHost.events.filter { $0.hasPrefix("raw") }.map { $0.dropFirst(4) }.joined() == "hello")
      #expect(pair.clientHost.events.filter { $0.hasPrefix("raw") }.map { $0.dropFirst(4) }.joined() == "welcome")
    }
  }

  @Test(arguments: [Int32(0x0303), 0x0304])
  func everyTwoWaySplitOfEachFlight(_ version: Int32) {
    let configs = HandshakeTests.configs(version)
    var cut = 0
    var isDone = false
    while !isDone {
      isDone = true
      let pair = Pair(Settings(), Settings(), configs: configs)
      while true {
        let up = pair.client.output.sent[pair.fromClient...]
        let down = pair.server.output.sent[pair.fromServer...]
        pair.fromClient += up.count
        pair.fromServer += down.count
        if up.isEmpty, down.isEmpty { break }
        if cut < max(up.count, down.count) { isDone = false }
        pair.server.feed(up.prefix(cut))
        pair.server.feed(up.dropFirst(cut))
        pair.client.feed(down.prefix(cut))
        pair.client.feed(down.dropFirst(cut))
      }
      #expect(pair.clientHost.events == ["connected"] && pair.serverHost.events == ["connected"])
      cut += cut < 64 ? 1 : 17
    }
  }

  @Test func muchAtOnce() {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    pair.carry()
    pair.serverHost.isCounting = true
    let much = String(repeating: "0123456789abcdef", count: 40_000)
    var got = 0
    pair.serverHost.onRaw = { _, bytes in got += bytes.utf8.count }
    pair.write(much, pair.client)
    #expect(pair.client.conn?.waiting == 0)
    pair.carry(100_000)
    #expect(got == much.utf8.count)
  }

  /// What is written before the handshake is over waits, and what is closed then is still sent.
  @Test func writtenAndClosedDuringTheHandshake() {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    pair.bench.turn {
      pair.client.conn?.write("last words")
      pair.client.conn?.close(.ok)
    }
    #expect(pair.client.conn != nil)
    pair.carry()
    #expect(pair.client.conn == nil && pair.clientHost.events.isEmpty)
    #expect(pair.serverHost.events == ["connected", "raw last words", "read closed", "disconnected 0"])
  }

  @Test func halfClosed() {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    pair.carry()
    pair.serverHost.onReadClosed = { _ in }
    pair.bench.turn { #expect(pair.client.conn?.closeWrite() == .ok) }
    pair.carry()
    #expect(pair.client.output.closedWrite == 1 && pair.serverHost.events == ["connected", "read closed"])
    pair.write("still here", pair.server)
    pair.carry()
    #expect(pair.clientHost.events.last == "raw still here")
    pair.bench.turn { pair.server.conn?.close(.ok) }
    pair.carry()
    #expect(pair.clientHost.events.suffix(2) == ["read closed", "disconnected 0"])
  }

  @Test func truncated() {
    for isEarly in [true, false] {
      let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
      if !isEarly { pair.carry() }
      pair.server.end()
      pair.client.end()
      let end = ["disconnected \(Status.tlsTruncated)"]
      #expect(pair.serverHost.events == (isEarly ? [] : ["connected"] + end))
      #expect(pair.clientHost.events == (isEarly ? [] : ["connected"] + end))
      #expect(pair.client.conn == nil && pair.server.conn == nil)
    }
  }

  @Test func stalled() {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    pair.bench.advance(29_999)
    #expect(pair.client.conn != nil && pair.server.conn != nil)
    pair.bench.advance(1)
    #expect(pair.client.conn == nil && pair.server.conn == nil)
    #expect(pair.client.output.closedWith == .timeout)
    let other = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    other.carry()
    other.bench.advance(1_000_000)
    #expect(other.client.conn != nil && other.server.conn != nil)
  }

  @Test func notTLSAtAll() {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    pair.server.feed("GET / HTTP/1.0\r\n\r\n")
    pair.client.feed("220 ready\r\n")
    #expect(pair.server.output.closedWith == .tls && pair.client.output.closedWith == .tls)
    let broken = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    broken.carry()
    broken.server.feed("this is no record at all")
    #expect(broken.serverHost.events == ["connected", "disconnected \(Status.tls)"])
    broken.carry()  // the alert
    #expect(broken.clientHost.events.last == "disconnected \(Status.tlsAlert)")
  }

  @Test func resumed() {
    for version: Int32 in [0x0303, 0x0304] {
      let configs = HandshakeTests.configs(version)
      for round in 0..<3 {
        let pair = Pair(Settings(), Settings(), configs: configs)
        pair.carry()
        var isResumed: [Bool] = []
        for peer in [pair.client, pair.server] {
          peer.conn?.eachLayer { isResumed.append(($0 as? TLSLayer)?.agreed.isResumed == true) }
        }
        #expect(isResumed == [round > 0, round > 0])
        pair.bench.turn { pair.client.conn?.close(.ok) }
        pair.carry()
      }
      #expect(configs.client.reload() == nil)
      let pair = Pair(Settings(), Settings(), configs: configs)
      pair.carry()
      pair.client.conn?.eachLayer { #expect(($0 as? TLSLayer)?.agreed.isResumed == false) }
    }
  }

  /// Workers that share ticket keys resume each other's sessions; rotated out, a key is good no more.
  @Test func ticketKeys() {
    let keys = (0..<3).map { seed in (0..<80).map { UInt8(($0 * 7 + seed * 31) & 255) } }
    func worker(_ keys: [UInt8]) -> Config { Pair.config(.server(HandshakeTests.issued) { $0.ticketKeys = keys }) }
    func set(_ keys: [UInt8], _ config: Config, _ expected: Status) {
      let status = config.setTicketKeys(keys.span.bytes)
      #expect(status == expected)
    }
    func resumes(_ client: Config, _ server: Config) -> Bool {
      let pair = Pair(Settings(), Settings(), configs: (client, server))
      pair.carry()
      var answer = false
      pair.client.conn?.eachLayer { answer = ($0 as? TLSLayer)?.agreed.isResumed == true }
      pair.bench.turn { pair.client.conn?.close(.ok) }
      pair.carry()
      return answer
    }
    for version: Int32 in [0x0303, 0x0304] {
      let client = HandshakeTests.configs(version).client
      let (one, two) = (worker(keys[0]), worker(keys[0]))
      #expect(!resumes(client, one) && resumes(client, two) && resumes(client, one))
      set(keys[1] + keys[0], two, .ok)
      #expect(resumes(client, two))  // by the old key; the new ticket has the new one
      set(keys[2], two, .ok)
      #expect(!resumes(Pair.config(.client(HandshakeTests.authority) { $0.hasTickets = false }), two))
    }
    set([1, 2, 3], Pair.config(Settings()), .invalid)
  }

  @Test func whatWasAgreedOn() {
    let client = Settings.client(HandshakeTests.authority) { $0.protocols = [2, 104, 50, 3, 97, 98, 99] }
    let server = Settings.server(HandshakeTests.issued) { $0.protocols = [1, 120, 3, 97, 98, 99, 2, 104, 50] }
    let pair = Pair(client, server)
    pair.carry()
    var bindings: [[UInt8]] = []
    for peer in [pair.client, pair.server] {
      #expect(peer.conn?.isSecure == true)
      var bytes: [UInt8] = []
      #expect(peer.conn?.channelBinding(.exporter, into: &bytes) == .ok)
      bindings.append(bytes)
      #expect(peer.conn?.channelBinding(.endPoint, into: &bytes) == .ok)
      bindings.append(bytes)
      #expect(peer.conn?.channelBinding(.unique, into: &bytes) == .invalid)
      peer.conn?.eachLayer { layer in
        guard let layer = layer as? TLSLayer else { return }
        #expect(Array(layer.agreed.chosen) == Array("abc".utf8))
        #expect(layer.agreed.version == 0x0304 && layer.agreed.bits >= 128)
        #expect(layer.agreed.serverName.map { String(cString: $0) } == "localhost")
        #expect(layer.agreed.isVerified == !layer.isServer)
        #expect(layer.agreed.certificates == (layer.isServer ? 0 : 1))
        #expect((layer.certificate(0) != nil) == !layer.isServer && layer.certificate(1) == nil)
      }
    }
    #expect(bindings[0] == bindings[2] && bindings[1] == bindings[3] && bindings[0].count == 32)
    let old = Pair(Settings(), Settings(), configs: HandshakeTests.configs(0x0303))
    old.carry()
    var (mine, theirs): ([UInt8], [UInt8]) = ([], [])
    #expect(old.client.conn?.channelBinding(.unique, into: &mine) == .ok)
    #expect(old.server.conn?.channelBinding(.unique, into: &theirs) == .ok)
    #expect(mine == theirs && mine.count == 12)
  }

  @Test func noProtocolInCommon() {
    let pair = Pair(
      .client(HandshakeTests.authority) { $0.protocols = [1, 97] },
      .server(HandshakeTests.issued) { $0.protocols = [1, 98] })
    pair.carry()
    #expect(pair.server.output.closedWith == .tls && pair.client.output.closedWith == .tlsAlert)
  }

  @Test func ownersOfTheReactorEndItInEachPhase() {
    for steps in 0..<4 {
      let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
      for _ in 0..<steps {
        let up = pair.client.output.sent[pair.fromClient...]
        pair.fromClient += up.count
        pair.server.feed(up)
        let down = pair.server.output.sent[pair.fromServer...]
        pair.fromServer += down.count
        pair.client.feed(down)
      }
      pair.bench.end()
      #expect(pair.client.output.closedWith == .aborted && pair.server.output.closedWith == .aborted)
    }
  }
}
