import Bytes
import CPlait
import CSystem
import SOCKS
import Wire

/// A factory of a proxy's conns that calls the host.
final class HostSOCKSFactory: SOCKSServerFactory, Tellable {
  let calls: Calls
  let handler: plait_socks_server_handler
  var isGiven = false

  init(_ options: SOCKSServerOptions, _ handler: plait_socks_server_handler, _ user: UnsafeMutableRawPointer?) {
    calls = Calls(front: handler)
    self.handler = handler
    super.init(options, user: user)
  }
  deinit { if isGiven { calls.release?(user) } }

  override func opened(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func ended(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) { _ = calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }

  override var asksLogin: Bool { handler.login != nil }
  override var asksHost: Bool { handler.request != nil }
  override var hears: Bool { handler.data != nil }

  override func askLogin(_ conn: Conn, _ question: UInt64, _ wish: SOCKSWish) {
    wish.show { handler.login?(conn.user, plait_conn(id: conn.id), question, &$0) }
  }
  override func ask(_ conn: Conn, _ question: UInt64, _ wish: SOCKSWish) {
    wish.show { handler.request?(conn.user, plait_conn(id: conn.id), question, &$0) }
  }
  override func established(_ conn: Conn, _ wish: SOCKSWish) {
    guard let opened = handler.opened else { return }
    wish.show { opened(conn.user, plait_conn(id: conn.id), &$0) }
  }
  override func heard(_ client: Conn, _ bytes: RawSpan, toClient: Bool) {
    // Sound: the bytes are alive for the call.
    bytes.withUnsafeBytes {
      handler.data?(
        client.user, plait_conn(id: client.id), toClient ? 1 : 0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self),
        $0.count)
    }
  }
}

extension SOCKSWish {
  /// Shows it to the host, for the call.
  func show(_ body: (inout plait_socks_request) -> Void) {
    var made = plait_socks_request()
    made.struct_size = UInt32(MemoryLayout<plait_socks_request>.size)
    made.version = UInt32(version)
    made.command = UInt32(command)
    made.port = UInt32(truncatingIfNeeded: port)
    made.host = bytes(host)
    made.user = bytes(user)
    made.password = bytes(password)
    body(&made)
    withExtendedLifetime(self) {}
  }

  func bytes(_ text: Text?) -> plait_bytes {
    guard let text else { return plait_bytes(data: nil, len: 0) }
    return plait_bytes(data: UnsafeRawPointer(text.pointer).assumingMemoryBound(to: UInt8.self), len: text.count)
  }
}

/// A text of the host's that must have 1 to 255 bytes; nil: none was given. False: it can't be one.
private func take(_ text: UnsafePointer<CChar>?, _ into: inout Text?) -> Bool {
  guard let text else { return true }
  let length = strnlen(text, 256)
  guard length > 0, length < 256 else { return false }
  into = Text.make(UnsafeRawBufferPointer(start: text, count: length).bytes)
  return into != nil
}

extension SOCKSServerOptions {
  /// Times and flags of the host's; false where they can't be.
  mutating func take(_ wanted: plait_socks_server_options) -> Bool {
    guard wanted.flags < 32, let handshake = checkedTime(wanted.handshake_ms),
      let connect = checkedTime(wanted.connect_ms), let bind = checkedTime(wanted.bind_ms),
      let idle = checkedTime(wanted.idle_ms)
    else { return false }
    knows4 = wanted.flags & UInt32(PLAIT_SOCKS_WITHOUT_4) == 0
    knows5 = wanted.flags & UInt32(PLAIT_SOCKS_WITHOUT_5) == 0
    canBind = wanted.flags & UInt32(PLAIT_SOCKS_WITHOUT_BIND) == 0
    allowsPrivate = wanted.flags & UInt32(PLAIT_SOCKS_ALLOW_PRIVATE) != 0
    needsLogin = wanted.flags & UInt32(PLAIT_SOCKS_NEEDS_LOGIN) != 0
    if handshake > 0 { handshakeTime = handshake }
    if connect > 0 { connectTime = connect }
    if bind > 0 { bindTime = bind }
    idleTime = idle
    if let place = wanted.interface {
      guard CAPI.take(place, &interface), let interface, IP.parse(interface.bytes) != nil else { return false }
    }
    return true
  }
}

@_cdecl("plait_socks_server_factory_new") @implementation
public func plait_socks_server_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_socks_server_options>?,
  _ handler: UnsafePointer<plait_socks_server_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_socks_server_handler()
  var wanted = plait_socks_server_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  if status == .ok { status = canTakeOptional(wanted.reason) }
  guard status == .ok else { return status }
  var chosen = SOCKSServerOptions()
  guard out != nil, chosen.take(wanted) else { return .invalid }
  var allow = AddressList()
  status = addresses(wanted.allow, wanted.reason, &allow)
  if status == .ok { status = addresses(wanted.deny, wanted.reason, &chosen.deny) }
  guard status == .ok else { return status }
  if wanted.allow != nil { chosen.allow = allow }
  return give(out, HostSOCKSFactory(chosen, table, user))
}

func onSOCKSServer(_ conn: plait_conn, _ body: (Conn, SOCKSServer) -> Status) -> Status {
  onConn(conn) { conn in conn.speaking(Tag.socksServer) { (spoken: SOCKSServer) in body(conn, spoken) } }
}

@_cdecl("plait_socks_server_answer") @implementation
public func plait_socks_server_answer(_ conn: plait_conn, _ question: UInt64, _ reply: UInt32) -> CInt {
  guard reply <= 8, let said = SOCKSReply(rawValue: UInt8(truncatingIfNeeded: reply)) else { return .invalid }
  return onSOCKSServer(conn) { conn, spoken in spoken.answer(question, said, conn) }
}

@_cdecl("plait_socks_server_get_tunnel") @implementation
public func plait_socks_server_get_tunnel(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_socks_tunnel>?) -> CInt
{
  onSOCKSServer(conn) { conn, spoken in
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    let target = spoken.target(conn)
    out.pointee.state = spoken.stage.rawValue
    out.pointee.version = UInt32(spoken.version)
    out.pointee.command = UInt32(spoken.command)
    out.pointee.target.id = target.id
    out.pointee.bytes_out = spoken.passed
    out.pointee.bytes_back = target.passed
    return .ok
  }
}

@_cdecl("plait_socks_factory_new") @implementation
public func plait_socks_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_socks_options>?, _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  onFactory(factory) { inner in
    var wanted = plait_socks_options()
    var status = unused(readNeeded(options, &wanted), wanted.reserved)
    if status == .ok { status = canTakeOptional(reason) }
    guard status == .ok else { return status }
    var (host, user, password): (Text?, Text?, Text?)
    let version = EndpointSOCKS.Version(rawValue: wanted.version == 0 ? UInt32(PLAIT_SOCKS_5) : wanted.version)
    guard out != nil, let version, let time = checkedTime(wanted.handshake_ms), (1...65535).contains(wanted.port),
      take(wanted.host, &host), take(wanted.user, &user), take(wanted.password, &password), let host
    else { return .invalid }
    let target = EndpointSOCKS(version, host, port: Int(wanted.port), user: user, password: password)
    if let fault = target.fault { return tell(Reason(.invalid, text: fault), reason) }
    return addFactory(out, SOCKSClientFactory(inner, target, time: time > 0 ? time : 30_000))
  }
}
