import Bytes
import CPlait
import CSystem
import FTP
import Files
import Wire

#if TLS
  import TLS
#endif

/// A host's command as it was given.
private struct HostCommand {
  let name: Text
  let function: plait_ftp_command_fn
}

/// A factory of FTP sessions that calls the host.
final class HostFTPServerFactory: FTPServerFactory, Tellable {
  let calls: Calls
  let handler: plait_ftp_server_handler
  private var commands: [HostCommand] = []
  var isGiven = false

  init(_ options: FTPServerOptions, _ handler: plait_ftp_server_handler, _ user: UnsafeMutableRawPointer?) {
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

  override func login(_ request: FTPRequest, _ login: FTPLogin, _ conn: Conn) {
    guard let ask = handler.login, let name = Text.make(login.name.span.bytes),
      let password = Text.make(login.password.span.bytes)
    else { return super.login(request, login, conn) }
    var flags = login.isAnonymous ? UInt32(PLAIT_FTP_LOGIN_ANONYMOUS) : 0
    if login.isSecure { flags |= UInt32(PLAIT_FTP_LOGIN_SECURE) }
    var shown = plait_ftp_login(
      struct_size: UInt32(MemoryLayout<plait_ftp_login>.size), flags: flags, name: UnsafePointer(name.pointer),
      password: UnsafePointer(password.pointer))
    ask(conn.user, plait_conn(id: conn.id), plait_ftp_request(id: request.id), &shown)
    withExtendedLifetime((name, password)) {}
  }

  override func transferred(_ report: FTPTransferReport, _ conn: Conn) {
    guard let transferred = handler.transferred else { return }
    report.path.withUnsafeBufferPointer { path in
      var shown = plait_ftp_transfer()
      shown.struct_size = UInt32(MemoryLayout<plait_ftp_transfer>.size)
      shown.kind = report.kind.rawValue
      shown.status = report.status
      shown.code = UInt32(truncatingIfNeeded: report.code)
      shown.path = plait_bytes(data: path.baseAddress, len: path.count)
      shown.offset = report.offset
      shown.moved = report.bytes
      shown.time_ms = report.time
      transferred(conn.user, plait_conn(id: conn.id), &shown)
    }
  }

  override func ask(_ request: FTPRequest?, _ question: HostQuestion, _ bytes: RawSpan, _ conn: Conn) {
    if !put(request, question, bytes, conn) { super.ask(request, question, bytes, conn) }
  }

  override func command(_ hook: FTPHook, _ request: FTPRequest, _ words: [UInt8], _ conn: Conn) {
    let command = commands[hook.number]
    words.withUnsafeBufferPointer {
      command.function(
        conn.user, plait_conn(id: conn.id), plait_ftp_request(id: request.id), UnsafePointer(command.name.pointer),
        $0.baseAddress, $0.count)
    }
  }

  func add(_ name: [UInt8], _ flags: UInt32, _ function: plait_ftp_command_fn) -> Status {
    guard let text = Text.make(name.span.bytes) else { return .noMemory }
    // Those that were taken away stay in the list: callbacks may be running by their numbers. So it has an end of its own.
    guard commands.count < 4096 else { return .limit }
    let status = add(name, isPublic: flags & UInt32(PLAIT_FTP_COMMAND_PUBLIC) != 0, number: commands.count)
    if status == .ok { commands.append(HostCommand(name: text, function: function)) }
    return status
  }
}

/// A text of a host's options: no more than one line; nil when it is none.
func ftpLine(_ given: plait_bytes) -> [UInt8]? {
  guard let bytes = checked(given.data, given.len), bytes.count <= 512 else { return nil }
  let copy = bytes.bytes.copied
  return copy.contains { $0 == 0 || $0 == 10 || $0 == 13 } ? nil : copy
}

/// A path of this system: absolute or not, without NUL.
func ftpPath(_ given: plait_bytes) -> [UInt8]? {
  guard let bytes = checked(given.data, given.len), bytes.count < 4096 else { return nil }
  let copy = bytes.bytes.copied
  return copy.contains(0) ? nil : copy
}

private func server(_ wanted: plait_ftp_server_options) -> FTPServerOptions? {
  var options = FTPServerOptions()
  let known = UInt32(PLAIT_FTP_ANY_PEER | PLAIT_FTP_NEED_TLS | PLAIT_FTP_NEED_PRIVATE | PLAIT_FTP_ANY_SESSION)
  guard wanted.flags & ~known == 0, wanted.max_line <= 65536,
    wanted.max_list <= UInt32(PLAIT_BYTES_MAX), wanted.passive_first <= wanted.passive_last,
    wanted.passive_last <= 65535, wanted.passive_last == 0 || wanted.passive_first > 0
  else { return nil }
  options.anyPeer = wanted.flags & UInt32(PLAIT_FTP_ANY_PEER) != 0
  options.needsSecurity = wanted.flags & UInt32(PLAIT_FTP_NEED_TLS) != 0
  options.needsPrivateData = wanted.flags & UInt32(PLAIT_FTP_NEED_PRIVATE) != 0
  options.anySession = wanted.flags & UInt32(PLAIT_FTP_ANY_SESSION) != 0
  guard let welcome = ftpLine(wanted.welcome), let anonymous = ftpLine(wanted.anonymous),
    let root = ftpPath(wanted.anonymous_root), let shown = ftpLine(wanted.passive_address)
  else { return nil }
  if !welcome.isEmpty { options.welcome = welcome }
  if !anonymous.isEmpty { options.anonymous = anonymous }
  options.anonymousRoot = root
  if !shown.isEmpty {
    guard let ip = IP.parse(shown.span.bytes), ip.isIPv4 else { return nil }
    options.passiveAddress = ip
  }
  options.passiveFirst = UInt16(truncatingIfNeeded: wanted.passive_first)
  options.passiveLast = UInt16(truncatingIfNeeded: wanted.passive_last)
  if wanted.max_sessions > 0 { options.maxSessions = Int(wanted.max_sessions) }
  if wanted.max_failures > 0 { options.maxFailures = Int(wanted.max_failures) }
  if wanted.max_line > 0 { options.maxLine = Int(wanted.max_line) }
  if wanted.max_list > 0 { options.maxList = Int(wanted.max_list) }
  guard let idle = checkedTime(wanted.idle_ms), let data = checkedTime(wanted.data_ms),
    let stall = checkedTime(wanted.stall_ms), let delay = checkedTime(wanted.delay_ms)
  else { return nil }
  if idle > 0 { options.idleTime = idle }
  if data > 0 { options.dataTime = data }
  if stall > 0 { options.stallTime = stall }
  if delay > 0 { options.delay = delay }
  return options
}

private func secure(_ config: plait_tls_config, _ options: inout FTPServerOptions) -> Status {
  guard config.id != 0 else { return options.needsSecurity || options.needsPrivateData ? .invalid : .ok }
  #if TLS
    var made: Security?
    let status = onConfig(config) { config in
      guard config.canServe else { return .tlsConfig }
      made = ServerSecurity(config)
      return .ok
    }
    options.security = made
    return status
  #else
    return .unsupported
  #endif
}

@_cdecl("plait_ftp_server_factory_new") @implementation
public func plait_ftp_server_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_ftp_server_options>?,
  _ handler: UnsafePointer<plait_ftp_server_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_ftp_server_handler()
  var wanted = plait_ftp_server_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard var options = server(wanted) else { return .invalid }
  status = secure(wanted.tls, &options)
  return status == .ok ? give(out, HostFTPServerFactory(options, table, user)) : status
}

@_cdecl("plait_ftp_server_factory_add_command") @implementation
public func plait_ftp_server_factory_add_command(
  _ factory: plait_factory, _ name: UnsafePointer<CChar>?, _ flags: UInt32, _ function: plait_ftp_command_fn?
) -> CInt {
  onServing(factory) { factory, _ in
    guard let server = factory as? HostFTPServerFactory else { return .type }
    guard let name, flags & ~UInt32(PLAIT_FTP_COMMAND_PUBLIC) == 0 else { return .invalid }
    let length = strnlen(name, 17)
    guard length > 0, length <= 16 else { return .invalid }
    var word: [UInt8] = []
    for index in 0..<length {
      let letter = UInt8(bitPattern: name[index])
      let capital = letter >= 97 && letter <= 122 ? letter - 32 : letter
      guard capital >= 65, capital <= 90 else { return .invalid }
      word.append(capital)
    }
    guard let function else {
      server.remove(word)
      return .ok
    }
    return server.add(word, flags, function)
  }
}

func onFTPRequest(_ request: plait_ftp_request, _ body: (FTPRequest) -> Status) -> Status {
  onObject(request.id, Kind.ftpRequest) { _, request in body(request) }
}

@_cdecl("plait_ftp_request_accept") @implementation
public func plait_ftp_request_accept(_ request: plait_ftp_request, _ avatar: UnsafePointer<plait_ftp_avatar>?) -> CInt {
  onFTPRequest(request) { request in
    var wanted = plait_ftp_avatar()
    let status = readNeeded(avatar, &wanted)
    guard status == .ok else { return status }
    let known = UInt32(PLAIT_FTP_READ_ONLY | PLAIT_FTP_BESIDE | PLAIT_FTP_SHELL)
    guard wanted.flags & ~known == 0, wanted.file_mode <= 0o777, wanted.directory_mode <= 0o777,
      let root = ftpPath(wanted.root), root.isEmpty == (wanted.flags & UInt32(PLAIT_FTP_SHELL) != 0),
      let directory = ftpPath(wanted.directory)
    else { return .invalid }
    var made = FTPAvatar(root: root)
    made.directory = directory
    made.rules.isReadOnly = wanted.flags & UInt32(PLAIT_FTP_READ_ONLY) != 0
    made.isHosts = root.isEmpty
    made.writesBeside = wanted.flags & UInt32(PLAIT_FTP_BESIDE) != 0
    if wanted.file_mode > 0 { made.rules.fileMode = wanted.file_mode }
    if wanted.directory_mode > 0 { made.rules.directoryMode = wanted.directory_mode }
    return request.accept(made)
  }
}

@_cdecl("plait_ftp_request_refuse") @implementation
public func plait_ftp_request_refuse(_ request: plait_ftp_request) -> CInt { onFTPRequest(request) { $0.refuse() } }

@_cdecl("plait_ftp_request_answer") @implementation
public func plait_ftp_request_answer(
  _ request: plait_ftp_request, _ code: UInt32, _ text: UnsafePointer<UInt8>?, _ len: Int
) -> CInt {
  onFTPRequest(request) { request in
    guard code >= 100, code <= 599, let bytes = checked(text, len), bytes.count <= 65536 else { return .invalid }
    return request.reply(Int(code), bytes.bytes.copied)
  }
}

@_cdecl("plait_ftp_request_pass") @implementation
public func plait_ftp_request_pass(_ request: plait_ftp_request, _ params: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  onFTPRequest(request) { request in
    guard let bytes = checked(params, len), bytes.count <= 65536 else { return .invalid }
    let words = bytes.bytes.copied
    return words.contains { $0 == 0 || $0 == 10 } ? .invalid : request.pass(words)
  }
}

@_cdecl("plait_ftp_server_get_session") @implementation
public func plait_ftp_server_get_session(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_ftp_session>?) -> CInt {
  onConn(conn) { conn in
    conn.speaking(Tag.ftpServer) { (session: FTPSession) in
      let status = canTake(out)
      guard status == .ok, let out else { return status }
      var flags = session.isOpen ? PLAIT_FTP_SESSION_OPEN : 0
      if session.isWithoutName { flags |= PLAIT_FTP_SESSION_ANONYMOUS }
      if session.isText { flags |= PLAIT_FTP_SESSION_ASCII }
      if session.isTransferring { flags |= PLAIT_FTP_SESSION_TRANSFERRING }
      guard let name = session.shownName(), let directory = session.shownDirectory() else { return .noMemory }
      out.pointee.flags = UInt32(truncatingIfNeeded: flags)
      out.pointee.name = HostBytes(name)
      out.pointee.directory = HostBytes(directory)
      return .ok
    }
  }
}

extension HostBytes {
  /// A text's, as long as it lives.
  fileprivate init(_ text: Text) {
    self.init(data: UnsafeRawPointer(text.pointer).assumingMemoryBound(to: UInt8.self), len: text.count)
  }
}
