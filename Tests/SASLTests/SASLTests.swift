import Bytes
import Crypto
import Testing

@testable import SASL

/// A server that says fixed things to a client that says what the specification prints.
struct SASLTests {
  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  static func credentials(_ name: String = "user", _ password: String = "pencil", authority: String = "") -> Credentials
  {
    var made = Credentials()
    made.name = Array(name.utf8)
    made.password = Array(password.utf8)
    made.authority = Array(authority.utf8)
    return made
  }

  static func make(
    _ mechanism: Mechanism, _ credentials: Credentials = credentials(), channel: Channel = .unbound, nonce: String = ""
  ) -> Exchange? {
    let made = Exchange.make(mechanism, credentials, channel: channel, nonce: Array(nonce.utf8))
    guard case .exchange(let exchange) = made else { return nil }
    return exchange
  }

  static func refusal(_ mechanism: Mechanism, _ credentials: Credentials, channel: Channel = .unbound) -> Status {
    guard case .failed(let why) = Exchange.make(mechanism, credentials, channel: channel) else { return .ok }
    return why.status
  }

  static func start(_ exchange: Exchange) -> String {
    var out: [UInt8] = []
    return exchange.start(&out).status == .ok ? text(out) : "failed"
  }

  static func answer(_ exchange: Exchange, _ challenge: String) -> (String, Status) {
    var out: [UInt8] = []
    let reason = exchange.answer(Array(challenge.utf8).span.bytes, &out)
    return (text(out), reason.status)
  }

  static func end(_ exchange: Exchange, _ last: String = "") -> Status {
    exchange.succeeded(Array(last.utf8).span.bytes).status
  }

  // MARK: Those that say one thing

  @Test func plain() throws {
    let exchange = try #require(Self.make(.plain, Self.credentials("tim", "tanstaaftanstaaf")))
    #expect(Self.start(exchange) == "\0tim\0tanstaaftanstaaf")  // RFC 4616 section 4
    #expect(Self.end(exchange) == .ok)
    let other = try #require(Self.make(.plain, Self.credentials("Kurt", "xipj3plmq", authority: "Ursel")))
    #expect(Self.start(other) == "Ursel\0Kurt\0xipj3plmq")
    #expect(Self.start(other) == "failed")
    #expect(Self.end(other) == .malformed)
  }

  @Test func external() throws {
    let exchange = try #require(Self.make(.external, Credentials()))
    #expect(Self.start(exchange) == "")
    #expect(Self.end(exchange) == .ok)
    let other = try #require(Self.make(.external, Self.credentials("", "", authority: "fred@example.com")))
    #expect(Self.start(other) == "fred@example.com")
    #expect(Self.answer(other, "more?").1 == .malformed)
    #expect(Self.end(other) == .malformed)
  }

  @Test func anonymous() throws {
    var credentials = Credentials()
    credentials.trace = Array("sirhc".utf8)
    let exchange = try #require(Self.make(.anonymous, credentials))
    #expect(Self.start(exchange) == "sirhc")  // RFC 4505 section 3
    #expect(Self.end(exchange) == .ok)
  }

  @Test func credentialsThatCannotBe() {
    #expect(Self.refusal(.plain, Self.credentials("", "x")) == .value)
    #expect(Self.refusal(.plain, Self.credentials("x", "")) == .value)
    #expect(Self.refusal(.plain, Self.credentials("a\0b", "x")) == .value)
    var broken = Self.credentials()
    broken.password = [0xff]
    #expect(Self.refusal(.plain, broken) == .value)
    #expect(Self.refusal(.plain, Self.credentials("x", String(repeating: "p", count: 65537))) == .value)
    var traced = Credentials()
    traced.trace = [UInt8](repeating: 97, count: 1021)
    #expect(Self.refusal(.anonymous, traced) == .value)
  }

  // MARK: Choosing

  @Test func choosing() {
    func best(_ list: String, _ wanted: Mechanisms = .all, canBind: Bool = false) -> Mechanism? {
      Mechanisms.parse(Array(list.utf8).span.bytes, separator: UInt8(ascii: ",")).best(wanted: wanted, canBind: canBind)
    }
    #expect(best("") == nil)
    #expect(best("PLAIN") == .plain)
    #expect(best("plain") == nil)
    #expect(best("DIGEST-MD5,GSSAPI") == nil)
    #expect(best("PLAIN,EXTERNAL,ECDSA-NIST256P-CHALLENGE") == .external)
    #expect(best("PLAIN,EXTERNAL", .withPassword) == .plain)
    #expect(best(",PLAIN,,") == .plain)
    #expect(best("ANONYMOUS,PLAIN") == .plain)
    #expect(best("PLAIN", .scram) == nil)
    guard Digest.isAvailable else { return #expect(best("PLAIN,SCRAM-SHA-256") == .plain) }
    let all = "PLAIN,SCRAM-SHA-1,SCRAM-SHA-256,SCRAM-SHA-1-PLUS,SCRAM-SHA-256-PLUS"
    #expect(best(all) == .scramSHA256)
    #expect(best(all, canBind: true) == .scramSHA256Plus)
    #expect(best("SCRAM-SHA-256,SCRAM-SHA-1-PLUS", canBind: true) == .scramSHA1Plus)
    #expect(best("SCRAM-SHA-256-PLUS,SCRAM-SHA-1") == .scramSHA1)
    for mechanism: Mechanism in [
      .scramSHA256Plus, .scramSHA256, .scramSHA1Plus, .scramSHA1, .external, .plain, .anonymous,
    ] {
      #expect(best(mechanism.name.description, canBind: true) == mechanism)
    }
  }

  @Test func base64() {
    for (plain, text) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {  // RFC 4648 section 10
      var out: [UInt8] = []
      Base64.encode(Array(plain.utf8).span.bytes, into: &out)
      #expect(Self.text(out) == text)
      #expect(Base64.length(plain.utf8.count) == text.utf8.count)
      var back: [UInt8] = []
      #expect(Base64.decode(out.span.bytes, into: &back))
      #expect(Self.text(back) == plain)
    }
    let all = (0...255).map { UInt8($0) }
    var (out, back): ([UInt8], [UInt8]) = ([], [])
    Base64.encode(all.span.bytes, into: &out)
    #expect(Base64.decode(out.span.bytes, into: &back) && back == all)
    for bad in ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm8=Zm8=", "====", "=m8=", "Z===", "Zm 8", "Zm9v\n", "Zm-_", "Zg=a"]
    {
      var nothing: [UInt8] = []
      #expect(!Base64.decode(Array(bad.utf8).span.bytes, into: &nothing), "\(bad)")
    }
  }
}
