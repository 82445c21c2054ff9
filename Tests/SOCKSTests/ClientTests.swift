import Bench
import Bytes
import Testing

@testable import SOCKS
@testable import Wire

struct SOCKSClientTests {
  let bench = Bench()

  func target(
    _ version: EndpointSOCKS.Version, _ host: String = "example.org", user: String? = nil, password: String? = nil
  ) -> EndpointSOCKS {
    func made(_ words: String) -> Text {
      guard let text = Text.make(Array(words.utf8).span.bytes) else { fatalError("no memory") }
      return text
    }
    return EndpointSOCKS(version, made(host), port: 80, user: user.map(made), password: password.map(made))
  }

  struct Talk {
    let target: EndpointSOCKS
    /// What the proxy says, and what it hears.
    let proxy: [[UInt8]]
    let sent: [UInt8]
  }

  var talks: [Talk] {
    let name = bytes(5, 1, 0, 3, 11, "example.org", 0, 80)
    return [
      Talk(target: target(.five), proxy: [[5, 0], [5, 0, 0, 1, 1, 2, 3, 4, 0, 9]], sent: [5, 1, 0] + name),
      Talk(
        target: target(.five, user: "me", password: "secret"),
        proxy: [[5, 2], [1, 0], bytes(5, 0, 0, 3, 2, "ab", 0, 9)],
        sent: bytes(5, 2, 0, 2, 1, 2, "me", 6, "secret", name)),
      Talk(
        target: target(.five, user: "me"), proxy: [[5, 0], [5, 0, 0, 4] + [UInt8](repeating: 7, count: 18)],
        sent: bytes(5, 2, 0, 2, name)),
      Talk(
        target: target(.five, "1.2.3.4"), proxy: [[5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]],
        sent: bytes(5, 1, 0, 5, 1, 0, 1, 1, 2, 3, 4, 0, 80)),
      Talk(
        target: target(.five, "::1"), proxy: [[5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]],
        sent: bytes(5, 1, 0, 5, 1, 0, 4, [UInt8](repeating: 0, count: 15), 1, 0, 80)),
      Talk(
        target: target(.four, "1.2.3.4", user: "me"), proxy: [[0, 90, 0, 0, 0, 0, 0, 0]],
        sent: bytes(4, 1, 0, 80, 1, 2, 3, 4, "me", 0)),
      Talk(
        target: target(.fourA), proxy: [[0, 90, 0, 0, 0, 0, 0, 0]],
        sent: bytes(4, 1, 0, 80, 0, 0, 0, 1, 0, "example.org", 0)),
    ]
  }

  @Test func granted() {
    for talk in talks {
      let stream = Array(talk.proxy.joined()) + bytes("hello")
      for cut in 0...stream.count {
        let host = Host(.raw)
        host.onConnected = { _ = $0.write("hi") }
        let peer = bench.open(SOCKSClientFactory(host, talk.target))
        bench.turn()
        #expect(host.heard().isEmpty)
        peer.feed(stream[..<cut])
        peer.feed(stream[cut...])
        bench.turn()
        #expect(peer.sent == text(talk.sent) + "hi", "cut at \(cut)")
        let heard = host.heard()
        #expect(heard.first == "connected" && heard.dropFirst().map { $0.dropFirst(4) }.joined() == "hello")
        peer.end(.aborted)
      }
      let host = Host(.raw)
      let peer = bench.open(SOCKSClientFactory(host, talk.target))
      bench.turn()
      for byte in stream { peer.feed([byte]) }
      bench.turn()
      #expect(peer.sent == text(talk.sent) && host.heard().count == 6)
      peer.end(.aborted)
    }
    #expect(bench.alive == 0)
  }

  @Test(arguments: [
    ([[5, 255]], Status.remote, 255), ([[5, 2]], .malformed, 0), ([[4, 0]], .malformed, 0),
    ([[5, 0], [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]], .remote, 5), ([[5, 0], [5, 99, 0, 1, 0]], .remote, 99),
    ([[5, 0], [5, 0, 0, 9, 0, 0]], .malformed, 0), ([[5, 0], [0, 90, 0, 0, 0, 0, 0, 0]], .malformed, 0),
  ])
  func refused(_ proxy: [[UInt8]], _ status: Status, _ code: Int) {
    let peer = bench.open(SOCKSClientFactory(Host(.raw), target(.five)))
    bench.turn()
    var why = Reason(.ok)
    peer.conn?.onEnd { why = $0 }
    for part in proxy { peer.feed(part) }
    bench.turn()
    #expect(why.status == status && why.code == CInt(code) && peer.conn == nil)
  }

  @Test func fourRefusedAndEnds() {
    var why: [Status] = []
    for proxy: [UInt8] in [[0, 91, 0, 0, 0, 0, 0, 0], [1, 90, 0, 0, 0, 0, 0, 0], []] {
      let peer = bench.open(SOCKSClientFactory(Host(.raw), target(.fourA)))
      bench.turn()
      peer.conn?.onEnd { why.append($0.status) }
      if proxy.isEmpty { peer.end() } else { peer.feed(proxy) }
      bench.turn()
    }
    let slow = bench.open(SOCKSClientFactory(Host(.raw), target(.five), time: 5000))
    bench.turn()
    slow.conn?.onEnd { why.append($0.status) }
    bench.advance(5000)
    #expect(why == [.remote, .malformed, .closed, .timeout])
  }

  /// What is written before the proxy has answered waits for that.
  @Test func waits() {
    let host = Host(.raw)
    let peer = bench.open(SOCKSClientFactory(host, target(.five)))
    bench.turn()
    bench.turn { peer.conn?.write("early") }
    #expect(peer.sent == text([5, 1, 0]))
    peer.feed([5, 0])
    peer.feed([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    bench.turn()
    #expect(peer.sent.hasSuffix("early"))
  }
}

struct SOCKSEndpointTests {
  @Test func parts() {
    let made = parsed(
      #"socks5:proxy=tcp\:10.0.0.1\:1080:host=example.org:port=80:user=a\:b:password=c:timeout=2"#, .connect)
    #expect(made?.kind == .tcp && made?.number == 1080 && made?.timeout == 2000 && made?.socks.count == 1)
    guard let target = made?.socks.first else { return }
    #expect(target.version == .five && text(target.host.bytes) == "example.org" && target.port == 80)
    #expect(target.user.map { text($0.bytes) } == "a:b" && target.password.map { text($0.bytes) } == "c")
    #expect(parsed(#"socks4a:unix\:/x:example.org:80"#, .connect)?.kind == .unix)
    let two = parsed(#"socks5:proxy=socks4a\:proxy=tcp\\\:a\\\:1\:host=b\:port=2:host=c:port=3"#, .connect)
    #expect(two?.socks.map { text($0.host.bytes) } == ["b", "c"] && two?.number == 1)
  }

  @Test(arguments: [
    ("socks5:host=a:port=1", 20), (#"socks5:proxy=tcp\:a\:1:port=1"#, 29), (#"socks5:proxy=tcp\:a\:1:host=a"#, 29),
    (#"socks5:proxy=tcp\:a\:x:host=a:port=1"#, 19), (#"socks5:proxy=tcp\:a\:1:host=a:port=0"#, 35),
    (#"socks5:proxy=tcp\:a\:1:host=a:port=1:x=1"#, 37), (#"socks5:tcp\:a\:1:a:1:5:u:p:z"#, 27),
    (#"socks5:proxy=tcp\:a\:1:host=a:port=1:port=2"#, 37), (#"socks5:proxy=tcp\:a\:1:host=a:port=1:timeout=x"#, 45),
    (#"socks4:proxy=tcp\:a\:1:host=a:port=1"#, 0), (#"socks4a:proxy=tcp\:a\:1:host=\:\:1:port=1"#, 0),
    (#"socks4a:proxy=tcp\:a\:1:host=a:port=1:user=a:password=b"#, 0),
    (#"socks5:proxy=tcp\:a\:1:host=a:port=1:password=b"#, 0), (#"socks5:proxy=tcp\:a\:1:host=:port=1"#, 28),
  ])
  func faults(_ words: String, _ offset: Int) {
    let bytes = Array(words.utf8)
    guard case .failed(let fault) = Endpoint.parse(bytes.span.bytes, for: .connect) else {
      Issue.record("\(words) is none")
      return
    }
    #expect(fault.status == .endpoint && fault.offset == offset, "\(words)")
    guard case .failed = Endpoint.parse(bytes.span.bytes, for: .listen) else {
      Issue.record("nobody listens there")
      return
    }
  }
}
