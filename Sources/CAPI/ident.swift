import Bytes
import CPlait
import CSystem
import Ident
import Wire

/// A factory of ident servers that calls the host, and asks the kernel.
final class HostIdentServerFactory: IdentServerFactory, Tellable {
  let calls: Calls
  let handler: plait_ident_server_handler
  var isGiven = false

  init(_ options: IdentServerOptions, _ handler: plait_ident_server_handler, _ user: UnsafeMutableRawPointer?) {
    calls = Calls(front: handler)
    self.handler = handler
    super.init(options, user: user)
  }
  deinit { if isGiven { calls.release?(user) } }

  override func opened(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func ended(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }

  override var asksHost: Bool { handler.lookup != nil }
  override func ask(_ conn: Conn, _ query: UInt64, local: Int, remote: Int) {
    handler.lookup?(
      conn.user, plait_conn(id: conn.id), query, UInt32(truncatingIfNeeded: local), UInt32(truncatingIfNeeded: remote))
  }

  override func owner(_ local: Address, _ remote: Address, _ name: inout ByteBuffer) -> IdentFault? {
    var (local, remote, uid) = (local.socket, remote.socket, UInt32(0))
    let status = csystem_socket_owner(&local, &remote, &uid)
    guard status == 0 else { return status == -CInt(CSYSTEM_ENOENT) ? .noUser : .unknownError }
    let isNamed = name.fill(256, limit: 256) { room, most in
      Int(csystem_user_name(uid, room.assumingMemoryBound(to: CChar.self), most))
    }
    if isNamed { return nil }
    // Who has no name has a number.
    guard name.reserve(ByteBuffer.longestDecimal, limit: 256) else { return .unknownError }
    name.put(decimal: Int64(uid))
    return nil
  }
}

/// A factory of ident clients that calls the host.
final class HostIdentFactory: IdentClientFactory, Tellable {
  let calls: Calls
  var isGiven = false

  init(_ options: IdentOptions, _ handler: plait_ident_handler, _ user: UnsafeMutableRawPointer?) {
    calls = Calls(identClient: handler)
    super.init(options, user: user)
  }
  deinit { if isGiven { calls.release?(user) } }

  override func opened(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func ended(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }
  override func makeCall(_ context: Context) -> IdentCall { HostIdentCall(context) }
}

extension Calls {
  /// A table with nothing behind the common fields.
  init(identClient table: plait_ident_handler) {
    var raw = plait_raw_handler()
    raw.connected = table.connected
    raw.disconnected = table.disconnected
    raw.read_closed = table.read_closed
    raw.write_paused = table.write_paused
    raw.write_resumed = table.write_resumed
    raw.release = table.release
    self.init(front: raw)
  }
}

/// A query whose reply goes to the host.
final class HostIdentCall: IdentCall {
  var done: plait_ident_fn?
  var user: UnsafeMutableRawPointer?

  override func told(system: RawSpan, charset: RawSpan, user id: RawSpan, _ fault: IdentFault?) {
    var reply = plait_ident_reply()
    if let fault {
      reply.status = .remote
      reply.error = fault.rawValue
    }
    tell(&reply, system, charset, id)
  }

  override func failed(_ reason: Reason) {
    reason.export { exported in
      var reply = plait_ident_reply()
      reply.status = exported.status
      guard let text = exported.text else { return }
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      tell(&reply, none.bytes, none.bytes, UnsafeRawBufferPointer(start: text, count: strlen(text)).bytes)
    }
  }

  func tell(_ reply: inout plait_ident_reply, _ system: RawSpan, _ charset: RawSpan, _ id: RawSpan) {
    guard let done else { return }
    reply.struct_size = UInt32(MemoryLayout<plait_ident_reply>.size)
    let made = reply
    // Sound: the spans are alive for the call.
    system.withUnsafeBytes { system in
      charset.withUnsafeBytes { charset in
        id.withUnsafeBytes { id in
          var reply = made
          reply.system = plait_bytes(data: system.baseAddress?.assumingMemoryBound(to: UInt8.self), len: system.count)
          reply.charset = plait_bytes(
            data: charset.baseAddress?.assumingMemoryBound(to: UInt8.self), len: charset.count)
          reply.user_id = plait_bytes(data: id.baseAddress?.assumingMemoryBound(to: UInt8.self), len: id.count)
          done(user, plait_conn(id: place), &reply)
        }
      }
    }
  }
}

/// A text of the host's without control bytes; nil where it can't be one.
private func words(_ text: UnsafePointer<CChar>, _ most: Int, colon: Bool) -> Text? {
  let length = strnlen(text, most + 1)
  guard length > 0, length <= most else { return nil }
  let bytes = UnsafeRawBufferPointer(start: text, count: length)
  for byte in bytes where byte < 32 || byte == 127 || (byte == UInt8(ascii: ":") && !colon) { return nil }
  return Text.make(bytes.bytes)
}

@_cdecl("plait_ident_server_factory_new") @implementation
public func plait_ident_server_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_ident_server_options>?,
  _ handler: UnsafePointer<plait_ident_server_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_ident_server_handler()
  var wanted = plait_ident_server_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = unused(read(options, &wanted), wanted.reserved) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard wanted.flags & ~UInt32(PLAIT_IDENT_HIDE) == 0 else { return .invalid }
  var chosen = IdentServerOptions()
  chosen.hides = wanted.flags != 0
  chosen.rate = wanted.rate
  if let system = wanted.system {
    chosen.system = words(system, 100, colon: false)
    guard chosen.system != nil else { return .invalid }
  }
  if let fixed = wanted.fixed {
    chosen.fixed = words(fixed, 512, colon: true)
    guard chosen.fixed != nil else { return .invalid }
  }
  return give(out, HostIdentServerFactory(chosen, table, user))
}

func onIdentServer(_ conn: plait_conn, _ body: (Conn, IdentServer) -> Status) -> Status {
  onConn(conn) { conn in conn.speaking(Tag.identServer) { (spoken: IdentServer) in body(conn, spoken) } }
}

@_cdecl("plait_ident_answer") @implementation
public func plait_ident_answer(_ conn: plait_conn, _ query: UInt64, _ user_id: UnsafePointer<UInt8>?, _ len: Int)
  -> CInt
{
  guard let user = checked(user_id, len) else { return .invalid }
  return onIdentServer(conn) { conn, spoken in spoken.answer(query, user.bytes, conn) }
}

@_cdecl("plait_ident_answer_error") @implementation
public func plait_ident_answer_error(_ conn: plait_conn, _ query: UInt64, _ error: UInt32) -> CInt {
  guard let fault = IdentFault(rawValue: error), fault != .other else { return .invalid }
  return onIdentServer(conn) { conn, spoken in spoken.answer(query, fault, conn) }
}

@_cdecl("plait_ident_factory_new") @implementation
public func plait_ident_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_ident_options>?,
  _ handler: UnsafePointer<plait_ident_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_ident_handler()
  var wanted = plait_ident_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard let time = checkedTime(wanted.query_ms) else { return .invalid }
  var chosen = IdentOptions()
  if time > 0 { chosen.queryTime = time }
  if wanted.max_queries > 0 { chosen.mostQueries = Int(wanted.max_queries) }
  return give(out, HostIdentFactory(chosen, table, user))
}

@_cdecl("plait_ident_call") @implementation
public func plait_ident_call(
  _ conn: plait_conn, _ remote: UInt32, _ local: UInt32, _ limit_ms: UInt64, _ done: plait_ident_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let time = checkedTime(limit_ms), let done, remote <= 65535, local <= 65535 else { return .invalid }
  return onConn(conn) { conn in
    conn.speaking(Tag.identClient) { (spoken: IdentClient) in
      spoken.ask(remote: Int(remote), local: Int(local), limit: time, conn) { made in
        let made = unsafeDowncast(made, to: HostIdentCall.self)  // sound: the factory makes no others
        made.done = done
        made.user = user
        call?.pointee.id = made.id
      }
    }
  }
}

@_cdecl("plait_ident_get_uid") @implementation
public func plait_ident_get_uid(
  _ local: UnsafePointer<plait_address>?, _ remote: UnsafePointer<plait_address>?, _ uid: UnsafeMutablePointer<UInt32>?
) -> CInt {
  guard local != nil, remote != nil, uid != nil else { return .invalid }
  var (here, there) = (Address(), Address())
  var status = read(local, &here)
  if status == .ok { status = read(remote, &there) }
  guard status == .ok else { return status }
  var found = UInt32(0)
  let answer = csystem_socket_owner(&here.socket, &there.socket, &found)
  switch answer {
  case 0:
    uid?.pointee = found
    return .ok
  case -CInt(CSYSTEM_ENOENT): return .absent
  case -CInt(CSYSTEM_ENOSYS): return .unsupported
  case -CInt(CSYSTEM_EINVAL): return .invalid
  default: return .system(answer)
  }
}
