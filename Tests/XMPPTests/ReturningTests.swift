import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import XMPP

/// What may not have arrived is the host's again, once, however the conns end that could tell it.
struct ReturningTests {
  static let failed =
    "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"

  func send(_ peer: Peer, _ bodies: String...) -> Status {
    var status: Status = .ok
    peer.bench.turn {
      for body in bodies where status == .ok {
        guard let conn = peer.conn, let made = tree("<message xmlns='jabber:client'><body>\(body)</body></message>")
        else { return }
        status = conn.speakingXMPP { $0.send(made, 0, conn) }
      }
    }
    return status
  }

  /// A session with three stanzas that nobody has acknowledged, and a request; its connection is lost.
  func lost(_ bench: Bench, _ host: Ear) -> Asked? {
    let peer = bench.open(host)
    Script.login(peer, managed: true)
    var call: Asked?
    #expect(send(peer, "1") == .ok)
    bench.turn {
      guard let conn = peer.conn, let request = tree("<iq xmlns='jabber:client' type='get' to='a@b'/>") else { return }
      let made = Asked(conn.context)
      guard made.register(Kind.call) else { return }
      call = made
      #expect(conn.speakingXMPP { $0.ask(request, 0, 0, made, conn) } == .ok)
    }
    #expect(send(peer, "2", "3") == .ok)
    #expect(peer.conn?.speakingXMPP { Status($0.session.waitingCount) } == 4)
    peer.end(Status.system(-104))
    #expect(call?.heard == [])
    host.events = []
    return call
  }

  func comeBack(_ bench: Bench, _ host: Ear, managed: Bool = true) -> Peer {
    let peer = bench.open(host)
    peer.feed(Script.header + Script.features(Script.mechanisms("ANONYMOUS")))
    peer.feed(Script.success)
    peer.feed(Script.header + Script.features(Script.bind + (managed ? Script.management : "")))
    return peer
  }

  let all = (1...3).map { "returned <message><body>\($0)</body></message>" }

  /// The connection that heard that the session is forgotten ends before it is ready, at each place where it can.
  @Test(arguments: 0..<3) func beforeReady(_ after: Int) {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let call = lost(bench, host)
    var peer = comeBack(bench, host)
    for said in [Self.failed, Script.bound].prefix(after) { peer.feed(said) }
    #expect(call?.heard == (after > 0 ? ["\(Status.closed) 0  -"] : []))
    peer.end(Status.system(-104))
    peer = comeBack(bench, host)
    if after == 0 { peer.feed(Self.failed) }
    peer.feed(Script.bound)
    peer.feed(Script.enabled)
    #expect(host.events.filter { $0.hasPrefix("returned") } == all)
    #expect(host.former.isEmpty && host.returning == 0)
    peer.end(Status.system(-104))
    #expect(call?.heard.count == 1)
    #expect(bench.alive == 0)
  }

  @Test func theServerManagesNoStreamsAnyMore() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let call = lost(bench, host)
    let peer = comeBack(bench, host, managed: false)
    #expect(call?.heard == ["\(Status.closed) 0  -"])
    peer.feed(Script.bound)
    #expect(host.events == ["connected", "ready false"] + all)
  }

  /// A host that closes while it is given them gets the others later; none of them twice.
  @Test func aHostThatCloses() {
    let bench = Bench()
    let host = Ear(options("example.org", "") { $0.mostUnacknowledged = 5 })
    _ = lost(bench, host)
    host.closesOnReturn = true
    for count in 1...3 {
      let peer = comeBack(bench, host)
      if count == 1 { peer.feed(Self.failed) }
      peer.feed(Script.bound)
      peer.feed(Script.enabled)
      #expect(host.events.filter { $0.hasPrefix("returned") } == Array(all.prefix(count)))
      #expect(peer.conn == nil)
      host.kept = nil  // it is begun anew each time
    }
    #expect(host.returning == 0)
  }

  /// What has yet to be returned counts among what waits.
  @Test func theLimit() {
    let bench = Bench()
    let host = Ear(options("example.org", "") { $0.mostUnacknowledged = 5 })
    _ = lost(bench, host)
    var peer = comeBack(bench, host)
    peer.feed(Self.failed)
    peer.feed(Script.bound)
    host.onReady = { [weak host] conn in
      guard let host, let made = tree("<message xmlns='jabber:client'/>") else { return }
      host.onReady = nil
      for wanted in [Status.ok, .limit] { #expect(conn.speakingXMPP { $0.send(made, 0, conn) } == wanted) }
    }
    peer.feed(Script.enabled)
    #expect(send(peer, "4") == .ok)
    peer.end(Status.system(-104))
    // Two conns of one account: the older session is over.
    peer = bench.open(host)
    Script.login(peer, managed: true, resuming: "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='m1'/>")
    let other = bench.open(host)
    Script.login(other, managed: true)
    #expect(send(other, "5") == .ok)
    other.end(Status.system(-104))
    peer.end(Status.system(-104))
    host.events = []
    peer = comeBack(bench, host)
    peer.feed("<resumed xmlns='urn:xmpp:sm:3' h='2' previd='m1'/>")
    #expect(host.events == ["connected", "ready true", "returned <message><body>5</body></message>"])
  }

  @Test func givenUp() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let call = lost(bench, host)
    bench.turn {
      #expect(host.giveUp(bench.context) == .ok)
      #expect(host.events == [])
    }
    #expect(call?.heard == ["\(Status.closed) 0  -"])
    #expect(host.events == (1...3).map { "left <message><body>\($0)</body></message>" })
    host.events = []
    bench.turn { #expect(host.giveUp(bench.context) == .ok) }
    #expect(host.events == [] && bench.alive == 0)
    // What one reactor leaves, the next one tells.
    _ = lost(bench, host)
    let peer = comeBack(bench, host)
    peer.feed("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='m1'/>")
    bench.end()
    host.events = []
    let other = Bench()
    let later = other.open(host)
    Script.login(later)
    #expect(host.events == ["connected", "ready false"] + all.dropFirst())
    other.end()
  }

  /// What this side has closed in good order is over; what was cut off is not.
  @Test(arguments: [false, true]) func closed(_ isCutOff: Bool) {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    var peer = bench.open(host)
    Script.login(peer, managed: true)
    #expect(send(peer, "1") == .ok)
    bench.turn {
      if let conn = peer.conn {
        #expect(conn.speakingXMPP { $0.close(conn) } == .ok)
        if isCutOff { conn.abort(.timeout) }
      }
    }
    #expect(peer.conn == nil)
    host.events = []
    peer = comeBack(bench, host)
    peer.feed(Script.bound)
    peer.feed(Script.enabled)
    #expect(host.events == ["connected", "ready false"] + all.prefix(isCutOff ? 1 : 0))
  }

  @Test(arguments: [
    ("b.example", "b.example", 0), (" b.example:5269\n", "b.example", 5269), ("[::1]:80", "::1", 80),
    ("[::1]", "::1", 0), ("::1", "::1", 0),
    ("127.0.0.1:1", "127.0.0.1", 1), ("", nil, 0), (":1", nil, 0), ("b:", nil, 0), ("b:0", nil, 0), ("b:65536", nil, 0),
    ("b:123456", nil, 0), ("[b]:1", nil, 0),
    ("[::1", nil, 0), ("[]", nil, 0), ("a b", nil, 0), ("a\0b", nil, 0), ("b:1:2", nil, 0), ("\u{e9}.example", nil, 0),
    (String(repeating: "a", count: 254), nil, 0),
  ]) func anotherHost(_ said: String, _ host: String?, _ port: Int) {
    let found = Elsewhere.parse(Array(said.utf8).span.bytes)
    #expect(found.map { String(cString: $0.host.pointer) } == host)
    #expect(found?.port ?? 0 == port)
  }

  func move(_ host: Ear, _ text: String) -> Bool { host.move(Array(text.utf8).span.bytes) }

  @Test func howOftenItIsSentOn() {
    let host = Ear(options("example.org", ""))
    guard
      case .endpoint(let endpoint) = Endpoint.parse(
        Array("tcp:host=a:port=5222:srv=xmpp-client".utf8).span.bytes, for: .connect)
    else { return }
    #expect(host.moved(endpoint) == nil)
    for _ in 0..<2 {
      for _ in 0..<5 { #expect(move(host, "b:1")) }
      #expect(!move(host, "b:1"))
    }
    #expect(move(host, "c"))
    let made = host.moved(endpoint)
    #expect(made.flatMap { $0.name.map { String(cString: $0.pointer) } } == "c")
    #expect(made?.identity.map { String(cString: $0.pointer) } == "a")
    #expect(made?.service != nil && made?.number == 5222)
    #expect(host.moved(endpoint) == nil)  // for one connection alone
    #expect(made?.moved(to: Text.make(copying: [100])!, port: 7).identity.map { String(cString: $0.pointer) } == "a")
    guard case .endpoint(let inMemory) = Endpoint.parse(Array("memory:a".utf8).span.bytes, for: .connect) else {
      return
    }
    #expect(move(host, "c"))
    #expect(host.moved(inMemory) == nil)
  }
}
