import Bytes
import Crypto

/// SCRAM, the client's side: RFC 5802, and RFC 7677 for SHA-256. The server proves that it knows the password, too.
struct Scram {
  /// Of a message of the server's.
  static var longest: Int { 16384 }

  private enum Step { case fresh, sentFirst, deriving, sentProof, proven }
  private var step = Step.fresh
  private let digest: Digest
  private let channel: Channel
  private let rounds: ClosedRange<UInt32>
  private let nonce: [UInt8]
  /// The first message of this side, without the part about the channel; and that part.
  private var bare: [UInt8] = []
  private var header: [UInt8] = []
  /// The server's first message, and what it has said in it; then what the answer begins with.
  private var serverFirst: [UInt8] = []
  private var salt: [UInt8] = []
  private var count: UInt32 = 0
  private var withoutProof: [UInt8] = []
  /// What the server will have to show.
  private var expected: [UInt8] = []

  init(_ digest: Digest, _ channel: Channel, _ rounds: ClosedRange<UInt32>, _ nonce: [UInt8]) {
    self.digest = digest
    self.channel = channel
    self.rounds = rounds
    self.nonce = nonce
  }

  var isProven: Bool { step == .proven }
  /// Has the server said what the key is made of, which `prove` needs?
  var isDeriving: Bool { step == .deriving }
  func key(_ password: [UInt8]) -> Key { Key(digest, password, salt, count) }

  mutating func first(_ credentials: Credentials, _ out: inout [UInt8]) {
    switch channel {
    case .unbound: add("n,", &header)
    case .notOffered: add("y,", &header)
    case .bound(let name, _):
      add("p=", &header)
      header += name
      add(",", &header)
    }
    if !credentials.authority.isEmpty {
      add("a=", &header)
      addName(credentials.authority, &header)
    }
    add(",", &header)
    add("n=", &bare)
    addName(credentials.name, &bare)
    add(",r=", &bare)
    bare += nonce
    out += header
    out += bare
    step = .sentFirst
  }

  mutating func hear(_ message: RawSpan, _ serverError: inout [UInt8]) -> Reason {
    switch step {
    case .sentFirst: return begin(message)
    case .sentProof: return check(message, &serverError)
    case .deriving: return Reason(.malformed, text: "the server does not wait for its answer")
    default: return Reason(.malformed, text: "the exchange was over")
    }
  }

  // MARK: The server's first message

  private mutating func begin(_ message: RawSpan) -> Reason {
    var fields = Attributes(message)
    // What must be understood and is not ends the exchange: m= is reserved for that.
    guard let whole = fields.next("r"), let saltText = fields.next("s"), let roundsText = fields.next("i") else {
      return Reason(.malformed, text: "no first message of SCRAM")
    }
    let given = message.extracting(whole)
    let mine = nonce.count
    guard given.byteCount > mine, given.extracting(first: mine).isEqual(nonce.span.bytes) else {
      return Reason(.malformed, text: "the server's nonce does not begin with this side's")
    }
    guard Base64.decode(message.extracting(saltText), into: &salt), !salt.isEmpty else {
      return Reason(.malformed, text: "the salt is not base64")
    }
    guard let wanted = Scram.number(message.extracting(roundsText)) else {
      return Reason(.malformed, text: "the iteration count is no number")
    }
    guard rounds.contains(wanted) else { return Reason(.range, text: "the iteration count is out of range") }
    count = wanted
    serverFirst = message.copied
    add("c=", &withoutProof)
    var binding = header
    if case .bound(_, let data) = channel { binding += data }
    Base64.encode(binding.span.bytes, into: &withoutProof)
    add(",r=", &withoutProof)
    append(given, to: &withoutProof)
    step = .deriving
    return Reason(.ok)
  }

  /// The answer to it, with the key that is made of the password.
  mutating func prove(_ key: [UInt8], _ out: inout [UInt8]) -> Status {
    var proof: [UInt8] = []
    let status = sign(key, &proof)
    guard status == .ok else { return status }
    out = withoutProof
    add(",p=", &out)
    Base64.encode(proof.span.bytes, into: &out)
    step = .sentProof
    return .ok
  }

  /// The proof of this side, and what will be the server's (RFC 5802 section 3).
  private mutating func sign(_ salted: [UInt8], _ proof: inout [UInt8]) -> Status {
    var message = bare
    add(",", &message)
    message += serverFirst
    add(",", &message)
    message += withoutProof
    var clientKey: [UInt8] = []
    var storedKey: [UInt8] = []
    var serverKey: [UInt8] = []
    var signature: [UInt8] = []
    defer {
      Secret.wipe(&storedKey)
      Secret.wipe(&serverKey)
    }
    var status = keyed("Client Key", salted, &clientKey)
    if status == .ok { status = digest.hash(clientKey.span.bytes, &storedKey) }
    if status == .ok { status = digest.authenticate(message.span.bytes, key: storedKey.span.bytes, &signature) }
    if status == .ok { status = keyed("Server Key", salted, &serverKey) }
    if status == .ok { status = digest.authenticate(message.span.bytes, key: serverKey.span.bytes, &expected) }
    guard status == .ok, clientKey.count == signature.count else {
      Secret.wipe(&clientKey)
      return status == .ok ? .unsupported : status
    }
    for index in 0..<clientKey.count { clientKey[index] ^= signature[index] }
    proof = clientKey
    return .ok
  }

  private func keyed(_ text: StaticString, _ key: [UInt8], _ out: inout [UInt8]) -> Status {
    var bytes: [UInt8] = []
    add(text, &bytes)
    return digest.authenticate(bytes.span.bytes, key: key.span.bytes, &out)
  }

  // MARK: The server's last message

  private mutating func check(_ message: RawSpan, _ serverError: inout [UInt8]) -> Reason {
    var fields = Attributes(message)
    if let error = fields.next("e") {
      append(message.extracting(error), to: &serverError)
      return Reason(.remote, text: "the server refused")
    }
    var signature: [UInt8] = []
    guard let shown = fields.next("v"), Base64.decode(message.extracting(shown), into: &signature) else {
      return Reason(.malformed, text: "no last message of SCRAM")
    }
    guard Secret.isEqual(signature.span.bytes, expected.span.bytes) else {
      return Reason(.malformed, text: "the server does not know the password")
    }
    step = .proven
    return Reason(.ok)
  }

  // MARK: Texts

  /// A comma ends a name, and an equals sign begins what stands for one (RFC 5802 section 5.1).
  private func addName(_ name: [UInt8], _ out: inout [UInt8]) {
    for byte in name {
      switch byte {
      case UInt8(ascii: ","): add("=2C", &out)
      case UInt8(ascii: "="): add("=3D", &out)
      default: out.append(byte)
      }
    }
  }

  private func add(_ text: StaticString, _ out: inout [UInt8]) {
    for index in 0..<text.utf8CodeUnitCount { out.append(text.utf8Start[index]) }
  }

  private func append(_ bytes: RawSpan, to out: inout [UInt8]) {
    for index in 0..<bytes.byteCount { out.append(bytes.byte(index)) }
  }

  /// In decimal, without sign or leading zero.
  private static func number(_ text: RawSpan) -> UInt32? {
    guard text.byteCount > 0, text.byteCount <= 9, text.byte(0) != UInt8(ascii: "0") else { return nil }
    var value: UInt32 = 0
    for index in 0..<text.byteCount {
      guard let digit = text.byte(index).digit else { return nil }
      value = value * 10 + UInt32(truncatingIfNeeded: digit)
    }
    return value
  }
}

/// `a=…,b=…`, one after the other, with where each value is.
struct Attributes: ~Escapable {
  let text: RawSpan
  var at = 0

  @_lifetime(copy text)
  init(_ text: RawSpan) { self.text = text }

  /// The next one's value, if that is its letter; it stays the next one if not.
  mutating func next(_ letter: Unicode.Scalar) -> Range<Int>? {
    guard at + 2 <= text.byteCount, text.byte(at) == UInt8(ascii: letter), text.byte(at + 1) == UInt8(ascii: "=") else {
      return nil
    }
    let comma = text.position(of: UInt8(ascii: ","), from: at)
    let end = comma < 0 ? text.byteCount : comma
    defer { at = end + 1 }
    return at + 2..<end
  }
}
