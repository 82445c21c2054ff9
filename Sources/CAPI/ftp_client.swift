import Bytes
import CPlait
import CSystem
import FTP
import Files
import Wire

#if TLS
  import TLS
#endif

/// A factory of FTP clients that calls the host.
final class HostFTPClientFactory: FTPClientFactory, Tellable {
  let calls: Calls
  let handler: plait_ftp_client_handler
  var isGiven = false
  #if TLS
    var config: Config?
    var name: Text?
  #endif

  init(_ options: FTPClientOptions, _ handler: plait_ftp_client_handler, _ user: UnsafeMutableRawPointer?) {
    calls = Calls(front: handler)
    self.handler = handler
    super.init(options, user: user)
  }
  deinit { if isGiven { calls.release?(user) } }

  override func connected(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func disconnected(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) { _ = calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }
  override func ready(_ greeting: [UInt8], _ conn: Conn) {
    greeting.withUnsafeBufferPointer {
      handler.ready?(conn.user, plait_conn(id: conn.id), $0.baseAddress, $0.count)
    }
  }

  #if TLS
    override func startTLS(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status {
      guard let config else { return .unsupported }
      return conn.startTLS(config, .client, name, done)
    }

    override func secured(_ data: Factory, _ conn: Conn) -> Factory? {
      var nearest: TLSLayer?
      conn.eachLayer { if let layer = $0 as? TLSLayer { nearest = layer } }
      return nearest.map { SiblingFactory(data, of: $0) }
    }
  #endif
}

/// A call that a host has made.
final class HostFTPCall: FTPClientCall {
  let wanted: plait_ftp_client_request
  let done: plait_ftp_done_fn?
  let user: UnsafeMutableRawPointer?

  init(
    _ request: FTPClientRequest, _ wanted: plait_ftp_client_request, _ done: plait_ftp_done_fn?,
    _ user: UnsafeMutableRawPointer?, _ conn: Conn
  ) {
    self.wanted = wanted
    self.done = done
    self.user = user
    super.init(request, conn)
  }

  override func told(_ reason: Reason) {
    guard let done else { return }
    let gathered = gathered.take()
    // Sound: all bytes are this call's, or this function's, and stay for the callback.
    gathered.bytes.withUnsafeBytes { listing in
      reply.withUnsafeBufferPointer { reply in
        value.withUnsafeBufferPointer { value in
          var result = plait_ftp_client_result()
          result.struct_size = UInt32(MemoryLayout<plait_ftp_client_result>.size)
          result.code = UInt32(truncatingIfNeeded: code)
          result.reply = plait_bytes(data: reply.baseAddress, len: reply.count)
          let bytes = listing.baseAddress?.assumingMemoryBound(to: UInt8.self)
          result.value =
            listing.isEmpty
            ? plait_bytes(data: value.baseAddress, len: value.count) : plait_bytes(data: bytes, len: listing.count)
          result.number = number
          result.offset = offset
          result.moved = moved
          reason.export { done(user, plait_conn(id: conn), &$0, &result) }
        }
      }
    }
  }

  override func take(_ bytes: RawSpan) -> Status {
    guard let sink = wanted.sink else { return .ok }
    return bytes.withUnsafeBytes {
      answer(sink(user, plait_conn(id: conn), $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count))
    }
  }

  override func give(_ room: UnsafeMutableRawPointer, _ length: Int, _ count: inout Int) -> Status {
    guard let source = wanted.source else { return .ok }
    var given = 0
    let status = answer(
      source(user, plait_conn(id: conn), room.assumingMemoryBound(to: UInt8.self), length, &given))
    guard given >= 0, given <= length else { return .invalid }
    count = status == .ok ? given : 0
    return status
  }

  /// Whatever is more than 1 says 1.
  private func answer(_ status: CInt) -> Status { min(status, 1) }

  override func progress(_ moved: UInt64, _ total: UInt64) {
    wanted.progress?(user, plait_conn(id: conn), moved, total)
  }
}

/// A text of one line, or nil; `into` keeps what it has where there is none.
private func line(_ text: UnsafePointer<CChar>?, _ into: inout [UInt8]) -> Bool {
  guard let text else { return true }
  let length = strnlen(text, 513)
  guard length <= 512 else { return false }
  let bytes = UnsafeRawBufferPointer(start: text, count: length).bytes.copied
  guard !bytes.contains(10), !bytes.contains(13) else { return false }
  into = bytes
  return true
}

private func client(_ wanted: plait_ftp_client_options) -> FTPClientOptions? {
  var options = FTPClientOptions()
  let known = UInt32(
    PLAIT_FTP_CLIENT_WITHOUT_LOGIN | PLAIT_FTP_CLIENT_ACTIVE | PLAIT_FTP_CLIENT_WITHOUT_EPSV
      | PLAIT_FTP_CLIENT_TRUST_ADDRESS | PLAIT_FTP_CLIENT_CLEAR_DATA)
  guard wanted.flags & ~known == 0, wanted.max_line <= 65536, wanted.max_reply <= UInt32(PLAIT_BYTES_MAX),
    wanted.max_list <= UInt32(PLAIT_BYTES_MAX), line(wanted.username, &options.name), !options.name.isEmpty,
    line(wanted.password, &options.password), line(wanted.account, &options.account)
  else { return nil }
  func has(_ flag: Int) -> Bool { wanted.flags & UInt32(flag) != 0 }
  options.logsIn = !has(PLAIT_FTP_CLIENT_WITHOUT_LOGIN)
  options.isActive = has(PLAIT_FTP_CLIENT_ACTIVE)
  options.isWithoutEPSV = has(PLAIT_FTP_CLIENT_WITHOUT_EPSV)
  options.trustsAddress = has(PLAIT_FTP_CLIENT_TRUST_ADDRESS)
  options.leavesDataClear = has(PLAIT_FTP_CLIENT_CLEAR_DATA)
  options.startsTLS = wanted.tls.id != 0
  if wanted.max_line > 0 { options.maxLine = Int(wanted.max_line) }
  if wanted.max_reply > 0 { options.maxReply = Int(wanted.max_reply) }
  if wanted.max_list > 0 { options.maxList = Int(wanted.max_list) }
  if wanted.max_calls > 0 { options.maxCalls = Int(wanted.max_calls) }
  guard let login = checkedTime(wanted.login_ms), let reply = checkedTime(wanted.reply_ms),
    let data = checkedTime(wanted.data_ms), let stall = checkedTime(wanted.stall_ms),
    let call = checkedTime(wanted.call_ms), let keepAlive = checkedTime(wanted.keep_alive_ms)
  else { return nil }
  if login > 0 { options.loginTime = login }
  if reply > 0 { options.replyTime = reply }
  if data > 0 { options.dataTime = data }
  if stall > 0 { options.stallTime = stall }
  options.callTime = call
  options.keepAliveTime = keepAlive
  return options
}

@_cdecl("plait_ftp_client_factory_new") @implementation
public func plait_ftp_client_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_ftp_client_options>?,
  _ handler: UnsafePointer<plait_ftp_client_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_ftp_client_handler()
  var wanted = plait_ftp_client_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard let options = client(wanted) else { return .invalid }
  let made = HostFTPClientFactory(options, table, user)
  #if TLS
    made.name = text(wanted.tls_name, &status)
    if status == .ok, wanted.tls.id != 0 {
      status = onConfig(wanted.tls) { config in
        made.config = config
        return .ok
      }
    }
  #else
    if wanted.tls.id != 0 || wanted.tls_name != nil { status = .unsupported }
  #endif
  return status == .ok ? give(out, made) : status
}

/// Bytes of a request; nil where they can't be any.
private func bytes(_ given: plait_bytes) -> [UInt8]? {
  guard let bytes = checked(given.data, given.len) else { return nil }
  return bytes.count <= 65536 ? bytes.bytes.copied : nil
}

/// What a host wants done, or why that is not possible.
private func request(_ wanted: plait_ftp_client_request, _ status: inout Status) -> FTPClientRequest? {
  let known = UInt32(PLAIT_FTP_RESUME | PLAIT_FTP_TEXT | PLAIT_FTP_TELL_SIZE | PLAIT_FTP_BY_PORT)
  status = .invalid
  guard let action = FTPAction(rawValue: wanted.command), wanted.flags & ~known == 0, wanted.reserved == 0,
    wanted.mode <= 0o777, wanted.offset <= UInt64(Int64.max), let limit = checkedTime(wanted.limit_ms),
    wanted.descriptor >= -1, let local = bytes(wanted.local), !local.contains(0), local.count < 4096
  else { return nil }
  var made = FTPClientRequest(action)
  guard let path = bytes(wanted.path), let other = bytes(wanted.other) else { return nil }
  made.path = path
  made.other = other
  made.resumes = wanted.flags & UInt32(PLAIT_FTP_RESUME) != 0
  made.isText = wanted.flags & UInt32(PLAIT_FTP_TEXT) != 0
  made.asksForSize = wanted.flags & UInt32(PLAIT_FTP_TELL_SIZE) != 0
  made.isActive = wanted.flags & UInt32(PLAIT_FTP_BY_PORT) != 0
  made.mode = wanted.mode
  made.offset = wanted.offset
  made.limit = limit
  made.descriptor = wanted.descriptor
  made.isByCallback = wanted.sink != nil || wanted.source != nil
  guard fits(made, wanted, hasLocal: !local.isEmpty) else { return nil }
  status = made.status
  if status == .ok, !local.isEmpty {
    made.local = Text.make(local.span.bytes)
    if made.local == nil { status = .noMemory }
  }
  return status == .ok ? made : nil
}

/// Does the command have a use for all that was said?
private func fits(_ made: FTPClientRequest, _ wanted: plait_ftp_client_request, hasLocal: Bool) -> Bool {
  let action = made.action
  let ends = (hasLocal ? 1 : 0) + (made.descriptor >= 0 ? 1 : 0) + (made.isByCallback ? 1 : 0)
  guard action == .rename || made.other.isEmpty, action == .chmod || action == .get || made.mode == 0 else {
    return false
  }
  guard action.isTransfer else {
    return ends == 0 && wanted.flags == 0 && made.offset == 0 && wanted.progress == nil
  }
  guard action.isUpload ? wanted.sink == nil && ends == 1 : wanted.source == nil && ends <= 1 else { return false }
  guard action.isFile || !made.isText, action == .get || !made.asksForSize, action != .get || ends == 1 else {
    return false
  }
  guard made.offset == 0 || action == .get || action == .put, !made.isText || made.offset == 0 && !made.resumes else {
    return false
  }
  if !made.resumes { return true }
  return made.offset == 0 && (action == .get && hasLocal || action == .put && (hasLocal || made.descriptor >= 0))
}

@_cdecl("plait_ftp_client_call") @implementation
public func plait_ftp_client_call(
  _ conn: plait_conn, _ given: UnsafePointer<plait_ftp_client_request>?, _ done: plait_ftp_done_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  var wanted = plait_ftp_client_request()
  var status = readNeeded(given, &wanted)
  guard status == .ok else { return status }
  return onConn(conn) { conn in
    conn.speaking(Tag.ftpClient) { (client: FTPClient) in
      guard let request = request(wanted, &status) else { return status }
      let made = HostFTPCall(request, wanted, done, user, conn)
      if request.descriptor >= 0 {
        let copy = csystem_duplicate(request.descriptor)
        guard copy >= 0 else { return .system(copy) }
        made.use(OpenFile(copy))
      }
      status = client.begin(made, conn)
      if status == .ok { call?.pointee.id = made.id }
      return status
    }
  }
}

@_cdecl("plait_ftp_client_resume") @implementation
public func plait_ftp_client_resume(_ conn: plait_conn) -> CInt {
  onConn(conn) { conn in
    conn.speaking(Tag.ftpClient) { (client: FTPClient) in
      client.resume(conn)
      return .ok
    }
  }
}

@_cdecl("plait_ftp_line_parse") @implementation
public func plait_ftp_line_parse(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ now: Int64, _ out: UnsafeMutablePointer<plait_ftp_line>?,
  _ used: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let given = checked(text, len), given.count > 0, now >= 0 else { return .invalid }
  let status = canTake(out)
  guard status == .ok, let out else { return status }
  var entry = FTPEntry()
  let taken = FTPListing.parse(given.bytes, now: now, &entry)
  func part(_ range: Range<Int>) -> plait_bytes {
    range.isEmpty
      ? plait_bytes(data: nil, len: 0) : plait_bytes(data: text.map { $0 + range.lowerBound }, len: range.count)
  }
  var flags = entry.size == nil ? 0 : PLAIT_FTP_LINE_HAS_SIZE
  if entry.modified != nil { flags |= PLAIT_FTP_LINE_HAS_TIME }
  if entry.mode != nil { flags |= PLAIT_FTP_LINE_HAS_MODE }
  out.pointee.kind = entry.kind.rawValue
  out.pointee.flags = UInt32(truncatingIfNeeded: flags)
  out.pointee.mode = entry.mode ?? 0
  out.pointee.size = entry.size ?? 0
  out.pointee.modified = entry.modified ?? 0
  out.pointee.links = entry.links
  out.pointee.reserved = 0
  out.pointee.name = part(entry.name)
  out.pointee.target = part(entry.target)
  out.pointee.owner = part(entry.owner)
  out.pointee.group = part(entry.group)
  out.pointee.date = part(entry.date)
  out.pointee.facts = part(entry.facts)
  used?.pointee = taken
  return .ok
}
