import Bench
import Bytes
import COpenSSL
import TLS
import Testing
import Wire

/// Each check that fails has a status of its own, and words that name the check and the certificate.
struct VerificationTests {
  nonisolated(unsafe) static let root = Authority("Test Root")

  /// What the client ends with, and its words; the server hears of it by an alert.
  static func outcome(_ client: Settings, _ server: Settings, name: String? = "localhost") -> (Status, String) {
    let pair = Pair(client, server, name: name)
    var reason = Reason(.ok)
    let watch = Watch { reason = $0 }
    pair.client.conn?.add(watch)
    pair.carry()
    return (pair.client.output.closedWith ?? .ok, Pair.words(reason))
  }

  final class Watch: Layer {
    let body: (Reason) -> Void
    init(_ body: @escaping (Reason) -> Void) { self.body = body }
    override func disconnected(_ conn: Conn, _ reason: Reason) { body(reason) }
  }

  static func good(_ body: (inout Authority.Wish) -> Void = { _ in }) -> Settings {
    var wish = Authority.Wish(names: "DNS:localhost,DNS:*.example.org,IP:127.0.0.1")
    body(&wish)
    return .server(root.issue("localhost", wish))
  }

  static func expect(
    _ status: Status, _ words: [String], _ client: Settings, _ server: Settings, name: String? = "localhost",
    _ line: SourceLocation = #_sourceLocation
  ) {
    let found = outcome(client, server, name: name)
    #expect(found.0 == status, "\(found)", sourceLocation: line)
    for word in words { #expect(found.1.contains(word), "\(found)", sourceLocation: line) }
  }

  @Test func names() {
    let client = Settings.client(VerificationTests.root)
    for name in ["localhost", "LOCALHOST", "a.example.org", "127.0.0.1"] {
      VerificationTests.expect(.ok, [], client, VerificationTests.good(), name: name)
    }
    for name in ["example.org", "a.b.example.org", "127.0.0.2", "::1", "localhos"] {
      VerificationTests.expect(
        .tlsName, ["mismatch", "CN = localhost", "it is not for \(name)"], client, VerificationTests.good(), name: name)
    }
    VerificationTests.expect(.tlsConfig, [], client, VerificationTests.good(), name: nil)
    let unnamed = Settings.client(VerificationTests.root) { $0.checksName = false }
    VerificationTests.expect(.ok, [], unnamed, VerificationTests.good(), name: nil)
    VerificationTests.expect(.ok, [], unnamed, VerificationTests.good(), name: "other")
  }

  @Test func times() {
    let client = Settings.client(VerificationTests.root)
    VerificationTests.expect(
      .tlsExpired, ["the server's certificate \"CN = localhost\": certificate has expired, on "], client,
      VerificationTests.good { $0.ends = -60 })
    VerificationTests.expect(
      .tlsExpired, ["not yet valid before "], client, VerificationTests.good { $0.begins = 3600 })
  }

  @Test func trust() {
    let client = Settings.client(VerificationTests.root)
    VerificationTests.expect(
      .tlsSelfSigned, ["self-signed certificate", "CN = localhost"], client, .server(Authority.selfSigned("localhost")))
    VerificationTests.expect(
      .tlsUntrusted, ["unable to get local issuer"], client, .server(Authority("Other Root").issue("localhost")))
    VerificationTests.expect(.tlsUntrusted, ["localhost"], Settings(), VerificationTests.good())  // the system's store
    let trusting = Settings.client(VerificationTests.root) { $0.verifies = false }
    VerificationTests.expect(.ok, [], trusting, .server(Authority.selfSigned("other")))
  }

  @Test func revoked() {
    func client(_ list: String) -> Settings {
      .client(VerificationTests.root) { $0.revoked = [.memory(Pair.text(list))] }
    }
    let server = VerificationTests.good { $0.serial = 7 }
    VerificationTests.expect(.ok, [], client(VerificationTests.root.revoking([8])), server)
    VerificationTests.expect(
      .tlsRevoked, ["certificate revoked", "CN = localhost"], client(VerificationTests.root.revoking([6, 7])), server)
    VerificationTests.expect(
      .tlsCRL, ["CRL has expired"], client(VerificationTests.root.revoking([8], ends: -30)), server)
    VerificationTests.expect(
      .tlsCRL, ["unable to get certificate CRL"], client(Authority("Other").revoking([])), server)
  }

  @Test func pinned() {
    let server = VerificationTests.good()
    let pin = [UInt8](unsafeUninitializedCapacity: 32) { room, count in
      count = 32
      _ = copenssl_key_digest(VerificationTests.root.certificate, room.baseAddress)
    }
    VerificationTests.expect(.ok, [], .client(VerificationTests.root) { $0.pins = [pin] }, server)
    var other = pin
    other[3] ^= 1
    VerificationTests.expect(
      .tlsPin, ["pinned", "CN = localhost"], .client(VerificationTests.root) { $0.pins = [other] }, server)
    VerificationTests.expect(.ok, [], .client(VerificationTests.root) { $0.pins = [other, pin] }, server)
    // Unchecked, a chain proves nothing: anybody can show the root.
    VerificationTests.expect(
      .tlsPin, [],
      .client(VerificationTests.root) {
        $0.pins = [pin]
        $0.verifies = false
      }, server)
  }

  @Test func theHostHasTheLastWord() {
    var asked: [String] = []
    func client(_ answer: Status) -> Settings {
      .client(VerificationTests.root) {
        $0.verify = { _, peer, verdict in
          asked.append("\(peer.certificates.count) \(verdict.status)")
          return answer
        }
      }
    }
    VerificationTests.expect(.ok, [], client(.ok), VerificationTests.good())
    VerificationTests.expect(.ok, [], client(.ok), .server(Authority.selfSigned("x")))
    VerificationTests.expect(.refused, ["the host's own check"], client(.refused), VerificationTests.good())
    VerificationTests.expect(.tlsSelfSigned, ["self-signed"], client(.refused), .server(Authority.selfSigned("x")))
    #expect(asked == ["2 0", "1 -106", "2 0", "1 -106"])
  }

  @Test func clientCertificates() {
    let issued = VerificationTests.root.issue("a client", Authority.Wish(isForClients: true))
    func server(_ wanted: Settings.ClientCertificate) -> Settings {
      let made = VerificationTests.good()
      made.clientCertificate = wanted
      made.authorities = [.memory(Pair.text(VerificationTests.root.pem))]
      return made
    }
    func client(_ issued: Authority.Issued?) -> Settings {
      .client(VerificationTests.root) {
        if let issued { $0.identities = [IdentitySettings(certificate: .memory(Pair.text(issued.pem)))] }
      }
    }
    func ends(_ client: Settings, _ server: Settings) -> (Status?, Int, Bool) {
      let pair = Pair(client, server)
      pair.carry()
      var shown = -1
      var isVerified = false
      pair.server.conn?.eachLayer {
        guard let layer = $0 as? TLSLayer else { return }
        shown = layer.agreed.certificates
        isVerified = layer.agreed.isVerified
      }
      return (pair.server.output.closedWith, shown, isVerified)
    }
    #expect(ends(client(nil), server(.none)) == (nil, 0, false))
    #expect(ends(client(nil), server(.optional)) == (nil, 0, false))
    #expect(ends(client(issued), server(.none)) == (nil, 0, false))
    #expect(ends(client(issued), server(.optional)) == (nil, 1, true))
    #expect(ends(client(issued), server(.required)) == (nil, 1, true))
    #expect(ends(client(nil), server(.required)).0 == .tlsNoCertificate)
    let stranger = Authority.selfSigned("stranger")
    #expect(ends(client(stranger), server(.optional)).0 == .tlsSelfSigned)
  }

  /// A server shows the certificate for the name that it is asked for, and the first where it has none.
  @Test func chosenByName() {
    let root = VerificationTests.root
    let server = Settings.server(root.issue("one.test"))
    server.identities.append(IdentitySettings(certificate: .memory(Pair.text(root.issue("two.test").pem))))
    let third = IdentitySettings(certificate: .memory(Pair.text(root.issue("third").pem)))
    third.names = [Pair.text("*.three.test"), Pair.text("third.test")]
    server.identities.append(third)
    let configs = (client: Pair.config(.client(root) { $0.checksName = false }), server: Pair.config(server))
    for (asked, shown) in [
      ("one.test", "one.test"), ("two.test", "two.test"), ("a.three.test", "third"), ("THIRD.test", "third"),
      ("three.test", "one.test"), ("else.test", "one.test"),
    ] {
      let pair = Pair(Settings(), Settings(), name: asked, configs: configs)
      pair.carry()
      var subject = ""
      pair.client.conn?.eachLayer {
        guard let der = ($0 as? TLSLayer)?.certificate(0) else { return }
        subject = String(decoding: der, as: Unicode.ASCII.self)
      }
      #expect(subject.contains(shown), "\(asked)")
    }
  }

  @Test func renewedWhileServing() {
    let configs = (
      client: Pair.config(.client(VerificationTests.root)), server: Pair.config(VerificationTests.good())
    )
    let before = Pair(Settings(), Settings(), configs: configs)
    before.carry()
    #expect(configs.server.reload() == nil)
    let after = Pair(Settings(), Settings(), configs: configs)
    after.carry()
    for pair in [before, after] {
      pair.write("x", pair.client)
      pair.carry()
      #expect(pair.serverHost.events == ["connected", "raw x"])
    }
  }

  @Test func whatCannotBeUsed() {
    func fault(_ body: (Settings) -> Void) -> String {
      let settings = Settings.server(VerificationTests.root.issue("localhost"))
      body(settings)
      guard case .failed(let fault) = Config.make(settings) else { return "" }
      return "\(fault.status) \(Pair.words(fault))"
    }
    let issued = VerificationTests.root.issue("localhost")
    #expect(fault { $0.ciphers = Pair.text("NONSENSE") }.contains("ciphers NONSENSE: no cipher match"))
    #expect(fault { $0.suites = Pair.text("NONSENSE") }.hasPrefix("-102 cipher suites"))
    #expect(fault { $0.groups = Pair.text("NONSENSE") }.hasPrefix("-102 groups NONSENSE"))
    #expect(fault { $0.authorities = [.file(Pair.text("/nowhere"))] }.contains("/nowhere: No such file"))
    #expect(fault { $0.authorities = [.memory(Pair.text("x"))] }.contains("there is no certificate in it"))
    #expect(fault { $0.revoked = [.memory(Pair.text("x"))] }.hasPrefix("-102 revocation list"))
    #expect(fault { $0.identities[0].key = .memory(Pair.text(issued.key)) }.contains("it is not the certificate's"))
    #expect(fault { $0.identities[0].key = .memory(Pair.text("x")) }.hasPrefix("-102 private key"))
    #expect(fault { $0.identities[0].answer = .file(Pair.text("/nowhere")) }.hasPrefix("-102 OCSP answer /nowhere"))
  }

  @Test func passphrases() {
    let key = Authority.makeKey()
    let certificate = Authority.make("x", key, issuer: nil, Authority.Wish())
    defer {
      X509_free(certificate)
      EVP_PKEY_free(key)
    }
    func made(_ words: String?) -> Bool {
      let settings = Settings()
      let identity = IdentitySettings(certificate: .memory(Pair.text(Authority.pem(certificate))))
      identity.key = .memory(Pair.text(Authority.pem(key: key, password: "secret")))
      settings.identities = [identity]
      if let words {
        settings.passphrase = { _, out, room in
          for (index, byte) in words.utf8.enumerated() where index < room { out[index] = CChar(byte) }
          return words.utf8.count
        }
      }
      if case .config = Config.make(settings) { return true }
      return false
    }
    #expect(made("secret") && !made("wrong") && !made(nil))
  }

  @Test func keysAreLogged() {
    var lines: [String] = []
    let client = Settings.client(VerificationTests.root) {
      $0.keyLog = { _, line in lines.append(String(cString: line)) }
    }
    VerificationTests.expect(.ok, [], client, VerificationTests.good())
    #expect(lines.contains { $0.hasPrefix("CLIENT_TRAFFIC_SECRET_0 ") })
  }
}
