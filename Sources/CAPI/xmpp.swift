import Bytes
import CPlait
import CSystem
import Wire

// The factory and its callbacks: xmpp.h.

#if XMPP
  import SASL
  import XMPP
  #if TLS
    import TLS
  #endif

  /// A factory of XMPP conns that calls the host.
  final class HostXMPPFactory: XMPPFactory, Tellable {
    let calls: Calls
    let handler: plait_xmpp_handler
    var queries: [Query] = []
    var functions = PlainList<plait_xmpp_stanza_fn>()
    var isGiven = false
    #if TLS
      var config: Config?
      var name: Text?
    #endif

    init(_ options: XMPPOptions, _ handler: plait_xmpp_handler, _ user: UnsafeMutableRawPointer?) {
      calls = Calls(front: handler)
      self.handler = handler
      super.init(options, user: user)
      guard options.role == .client, options.moves else { return }
      let kept = Unmanaged.passUnretained(self)  // who connects keeps this
      detour = { endpoint, outer, _ in
        kept._withUnsafeGuaranteedRef { $0.moved(endpoint, outer) }
      }
    }
    deinit { if isGiven { calls.release?(user) } }

    override func connected(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
    override func disconnected(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
    override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
    override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
    override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }
    override func ready(_ conn: Conn, isResumed: Bool) {
      handler.ready?(conn.user, plait_conn(id: conn.id), isResumed ? 1 : 0)
    }

    override func take(_ tree: Tree, _ kind: StanzaKind, _ speaker: XMPPProtocol, _ conn: Conn) -> Bool {
      let last =
        switch kind {
        case .message: handler.message
        case .presence: handler.presence
        case .request: handler.request
        default: handler.other
        }
      guard last != nil || !queries.isEmpty else { return false }
      return speaker.show(tree, conn) { id in
        let element = plait_element(id: id)
        var index = 0
        while index < queries.count, !conn.isClosing {
          if queries[index].matches(0, tree), functions[index](conn.user, plait_conn(id: conn.id), element) == 1 {
            return true
          }
          index += 1
        }
        guard let last, !conn.isClosing else { return false }
        return last(conn.user, plait_conn(id: conn.id), element) == 1
      }
    }

    override func returned(_ tree: Tree, _ handle: UInt64, _ context: Context, _ conn: UInt64) {
      let user = context.conn(conn).map { $0.user } ?? user
      handler.returned?(user, plait_conn(id: conn), plait_element(id: handle))
    }

    override func roster(_ status: Status, _ conn: Conn) {
      handler.roster?(conn.user, plait_conn(id: conn.id), status)
    }
    override func contact(_ contact: Contact, _ conn: Conn) {
      guard let told = handler.contact else { return }
      var shown = unsafeBitCast(contact, to: plait_xmpp_contact.self)
      shown.struct_size = UInt32(MemoryLayout<plait_xmpp_contact>.size)
      told(conn.user, plait_conn(id: conn.id), &shown)
    }

    #if TLS
      override var canStartTLS: Bool { config != nil }
      override func startTLS(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status {
        guard let config else { return .unsupported }
        return conn.startTLS(config, .client, name, done)
      }
    #endif
  }

  /// A request whose answer goes to the host.
  final class HostXMPPCall: XMPPCall {
    var done: plait_xmpp_answer_fn?
    var user: UnsafeMutableRawPointer?

    override func told(_ reason: Reason, _ tree: Tree?, _ conn: UInt64) {
      guard let done else { return }
      self.done = nil
      let user = user
      guard let tree else {
        return reason.export { done(user, plait_conn(id: conn), plait_element(id: 0), &$0) }
      }
      let isShown = Stanza(context, tree).show { id in
        reason.export { done(user, plait_conn(id: conn), plait_element(id: id), &$0) }
        return true
      }
      if !isShown { Reason(.limit).export { done(user, plait_conn(id: conn), plait_element(id: 0), &$0) } }
    }
  }

  /// A text of the host's in options, or nothing.
  func words(_ text: UnsafePointer<CChar>?, _ status: inout Status) -> [UInt8] {
    guard text != nil else { return [] }
    guard let found = hostText(text) else {
      status = .invalid
      return []
    }
    return Array(found)
  }

  func xmpp(_ wanted: plait_xmpp_options, _ status: inout Status) -> XMPPOptions {
    var options = XMPPOptions()
    let ofClients = UInt32(PLAIT_XMPP_ROSTER | PLAIT_XMPP_CARBONS | PLAIT_XMPP_WITHOUT_REDIRECTS)
    let known = UInt32(PLAIT_XMPP_WITHOUT_TLS | PLAIT_XMPP_WITHOUT_MANAGEMENT | PLAIT_XMPP_RECEIPTS) | ofClients
    guard wanted.flags & ~known == 0, wanted.mechanisms <= 127, let login = checkedTime(wanted.login_ms),
      let call = checkedTime(wanted.call_ms), let alive = checkedTime(wanted.keep_alive_ms),
      options.limits.set(wanted.max_stanza, wanted.max_depth, wanted.max_elements, wanted.max_attributes),
      wanted.max_calls <= UInt32(PLAIT_BYTES_MAX), wanted.max_waiting <= UInt32(PLAIT_BYTES_MAX)
    else {
      status = .invalid
      return options
    }
    switch Int(wanted.role) {
    case PLAIT_XMPP_CLIENT: options.role = .client
    case PLAIT_XMPP_COMPONENT: options.role = .component
    case PLAIT_XMPP_COMPONENT_HOST: options.role = .host
    default: status = .invalid
    }
    options.allowsPlaintext = wanted.flags & UInt32(PLAIT_XMPP_WITHOUT_TLS) != 0
    options.resumes = wanted.flags & UInt32(PLAIT_XMPP_WITHOUT_MANAGEMENT) == 0
    options.keepsRoster = wanted.flags & UInt32(PLAIT_XMPP_ROSTER) != 0
    options.wantsCopies = wanted.flags & UInt32(PLAIT_XMPP_CARBONS) != 0
    options.answersReceipts = wanted.flags & UInt32(PLAIT_XMPP_RECEIPTS) != 0
    options.moves = wanted.flags & UInt32(PLAIT_XMPP_WITHOUT_REDIRECTS) == 0
    if options.role != .client, wanted.flags & ofClients != 0 { status = .invalid }
    if wanted.mechanisms != 0 {
      options.mechanisms = Mechanisms(rawValue: UInt16(truncatingIfNeeded: wanted.mechanisms))
    }
    if wanted.max_calls > 0 { options.mostCalls = Int(wanted.max_calls) }
    if wanted.max_waiting > 0 { options.mostUnacknowledged = Int(wanted.max_waiting) }
    if login > 0 { options.loginTime = login }
    options.callTime = call
    options.keepAliveTime = alive
    let jid = words(wanted.jid, &status)
    let password = words(wanted.password, &status)
    options.language = words(wanted.language, &status)
    let software = words(wanted.software, &status)
    let version = words(wanted.software_version, &status)
    let identity = words(wanted.identity, &status)
    let features = words(wanted.features, &status)
    if status == .ok { status = options.set(jid: jid, password: password) }
    if status == .ok {
      status = options.describe(software: software, version: version, identity: identity, features: features)
    }
    return options
  }
#endif

@_cdecl("plait_xmpp_factory_new") @implementation
public func plait_xmpp_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_xmpp_options>?,
  _ handler: UnsafePointer<plait_xmpp_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  #if XMPP
    var table = plait_xmpp_handler()
    var wanted = plait_xmpp_options()
    var status = unused(read(handler, &table), table.reserved)
    if status == .ok { status = readNeeded(options, &wanted) }
    guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
    let options = xmpp(wanted, &status)
    guard status == .ok else { return status }
    let made = HostXMPPFactory(options, table, user)
    if wanted.tls.id != 0 {
      #if TLS
        status = onConfig(wanted.tls) { config in
          made.config = config
          made.name = Text.make(options.domain.span.bytes)
          return made.name == nil ? .noMemory : .ok
        }
      #else
        status = .unsupported
      #endif
    }
    return status == .ok ? give(out, made) : status
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_factory_give_up") @implementation
public func plait_xmpp_factory_give_up(_ reactor: plait_reactor, _ factory: plait_factory) -> CInt {
  #if XMPP
    onReactor(reactor) { context, _ in
      onFactory(factory) { factory in
        guard let factory = factory as? HostXMPPFactory else { return .type }
        if context.isEnding { return .aborted }
        if factory.reactor == 0 { return .ok }  // nobody was ever served
        return factory.bind(context) ? factory.giveUp(context) : .bound
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_factory_add_handler") @implementation
public func plait_xmpp_factory_add_handler(
  _ factory: plait_factory, _ query: UnsafePointer<CChar>?, _ function: plait_xmpp_stanza_fn?
) -> CInt {
  #if XMPP
    onFactory(factory) { factory in
      guard let factory = factory as? HostXMPPFactory else { return .type }
      guard let function, let text = hostText(query) else { return .invalid }
      var status: Status = .ok
      guard let made = Query.make(text.bytes, &status) else { return status }
      guard factory.queries.count < 1000 else { return .limit }
      guard factory.functions.append(function) else { return .noMemory }
      factory.queries.append(made)
      return .ok
    }
  #else
    .unsupported
  #endif
}
