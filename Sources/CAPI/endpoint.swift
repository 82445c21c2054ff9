import Bytes
import CPlait
import CSystem
import Policies
import Wire

/// Parses a host's endpoint string; one that is longer than 4096 bytes is refused by the parser.
func endpoint(_ text: UnsafePointer<CChar>?, _ use: Endpoint.Use) -> Endpoint.Parsed {
  guard let text else { return .failed(Reason(.invalid)) }
  let parsed = Endpoint.parse(UnsafeRawBufferPointer(start: text, count: strnlen(text, 4097)).bytes, for: use)
  if case .endpoint(let endpoint) = parsed, let prefix = endpoint.proxy, let fault = prefix.fault {
    return .failed(fault)
  }
  return parsed
}

extension ProxyPrefix {
  /// What is wrong with its list, with the place in the whole string.
  var fault: Reason? {
    guard let trusted, case .failed(let fault) = AddressList.parse(trusted.span.bytes) else { return nil }
    return Reason(.endpoint, offset: trustedOffset + (fault.offset ?? 0), text: fault.text)
  }

  /// Puts the PROXY protocol around a factory.
  func around(_ factory: Factory) -> Factory {
    var rules = ProxyRules()
    if let trusted, case .list(let list) = AddressList.parse(trusted.span.bytes) { rules.trusted = list }
    if let timeout { rules.time = timeout }
    return ProxyFactory(factory, rules)
  }
}

@_cdecl("plait_endpoint_check") @implementation
public func plait_endpoint_check(
  _ text: UnsafePointer<CChar>?, _ use: CInt, _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  guard text != nil, use == CInt(PLAIT_ENDPOINT_LISTEN) || use == CInt(PLAIT_ENDPOINT_CONNECT) else { return .invalid }
  if reason != nil {
    let status = canTake(reason)
    guard status == .ok else { return status }
  }
  guard case .failed(let fault) = endpoint(text, use == CInt(PLAIT_ENDPOINT_LISTEN) ? .listen : .connect) else {
    return .ok
  }
  return tell(fault, reason)
}

@_cdecl("plait_listen") @implementation
public func plait_listen(
  _ reactor: plait_reactor, _ text: UnsafePointer<CChar>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_listen_options>?, _ out: UnsafeMutablePointer<plait_listener>?
) -> CInt {
  onReactor(reactor) { context, box in
    onFactory(factory) { factory in
      var wanted = plait_listen_options()
      var status = unused(read(options, &wanted), wanted.reserved)
      if status == .ok { status = canTakeOptional(wanted.reason) }
      guard status == .ok else { return status }
      let known = UInt32(PLAIT_LISTEN_REUSE_PORT | PLAIT_LISTEN_DUAL_STACK)
      guard let out, text != nil, wanted.flags & ~known == 0, wanted.backlog <= 65535 else { return .invalid }
      var chosen = ListenOptions()
      if wanted.backlog > 0 { chosen.backlog = wanted.backlog }
      chosen.reusePort = wanted.flags & UInt32(PLAIT_LISTEN_REUSE_PORT) != 0
      chosen.dualStack = wanted.flags & UInt32(PLAIT_LISTEN_DUAL_STACK) != 0
      switch endpoint(text, .listen) {
      case .failed(let fault): return tell(fault, wanted.reason)
      case .endpoint(let parsed):
        var parent: Conn?
        if wanted.parent.id != 0 {
          let status = onOwnConn(wanted.parent, context) { parent = $0 }
          guard status == .ok else { return status }
        }
        return onSecured(parsed, .listen, box, factory, wanted.reason) { factory in
          let spoken = parsed.proxy.map { $0.around(factory) } ?? factory  // its header comes before TLS
          switch context.listen(parsed, chosen, spoken, parent: parent) {
          case .failed(let status): return status
          case .listener(let listener):
            out.pointee.id = listener.id
            return .ok
          }
        }
      }
    }
  }
}

/// A conn of this reactor's, which a new one is to belong to.
func onOwnConn(_ conn: plait_conn, _ context: Context, _ body: (Conn) -> Void) -> Status {
  onConn(conn) { found in
    guard found.context === context else { return .invalid }
    guard !found.isClosing else { return .closed }
    body(found)
    return .ok
  }
}

func onListener(_ listener: plait_listener, _ body: (Listener) -> Status) -> Status {
  onObject(listener.id, Kind.listener) { _, listener in body(listener) }
}

@_cdecl("plait_listener_get_port") @implementation
public func plait_listener_get_port(_ listener: plait_listener) -> CInt {
  var found = plait_address()
  found.struct_size = UInt32(MemoryLayout<plait_address>.size)
  let status = CPlait.plait_listener_get_local(listener, &found)
  return status == .ok ? CInt(truncatingIfNeeded: found.port) : status
}

@_cdecl("plait_listener_get_local") @implementation
public func plait_listener_get_local(_ listener: plait_listener, _ out: UnsafeMutablePointer<plait_address>?) -> CInt {
  onListener(listener) { listener in
    var found = Address()
    var status = canTake(out)
    if status == .ok { status = listener.local(&found) }
    if status == .ok, let out { found.export(out) }
    return status
  }
}

@_cdecl("plait_listener_pause") @implementation
public func plait_listener_pause(_ listener: plait_listener) -> CInt {
  onListener(listener) { listener in
    listener.pause(true)
    return .ok
  }
}

@_cdecl("plait_listener_resume") @implementation
public func plait_listener_resume(_ listener: plait_listener) -> CInt {
  onListener(listener) { listener in
    listener.pause(false)
    return .ok
  }
}

@_cdecl("plait_listener_close") @implementation
public func plait_listener_close(_ listener: plait_listener) -> CInt {
  onListener(listener) { listener in
    listener.close()
    return .ok
  }
}

@_cdecl("plait_connect") @implementation
public func plait_connect(
  _ reactor: plait_reactor, _ text: UnsafePointer<CChar>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_connect_options>?, _ done: plait_connect_fn?, _ user: UnsafeMutableRawPointer?,
  _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  onReactor(reactor) { context, box in
    onFactory(factory) { factory in
      var wanted = plait_connect_options()
      var status = read(options, &wanted)
      if status == .ok { status = canTakeOptional(wanted.reason) }
      guard status == .ok else { return status }
      guard text != nil, let time = checkedTime(wanted.timeout_ms) else { return .invalid }
      switch endpoint(text, .connect) {
      case .failed(let fault): return tell(fault, wanted.reason)
      case .endpoint(let parsed):
        let delay = wanted.attempt_delay_ms == 0 ? 250 : UInt64(wanted.attempt_delay_ms)
        return onSecured(parsed, .connect, box, factory, wanted.reason) { factory in
          let connect = Connect(context, parsed, factory, attemptDelay: delay, time: time == 0 ? 30_000 : time) {
            id, conn, reason in
            reason.export { done?(user, plait_call(id: id), plait_conn(id: conn), &$0) }
          }
          if wanted.parent.id != 0 {
            let status = onOwnConn(wanted.parent, context) { connect.parent = $0.id }
            guard status == .ok else { return status }
          }
          let status = connect.begin()
          if status == .ok { call?.pointee.id = connect.id }
          return status
        }
      }
    }
  }
}
