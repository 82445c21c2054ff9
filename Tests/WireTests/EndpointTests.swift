import Bytes
import Testing

@testable import Wire

struct EndpointTests {
  enum Use: Sendable { case listen, connect }

  /// What an endpoint says, in words; or its fault: status, offset and text.
  func parse(_ words: String, _ use: Use) -> String { parse(Array(words.utf8), use) }
  func parse(_ bytes: [UInt8], _ use: Use) -> String {
    switch Endpoint.parse(bytes.span.bytes, for: use == .listen ? .listen : .connect) {
    case .failed(let reason):
      return "\(reason.status) \(reason.offset.map { "\($0)" } ?? "-")"
    case .endpoint(let endpoint):
      func words(_ text: Text?) -> String {
        guard let text else { return "-" }
        return withExtendedLifetime(text) { String(cString: text.pointer) }
      }
      var out = "\(endpoint.kind) \(words(endpoint.name)) \(words(endpoint.interface)) \(endpoint.number)"
      if let backlog = endpoint.backlog { out += " backlog \(backlog)" }
      if endpoint.mode != 0o666 { out += " mode \(endpoint.mode)" }
      if endpoint.reusePort { out += " reuse" }
      if endpoint.service != nil { out += " srv " + words(endpoint.service) }
      if let tls = endpoint.tls {
        out += " tls"
        for text in [tls.key, tls.certificate, tls.chain, tls.roots, tls.hostname] { out += " " + words(text) }
      }
      if let timeout = endpoint.timeout { out += " timeout \(timeout)" }
      if let proxy = endpoint.proxy {
        out += " behind " + (proxy.trusted.map { String(decoding: $0, as: UTF8.self) } ?? "-")
        if let timeout = proxy.timeout { out += " \(timeout)" }
      }
      return out
    }
  }

  static let good: [(String, Use, String)] = [
    ("tcp:8080", .listen, "tcp - - 8080"),
    ("TCP:0", .listen, "tcp - - 0"),
    ("tcp:65535", .listen, "tcp - - 65535"),
    ("tcp:port=1", .listen, "tcp - - 1"),
    ("tcp:8080:interface=127.0.0.1:backlog=128", .listen, "tcp - 127.0.0.1 8080 backlog 128"),
    ("tcp:8080:127.0.0.1:7:1", .listen, "tcp - 127.0.0.1 8080 backlog 7 reuse"),
    ("tcp:interface=localhost:port=8080:reusePort=1", .listen, "tcp - localhost 8080 reuse"),
    ("tcp:80:interface=", .listen, "tcp - - 80"),
    ("tcp:80:reusePort=0", .listen, "tcp - - 80"),
    ("tcp6:80:interface=\\:\\:1", .listen, "tcp6 - ::1 80"),
    ("unix:/run/x", .listen, "unix /run/x - 0"),
    ("unix:/run/x:mode=660:backlog=9:lockfile=0", .listen, "unix /run/x - 0 backlog 9 mode 432"),
    ("unix:address=@x:777:65535:1", .listen, "unix @x - 0 backlog 65535 mode 511"),
    ("fd:3", .listen, "fd - - 3"),
    ("fd:number=0", .connect, "fd - - 0"),
    ("memory:a b", .listen, "memory a b - 0"),
    ("memory:name=a\\=b\\:c\\\\d", .listen, "memory a=b:c\\d - 0"),
    ("tcp:example.org:80", .connect, "tcp example.org - 80"),
    ("tcp:host=h:port=80:timeout=5:bindAddress=192.0.2.1", .connect, "tcp h 192.0.2.1 80 timeout 5000"),
    ("tcp:h:80:0.25:192.0.2.1", .connect, "tcp h 192.0.2.1 80 timeout 250"),
    ("tcp:h:80:timeout=1.2345678", .connect, "tcp h - 80 timeout 1234"),
    ("tcp:h:80:timeout=.5", .connect, "tcp h - 80 timeout 500"),
    ("tcp:h:80:timeout=5.", .connect, "tcp h - 80 timeout 5000"),
    ("tcp:h:80:bindAddress=", .connect, "tcp h - 80"),
    ("tcp:h:80:srv=xmpp-client", .connect, "tcp h - 80 srv xmpp-client"),
    ("tls:h:443:srv=xmpps-client", .connect, "tcp h - 443 srv xmpps-client tls - - - - -"),
    ("unix:/p:lockfile=1:timeout=9", .connect, "unix /p - 0 timeout 9000"),
    ("unix:path=/p", .connect, "unix /p - 0"),
    ("memory:x:3", .connect, "memory x - 0 timeout 3000"),
    ("memory:x=y=z", .listen, "-40 7"),
    ("memory:name=y=z", .listen, "memory y=z - 0"),
    ("haproxy:tcp:8080", .listen, "tcp - - 8080 behind -"),
    (
      "HAProxy:trusted=10.0.0.0/8,192.0.2.7:timeout=3:tcp:80:interface=127.0.0.1", .listen,
      "tcp - 127.0.0.1 80 behind 10.0.0.0/8,192.0.2.7 3000"
    ),
    ("haproxy:timeout=.25:trusted=2001\\:db8\\:\\:/32:tcp6:80", .listen, "tcp6 - - 80 behind 2001:db8::/32 250"),
    ("haproxy:unix:/run/x:mode=660", .listen, "unix /run/x - 0 mode 432 behind -"),
    ("haproxy:fd:3", .listen, "fd - - 3 behind -"),
    ("haproxy:memory:x", .listen, "memory x - 0 behind -"),
  ]

  static let securedGood: [(String, Use, String)] = [
    ("ssl:443:privateKey=k.pem:certKey=c.pem", .listen, "tcp - - 443 tls k.pem c.pem - - -"),
    (
      "tls:443:k.pem:extraCertChain=x:interface=127.0.0.1:backlog=7:dhParameters=d:sslmethod=TLS_METHOD", .listen,
      "tcp - 127.0.0.1 443 backlog 7 tls k.pem - x - -"
    ),
    ("tls:host=h:port=443:timeout=5", .connect, "tcp h - 443 tls - - - - - timeout 5000"),
    (
      "ssl:h:443:certKey=c:privateKey=k:caCertsDir=/d:hostname=n", .connect, "tcp h - 443 tls k c - /d n"
    ),
    ("tls:h:443:bindAddress=127.0.0.1:trustRoots=/r:certificate=c", .connect, "tcp h 127.0.0.1 443 tls - c - /r -"),
    ("haproxy:tls:443:k.pem", .listen, "tcp - - 443 tls k.pem - - - - behind -"),
    (
      "haproxy:trusted=192.0.2.7:ssl:443:privateKey=k:certKey=c", .listen,
      "tcp - - 443 tls k c - - - behind 192.0.2.7"
    ),
  ]

  @Test(arguments: good) func says(_ words: String, _ use: Use, _ wanted: String) {
    #expect(parse(words, use) == wanted)
  }

  /// Each fault with the offset at which the bad part begins.
  static let bad: [(String, Use, String)] = [
    ("", .listen, "-40 0"), (":80", .listen, "-40 0"), ("=tcp:80", .listen, "-40 0"), ("kind=tcp:80", .listen, "-40 0"),
    ("udp:80", .listen, "-40 0"), ("tcpx:80", .listen, "-40 0"), ("tc:80", .listen, "-40 0"),
    ("tcp6:h:80", .connect, "-40 0"),
    ("tcp", .listen, "-40 3"), ("tcp:", .listen, "-40 4"), ("tcp:interface=127.0.0.1", .listen, "-40 23"),
    ("tcp:65536", .listen, "-40 4"), ("tcp:-1", .listen, "-40 4"), ("tcp:8a", .listen, "-40 4"),
    ("tcp: 80", .listen, "-40 4"),
    ("tcp:99999999999999999999999", .listen, "-40 4"), ("tcp:port=x", .listen, "-40 9"),
    ("tcp:80:backlog=0", .listen, "-40 15"), ("tcp:80:backlog=65536", .listen, "-40 15"),
    ("tcp:80:backlog=", .listen, "-40 15"),
    ("tcp:80:reusePort=2", .listen, "-40 17"), ("tcp:80:nonsense=1", .listen, "-40 7"),
    ("tcp:80:Backlog=1", .listen, "-40 7"),
    ("tcp:80:backlogs=1", .listen, "-40 7"), ("tcp:80:port=81", .listen, "-40 7"),
    ("tcp:80:127.0.0.1:1:1:x", .listen, "-40 21"),
    ("tcp:80:timeout=1", .listen, "-40 7"), ("tcp:80:interface=0.0.0.0:interface=0.0.0.0", .listen, "-40 25"),
    ("tcp:80:interface=nonsense", .listen, "-40 17"), ("tcp6:80:interface=127.0.0.1", .listen, "-40 18"),
    ("tcp:h:80:bindAddress=nonsense", .connect, "-40 21"),
    ("tcp:h:80:srv=", .connect, "-40 13"), ("tcp:h:80:srv=_x._tcp", .connect, "-40 13"),
    ("tcp:80:srv=x", .listen, "-40 7"),
    ("unix", .listen, "-40 4"), ("unix:", .listen, "-40 5"), ("unix:/x:mode=8", .listen, "-40 13"),
    ("unix:/x:mode=1000", .listen, "-40 13"),
    ("unix:/x:mode=", .listen, "-40 13"), ("unix:/x:lockfile=x", .listen, "-40 17"),
    ("unix:/x:mode=660", .connect, "-40 8"), ("unix:mode=660", .listen, "-40 13"),
    ("fd", .listen, "-40 2"), ("fd:x", .listen, "-40 3"), ("fd:3:4", .listen, "-40 5"),
    ("fd:99999999999", .connect, "-40 3"),
    ("memory", .listen, "-40 6"), ("memory:", .listen, "-40 7"), ("memory:a:b", .listen, "-40 9"),
    ("tcp:h", .connect, "-40 5"), ("tcp:port=80", .connect, "-40 11"), ("tcp::80", .connect, "-40 4"),
    ("tcp:h:80:timeout=", .connect, "-40 17"), ("tcp:h:80:timeout=.", .connect, "-40 17"),
    ("tcp:h:80:timeout=1x", .connect, "-40 17"),
    ("tcp:h:80:timeout=-1", .connect, "-40 17"), ("tcp:h:80:timeout=1.2.3", .connect, "-40 17"),
    ("tcp:h:80:timeout=99999999999999", .connect, "-40 17"),
    ("tcp:80\\", .listen, "-40 6"), ("\\", .listen, "-40 0"),
    ("haproxy", .listen, "-40 7"), ("haproxy:", .listen, "-40 8"), ("haproxy:tcp", .listen, "-40 11"),
    ("haproxy:udp:80", .listen, "-40 8"), ("haproxy:haproxy:tcp:80", .listen, "-40 8"),
    ("haproxy:tcp:80", .connect, "-40 0"), ("haproxy=x:tcp:80", .listen, "-40 0"),
    ("haproxy:trusts=::1:tcp:80", .listen, "-40 8"), ("haproxy:timeout=0:tcp:80", .listen, "-40 16"),
    ("haproxy:timeout=soon:tcp:80", .listen, "-40 16"), ("haproxy:timeout=:tcp:80", .listen, "-40 16"),
    ("haproxy:timeout=1:timeout=1:tcp:80", .listen, "-40 18"),
    ("haproxy:trusted=a:trusted=b:tcp:80", .listen, "-40 18"), ("haproxy:trusted=a", .listen, "-40 17"),
    ("haproxy:tcp:80:trusted=a", .listen, "-40 15"),
  ]

  static let securedBad: [(String, Use, String)] = [
    ("tls:h", .connect, "-40 5"),
    ("SSL:443", .listen, "-40 7"), ("ssl:443:k.pem:sslmethod=TLSv1_METHOD", .listen, "-40 24"),
    ("tls:h:443:certKey=a:certificate=b", .connect, "-40 20"), ("tls:h:443:hostname=", .connect, "-40 19"),
    ("tls:h:443:trustRoots=a:caCertsDir=b", .connect, "-40 23"), ("ssl:x:k.pem", .listen, "-40 4"),
    ("haproxy:ssl:443", .listen, "-40 15"),
  ]

  @Test(arguments: bad) func refuses(_ words: String, _ use: Use, _ wanted: String) {
    #expect(parse(words, use) == wanted)
  }

  #if TLS
    @Test(arguments: securedGood + securedBad) func secured(_ words: String, _ use: Use, _ wanted: String) {
      #expect(parse(words, use) == wanted)
    }
  #else
    /// Without TLS all of them are told apart from what is malformed, at the word that asks for it.
    @Test(arguments: securedGood + securedBad) func unsupported(_ words: String, _ use: Use, _ wanted: String) {
      let at = words.lowercased().split(separator: ":").prefix { $0 != "tls" && $0 != "ssl" }.reduce(0) {
        $0 + $1.utf8.count + 1
      }
      #expect(parse(words, use) == "\(Status.unsupported) \(at)")
    }
  #endif

  @Test func lengths() {
    func long(_ prefix: String, _ count: Int) -> [UInt8] { Array(prefix.utf8) + [UInt8](repeating: 120, count: count) }
    #expect(parse(long("unix:/", 106), .listen).hasPrefix("unix /"))
    #expect(parse(long("unix:/", 107), .listen) == "-40 5")
    #expect(parse(long("memory:", 107), .connect).hasPrefix("memory x"))
    #expect(parse(long("memory:", 108), .connect) == "-40 7")
    #expect(parse(long("tcp:port=80:host=", 255), .connect).hasPrefix("tcp x"))
    #expect(parse(long("tcp:port=80:host=", 256), .connect) == "-40 17")
    #expect(parse(long("tcp:80:interface=", 81), .listen) == "-40 17")
    #expect(parse(long("memory:", 4089), .listen) == "-40 7")
    #expect(parse(long("memory:", 4090), .listen) == "-40 4096")
  }

  @Test func aNulByte() {
    #expect(parse([109, 101, 109, 111, 114, 121, 58, 97, 0, 98], .listen) == "-40 7")
  }

  /// No string makes it trap, and each fault lies inside the string or at its end.
  @Test func random() {
    var random = Random(seed: 5)
    let words = [
      "tcp", "unix", "fd", "memory", ":", "=", "\\", "port", "80", "host", "timeout", "1.5", "\0", "é", "mode", "660",
    ]
    for _ in 0..<20_000 {
      let count = random.next() % 12
      let bytes = (0..<count).flatMap { _ in Array(words[Int(random.next() % 16)].utf8) }
      for use in [Endpoint.Use.listen, .connect] {
        if case .failed(let reason) = Endpoint.parse(bytes.span.bytes, for: use) {
          #expect(reason.offset.map { $0 >= 0 && $0 <= bytes.count } == true)
        }
      }
    }
  }
}
