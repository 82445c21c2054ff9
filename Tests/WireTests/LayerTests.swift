import Bench
import Bytes
import Loopback
import Testing
import Wire

/// What stands between transport and protocol.
struct LayerTests {
  /// Turns letters by one place on the way down, and back on the way up.
  final class Turning: Layer {
    let by: UInt8
    var log: (String) -> Void = { _ in }
    init(_ by: UInt8) { self.by = by }

    override func connected(_ conn: Conn, _ place: Int) {
      log("connected \(by)")
      super.connected(conn, place)
    }
    override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
      let turned = bytes.withUnsafeBytes { $0.map { $0 &- by } }
      super.received(turned.span.bytes, conn, place)
    }
    override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
      let turned = block.bytes.withUnsafeBytes { $0.map { $0 &+ by } }
      block.removeAll()
      block.put(turned.span.bytes)
    }
    override func disconnected(_ conn: Conn, _ reason: Reason) { log("disconnected \(by)") }
  }

  /// Greets the peer in brackets and keeps `connected` back until it says "go"; takes nothing from above before; at the
  /// close it says "bye".
  final class Greeting: Layer {
    var isOpen = false
    var isOver = false
    var words = "[hi]"
    var endings: [Status] = []
    var ends = 0

    override func connected(_ conn: Conn, _ place: Int) { conn.needFlush() }
    override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
      if isOpen { return super.received(bytes, conn, place) }
      guard text(bytes) == "go" else { return give(up: Reason(.malformed, text: "no greeting"), conn) }
      isOpen = true
      conn.needFlush()
      conn.passConnected(above: place)
    }
    override func ended(_ conn: Conn, _ place: Int) {
      ends += 1
      if isOpen { super.ended(conn, place) } else { give(up: Reason(.closed), conn) }
    }
    func give(up reason: Reason, _ conn: Conn) {
      isOver = true
      conn.close(reason)
    }
    override var isBusy: Bool { !isOpen && !isOver }
    override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
      let own = Array(words.utf8)
      words = ""
      let rest = block.take()
      _ = block.append(own.span.bytes, limit: 1000)
      _ = block.append(rest.bytes, limit: 1000)
    }
    override func closing(_ conn: Conn, _ place: Int) {
      words += "[bye]"
      isOpen = true
      conn.needFlush()
    }
    override func disconnected(_ conn: Conn, _ reason: Reason) { endings.append(reason.status) }
  }

  /// Lets so many bytes down at a time.
  final class Slow: Layer {
    var allowed: Int
    var rest = ByteBuffer()
    init(_ allowed: Int) { self.allowed = allowed }
    override var isBusy: Bool { !rest.isEmpty }
    override var waiting: Int { rest.count }
    override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
      _ = rest.append(block.bytes, limit: 1000)
      block.removeAll()
      let now = min(allowed, rest.count)
      allowed -= now
      _ = block.append(rest.bytes.extracting(first: now), limit: 1000)
      rest.dropFirst(now)
    }
    func allow(_ more: Int, _ peer: Peer) {
      peer.bench.turn {
        allowed += more
        peer.conn?.needFlush()
      }
    }
  }

  static func open(_ host: Host, _ layers: [Layer]) -> (Bench, Peer) {
    host.layers = layers
    let bench = Bench()
    let peer = bench.open(host)
    bench.turn()
    return (bench, peer)
  }

  @Test func inBothDirections() {
    let host = Host(.raw)
    var log: [String] = []
    let layers = [Turning(1), Turning(2)]
    for layer in layers { layer.log = { log.append($0) } }
    host.onRaw = { conn, bytes in conn.write(bytes) }
    let (bench, peer) = LayerTests.open(host, layers + [Layer()])
    peer.feed("def")
    #expect(host.events == ["connected", "raw abc"])
    #expect(peer.sent == "def")
    peer.end()
    #expect(host.events.last == "disconnected 0")
    bench.turn()
    #expect(log == ["connected 1", "connected 2", "disconnected 1", "disconnected 2"])
  }

  /// A protocol whose layer never lets it begin never hears of the conn.
  @Test func aLayerThatRefuses() {
    final class Refusing: Layer {
      var endings = 0
      override func connected(_ conn: Conn, _ place: Int) {
        conn.close(.refused)
        super.connected(conn, place)
      }
      override func disconnected(_ conn: Conn, _ reason: Reason) { endings += 1 }
    }
    let layer = Refusing()
    let host = Host(.raw)
    let (_, peer) = LayerTests.open(host, [layer])
    peer.feed("a")
    #expect(host.events.isEmpty && layer.endings == 1 && peer.conn == nil)
  }

  @Test func aLayerThatClosesLetsNothingFurtherUp() {
    final class Late: Layer {
      override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
        conn.close(.malformed)
        super.received(bytes, conn, place)
      }
    }
    let host = Host(.raw)
    let (_, peer) = LayerTests.open(host, [Late()])
    peer.feed("a")
    #expect(host.events == ["connected", "disconnected -51"])
  }

  /// The layers of a conn that was refused were there: they count, and stop counting.
  @Test func refusedBehindALayer() {
    let host = Host(.raw)
    let layer = Greeting()
    host.layers = [layer]
    host.isWilling = false
    let bench = Bench()
    guard case .failed(.refused) = Conn.open(bench.context, Output(), host, Origin(.accepted)) else {
      return #expect(Bool(false))
    }
    #expect(layer.endings == [.refused] && host.events.isEmpty)
    bench.turn()
    #expect(bench.alive == 0)
  }

  @Test func connectedIsKeptBack() {
    let host = Host(.raw)
    let layer = Greeting()
    let (bench, peer) = LayerTests.open(host, [Turning(0), layer])
    #expect(host.events.isEmpty && peer.sent == "[hi]")
    bench.turn { peer.conn?.write("early") }  // nobody that heard of it would, but anybody may
    #expect(peer.sent == "[hi]" && peer.conn?.waiting == 5)
    peer.feed("go")
    #expect(host.events == ["connected"] && peer.sent == "[hi]early")
    peer.feed("x")
    bench.turn { peer.conn?.close(.ok) }
    #expect(host.events == ["connected", "raw x", "disconnected 0"])
    #expect(peer.sent == "[hi]early[bye]" && layer.endings == [.ok])
  }

  @Test func connectedNeverComes() {
    for ending in 0..<4 {
      let host = Host(.raw)
      let layer = Greeting()
      let (bench, peer) = LayerTests.open(host, [layer])
      switch ending {
      case 0: peer.feed("no")
      case 1: peer.end()
      case 2: peer.end(.system(-104))
      default: bench.turn { peer.conn?.abort(.aborted) }
      }
      #expect(host.events.isEmpty && peer.conn == nil)
      #expect(layer.endings == [[.malformed, .closed, .system(-104), .aborted][ending]])
      #expect(layer.ends == (ending == 1 ? 1 : 0))
    }
  }

  /// What the peer has to say before the conn can end in good order reaches the layer, but nobody else.
  @Test func closedBeforeItBegan() {
    let host = Host(.raw)
    let layer = Greeting()
    let (bench, peer) = LayerTests.open(host, [layer])
    bench.turn {
      peer.conn?.write("last words")
      peer.conn?.close(.ok)
    }
    #expect(peer.sent == "[hi]" && peer.output.readings.last == true)
    peer.feed("go")
    #expect(peer.sent == "[hi]last words[bye]" && peer.conn == nil && host.events.isEmpty)
  }

  @Test func aConnectWaits() {
    for isWelcome in [true, false] {
      let bench = Bench()
      let server = Host(.raw)
      let client = Host(.raw)
      let layer = Greeting()
      client.layers = [layer]
      var outcomes: [String] = []
      client.onConnected = { _ in outcomes.append("connected") }
      server.onConnected = { $0.write(isWelcome ? "go" : "no") }
      guard case .endpoint(let place) = Endpoint.parse(Array("memory:a".utf8).span.bytes, for: .listen),
        case .listener = bench.context.listen(place, ListenOptions(), server),
        case .endpoint(let target) = Endpoint.parse(Array("memory:a".utf8).span.bytes, for: .connect)
      else { return #expect(Bool(false)) }
      let connect = Connect(bench.context, target, client, attemptDelay: 1, time: 1000) { _, conn, reason in
        outcomes.append("\(conn != 0) \(reason.status)")
      }
      #expect(connect.begin() == .ok)
      bench.turn()
      bench.turn()
      #expect(outcomes == (isWelcome ? ["connected", "true 0"] : ["false -51"]))
    }
  }

  @Test func aConnectThatWaitsForALayerIsCancelledOrTimedOut() {
    for isCancelled in [true, false] {
      let bench = Bench()
      let server = Host(.raw)
      let client = Host(.raw)
      client.layers = [Greeting()]
      var outcomes: [String] = []
      guard case .endpoint(let place) = Endpoint.parse(Array("memory:a".utf8).span.bytes, for: .listen),
        case .listener = bench.context.listen(place, ListenOptions(), server),
        case .endpoint(let target) = Endpoint.parse(Array("memory:a".utf8).span.bytes, for: .connect)
      else { return #expect(Bool(false)) }
      let connect = Connect(bench.context, target, client, attemptDelay: 1, time: 1000) { _, conn, reason in
        outcomes.append("\(conn != 0) \(reason.status)")
      }
      #expect(connect.begin() == .ok)
      bench.turn()
      #expect(outcomes.isEmpty)
      if isCancelled { bench.turn { connect.cancel() } } else { bench.advance(1000) }
      bench.turn()
      #expect(outcomes == [isCancelled ? "false -33" : "false -32"])
      #expect(client.events.isEmpty && server.events.last?.hasPrefix("disconnected") == true)
    }
  }

  @Test func aLayerThatHoldsOutputBack() {
    let host = Host(.raw)
    let layer = Slow(3)
    let (bench, peer) = LayerTests.open(host, [Turning(0), layer, Turning(0)])
    bench.turn { peer.conn?.write("abcdef") }
    bench.turn { peer.conn?.write("ghi") }
    #expect(peer.sent == "abc" && peer.conn?.waiting == 6)
    layer.allow(4, peer)
    #expect(peer.sent == "abcdefg")
    bench.turn { peer.conn?.close(.ok) }
    #expect(peer.conn != nil)
    layer.allow(1, peer)
    #expect(peer.sent == "abcdefgh" && peer.conn != nil)
    layer.allow(1, peer)
    #expect(peer.sent == "abcdefghi" && peer.conn == nil && host.events == ["connected", "disconnected 0"])
  }

  /// What a layer holds counts against the cap, and a close does not wait for it for ever.
  @Test func whatALayerHoldsHasLimits() {
    let host = Host(.raw)
    let layer = Slow(0)
    let (bench, peer) = LayerTests.open(host, [layer])
    var limits = Limits()
    limits.highWater = 4
    limits.lowWater = 1
    limits.cap = 1000
    limits.closeTime = 50
    peer.conn?.limits = limits
    bench.turn { peer.conn?.write("abcdef") }
    #expect(host.events == ["connected", "write paused"])
    bench.turn { #expect(peer.conn?.write(995) { _ in } == .overflow) }
    #expect(host.events.last == "disconnected -22")
    let other = bench.open(host)
    bench.turn {
      other.conn?.limits = limits
      other.conn?.write("abcdef")
      other.conn?.close(.ok)
    }
    #expect(other.conn != nil)
    bench.advance(50)
    #expect(host.events.last == "disconnected -32")
  }

  @Test func readingIsRestrained() {
    let host = Host(.raw)
    let (bench, peer) = LayerTests.open(host, [Layer()])
    func turn(_ body: (Conn) -> Void) { bench.turn { if let conn = peer.conn { body(conn) } } }
    turn { $0.restrain() }
    turn { $0.restrain() }
    #expect(peer.output.readings == [true, false, false])
    turn { _ = $0.pause() }
    turn { $0.unrestrain() }
    turn { _ = $0.resume() }
    #expect(peer.output.readings.last == false)
    turn { $0.unrestrain() }
    #expect(peer.output.readings.last == true)
    turn { _ = $0.pause() }
    turn { $0.restrain() }
    turn { $0.unrestrain() }
    #expect(peer.output.readings.last == false)  // it is the host's now
    turn { _ = $0.resume() }
    #expect(peer.output.readings.last == true)
  }

  /// A protocol that takes over with layers of its own: what was held goes through them.
  @Test func replacedByAFactoryWithLayers() {
    let first = Host.lines()
    let second = Host.lines()
    second.layers = [Turning(1)]
    first.onMessage = { conn, _ in _ = conn.replace(by: second) }
    let (_, peer) = LayerTests.open(first, [Turning(0)])
    peer.feed("switch\r\nbcd\u{0e}\u{0b}")
    #expect(first.events == ["connected", "switch"])
    #expect(second.events == ["connected", "abc"])
    peer.feed("e\u{0e}\u{0b}")
    #expect(second.events.last == "d")
    second.isWilling = false
    let layer = Greeting()
    second.layers = [layer]
    #expect(peer.conn?.replace(by: second) == .refused)
    #expect(layer.endings == [.refused])
  }

  /// A layer may find out late what is to be spoken: it has that built before it lets anybody know.
  @Test func builtLate() {
    final class Choosing: Layer {
      let next: Factory
      init(_ next: Factory) { self.next = next }
      override func connected(_ conn: Conn, _ place: Int) {}
      override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
        guard conn.isUntold else { return super.received(bytes, conn, place) }
        #expect(conn.replace(by: next) == .ok)
        conn.passConnected(above: place)
        conn.pass(bytes, above: place)
      }
    }
    let first = Host(.raw)
    let second = Host.lines()
    second.layers = [Turning(0)]
    let (_, peer) = LayerTests.open(first, [Choosing(second)])
    peer.feed("a\r\n")
    peer.feed("b\r\n")
    #expect(first.events.isEmpty && second.events == ["connected", "a", "b"])
  }

  @Test func childrenInherit() {
    final class Counting: Layer {
      final class Count { var count = 0 }
      let total: Count
      init(_ total: Count) { self.total = total }
      override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
        total.count += bytes.byteCount
        super.received(bytes, conn, place)
      }
      override func inherited(by child: Conn) { child.add(Counting(total)) }
    }
    let host = Host(.raw)
    let total = Counting.Count()
    let (bench, peer) = LayerTests.open(host, [Counting(total)])
    let data = Host(.raw)
    let output = Output()
    guard case .conn(let child) = Conn.open(bench.context, output, data, Origin(.connected, parent: peer.conn)) else {
      return #expect(Bool(false))
    }
    bench.turn { child.start() }
    bench.turn { child.received(Array("abc".utf8).span.bytes) }
    peer.feed("de")
    #expect(total.count == 5 && data.events == ["connected", "raw abc"])
  }

  @Test func addressesThatALayerKnows() {
    let host = Host(.raw)
    let (_, peer) = LayerTests.open(host, [Layer()])
    var far = Address()
    far.socket.family = Address.ipv4
    var found = Address()
    #expect(peer.conn?.peer(&found) == .ok && found.socket.family == 0)
    peer.conn?.setAddresses(peer: far, local: Address())
    #expect(peer.conn?.peer(&found) == .ok && found.socket.family == Address.ipv4)
    #expect(peer.conn?.local(&found) == .ok && found.socket.family == 0)
  }
}
