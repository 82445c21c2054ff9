import Bytes
import SASL
import Wire

/// One stream after the other on a connection, up to the one on which stanzas go.
public final class XMPPProtocol: Protocol {
  enum Phase: UInt8 {
    case header, features, proceed, login, bind, session, enable, resume, handshake, ready, ended
  }

  public let factory: XMPPFactory
  let parser: StreamParser
  var phase = Phase.header
  /// What came while nothing could be read.
  var kept = ByteBuffer()
  /// The stream's, from the other side's header.
  public internal(set) var streamId: [UInt8] = []
  var exchange: Exchange?
  /// How the other side knows that it is this one.
  public internal(set) var mechanism: Mechanism?
  var isLoggedIn = false
  var saidFooter = false
  /// What lives on when the connection is lost.
  public internal(set) var session: XMPPSession
  var keepAlive: XMPPKeepAlive?
  /// What was connected to, where the next connection can go somewhere else.
  var movable: Endpoint?
  /// Since when stanzas go.
  var readyAt: UInt64 = 0
  /// Does a session request follow the binding?
  var wantsSession = false
  var offersManagement = false
  /// Has the server versions of the roster?
  var offersVersions = false
  var awaitsRoster = false
  /// The stanza that is being made.
  let made = Tree()
  /// The other side's name, where it is a component.
  public internal(set) var peerName: [UInt8] = []

  init(_ factory: XMPPFactory, _ parser: StreamParser) {
    self.factory = factory
    self.parser = parser
    session = XMPPSession(factory.options)
    space = factory.options.space
    super.init(tag: Tag.xmpp)
  }

  var options: XMPPOptions { factory.options }
  /// The namespace of stanzas.
  public let space: StaticString

  // MARK: The conn

  public override func connected(_ conn: Conn) {
    factory.connected(conn)
    if options.loginTime > 0 {
      let timer = LoginLimit(conn.id)
      loginLimit = timer
      if !conn.context.schedule(timer, after: options.loginTime) { conn.abort(.noMemory) }
    }
    if options.role != .host, !conn.isClosing { sendHeader(conn) }
  }
  var loginLimit: LoginLimit?
  /// A component host's: what the component has to know.
  var expected: [UInt8] = []
  /// What stanzas are shown by.
  var shown: Stanza?
  public var isReady: Bool { phase == .ready }

  public override func readClosed(_ conn: Conn) -> Bool { factory.readClosed(conn) }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    stop(conn, reason, isNow: true)
    factory.disconnected(conn, reason)
  }

  public override func left(_ conn: Conn, _ why: Reason) { stop(conn, why, isNow: false) }

  func stop(_ conn: Conn, _ reason: Reason, isNow: Bool) {
    if let loginLimit { conn.context.timers.remove(loginLimit) }
    if let keepAlive { conn.context.timers.remove(keepAlive) }
    if phase == .ready {
      if reason.status != .switched { factory.moves = 0 }
      factory.readyConns.removeAll { $0 == conn.id }
    }
    phase = .ended
    exchange?.cancel()
    session.lost(factory, conn, reason, isNow: isNow)
    factory.giveBackSoon(conn.context)
  }

  public override func held(_ conn: Conn) -> Int { kept.count + parser.unread }
  public override func takeHeld() -> ByteBuffer {
    var out = ByteBuffer()
    _ = parser.takeRest(&out, limit: mostBytes)
    let held = kept.take()
    _ = out.append(held.bytes, limit: mostBytes)
    return out
  }

  // MARK: Receiving

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    if parser.isIdle, kept.isEmpty, conn.isReading { parser.feed(bytes) } else { keep(bytes, conn) }
    work(conn)
  }

  public override func resumed(_ conn: Conn) { work(conn) }

  func keep(_ bytes: RawSpan, _ conn: Conn) {
    guard bytes.byteCount > 0, !conn.isClosing else { return }
    let limit = conn.context.mostHeld
    if !kept.append(bytes, limit: limit) { conn.abort(kept.refusal(of: bytes.byteCount, limit: limit)) }
  }

  func work(_ conn: Conn) {
    while conn.isReading {
      switch parser.next() {
      case .nothing:
        if kept.isEmpty { return }
        let more = kept.take()
        parser.feed(more.bytes)
      case .header: header(conn)
      case .stanza: element(conn)
      case .footer: return footer(conn)
      case .fault: return fault(conn)
      }
    }
  }

  func fault(_ conn: Conn) {
    let condition: Condition
    switch parser.fault {
    case .restricted: condition = .restrictedXML
    case .encoding: condition = .unsupportedEncoding
    case .prefix: condition = .badNamespacePrefix
    case .tooLong: condition = .policyViolation
    case .noMemory: condition = .resourceConstraint
    default: condition = .notWellFormed
    }
    end(conn, condition, Reason(parser.fault.status, offset: parser.offset, text: parser.fault.text))
  }

  func footer(_ conn: Conn) {
    sayFooter(conn)
    conn.close(.ok)
  }

  func element(_ conn: Conn) {
    let tree = parser.tree
    if tree.isIn(0, Space.streams), tree.isNamed(0, "error") {
      sayFooter(conn)
      var reason = Conditions.reason(.stream, tree, 0)
      if isSentOn(conn) { reason.status = .switched }
      return conn.close(reason)
    }
    switch phase {
    case .ready: stanza(conn)
    case .features: features(conn)
    case .proceed: proceed(conn)
    case .login: login(conn)
    case .bind: bound(conn)
    case .session: sessionStarted(conn)
    case .enable, .resume: managed(conn)
    case .handshake: handshake(conn)
    case .header, .ended: break
    }
  }

  // MARK: Sending

  /// Sends what `body` writes.
  @discardableResult
  func say(_ conn: Conn, _ body: (inout XMLWriter) -> Void) -> Status {
    var writer = XMLWriter(conn.context.pool.take(), limit: mostBytes)
    body(&writer)
    var status = writer.status
    if status == .ok {
      var out = writer.out.take()
      status = conn.write(out.count) { $0.put(out.bytes) }
      conn.context.pool.give(out.take())
    }
    return status
  }

  func sendHeader(_ conn: Conn) {
    phase = .header
    let (id, name) = (streamId, peerName)
    say(conn) { out in
      out.put("<?xml version='1.0'?><stream:stream xmlns='")
      out.put(options.space)
      out.put("' xmlns:stream='")
      out.put(Space.streams)
      if options.role == .host {
        out.put("' id='")
        out.put(id.span.bytes)
        out.put("' from='")
        out.escape(name.span.bytes, isValue: true)
        return out.put("'>")
      }
      out.put("' to='")
      out.escape(options.domain.span.bytes, isValue: true)
      if options.role == .client { out.put("' version='1.0") }
      if !options.language.isEmpty {
        out.put("' xml:lang='")
        out.escape(options.language.span.bytes, isValue: true)
      }
      out.put("'>")
    }
  }

  /// A new stream on the same connection: it begins behind what was read of this one.
  func restart(_ conn: Conn) {
    var rest = ByteBuffer()
    let held = kept.take()
    guard parser.takeRest(&rest, limit: mostBytes), rest.append(held.bytes, limit: mostBytes) else {
      return conn.abort(.noMemory)
    }
    kept = rest
    parser.reset()
    sendHeader(conn)
  }

  func sayFooter(_ conn: Conn) {
    guard !saidFooter, !conn.isClosing else { return }
    saidFooter = true
    say(conn) { $0.put("</stream:stream>") }
  }

  /// Tells the other side what is wrong, and ends.
  func end(_ conn: Conn, _ condition: Condition, _ reason: Reason) {
    if !saidFooter, !conn.isClosing {
      if options.role == .host, streamId.isEmpty { sendHeader(conn) }
      say(conn) { out in
        out.put("<stream:error><")
        out.put(Conditions.stream(condition.rawValue))
        out.put(" xmlns='")
        out.put(Space.streamErrors)
        out.put("'/></stream:error>")
      }
      sayFooter(conn)
    }
    conn.close(reason)
  }

  /// Says good-bye: the other side's footer ends it, or a time limit of the conn's.
  public func close(_ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    session.isResumable = false
    // One that is about to be taken up again has stanzas that may not have arrived: those are the host's again.
    session.isClosed = phase == .ready
    sayFooter(conn)
    conn.close(.ok)
    return .ok
  }
}

/// Logging in may take so long.
final class LoginLimit: TimerEntry {
  let conn: UInt64
  init(_ conn: UInt64) { self.conn = conn }
  override func fired(_ context: Context) {
    guard let conn = context.conn(conn) else { return }
    _ = conn.speakingXMPP { speaker in
      guard speaker.phase != .ready else { return .ok }
      speaker.end(conn, .connectionTimeout, Reason(.timeout, text: "logging in took too long"))
      return .ok
    }
  }
}

/// Something has to go over a connection now and then, or what is in between forgets it.
final class XMPPKeepAlive: TimerEntry {
  let conn: UInt64
  let time: UInt64
  init(_ conn: Conn, _ time: UInt64) {
    self.conn = conn.id
    self.time = time
  }
  override func fired(_ context: Context) {
    guard let conn = context.conn(conn), !conn.isClosing else { return }
    _ = conn.speakingXMPP { speaker in
      if speaker.session.isManaged { speaker.askForAcknowledgement(conn) } else { speaker.say(conn) { $0.put(" ") } }
      return .ok
    }
    if !context.schedule(self, after: time) { conn.abort(.noMemory) }
  }
}
