import Bytes
import Crypto
import Wire

/// Components, both sides: XEP-0114.
extension XMPPProtocol {
  /// The digest of the stream's id and the secret, in lower case.
  func digest(_ secret: [UInt8], _ out: inout [UInt8]) -> Status {
    var digest: [UInt8] = []
    let status = Digest.sha1.hash((streamId + secret).span.bytes, &digest)
    guard status == .ok else { return status }
    for byte in digest {
      for half in [byte >> 4, byte & 15] { out.append(half < 10 ? 48 + half : 87 + half) }
    }
    return .ok
  }

  func sayHandshake(_ conn: Conn) {
    var text: [UInt8] = []
    let status = digest(options.password, &text)
    guard status == .ok else { return end(conn, .internalServerError, Reason(status)) }
    phase = .handshake
    session.jid = options.domain
    session.bareLength = options.domain.count
    say(conn) { out in
      out.put("<handshake>")
      out.put(text.span.bytes)
      out.put("</handshake>")
    }
  }

  /// A component begins its stream with this side.
  func componentCame(_ conn: Conn) {
    let tree = parser.tree
    guard let to = tree.attribute(0, "to") else {
      return end(conn, .improperAddressing, Reason(.malformed, text: "the component does not say who it is"))
    }
    var status: Status = .ok
    let jid = JID.parse(tree.bytes(to), &status)
    guard status == .ok, jid.bareLength == jid.text.count, jid.nodeLength == 0 else {
      return end(conn, .improperAddressing, Reason(.malformed, text: "the component's name is no domain"))
    }
    peerName = jid.text.bytes.copied
    var secret: [UInt8] = []
    guard factory.secret(of: jid.text.bytes, conn, into: &secret) else {
      return end(conn, .hostUnknown, Reason(.refused, text: "there is no such component"))
    }
    expected = secret
    var random: [UInt8] = []
    status = Secret.random(12, &random)
    guard status == .ok else { return end(conn, .internalServerError, Reason(status)) }
    Base64.encode(random.span.bytes, into: &streamId)
    sendHeader(conn)
    phase = .handshake
  }

  func handshake(_ conn: Conn) {
    let tree = parser.tree
    guard tree.isIn(0, Space.component) else {
      return end(conn, .invalidNamespace, Reason(.malformed, text: "the stream is not in a component's namespace"))
    }
    if options.role == .component {
      guard tree.isNamed(0, "handshake") else { return unexpected(conn) }
      return becomeReady(conn, isResumed: false)
    }
    var wanted: [UInt8] = []
    guard tree.isNamed(0, "handshake"), digest(expected, &wanted) == .ok, let text = tree.text(0),
      Secret.isEqual(tree.bytes(text), wanted.span.bytes)
    else { return end(conn, .notAuthorizedStream, Reason(.refused, text: "the component does not know the secret")) }
    expected = []
    say(conn) { $0.put("<handshake/>") }
    becomeReady(conn, isResumed: false)
  }
}
