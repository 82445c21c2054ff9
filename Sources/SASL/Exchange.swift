import Bytes
import Crypto
import Wire

/// A client's side of one authentication. All mechanisms here let the client speak first.
public final class Exchange {
  public let mechanism: Mechanism
  private enum Phase { case fresh, waiting, done, failed }
  private var phase = Phase.fresh
  private let credentials: Credentials
  private var scram: Scram?
  private var work: KeyWork?
  /// What the server gave as its reason in a SCRAM exchange.
  public private(set) var serverError: [UInt8] = []

  public enum Made {
    case exchange(Exchange)
    case failed(Reason)
  }

  private init(_ mechanism: Mechanism, _ credentials: Credentials) {
    self.mechanism = mechanism
    self.credentials = credentials
  }

  /// Fails with `value` for credentials that the mechanism can't carry, `unsupported` for one that is not in this build,
  /// and `invalid` for one that binds where there is nothing to bind to. `nonce` is for tests: else it is random.
  public static func make(
    _ mechanism: Mechanism, _ credentials: Credentials, channel: Channel = .unbound,
    rounds: ClosedRange<UInt32> = usual,
    nonce: [UInt8] = []
  ) -> Made {
    guard mechanism.isAvailable else { return .failed(Reason(.unsupported)) }
    if let fault = refusal(of: credentials, by: mechanism) { return .failed(Reason(.value, text: fault)) }
    let exchange = Exchange(mechanism, credentials)
    guard let digest = mechanism.digest else { return .exchange(exchange) }
    var channel = channel
    if case .bound(let name, _) = channel {
      if !mechanism.binds { channel = .notOffered } else if name.isEmpty { return .failed(Reason(.invalid)) }
    } else if mechanism.binds {
      return .failed(Reason(.invalid, text: "there is no channel to bind to"))
    }
    var nonce = nonce
    if nonce.isEmpty {
      var bytes: [UInt8] = []
      let status = Secret.random(24, &bytes)
      guard status == .ok else { return .failed(Reason(status)) }
      Base64.encode(bytes.span.bytes, into: &nonce)
    }
    exchange.scram = Scram(digest, channel, rounds, nonce)
    return .exchange(exchange)
  }

  /// How often a password may be hashed: less is too weak (RFC 7677 section 4), and more keeps this side busy for
  /// seconds.
  public static var usual: ClosedRange<UInt32> { 4096...2_000_000 }

  private static func refusal(of credentials: Credentials, by mechanism: Mechanism) -> StaticString? {
    guard isText(credentials.name), isText(credentials.authority), isText(credentials.password),
      isText(credentials.trace)
    else { return "credentials are UTF-8 without NUL" }
    switch mechanism {
    case .external: return nil
    case .anonymous: return credentials.trace.count > 1020 ? "the trace is too long" : nil
    default:
      if credentials.name.isEmpty { return "a name is missing" }
      return credentials.password.isEmpty ? "a password is missing" : nil
    }
  }

  private static func isText(_ bytes: [UInt8]) -> Bool {
    bytes.count <= 65536 && bytes.span.bytes.isUTF8 && bytes.span.bytes.position(of: 0, from: 0) < 0
  }

  /// The first message.
  public func start(_ out: inout [UInt8]) -> Reason {
    guard phase == .fresh else { return fail(Reason(.invalid)) }
    out = []
    switch mechanism {
    case .plain:
      out += credentials.authority
      out.append(0)
      out += credentials.name
      out.append(0)
      out += credentials.password
      phase = .done
    case .external:
      out += credentials.authority
      phase = .done
    case .anonymous:
      out += credentials.trace
      phase = .done
    default:
      scram?.first(credentials, &out)
      phase = .waiting
    }
    return Reason(.ok)
  }

  /// Takes what the server says. A failure ends the exchange; nothing is to be sent but its abort. Else the answer is empty, unless
  /// `isDeriving` says that it has to wait.
  public func hear(_ challenge: RawSpan) -> Reason {
    guard phase == .waiting, scram != nil else {
      // EXTERNAL and the like have said everything: a server may ask with nothing once (RFC 4422 section 3.1).
      return fail(Reason(.malformed, text: "the server asks for more than the mechanism has"))
    }
    guard challenge.byteCount <= Scram.longest else { return fail(Reason(.tooLong)) }
    let reason = scram?.hear(challenge, &serverError) ?? Reason(.invalid)
    guard reason.status == .ok else { return fail(reason) }
    if scram?.isProven == true { phase = .done }
    return reason
  }

  /// Does the answer need a key, which takes long to make?
  public var isDeriving: Bool { phase == .waiting && scram?.isDeriving == true }

  /// Has the key made where that may take its time. `done` gets the answer in a turn to come, or why there is none; not after `cancel`.
  public func derive(_ context: Context, _ done: @escaping (Reason, [UInt8]) -> Void) -> Status {
    guard isDeriving, work == nil, let key = scram?.key(credentials.password) else { return .invalid }
    let made = KeyWork(context, key) { [self] reason in
      work = nil
      var out: [UInt8] = []
      let reason = reason.status == .ok ? finish(key, &out) : fail(reason)
      done(reason, out)
    }
    let status = made.begin()
    if status == .ok { work = made }
    return status
  }

  private func finish(_ key: Key, _ out: inout [UInt8]) -> Reason {
    var status = key.status
    if status == .ok { status = scram?.prove(key.bytes, &out) ?? .invalid }
    return status == .ok ? Reason(.ok) : fail(Reason(status))
  }

  /// Nobody waits for the answer any more.
  public func cancel() {
    work?.forget()
    work = nil
    phase = .failed
  }

  /// The answer, here and now.
  func answer(_ challenge: RawSpan, _ out: inout [UInt8]) -> Reason {
    out = []
    let reason = hear(challenge)
    guard isDeriving, let key = scram?.key(credentials.password) else { return reason }
    key.make()
    return finish(key, &out)
  }

  /// The server says that it is content, maybe with a last word of the mechanism's. Only then is anybody authenticated: a failure
  /// here means that the server is not who it should be.
  public func succeeded(_ last: RawSpan) -> Reason {
    if phase == .waiting, last.byteCount > 0 {
      let reason = hear(last)
      guard reason.status == .ok else { return reason }
      guard !isDeriving else { return fail(Reason(.malformed, text: "the server was content too early")) }
    }
    guard phase == .done else {
      return fail(Reason(.malformed, text: "the server did not prove that it knows the password"))
    }
    return Reason(.ok)
  }

  private func fail(_ reason: Reason) -> Reason {
    phase = .failed
    return reason
  }
}
