import Bytes
import CPlait
import CSystem
import Loopback
import Wire

// MARK: String transports

/// A numeric address of the host's, or the default.
func address(_ given: UnsafePointer<CChar>?, _ standard: StaticString, _ port: UInt32, _ usual: UInt32) -> Address? {
  guard port <= 65535 else { return nil }
  var made = Address()
  let text = given ?? UnsafeRawPointer(standard.utf8Start).assumingMemoryBound(to: CChar.self)
  let number = UInt16(truncatingIfNeeded: port == 0 ? usual : port)
  guard strnlen(text, 81) <= 80, csystem_address_parse(&made.socket, text, 0, number) == 0 else { return nil }
  return made
}

@_cdecl("plait_string_transport_new") @implementation
public func plait_string_transport_new(
  _ out: UnsafeMutablePointer<plait_string_transport>?, _ reactor: plait_reactor,
  _ options: UnsafePointer<plait_string_transport_options>?
) -> CInt {
  onReactor(reactor) { context, _ in
    var wanted = plait_string_transport_options()
    let status = unused(read(options, &wanted), wanted.reserved)
    guard status == .ok, let out else { return status == .ok ? .invalid : status }
    guard let peer = address(wanted.peer, "192.168.1.1", wanted.peer_port, 54321),
      let local = address(wanted.local, "10.0.0.1", wanted.local_port, 12345)
    else { return .invalid }
    guard !context.isEnding else { return .aborted }
    let handle = StringTransportHandle(context)
    guard handle.register(Kind.stringTransport) else { return .limit }
    handle.transport.peerAddress = peer
    handle.transport.localAddress = local
    if wanted.room > 0 { handle.transport.setRoom(Int(truncatingIfNeeded: min(wanted.room, UInt64(Int.max)))) }
    out.pointee.id = handle.id
    return .ok
  }
}

func onStringTransport(
  _ transport: plait_string_transport, _ body: (Context, StringTransportHandle) -> Status
) -> Status { onObject(transport.id, Kind.stringTransport, body) }

/// A conn over a string transport that is free.
func attach(
  _ transport: StringTransport, _ factory: Factory, _ role: Origin.Role, _ context: Context,
  _ out: UnsafeMutablePointer<plait_conn>?
) -> Status {
  guard !transport.isTaken, let out else { return .invalid }
  switch Conn.open(context, transport, factory, Origin(role)) {
  case .failed(let status): return status
  case .conn(let conn):
    transport.isTaken = true
    transport.attach(conn)
    conn.list()
    out.pointee.id = conn.id
    return .ok
  }
}

@_cdecl("plait_string_transport_attach") @implementation
public func plait_string_transport_attach(
  _ transport: plait_string_transport, _ factory: plait_factory, _ conn: UnsafeMutablePointer<plait_conn>?
) -> CInt {
  onStringTransport(transport) { context, handle in
    onFactory(factory) { attach(handle.transport, $0, .attached, context, conn) }
  }
}

@_cdecl("plait_string_transport_get_value") @implementation
public func plait_string_transport_get_value(
  _ transport: plait_string_transport, _ data: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  onStringTransport(transport) { _, handle in
    guard let len else { return .invalid }
    handle.transport.look { value in
      len.pointee = value.byteCount
      value.withUnsafeBytes { data?.pointee = $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    }
    return .ok
  }
}

@_cdecl("plait_string_transport_clear") @implementation
public func plait_string_transport_clear(_ transport: plait_string_transport) -> CInt {
  onStringTransport(transport) { _, handle in
    handle.transport.clear()
    return .ok
  }
}

@_cdecl("plait_string_transport_set_room") @implementation
public func plait_string_transport_set_room(_ transport: plait_string_transport, _ room: UInt64) -> CInt {
  onStringTransport(transport) { _, handle in
    handle.transport.setRoom(room == 0 ? .max : Int(truncatingIfNeeded: min(room, UInt64(Int.max))))
    return .ok
  }
}

@_cdecl("plait_string_transport_get_state") @implementation
public func plait_string_transport_get_state(
  _ transport: plait_string_transport, _ out: UnsafeMutablePointer<plait_string_transport_state>?
) -> CInt {
  onStringTransport(transport) { _, handle in
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    let found = handle.transport
    var flags = 0
    if found.conn != 0 { flags |= Int(PLAIT_STRING_TRANSPORT_ATTACHED) }
    if found.isReading { flags |= Int(PLAIT_STRING_TRANSPORT_READING) }
    if found.hasClosedWrite { flags |= Int(PLAIT_STRING_TRANSPORT_HALF_CLOSED) }
    if found.isClosing { flags |= Int(PLAIT_STRING_TRANSPORT_DISCONNECTING) }
    if found.end != nil { flags |= Int(PLAIT_STRING_TRANSPORT_DISCONNECTED) }
    out.pointee.flags = UInt32(truncatingIfNeeded: flags)
    out.pointee.status = found.end ?? .ok
    out.pointee.conn.id = found.conn
    out.pointee.writes = found.writes
    out.pointee.waiting = UInt64(truncatingIfNeeded: found.waiting)
    return .ok
  }
}

@_cdecl("plait_string_transport_free") @implementation
public func plait_string_transport_free(_ transport: plait_string_transport) -> CInt {
  onStringTransport(transport) { _, handle in
    handle.free()
    return .ok
  }
}

// MARK: A reactor by hand

extension Endpoint {
  /// Fills the host's struct, whose size was checked.
  func export(_ out: UnsafeMutablePointer<plait_memory_place>, backlog: UInt32, timeout: UInt64) {
    let raw = UnsafeMutableRawPointer(out)
    // plait_memory_place.host lies behind 24 bytes, .interface behind it (static_asserted by the C tests).
    Endpoint.copy(name, raw.advanced(by: 24))
    Endpoint.copy(interface, raw.advanced(by: 136))
    let place: Int
    switch kind {
    case .tcp: place = Int(PLAIT_PLACE_TCP)
    case .tcp6: place = Int(PLAIT_PLACE_TCP6)
    case .unix: place = Int(PLAIT_PLACE_UNIX)
    case .fd: place = Int(PLAIT_PLACE_FD)
    case .memory: place = Int(PLAIT_PLACE_MEMORY)
    }
    out.pointee.kind = UInt32(truncatingIfNeeded: place)
    out.pointee.port = UInt32(truncatingIfNeeded: number)
    out.pointee.backlog = backlog
    out.pointee.timeout_ms = timeout
  }

  static func copy(_ text: Text?, _ out: UnsafeMutableRawPointer) {
    memset(out, 0, 112)
    if let text { memcpy(out, text.pointer, min(111, text.count)) }
  }
}

func byHand(_ reactor: plait_reactor, _ body: (Context, HandEnvironment) -> Status) -> Status {
  onReactor(reactor) { context, _ in
    guard let environment = context.environment as? HandEnvironment else { return .unsupported }
    return body(context, environment)
  }
}

@_cdecl("plait_memory_get_listener") @implementation
public func plait_memory_get_listener(
  _ reactor: plait_reactor, _ index: Int, _ place: UnsafeMutablePointer<plait_memory_place>?,
  _ listener: UnsafeMutablePointer<plait_listener>?
) -> CInt {
  byHand(reactor) { _, environment in
    let status = canTake(place)
    guard status == .ok, let place else { return status }
    guard let listener, index >= 0, index < environment.listeners.count else { return .invalid }
    let found = environment.listeners[index]
    found.endpoint.export(place, backlog: found.backlog, timeout: 0)
    listener.pointee.id = found.id
    return .ok
  }
}

@_cdecl("plait_memory_get_attempt") @implementation
public func plait_memory_get_attempt(
  _ reactor: plait_reactor, _ index: Int, _ place: UnsafeMutablePointer<plait_memory_place>?,
  _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  byHand(reactor) { context, environment in
    let status = canTake(place)
    guard status == .ok, let place else { return status }
    let pending = environment.pending(context)
    guard let call, index >= 0, index < pending.count else { return .invalid }
    pending[index].endpoint.export(place, backlog: 0, timeout: pending[index].time)
    call.pointee.id = pending[index].id
    return .ok
  }
}

@_cdecl("plait_memory_accept") @implementation
public func plait_memory_accept(
  _ listener: plait_listener, _ transport: plait_string_transport, _ conn: UnsafeMutablePointer<plait_conn>?
) -> CInt {
  onListener(listener) { listener in
    guard let listener = listener as? HandListener else { return .unsupported }
    return onStringTransport(transport) { context, handle in
      attach(handle.transport, listener.factory, .accepted, context, conn)
    }
  }
}

/// Runs `body` on an attempt by hand, which it decides.
func onAttempt(_ call: plait_call, _ wanted: Context? = nil, _ body: (Connect) -> Status) -> Status {
  onContext(call.id) { context in
    guard context.ids.find(call.id, Kind.call) != nil else { return missed(context, call.id) }
    if let wanted, wanted !== context { return .bound }
    guard let connect = (context.environment as? HandEnvironment)?.take(call.id, context) else { return .unsupported }
    return body(connect)
  }
}

@_cdecl("plait_memory_connect") @implementation
public func plait_memory_connect(_ call: plait_call, _ transport: plait_string_transport) -> CInt {
  onStringTransport(transport) { _, handle in
    guard !handle.transport.isTaken else { return .invalid }
    return onAttempt(call, handle.context) { connect in
      handle.transport.isTaken = true
      connect.succeedSoon(handle.transport)
      return .ok
    }
  }
}

@_cdecl("plait_memory_refuse") @implementation
public func plait_memory_refuse(_ call: plait_call, _ status: CInt) -> CInt {
  guard status < 0 else { return .invalid }
  return onAttempt(call) { connect in
    connect.failed(Reason.connecting(status))
    return .ok
  }
}

// MARK: Accumulating

@_cdecl("plait_accumulating_factory_new") @implementation
public func plait_accumulating_factory_new(_ out: UnsafeMutablePointer<plait_factory>?) -> CInt {
  addFactory(out, AccumulatingFactory())
}

@_cdecl("plait_accumulating_get") @implementation
public func plait_accumulating_get(
  _ factory: plait_factory, _ index: Int, _ out: UnsafeMutablePointer<plait_accumulated>?
) -> CInt {
  onFactory(factory) { factory in
    guard let factory = factory as? AccumulatingFactory else { return .type }
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    guard index >= 0, index < factory.built.count else { return .invalid }
    let found = factory.built[index]
    out.pointee.connected = found.isConnected ? 1 : 0
    out.pointee.ended = found.hasEnded ? 1 : 0
    out.pointee.lost = found.end == nil ? 0 : 1
    out.pointee.status = found.end ?? .ok
    out.pointee.conn.id = found.conn
    found.look { data in
      out.pointee.len = data.byteCount
      data.withUnsafeBytes { out.pointee.data = $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    }
    return .ok
  }
}
