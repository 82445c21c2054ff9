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

  /// What has yet to be returned leaves room for as much as may wait anyway.
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
      for wanted in [Status.ok, .ok, .ok, .ok, .ok, .limit] {
        #expect(conn.speakingXMPP { $0.send(made, 0, conn) } == wanted)
      }
    }
    peer.feed(Script.enabled)
    #expect(host.events.filter { $0.hasPrefix("returned") } == all)
    #expect(send(peer, "4") == .limit)
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
    peer.feed("<resumed xmlns='urn:xmpp:sm:3' h='5' previd='m1'/>")
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

  /// One that is closed while it is being taken up is over, and what may not have arrived is not lost.
  @Test func closedWhileItIsTakenUp() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let call = lost(bench, host)
    var peer = comeBack(bench, host)
    bench.turn { if let conn = peer.conn { #expect(conn.speakingXMPP { $0.close(conn) } == .ok) } }
    #expect(peer.conn == nil && host.kept == nil)
    #expect(call?.heard == ["\(Status.closed) 0  -"])
    peer = comeBack(bench, host)
    peer.feed(Script.bound)
    peer.feed(Script.enabled)
    #expect(host.events.filter { $0.hasPrefix("returned") } == all)
  }

  /// Another conn of the account that is ready is told at once what one that has ended has left.
  @Test func anotherIsReady() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let peer = comeBack(bench, host)
    peer.feed(Script.bound)
    peer.feed("<enabled xmlns='urn:xmpp:sm:3'/>")
    #expect(send(peer, "1", "2") == .ok)
    let other = bench.open(host)
    Script.login(other)
    host.events = []
    peer.end(Status.system(-104))
    #expect(host.events.dropFirst() == all.prefix(2))
    #expect(host.returning == 0 && host.readyConns.count == 1)
    other.end()
    #expect(host.readyConns.isEmpty && bench.alive == 0)
  }

  /// What it answers by itself is none of the host's.
  @Test func itsOwnAnswers() {
    let bench = Bench()
    let host = Ear(options("example.org", "") { $0.answersReceipts = true })
    var peer = bench.open(host)
    Script.login(peer, managed: true)
    peer.feed("<iq type='get' id='1' from='a@b'><ping xmlns='urn:xmpp:ping'/></iq>")
    peer.feed("<iq type='get' id='2' from='a@b'><x xmlns='y'/></iq>")
    peer.feed("<message id='3' from='a@b'><request xmlns='urn:xmpp:receipts'/></message>")
    #expect(send(peer, "1") == .ok)
    #expect(peer.conn?.speakingXMPP { Status($0.session.waitingCount) } == 4)
    peer.end(Status.system(-104))
    peer = comeBack(bench, host)
    for said in [Self.failed, Script.bound, Script.enabled] { peer.feed(said) }
    #expect(host.events.filter { $0.hasPrefix("returned") } == Array(all.prefix(1)))
  }

  /// A server that wants a session asked for, wants that also where it has forgotten the one before.
  @Test func aSessionIsAskedFor() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    _ = lost(bench, host)
    let peer = bench.open(host)
    peer.feed(Script.header + Script.features(Script.mechanisms("ANONYMOUS")))
    peer.feed(Script.success)
    let session = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"
    peer.feed(Script.header + Script.features(Script.bind + session + Script.management))
    peer.feed(Self.failed)
    peer.feed(Script.bound)
    #expect(peer.sent.hasSuffix("<iq type='set' id='session'>\(session)</iq>"))
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

  func endpoint(_ text: String) -> Endpoint {
    guard case .endpoint(let made) = Endpoint.parse(Array(text.utf8).span.bytes, for: .connect) else {
      fatalError("no endpoint")
    }
    return made
  }
  func move(_ host: Ear, _ text: String, _ from: Endpoint, isFar: Bool = true) -> Bool {
    host.move(Array(text.utf8).span.bytes, from: from, isFar: isFar)
  }

  @Test func howOftenItIsSentOn() {
    let host = Ear(options("example.org", ""))
    let start = endpoint("tcp:host=a:port=5222:srv=xmpp-client")
    #expect(host.moved(start, host) == nil)
    for _ in 0..<2 {
      for _ in 0..<5 { #expect(move(host, "b:1", start)) }
      #expect(!move(host, "b:1", start))
    }
    #expect(move(host, "c", start))
    // It is for who comes from there alone.
    for other in ["tcp:a:5223", "tcp:b:5222", "memory:a"] { #expect(host.moved(endpoint(other), host) == nil) }
    let made = host.moved(start, host)?.endpoint
    #expect(made.flatMap { $0.name.map { String(cString: $0.pointer) } } == "c")
    #expect(made?.identity.map { String(cString: $0.pointer) } == "a")
    #expect(made?.service != nil && made?.number == 5222)
    #expect(host.moved(start, host) == nil)  // for one connection alone
    guard let made, let name = Text.make(copying: [100]) else { return }
    let further = made.moved(to: name, port: 7)
    #expect(further.identity.map { String(cString: $0.pointer) } == "a")
    #expect(further.isSameStart(as: start) && !further.isSameStart(as: endpoint("tcp:a:7")))
    #expect(move(host, "d", further))
    #expect(host.moved(start, host) != nil)
  }

  /// Who is far away does not send this side to what is near.
  @Test func whatIsNear() {
    let host = Ear(options("example.org", ""))
    let start = endpoint("tcp:a:1")
    #expect(move(host, "b", start, isFar: false))
    #expect(host.moved(start, host)?.permits == nil)
    #expect(move(host, "b", start))
    guard let permits = host.moved(start, host)?.permits else { return #expect(Bool(false)) }
    func allows(_ text: String) -> Bool? { IP.parse(Array(text.utf8).span.bytes).map(permits) }
    for near in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "::1", "::", "fe80::1", "::ffff:127.0.0.1"] {
      #expect(allows(near) == false)
    }
    for far in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "fc00::1", "169.253.0.1", "128.0.0.1"] {
      #expect(allows(far) == true)
    }
  }

  /// Servers that send this side on after they have let it in count, too; but not those with which it has spoken for long.
  @Test func sentOnAfterLoggingIn() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let start = endpoint("tcp:a:1")
    for count in 1...14 {
      let peer = bench.open(host)
      Script.login(peer)
      _ = peer.conn?.speakingXMPP {
        $0.movable = start
        if count == 10 { $0.readyAt = bench.context.now &- 60_000 }
        return .ok
      }
      host.events = []
      peer.feed(
        "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b</see-other-host></stream:error>")
      let wanted = count == 6 ? Status.remote : .switched
      #expect(host.events.first?.hasPrefix("end \(wanted) ") == true, "\(count)")
    }
    #expect(host.moves == 5)
    let peer = bench.open(host)
    Script.login(peer)
    peer.end()
    #expect(host.moves == 0)
  }

  /// XEP-0198 §4: messages, presences and iqs, of the stream's own namespace.
  @Test func whatCounts() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    var peer = bench.open(host)
    Script.login(peer, managed: true)
    peer.feed("<x xmlns='urn:x'/><message/><message xmlns='urn:x'/><iq type='strange'/><iq/><presence/><strange/>")
    #expect(host.events.filter { $0.hasPrefix("other") }.count == 5)
    for (text, isKept) in [
      ("<x xmlns='urn:x'/>", false), ("<message xmlns='urn:x'/>", false), ("<strange xmlns='jabber:client'/>", false),
      ("<iq xmlns='jabber:client'/>", true), ("<presence xmlns='jabber:client'/>", true),
    ] {
      bench.turn {
        guard let conn = peer.conn, let made = tree(text) else { return }
        let before = conn.speakingXMPP { Status($0.session.waitingCount) }
        let status = conn.speakingXMPP { $0.send(made, 0, conn) }
        #expect(status == .ok)
        let after = conn.speakingXMPP { Status($0.session.waitingCount) }
        #expect(after - before == (isKept ? 1 : 0))
      }
    }
    #expect(
      peer.sent == "<x xmlns='urn:x'/><message xmlns='urn:x'/><strange/><iq/><presence/>")
    // What it says of two is of those that count.
    peer.feed("<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='1'/>")
    #expect(peer.sent.hasSuffix("<a xmlns='urn:xmpp:sm:3' h='4'/>"))
    peer.end(Status.system(-104))
    peer = bench.open(host)
    Script.login(peer, managed: true, resuming: "<resumed xmlns='urn:xmpp:sm:3' h='1' previd='m1'/>")
    #expect(host.events.last == "ready true")
    #expect(peer.conn?.speakingXMPP { Status($0.session.waitingCount) } == 1)
    peer.feed("<a xmlns='urn:xmpp:sm:3' h='3'/>")
    #expect(peer.conn == nil)
  }
}
