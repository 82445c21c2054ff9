import Bytes
import Wire

/// Stream management: XEP-0198.
extension XMPPProtocol {
  func resume(_ conn: Conn) {
    let id = session.id
    say(conn) { out in
      out.put("<resume xmlns='urn:xmpp:sm:3' h='")
      out.put(decimal: Int(session.received))
      out.put("' previd='")
      out.escape(id.span.bytes, isValue: true)
      out.put("'/>")
    }
  }

  func number(_ tree: Tree) -> UInt32? {
    guard let h = tree.attribute(0, "h"), h.length > 0, h.length <= 10 else { return nil }
    var value: UInt64 = 0
    for at in 0..<Int(h.length) {
      guard let digit = tree.bytes(h).byte(at).digit else { return nil }
      value = value * 10 + UInt64(digit)
    }
    return UInt32(exactly: value)
  }

  /// What the server says of a wish to manage the stream, or to go on with one.
  func managed(_ conn: Conn) {
    let tree = parser.tree
    guard tree.isIn(0, Space.management) else { return unexpected(conn) }
    if tree.isNamed(0, "enabled"), phase == .enable {
      session.isManaged = true
      session.id = tree.attribute(0, "id").map { tree.copy($0) } ?? []
      let resumes = tree.attribute(0, "resume").map { tree.says($0, "true") || tree.says($0, "1") }
      session.isResumable = resumes == true && !session.id.isEmpty
      return becomeReady(conn, isResumed: false)
    }
    if tree.isNamed(0, "resumed"), phase == .resume {
      guard let count = number(tree), session.acknowledge(count) else {
        session.isResumable = false
        return unexpected(conn)
      }
      phase = .ready
      if !session.waiting.isEmpty {
        var all = session.waiting.take()
        let status = conn.write(all.count) { $0.put(all.bytes) }
        session.waiting = all.take()
        guard status == .ok else { return conn.abort(status) }
        askForAcknowledgement(conn)
      }
      return becomeReady(conn, isResumed: true)
    }
    guard tree.isNamed(0, "failed") else { return unexpected(conn) }
    if phase == .enable { return becomeReady(conn, isResumed: false) }
    // The server has forgotten the stream: the host gets back what may not have arrived.
    if let count = number(tree) { _ = session.acknowledge(count) }
    let former = session
    session = XMPPSession(options)
    factory.forget(former, Reason(.closed, text: "the server has forgotten the stream"), isNow: true)
    if !conn.isClosing { bind(nil, conn) }
  }

  func acknowledgement(_ conn: Conn) {
    let tree = parser.tree
    if tree.isNamed(0, "r") {
      return _ = say(conn) { out in
        out.put("<a xmlns='urn:xmpp:sm:3' h='")
        out.put(decimal: Int(session.received))
        out.put("'/>")
      }
    }
    guard tree.isNamed(0, "a") else { return }
    guard let count = number(tree), session.acknowledge(count) else {
      session.isResumable = false
      return end(conn, .undefined, Reason(.malformed, text: "the server acknowledges more than was sent"))
    }
  }

  func askForAcknowledgement(_ conn: Conn) {
    session.sinceAsked = 0
    say(conn) { $0.put("<r xmlns='urn:xmpp:sm:3'/>") }
  }
}
