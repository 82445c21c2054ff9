import Bytes
import Crypto
import SASL
import Wire

/// From the other side's header to the first stanza: RFC 6120 §§4 to 7.
extension XMPPProtocol {
  func header(_ conn: Conn) {
    let tree = parser.tree
    guard phase == .header, tree.isNamed(0, "stream"), tree.isIn(0, Space.streams) else {
      return end(conn, .invalidNamespace, Reason(.malformed, text: "what begins is no stream"))
    }
    if options.role == .host { return componentCame(conn) }
    streamId = tree.attribute(0, "id").map { tree.copy($0) } ?? []
    if options.role == .component { return sayHandshake(conn) }
    let version = tree.attribute(0, "version")
    guard let version, tree.bytes(version).byteCount >= 3, tree.bytes(version).byte(0) != 48,
      tree.bytes(version).position(of: 46, from: 0) > 0
    else { return end(conn, .unsupportedVersion, Reason(.malformed, text: "the server speaks an old version")) }
    phase = .features
  }

  func features(_ conn: Conn) {
    let tree = parser.tree
    guard tree.isNamed(0, "features"), tree.isIn(0, Space.streams) else { return unexpected(conn) }
    if !isLoggedIn {
      if !conn.isSecure {
        if tree.child(0, "starttls", Space.tls) != nil, factory.canStartTLS {
          phase = .proceed
          return _ = say(conn) { $0.put("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") }
        }
        guard options.allowsPlaintext else {
          return end(
            conn, .policyViolation, Reason(.unsupported, text: "the server offers no TLS, or this side has none"))
        }
      }
      return choose(conn)
    }
    offersManagement = tree.child(0, "sm", Space.management) != nil
    offersVersions = tree.child(0, "ver", Space.versions) != nil
    let wanted = tree.child(0, "session", Space.session)
    wantsSession = wanted.map { tree.child($0, "optional") == nil } ?? false
    if let kept = factory.kept {
      factory.kept = nil
      if offersManagement {
        session = kept
        phase = .resume
        return resume(conn)
      }
      factory.forget(kept, Reason(.closed, text: "the server manages no streams any more"), isNow: true)
      if conn.isClosing { return }
    }
    bind(tree, conn)
  }

  func bind(_ tree: Tree?, _ conn: Conn) {
    if let tree {
      guard tree.child(0, "bind", Space.bind) != nil else {
        return end(conn, .unsupportedFeature, Reason(.unsupported, text: "the server binds no resource"))
      }
    }
    phase = .bind
    say(conn) { out in
      out.put("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'")
      if options.resource.isEmpty { return out.put("/></iq>") }
      out.put("><resource>")
      out.escape(options.resource.span.bytes, isValue: false)
      out.put("</resource></bind></iq>")
    }
  }

  func unexpected(_ conn: Conn) {
    end(conn, .policyViolation, Reason(.malformed, text: "the server says what has no place here"))
  }

  // MARK: TLS

  func proceed(_ conn: Conn) {
    let tree = parser.tree
    guard tree.isIn(0, Space.tls) else { return unexpected(conn) }
    guard tree.isNamed(0, "proceed") else {
      return end(conn, .policyViolation, Reason(.remote, text: "the server refused TLS"))
    }
    // Whoever is in between may have put something behind it that would be taken for the server's.
    guard parser.unread == 0, kept.isEmpty else { return unexpected(conn) }
    let status = factory.startTLS(conn) { _, _ in }  // where it fails, the conn ends with it
    guard status == .ok else { return conn.close(Reason(status, text: "TLS could not begin")) }
    restart(conn)
  }

  // MARK: SASL

  /// What this side has to bind to, and how it is called.
  func channel(_ tree: Tree, _ conn: Conn) -> Channel {
    var bytes: [UInt8] = []
    let list = tree.child(0, "sasl-channel-binding", Space.binding)
    for kind in 0..<3 {
      // Where the server does not say which, it has that of its version of TLS.
      if list == nil, kind == 2 { break }
      let name = XMPPProtocol.binding(list == nil ? 1 - kind : kind)
      if let list {
        var offered = tree.nodes[Int(list)].first
        while offered != Tree.none {
          if tree.isElement(offered), let type = tree.attribute(offered, "type"), tree.says(type, name.1) {
            break
          }
          offered = tree.nodes[Int(offered)].next
        }
        if offered == Tree.none { continue }
      }
      if conn.channelBinding(name.0, into: &bytes) == .ok { return .bound(name: utf8(name.1).copied, data: bytes) }
    }
    return .unbound
  }

  static func binding(_ number: Int) -> (ChannelBinding, StaticString) {
    switch number {
    case 0: (.exporter, "tls-exporter")
    case 1: (.unique, "tls-unique")
    default: (.endPoint, "tls-server-end-point")
    }
  }

  func choose(_ conn: Conn) {
    let tree = parser.tree
    var offered = Mechanisms()
    if let list = tree.child(0, "mechanisms", Space.sasl) {
      var at = tree.nodes[Int(list)].first
      while at != Tree.none {
        if tree.isNamed(at, "mechanism"), let name = tree.text(at), let known = Mechanism.named(tree.bytes(name)) {
          offered.insert(known)
        }
        at = tree.nodes[Int(at)].next
      }
    }
    var wanted = options.mechanisms
    if options.password.isEmpty { wanted.subtract(.withPassword) }
    if !options.node.isEmpty { wanted.subtract(Mechanisms(.anonymous)) } else { wanted.subtract(.withPassword) }
    if !conn.isSecure { wanted.subtract(Mechanisms(.plain).union(Mechanisms(.external))) }
    var channel = channel(tree, conn)
    var canBind = false
    if case .bound = channel { canBind = true }
    guard let chosen = offered.best(wanted: wanted, canBind: canBind) else {
      return end(
        conn, .policyViolation, Reason(.unsupported, text: "the server offers no way of logging in that this side has"))
    }
    if canBind, !chosen.binds { channel = offered.isDisjoint(with: .binding) ? .notOffered : .unbound }
    var credentials = Credentials()
    credentials.name = options.node
    credentials.password = options.password
    switch Exchange.make(chosen, credentials, channel: channel) {
    case .failed(let reason): return end(conn, .policyViolation, reason)
    case .exchange(let made):
      exchange = made
      mechanism = chosen
      var first: [UInt8] = []
      let reason = made.start(&first)
      guard reason.status == .ok else { return end(conn, .policyViolation, reason) }
      phase = .login
      var text: [UInt8] = []
      Base64.encode(first.span.bytes, into: &text)
      say(conn) { out in
        out.put("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='")
        out.put(chosen.name)
        out.put("'>")
        if text.isEmpty { out.put("=") } else { out.put(text.span.bytes) }
        out.put("</auth>")
      }
    }
  }

  func login(_ conn: Conn) {
    let tree = parser.tree
    guard let exchange, tree.isIn(0, Space.sasl) else { return unexpected(conn) }
    if tree.isNamed(0, "failure") {
      sayFooter(conn)
      return conn.close(Conditions.reason(.login, tree, 0))
    }
    var said: [UInt8] = []
    if let text = tree.text(0), !tree.says(text, "=") {
      guard Base64.decode(tree.bytes(text), into: &said) else { return unexpected(conn) }
    }
    if tree.isNamed(0, "success") {
      let reason = exchange.succeeded(said.span.bytes)
      guard reason.status == .ok else { return end(conn, .notAuthorizedStream, reason) }
      isLoggedIn = true
      self.exchange = nil
      return restart(conn)
    }
    guard tree.isNamed(0, "challenge") else { return unexpected(conn) }
    let reason = exchange.hear(said.span.bytes)
    guard reason.status == .ok, exchange.isDeriving else { return respond(reason, [], conn) }
    let (context, id) = (conn.context, conn.id)
    let status = exchange.derive(context) { reason, answer in
      guard let conn = context.conn(id), !conn.isClosing else { return }
      _ = conn.speakingXMPP { speaker in
        speaker.respond(reason, answer, conn)
        return .ok
      }
    }
    if status != .ok { respond(Reason(status), [], conn) }
  }

  private func respond(_ reason: Reason, _ answer: [UInt8], _ conn: Conn) {
    guard reason.status == .ok else {
      say(conn) { $0.put("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>") }
      return end(conn, .notAuthorizedStream, reason)
    }
    var text: [UInt8] = []
    Base64.encode(answer.span.bytes, into: &text)
    say(conn) { out in
      out.put("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>")
      out.put(text.span.bytes)
      out.put("</response>")
    }
  }

  // MARK: Binding

  func bound(_ conn: Conn) {
    let tree = parser.tree
    guard tree.isNamed(0, "iq"), let id = tree.attribute(0, "id"), tree.says(id, "bind") else {
      return unexpected(conn)
    }
    guard let bind = tree.child(0, "bind", Space.bind), let jid = tree.child(bind, "jid"), let text = tree.text(jid)
    else {
      let error = tree.child(0, "error")
      return end(
        conn, .policyViolation,
        error.map { Conditions.reason(.stanza, tree, $0) } ?? Reason(.malformed, text: "the server binds nothing"))
    }
    var status: Status = .ok
    let made = JID.parse(tree.bytes(text), &status)
    guard status == .ok else { return unexpected(conn) }
    session.jid = made.text.bytes.copied
    session.bareLength = made.bareLength
    if wantsSession {
      phase = .session
      return _ = say(conn) {
        $0.put("<iq type='set' id='session'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
      }
    }
    enable(conn)
  }

  func sessionStarted(_ conn: Conn) {
    let tree = parser.tree
    guard tree.isNamed(0, "iq"), let type = tree.attribute(0, "type"), tree.says(type, "result") else {
      return unexpected(conn)
    }
    enable(conn)
  }

  func enable(_ conn: Conn) {
    guard offersManagement, options.resumes else { return becomeReady(conn, isResumed: false) }
    phase = .enable
    say(conn) { $0.put("<enable xmlns='urn:xmpp:sm:3' resume='true'/>") }
  }

  func becomeReady(_ conn: Conn, isResumed: Bool) {
    phase = .ready
    if let loginLimit { conn.context.timers.remove(loginLimit) }
    loginLimit = nil
    session.conn = conn.id
    readyAt = conn.context.now
    if options.role == .client { factory.readyConns.append(conn.id) }
    if options.keepAliveTime > 0 {
      let timer = XMPPKeepAlive(conn, options.keepAliveTime)
      keepAlive = timer
      if !conn.context.schedule(timer, after: options.keepAliveTime) { return conn.abort(.noMemory) }
    }
    factory.ready(conn, isResumed: isResumed)
    if factory.returning > 0 { factory.giveBack(conn.context, conn) }
    if !isResumed { prepareSession(conn) }
  }
}

extension XMPPProtocol {
  static var copiesId: StaticString { "plait-copies" }

  /// What every session begins with.
  private func prepareSession(_ conn: Conn) {
    guard phase == .ready, !conn.isClosing else { return }
    if options.keepsRoster { askForRoster(conn) }
    if options.wantsCopies {
      _ = sendStanza(conn, isOwn: true) {
        $0.put("<iq type='set' id='plait-copies'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
      }
    }
  }
}

extension Tree {
  func copy(_ piece: Piece) -> [UInt8] { bytes(piece).copied }
}
