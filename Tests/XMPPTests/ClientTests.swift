import Bench
import Bytes
import Loopback
import SASL
import Testing
import Wire

@testable import XMPP

struct ClientTests {
  @Test func anonymousFromTheFirstByte() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let peer = bench.open(host)
    bench.turn()
    #expect(peer.sent == Script.hello)
    peer.feed(Script.header + Script.features(Script.mechanisms("PLAIN", "ANONYMOUS")))
    #expect(peer.sent.hasSuffix("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>"))
    peer.output.sent = []
    // The new stream's header comes with the success: it belongs to the new stream.
    peer.feed(Script.success + Script.header + Script.features(Script.bind))
    #expect(
      peer.sent == Script.hello + "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    peer.feed(Script.bound)
    #expect(host.events == ["connected", "ready false"])
    #expect(peer.conn?.speakingXMPP { text($0.session.jid) == "me@example.org/r" ? 1 : 0 } == 1)
  }

  /// However a server's bytes are cut, the same conversation comes of them.
  @Test func everySplit() {
    let script =
      Script.header + Script.features(Script.mechanisms("ANONYMOUS")) + Script.success + Script.header
      + Script.features(Script.bind + Script.management) + Script.bound + Script.enabled
      + "<message from='a@b'><body>hi</body></message> <r xmlns='urn:xmpp:sm:3'/><presence/>\n"
      + "<iq type='get' id='1' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq><iq type='set' id='2' from='x@y'><z xmlns='q'/></iq></stream:stream>"
    let bytes = Array(script.utf8)
    func hear(_ pieces: [ArraySlice<UInt8>]) -> ([String], String) {
      let bench = Bench()
      let host = Ear(options("example.org", ""))
      let peer = bench.open(host)
      for piece in pieces { peer.feed(piece) }
      return (host.events, peer.sent)
    }
    let whole = hear([bytes[...]])
    #expect(whole.0.count == 7 && whole.0.last == "end 0 0 ")
    #expect(whole.1.contains("<a xmlns='urn:xmpp:sm:3' h='1'/>"))
    #expect(whole.1.contains("<iq type='result' id='1' to='example.org'></iq>"))
    #expect(
      whole.1.contains(
        "<iq type='error' id='2' to='x@y'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      ))
    #expect(whole.1.hasSuffix("</stream:stream>"))
    for cut in 0...bytes.count {
      let (events, sent) = hear([bytes[..<cut], bytes[cut...]])
      #expect(events == whole.0 && sent == whole.1)
    }
    let (events, sent) = hear(bytes.indices.map { bytes[$0...$0] })
    #expect(events == whole.0 && sent == whole.1)
  }

  @Test func startTLSAndWhatCannotHideIt() {
    let tls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    let bench = Bench()
    let host = Ear(options("me@example.org/x", "pw") { $0.allowsPlaintext = false })
    host.hasTLS = true
    let peer = bench.open(host)
    peer.feed(Script.header + Script.features(tls + Script.mechanisms("PLAIN")))
    #expect(peer.sent.hasSuffix(tls))
    peer.feed("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    #expect(peer.sent.hasSuffix(tls + Script.hello))
    peer.feed(Script.header + Script.features(Script.mechanisms("PLAIN")))
    #expect(peer.sent.hasSuffix("mechanism='PLAIN'>AG1lAHB3</auth>"))
    peer.feed("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>no!</text></failure>")
    #expect(host.events == ["connected", "tls", "end \(Status.remote) 110 not-authorized: no!"])

    // What came behind the proceed was not the server's.
    let second = Ear(options("me@example.org/x", "pw"))
    second.hasTLS = true
    let other = bench.open(second)
    other.feed(Script.header + Script.features(tls))
    other.feed("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><x/>")
    #expect(second.events.last?.hasPrefix("end \(Status.malformed)") == true)

    // No TLS to be had.
    let third = Ear(options("me@example.org/x", "pw") { $0.allowsPlaintext = false })
    let last = bench.open(third)
    last.feed(Script.header + Script.features(Script.mechanisms("PLAIN", "SCRAM-SHA-1")))
    #expect(third.events.last?.hasPrefix("end \(Status.unsupported)") == true)
    // ...and no password in the clear where it is not wanted.
    let fourth = Ear(options("me@example.org/x", "pw"))
    let plain = bench.open(fourth)
    plain.feed(Script.header + Script.features(Script.mechanisms("PLAIN")))
    #expect(fourth.events.last?.hasPrefix("end \(Status.unsupported)") == true)
    #expect(!plain.sent.contains("<auth"))
  }

  /// What is bound to, as the server says, and that it was not offered where the offer may have been changed on the way.
  @Test(arguments: [
    (["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], "", "SCRAM-SHA-256-PLUS", "p=tls-unique,,n=me"),
    (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"], "tls-exporter", "SCRAM-SHA-1-PLUS", "p=tls-exporter,,n=me"),
    (["SCRAM-SHA-1-PLUS", "PLAIN"], "tls-server-end-point", "SCRAM-SHA-1-PLUS", "p=tls-server-end-point,,n=me"),
    (["SCRAM-SHA-256", "PLAIN"], "", "SCRAM-SHA-256", "y,,n=me"),
    (["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], "tls-strange", "SCRAM-SHA-256", "n,,n=me"),
  ])
  func channelBinding(_ offered: [String], _ kind: String, _ chosen: String, _ wanted: String) {
    guard Exchange.isDigesting else { return }
    let bench = Bench()
    let host = Ear(options("me@example.org", "pw"))
    host.hasTLS = true
    let peer = bench.open(host)
    peer.feed(Script.header + Script.features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
    peer.feed("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    let list =
      kind.isEmpty
      ? "" : "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='\(kind)'/></sasl-channel-binding>"
    let names = offered.map { "<mechanism>\($0)</mechanism>" }.joined()
    peer.feed(
      Script.header
        + Script.features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(names)</mechanisms>\(list)"))
    let parts = peer.sent.split(separator: "mechanism='\(chosen)'>")
    #expect(parts.count == 2)
    var said: [UInt8] = []
    let encoded = Array((parts.last ?? "").prefix { $0 != "<" }.utf8)
    #expect(Base64.decode(encoded.span.bytes, into: &said))
    #expect(text(said).hasPrefix(wanted))
  }

  @Test(arguments: [
    ("<x/>", "10"),
    ("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client' id='1'>", "25"),
    ("<!DOCTYPE a>", "18"), ("<a></b>", "10"), (Script.header + "text", "13"), ("<\u{0}s\u{0}", "13"),
    (Script.header + "<!-- -->", "18"),
    (Script.header + "<message/>", "14"), (Script.header + "<a b='1' b='2'/>", "13"),
    ("<?xml version='1.0' encoding='latin1'?>" + Script.header.dropFirst(21), "22"),
  ])
  func whatEndsAStream(_ said: String, _ condition: String) {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let peer = bench.open(host)
    peer.feed(said)
    #expect(peer.conn == nil)
    let name = Conditions.name(CInt(condition)!, .stream)!
    #expect(
      peer.sent.contains(
        "<stream:error><\(name) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"))
  }

  @Test func whatTheServerSaysOfItsEnd() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let peer = bench.open(host)
    Script.login(peer)
    peer.feed(
      "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b.example:5222</see-other-host><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>bye</text></stream:error></stream:stream>"
    )
    #expect(host.events.last == "end \(Status.remote) 19 see-other-host: b.example:5222: bye")
    #expect(peer.sent == "</stream:stream>")
  }

  func ask(_ peer: Peer, _ xml: String, _ time: UInt64 = 0) -> (Asked?, Status) {
    var call: Asked?
    var status: Status = .ok
    peer.bench.turn {
      guard let conn = peer.conn, let request = tree(xml) else { return }
      let made = Asked(conn.context)
      guard made.register(Kind.call) else { return }
      status = conn.speakingXMPP { $0.ask(request, 0, time, made, conn) }
      if status == .ok { call = made } else { made.unregister() }
    }
    return (call, status)
  }

  @Test func requestsAndWhoAnswersThem() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    let peer = bench.open(host)
    #expect(ask(peer, "<iq xmlns='jabber:client' type='get'/>").1 == .bound)
    Script.login(peer)
    let (one, _) = ask(peer, "<iq xmlns='jabber:client' type='get' to='A@b/c' id='mine'><q xmlns='x'/></iq>")
    #expect(peer.sent == "<iq type='get' to='A@b/c' id='p1'><q xmlns='x'/></iq>")
    peer.feed("<iq type='result' id='p1' from='evil@b'/>")
    #expect(one?.heard == [])
    peer.feed("<iq type='result' id='p1' from='a@B/c'><r/></iq>")
    #expect(one?.heard == ["0 0  <iq type='result' id='p1' from='a@B/c'><r/></iq>"])
    peer.feed("<iq type='result' id='p1' from='a@b/c'><r/></iq>")
    #expect(one?.heard.count == 1)
    // Without an address it is the server's or the account's to answer.
    for from in ["", " from='me@example.org'", " from='me@example.org/r'", " from='example.org'"] {
      let (call, _) = ask(peer, "<iq xmlns='jabber:client' type='set'/>")
      peer.feed(
        "<iq type='error' id='p\(call.map { String($0.serial, radix: 16) } ?? "")'\(from)><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      )
      #expect(call?.heard.first?.hasPrefix("\(Status.remote) 207 item-not-found") == true)
    }
    let (late, _) = ask(peer, "<iq xmlns='jabber:client' type='get' to='a@b'/>", 500)
    let (kept, _) = ask(peer, "<iq xmlns='jabber:client' type='get' to='a@b'/>")
    bench.advance(499)
    #expect(late?.heard == [])
    bench.advance(1)
    #expect(late?.heard == ["\(Status.timeout) 0  -"])
    bench.turn { kept?.cancel() }
    #expect(kept?.heard == ["\(Status.cancelled) 0  -"])
    let (last, _) = ask(peer, "<iq xmlns='jabber:client' type='get' to='a@b'/>")
    peer.end()
    #expect(last?.heard == ["\(Status.closed) 0  -"])
    #expect(bench.alive == 0)
    #expect(ask(peer, "<iq xmlns='jabber:client' type='get'/>").0 == nil)
  }

  @Test func aSessionGoesOn() {
    let bench = Bench()
    let host = Ear(options("example.org", ""))
    var peer = bench.open(host)
    Script.login(peer, managed: true)
    func send(_ body: String) -> Status {
      var status: Status = .ok
      bench.turn {
        guard let conn = peer.conn, let made = tree("<message xmlns='jabber:client'><body>\(body)</body></message>")
        else { return }
        status = conn.speakingXMPP { $0.send(made, 0, conn) }
      }
      return status
    }
    for body in ["1", "2", "3"] { #expect(send(body) == .ok) }
    let (call, _) = ask(peer, "<iq xmlns='jabber:client' type='get' to='a@b'/>")
    peer.feed("<a xmlns='urn:xmpp:sm:3' h='1'/><message/><presence/>")
    #expect(peer.conn?.speakingXMPP { Status($0.session.waitingCount) } == 3)
    peer.end(Status.system(-104))
    #expect(call?.heard == [])

    peer = bench.open(host)
    peer.feed(Script.header + Script.features(Script.mechanisms("ANONYMOUS")))
    peer.feed(Script.success)
    peer.output.sent = []
    peer.feed(Script.header + Script.features(Script.bind + Script.management))
    #expect(peer.sent.hasSuffix("<resume xmlns='urn:xmpp:sm:3' h='2' previd='m1'/>"))
    peer.output.sent = []
    peer.feed("<resumed xmlns='urn:xmpp:sm:3' h='2' previd='m1'/>")
    #expect(peer.sent == "<message><body>3</body></message><iq type='get' to='a@b' id='p1'/><r xmlns='urn:xmpp:sm:3'/>")
    #expect(host.events.last == "ready true")
    peer.feed("<iq type='result' id='p1' from='a@b'/><a xmlns='urn:xmpp:sm:3' h='4'/>")
    #expect(call?.heard.count == 1)
    #expect(peer.conn?.speakingXMPP { Status($0.session.waitingCount) } == 0)

    // The next time the server has forgotten it.
    #expect(send("4") == .ok)
    peer.end(Status.system(-104))
    peer = bench.open(host)
    peer.feed(Script.header + Script.features(Script.mechanisms("ANONYMOUS")))
    peer.feed(Script.success)
    peer.feed(Script.header + Script.features(Script.bind + Script.management))
    peer.feed("<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
    peer.feed(Script.bound)
    peer.feed(Script.enabled)
    #expect(host.events.suffix(2) == ["ready false", "returned <message><body>4</body></message>"])
    // More is acknowledged than was sent.
    peer.feed("<a xmlns='urn:xmpp:sm:3' h='9'/>")
    #expect(peer.conn == nil)
  }

  @Test func limits() {
    let bench = Bench()
    let host = Ear(
      options("example.org", "") {
        $0.mostUnacknowledged = 2; $0.mostCalls = 1
      })
    let peer = bench.open(host)
    Script.login(peer, managed: true)
    #expect(ask(peer, "<iq xmlns='jabber:client' type='get' to='a@b'/>").1 == .ok)
    #expect(ask(peer, "<iq xmlns='jabber:client' type='get' to='a@b'/>").1 == .limit)
    #expect(ask(peer, "<iq xmlns='jabber:client' type='result' to='a@b'/>").1 != .ok)
    bench.turn {
      guard let conn = peer.conn, let made = tree("<message xmlns='jabber:client'/>") else { return }
      #expect(conn.speakingXMPP { $0.send(made, 0, conn) } == .ok)
      #expect(conn.speakingXMPP { $0.send(made, 0, conn) } == .limit)
    }
    bench.end()
    // Logging in takes too long; a sign of life goes out.
    let clock = Bench()
    let slow = Ear(options("example.org", "") { $0.loginTime = 1000 })
    let mute = clock.open(slow)
    clock.turn()
    clock.advance(1000)
    #expect(slow.events.last == "end \(Status.timeout) 0 logging in took too long")
    #expect(mute.sent.contains("<connection-timeout"))
    let alive = Ear(options("example.org", "") { $0.keepAliveTime = 100 })
    let quiet = clock.open(alive)
    Script.login(quiet)
    clock.advance(250)
    #expect(quiet.sent == "  ")
  }

  @Test func components() {
    let bench = Bench()
    let host = Ear(options("comp.example.org", "secret") { $0.role = .component })
    let peer = bench.open(host)
    bench.turn()
    #expect(
      peer.sent
        == "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='comp.example.org'>"
    )
    peer.output.sent = []
    peer.feed(
      "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='comp.example.org' id='3BF96D32'>"
    )
    guard Exchange.isDigesting else { return }
    #expect(peer.sent == "<handshake>b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>")
    peer.feed("<handshake/>")
    #expect(host.events == ["connected", "ready false"])

    // Both sides of this library.
    for secret in ["secret", "wrong"] {
      let server = Ear(options("", "secret") { $0.role = .host })
      let client = Ear(options("comp.example.org", secret) { $0.role = .component })
      let (a, b) = (bench.open(client), bench.open(server))
      for _ in 0..<6 {
        bench.turn()
        let (said, answered) = (a.output.sent, b.output.sent)
        a.output.sent = []
        b.output.sent = []
        b.feed(said)
        a.feed(answered)
      }
      if secret == "secret" {
        #expect(server.events == ["connected", "ready false"] && client.events == ["connected", "ready false"])
        #expect(b.conn?.speakingXMPP { text($0.peerName) == "comp.example.org" ? 1 : 0 } == 1)
      } else {
        #expect(server.events.last?.hasPrefix("end \(Status.refused)") == true)
        #expect(client.events.last?.hasPrefix("end \(Status.remote) 12 not-authorized") == true)
      }
    }
  }

  @Test func optionsThatAreNone() {
    var made = XMPPOptions()
    #expect(made.set(jid: Array("a@b@c".utf8), password: []) == .value)
    #expect(made.set(jid: Array("a@b/c".utf8), password: [1]) == .value)
    #expect(made.set(jid: Array("a@b/c".utf8), password: Array("p\u{aa}\u{ad} w".utf8)) == .ok)
    #expect(made.password == Array("pa w".utf8))
    made.role = .component
    #expect(made.set(jid: Array("a@b".utf8), password: [49]) == .value)
    #expect(made.set(jid: Array("b".utf8), password: []) == .value)
  }
}
