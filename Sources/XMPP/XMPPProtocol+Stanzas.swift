import Bytes
import Wire

/// Stanzas, both ways.
extension XMPPProtocol {
  func stanza(_ conn: Conn) {
    let tree = parser.tree
    if session.isManaged, tree.isIn(0, Space.management) { return acknowledgement(conn) }
    let kind = kind(tree)
    if session.isManaged, kind != .other || isStanza(tree, 0) { session.received = session.received &+ 1 }
    if kind == .answer, answered(tree, conn) { return }
    if kind == .request, options.keepsRoster, rosterChanged(tree, conn) { return }
    let isTaken = factory.take(tree, kind, self, conn)
    guard phase == .ready, !conn.isClosing else { return }
    if kind == .request, !isTaken { answerOurselves(tree, conn) }
    if kind == .message, options.answersReceipts { confirm(tree, conn) }
  }

  /// Runs `body` with a handle that the tree has for so long.
  public func show(_ tree: Tree, _ conn: Conn, _ body: (UInt64) -> Bool) -> Bool {
    if let shown {
      shown.tree = Unmanaged.passUnretained(tree)
      return shown.show(body)
    }
    let made = Stanza(conn.context, tree)
    shown = made
    return made.show(body)
  }

  func kind(_ tree: Tree) -> StanzaKind {
    guard tree.isIn(0, space) else { return .other }
    if tree.isNamed(0, "message") { return .message }
    if tree.isNamed(0, "presence") { return .presence }
    guard tree.isNamed(0, "iq"), let type = tree.attribute(0, "type") else { return .other }
    if tree.says(type, "get") || tree.says(type, "set") { return .request }
    return tree.says(type, "result") || tree.says(type, "error") ? .answer : .other
  }

  /// Both sides count what RFC 6120 §8 calls so, and nothing else (XEP-0198 §4).
  func isStanza(_ tree: Tree, _ node: UInt32) -> Bool {
    tree.isIn(node, space)
      && (tree.isNamed(node, "message") || tree.isNamed(node, "presence") || tree.isNamed(node, "iq"))
  }

  /// Nobody has taken the request: a ping is answered all the same, and anything else is not to be had here (RFC 6120 §8.4).
  func answerOurselves(_ tree: Tree, _ conn: Conn) {
    if describe(tree, conn) { return }
    let isPing = tree.child(0, "ping", Space.ping) != nil
    _ = reply(tree, conn, isError: !isPing, isOwn: true) { out in
      if isPing { return }
      out.put("<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
    }
  }

  /// Sends what `body` writes as the answer to a request.
  public func reply(
    _ request: Tree, _ conn: Conn, isError: Bool, isOwn: Bool = false, _ body: (inout XMLWriter) -> Void
  ) -> Status {
    sendStanza(conn, isOwn: isOwn) { out in
      out.put(isError ? "<iq type='error'" : "<iq type='result'")
      address(request, "id", "id", &out)
      address(request, "from", "to", &out)
      if options.role != .client { address(request, "to", "from", &out) }
      out.put(">")
      body(&out)
      out.put("</iq>")
    }
  }

  func address(_ tree: Tree, _ from: StaticString, _ name: StaticString, _ out: inout XMLWriter) {
    guard let value = tree.attribute(0, from) else { return }
    out.put(" ")
    out.put(name)
    out.put("='")
    out.escape(tree.bytes(value), isValue: true)
    out.put("'")
  }

  // MARK: Sending

  /// Sends a whole stanza, and keeps it where the other side will acknowledge it; what does not count is not kept.
  public func sendStanza(
    _ conn: Conn, isOwn: Bool = false, counts: Bool = true, _ body: (inout XMLWriter) -> Void
  ) -> Status {
    guard !conn.isClosing, !saidFooter else { return .closed }
    guard phase == .ready else { return .bound }
    var writer = XMLWriter(conn.context.pool.take(), limit: mostBytes)
    body(&writer)
    guard writer.status == .ok else { return writer.status }
    var out = writer.out.take()
    let counts = counts && session.isManaged
    guard !counts || session.keep(out.bytes, isOwn: isOwn, beside: factory.returning) else { return .limit }
    let status = conn.write(out.count) { $0.put(out.bytes) }
    conn.context.pool.give(out.take())
    guard counts else { return status }
    if status == .ok {
      session.sinceAsked += 1
      if session.sinceAsked >= 50 { askForAcknowledgement(conn) }
    } else {
      session.forgetLatest()
    }
    return status
  }

  public func send(_ tree: Tree, _ node: UInt32, _ conn: Conn, isOwn: Bool = false) -> Status {
    var status: Status = .ok
    let sent = sendStanza(conn, isOwn: isOwn, counts: isStanza(tree, node)) { out in
      status = out.put(tree, space, node)
    }
    return status == .ok ? sent : status
  }

  // MARK: Requests of this side's

  /// Asks; the tree's `id` is set. The call is registered already.
  public func ask(_ tree: Tree, _ node: UInt32, _ time: UInt64, _ call: XMPPCall, _ conn: Conn) -> Status {
    guard phase == .ready, !conn.isClosing, !saidFooter else { return conn.isClosing || saidFooter ? .closed : .bound }
    guard session.calls.count < options.mostCalls else { return .limit }
    guard tree.isNamed(node, "iq"), let type = tree.attribute(node, "type"),
      tree.says(type, "get") || tree.says(type, "set")
    else { return .invalid }
    call.asked = []
    if let to = tree.attribute(node, "to") {
      var status: Status = .ok
      let jid = JID.parse(tree.bytes(to), &status)
      guard status == .ok else { return status }
      call.asked = jid.text.bytes.copied
    }
    session.serial &+= 1
    call.serial = session.serial
    var id = ByteBuffer()
    guard id.reserve(32, limit: 64) else { return .noMemory }
    id.put("p")
    id.put(hex: session.serial)
    var status = tree.set(node, utf8("id"), RawSpan(), id.bytes)
    if status == .ok { status = send(tree, node, conn, isOwn: true) }
    guard status == .ok else { return status }
    session.calls[call.serial] = Unmanaged.passUnretained(call)
    call.session = Unmanaged.passUnretained(session)
    let time = time > 0 ? time : options.callTime
    if time > 0 {
      let limit = EntityTimer()
      limit.id = call.id
      call.limit = limit
      if !conn.context.schedule(limit, after: time) { call.cancel() }
    }
    return .ok
  }

  /// Is it the answer to a request of this side's, by whom it was asked?
  func answered(_ tree: Tree, _ conn: Conn) -> Bool {
    if let id = tree.attribute(0, "id"), isFrom([], tree) {
      if options.wantsCopies, tree.says(id, XMPPProtocol.copiesId) { return true }
      if awaitsRoster, tree.says(id, XMPPProtocol.rosterId) {
        awaitsRoster = false
        rosterCame(tree, conn)
        return true
      }
    }
    guard let id = tree.attribute(0, "id"), let serial = XMPPProtocol.serial(tree.bytes(id)),
      let found = session.calls[serial]
    else { return false }
    let call = found.takeUnretainedValue()
    guard isFrom(call.asked, tree) else { return false }
    session.calls.removeValue(forKey: serial)
    var reason = Reason(.ok)
    if let type = tree.attribute(0, "type"), tree.says(type, "error") {
      reason = tree.child(0, "error").map { Conditions.reason(.stanza, tree, $0) } ?? Reason(.remote, code: 221)
    }
    call.answered(tree, reason, conn)
    return true
  }

  static func serial(_ id: RawSpan) -> UInt64? {
    guard id.byteCount > 1, id.byteCount <= 17, id.byte(0) == UInt8(ascii: "p") else { return nil }
    var value: UInt64 = 0
    for at in 1..<id.byteCount {
      let byte = id.byte(at)
      let digit = byte &- 48 <= 9 ? byte &- 48 : byte &- 87
      guard digit <= 15, byte < 58 || digit >= 10 else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// RFC 6120 §8.1.2.1: what has no sender is the server's word for this account.
  func isFrom(_ asked: [UInt8], _ tree: Tree) -> Bool {
    let own = session.jid
    let bare = own.isEmpty ? 0 : session.bareLength
    let domain = options.domain
    guard let from = tree.attribute(0, "from") else {
      return asked.isEmpty || asked.span.bytes.isEqual(own.span.bytes.extracting(first: bare))
        || asked == options.domain && options.role == .client
    }
    if tree.bytes(from).isEqual(asked.span.bytes) { return true }
    var status: Status = .ok
    let jid = JID.parse(tree.bytes(from), &status)
    guard status == .ok else { return false }
    if jid.text.bytes.isEqual(asked.span.bytes) { return true }
    guard asked.isEmpty else { return false }
    return jid.text.bytes.isEqual(own.span.bytes) || jid.text.bytes.isEqual(own.span.bytes.extracting(first: bare))
      || jid.text.bytes.isEqual(domain.span.bytes)
  }
}

extension XMLWriter {
  /// An element, where the space is declared already.
  public mutating func put(_ tree: Tree, _ space: StaticString, _ node: UInt32 = 0) -> Status {
    // Sound: a literal's bytes are static.
    let outer = UnsafeRawBufferPointer(start: space.utf8Start, count: space.utf8CodeUnitCount)
    var buffer = out.take()
    let status = tree.write(node, outer: outer.bytes, &buffer, limit: mostBytes)
    out = buffer
    return status
  }
}
