import Bench
import Bytes
import Crypto
import Loopback
import Testing
import Wire

@testable import SASL

private typealias S = SASLTests

#if TLS
  struct ScramTests {
    struct Talk: Sendable {
      let mechanism: Mechanism
      var name = "user"
      var password = "pencil"
      var authority = ""
      var channel = "n"
      let nonce: String
      let first: String
      let challenge: String
      let proof: String
      let last: String

      func exchange() -> Exchange? {
        let data = (0..<32).map { UInt8($0) }
        let channel: Channel =
          channel == "n"
          ? .unbound : channel == "y" ? .notOffered : .bound(name: Array(channel.utf8), data: data)
        return S.make(
          mechanism, S.credentials(name, password, authority: authority), channel: channel, nonce: nonce)
      }
    }

    static let talks = [
      Talk(  // RFC 5802 section 5
        mechanism: .scramSHA1, nonce: "fyko+d2lbbFgONRv9qkxdawL", first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        proof: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        last: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
      Talk(  // RFC 7677 section 3
        mechanism: .scramSHA256, nonce: "rOprNGfwEbeRWgbNEkqO", first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        proof: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
          + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        last: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
      // By Python's hashlib and hmac.
      Talk(
        mechanism: .scramSHA256Plus, name: "a,b=", password: "pässword", authority: "x,y", channel: "tls-exporter",
        nonce: "nonce", first: "p=tls-exporter,a=x=2Cy,n=a=2Cb=3D,r=nonce",
        challenge: "r=noncemore,s=c2FsdHNhbHQ=,i=4096",
        proof: "c=cD10bHMtZXhwb3J0ZXIsYT14PTJDeSwAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==,r=noncemore,"
          + "p=/TT+PyaBbNjFiILTkQmhKzbNXtEIIGQV8Ac9JkXD1bw=",
        last: "v=BGIorgtcU8hVtgiQvti8a/582xNvdzYc3LvC3zjIZU8="),
      Talk(
        mechanism: .scramSHA1, channel: "y", nonce: "nonce", first: "y,,n=user,r=nonce",
        challenge: "r=noncemore,s=c2FsdHNhbHQ=,i=4096", proof: "c=eSws,r=noncemore,p=BImPO6Eh+TflNgz0o3LmwaQg8Dw=",
        last: "v=3GE0fmIapYSX6SxlrooxpzRrfDk="),
    ]

    @Test(arguments: talks) func vectors(_ talk: Talk) throws {
      // The last word comes as a challenge, or with the success.
      for comesWithSuccess in [false, true] {
        let exchange = try #require(talk.exchange())
        #expect(S.start(exchange) == talk.first)
        #expect(S.answer(exchange, talk.challenge) == (talk.proof, .ok))
        if comesWithSuccess {
          #expect(S.end(exchange, talk.last) == .ok)
        } else {
          #expect(S.answer(exchange, talk.last + ",x=later") == ("", .ok))
          #expect(S.end(exchange) == .ok)
        }
      }
    }

    @Test func aServerThatDoesNotKnowThePassword() throws {
      let talk = Self.talks[1]
      for last in ["", "v=", "v=AAAA", "v=%%%%", "x=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Self.talks[0].last] {
        let exchange = try #require(talk.exchange())
        _ = S.start(exchange)
        _ = S.answer(exchange, talk.challenge)
        #expect(S.end(exchange, last) == .malformed, "\(last)")
        #expect(S.end(exchange, talk.last) == .malformed)  // too late
      }
      // Content before it has shown anything.
      let early = try #require(talk.exchange())
      _ = S.start(early)
      #expect(S.end(early) == .malformed)
      let earlier = try #require(talk.exchange())
      #expect(S.end(earlier) == .malformed)
      // With its first message.
      let mixed = try #require(talk.exchange())
      _ = S.start(mixed)
      #expect(S.end(mixed, talk.challenge) == .malformed)
    }

    /// The key is made elsewhere; meanwhile the server has to wait, and nobody need wait for it.
    @Test func keysThatTakeLong() throws {
      let bench = Bench()
      let memory = try #require(bench.context.environment as? MemoryEnvironment)
      memory.holdsWork = true
      let talk = Self.talks[1]
      for isCancelled in [false, true] {
        let exchange = try #require(talk.exchange())
        _ = S.start(exchange)
        #expect(!exchange.isDeriving)
        #expect(exchange.hear(Array(talk.challenge.utf8).span.bytes).status == .ok && exchange.isDeriving)
        var heard: [String] = []
        let status = exchange.derive(bench.context) { heard.append("\($0.status) \(S.text($1))") }
        #expect(status == .ok)
        #expect(exchange.derive(bench.context) { _, _ in } == .invalid)
        bench.turn()
        #expect(heard == [] && memory.working == 1)
        if isCancelled {
          bench.turn { exchange.cancel() }
          #expect(memory.working == 0 && heard == [] && S.end(exchange) == .malformed)
        } else {
          bench.turn { memory.releaseWork() }
          #expect(heard == ["0 \(talk.proof)"] && !exchange.isDeriving)
          #expect(S.end(exchange, talk.last) == .ok)
        }
        #expect(bench.alive == 0)
      }
      // A server that does not wait, and an end of everything.
      let exchange = try #require(talk.exchange())
      _ = S.start(exchange)
      _ = exchange.hear(Array(talk.challenge.utf8).span.bytes)
      var ends: [Status] = []
      #expect(exchange.derive(bench.context) { reason, _ in ends.append(reason.status) } == .ok)
      #expect(exchange.hear(Array(talk.last.utf8).span.bytes).status == .malformed && !exchange.isDeriving)
      bench.end()
      #expect(ends == [.cancelled])
    }

    @Test func anError() throws {
      let exchange = try #require(Self.talks[0].exchange())
      _ = S.start(exchange)
      _ = S.answer(exchange, Self.talks[0].challenge)
      #expect(S.answer(exchange, "e=invalid-proof") == ("", .remote))
      #expect(S.text(exchange.serverError) == "invalid-proof")
    }

    @Test(arguments: [
      ("", Status.malformed), ("r=nonce", .malformed), ("r=noncemore,s=c2FsdA==", .malformed),
      ("r=nonce,s=c2FsdA==,i=4096", .malformed), ("r=other,s=c2FsdA==,i=4096", .malformed),
      ("r=noncemore,s=,i=4096", .malformed), ("r=noncemore,s=c2FsdA,i=4096", .malformed),
      ("m=x,r=noncemore,s=c2FsdA==,i=4096", .malformed), ("r=noncemore,i=4096,s=c2FsdA==", .malformed),
      ("r=noncemore,s=c2FsdA==,i=", .malformed), ("r=noncemore,s=c2FsdA==,i=0", .malformed),
      ("r=noncemore,s=c2FsdA==,i=-4096", .malformed), ("r=noncemore,s=c2FsdA==,i=04096", .malformed),
      ("r=noncemore,s=c2FsdA==,i=99999999999", .malformed), ("r=noncemore,s=c2FsdA==,i=4095", .range),
      ("r=noncemore,s=c2FsdA==,i=2000001", .range), ("r=noncemore,s=c2FsdA==,i=4096,x=y", .ok),
      ("r=noncemore" + String(repeating: "x", count: 20000) + ",s=c2FsdA==,i=4096", .tooLong),
    ]) func challenges(_ challenge: String, _ status: Status) throws {
      let exchange = try #require(S.make(.scramSHA256, nonce: "nonce"))
      _ = S.start(exchange)
      let (out, answered) = S.answer(exchange, challenge)
      #expect(answered == status)
      #expect(out.isEmpty == (status != .ok))
    }

    @Test func channelsThatDoNotFit() {
      #expect(S.refusal(.scramSHA256Plus, S.credentials()) == .invalid)
      #expect(S.refusal(.scramSHA256Plus, S.credentials(), channel: .notOffered) == .invalid)
      #expect(S.refusal(.scramSHA256Plus, S.credentials(), channel: .bound(name: [], data: [])) == .invalid)
    }

    @Test func noncesDiffer() throws {
      let (one, other) = (try #require(S.make(.scramSHA1)), try #require(S.make(.scramSHA1)))
      let (first, second) = (S.start(one), S.start(other))
      #expect(first != second)
      #expect(first.utf8.count == "n,,n=user,r=".utf8.count + 32)
      // Where there is a channel, and the mechanism does not bind, the server is told.
      let bound = try #require(S.make(.scramSHA1, channel: .bound(name: Array("tls-exporter".utf8), data: [1])))
      #expect(S.start(bound).hasPrefix("y,,"))
    }
  }

  struct DigestTests {
    func hex(_ bytes: [UInt8]) -> String {
      bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    func hash(_ digest: Digest, _ text: String) -> String {
      var out: [UInt8] = []
      return digest.hash(Array(text.utf8).span.bytes, &out) == .ok ? hex(out) : "failed"
    }
    func authenticate(_ digest: Digest, _ text: String, _ key: String) -> String {
      var out: [UInt8] = []
      let status = digest.authenticate(Array(text.utf8).span.bytes, key: Array(key.utf8).span.bytes, &out)
      return status == .ok ? hex(out) : "failed"
    }
    func derive(_ digest: Digest, _ password: String, _ salt: String, _ rounds: UInt32) -> String {
      var out: [UInt8] = []
      let status = digest.derive(
        password: Array(password.utf8).span.bytes, salt: Array(salt.utf8).span.bytes, rounds: rounds, &out)
      return status == .ok ? hex(out) : "failed"
    }
    func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool { Secret.isEqual(one.span.bytes, other.span.bytes) }

    @Test(arguments: [
      (Digest.md5, "900150983cd24fb0d6963f7d28e17f72"), (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ]) func digests(_ digest: Digest, _ expected: String) { #expect(hash(digest, "abc") == expected) }

    @Test func authentication() {
      #expect(  // RFC 4231, case 2
        authenticate(.sha256, "what do ya want for nothing?", "Jefe")
          == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
      #expect(authenticate(.sha1, "", "") == "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d")
      #expect(authenticate(.sha512, "", "").utf8.count == 128)
    }

    @Test func derivation() {  // RFC 6070
      #expect(derive(.sha1, "password", "salt", 1) == "0c60c80f961f0e71f3a9b524af6012062fe037a6")
      #expect(derive(.sha1, "password", "salt", 4096) == "4b007901b765489abead49d926f721d065a429c1")
      #expect(derive(.sha1, "", "", 1) != "failed")
      #expect(derive(.sha1, "password", "salt", 0) == "failed")
    }

    @Test func secrets() {
      var (one, other, none): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
      #expect(Secret.random(24, &one) == .ok)
      #expect(Secret.random(24, &other) == .ok)
      #expect(one.count == 24 && one != other)
      #expect(Secret.random(0, &none) == .invalid)
      #expect(Secret.random(65537, &none) == .invalid)
      #expect(isEqual(other, other) && !isEqual(other, one) && !isEqual(other, []))
    }
  }
#endif
