import Bytes
import Files
import Wire

/// A transfer from its command to the first byte, and its end.
extension FTPSession {
  func transfer(_ verb: Verb, _ words: [UInt8], _ conn: Conn) {
    let offset = restart
    restart = 0
    guard isPrivateEnough(conn) else { return dropPlan(conn.context) }
    if wasForeign {
      wasForeign = false
      return sayForeign(conn)
    }
    if case .none = plan {
      return say(
        conn, 503, "Incorrect sequence of commands: PORT, PASV, EPRT, or EPSV required before ", verb.name, "")
    }
    let isList = verb == .list || verb == .nlst || verb == .mlsd
    let named = isList && verb != .mlsd ? Listing.withoutFlags(words) : words
    let name = verb == .stou && named.isEmpty ? Words("ftp").bytes : named
    guard let path = resolve(name, conn), let shell else { return dropPlan(conn.context) }
    let kind: TransferKind = isList ? .list : verb == .retr ? .retrieve : verb == .appe ? .append : .store
    let begun = Transfer(kind, verb, path, name, isText: isASCII && !isList, conn.context.now)
    begun.offset = offset
    transfer = begun
    let (context, id) = (conn.context, conn.id)
    shell.ask(question(begun), context) { answer in
      guard let conn = context.conn(id) else { return }
      guard !begun.isOver, !conn.isClosing else {
        if let file = answer.host { (shell as? HostShell)?.close(file, .cancelled, conn) }
        return
      }
      self.opened(begun, answer, conn)
    }
  }

  func question(_ transfer: Transfer) -> ShellQuestion {
    let action: ShellAction = transfer.kind == .list ? .list : transfer.kind == .retrieve ? .read : .write
    var question = ShellQuestion(action, transfer.path)
    question.number = transfer.offset
    question.mode = transfer.kind == .append ? .append : transfer.verb == .stou ? .unique : .replace
    question.format = transfer.verb == .mlsd ? .facts : transfer.verb == .nlst ? .names : .long
    question.facts = facts
    question.most = options.maxList
    return question
  }

  /// The shell has opened what is to be sent or stored.
  func opened(_ transfer: Transfer, _ answer: ShellAnswer, _ conn: Conn) {
    guard answer.status == .ok else {
      // Nobody is to find, behind the next command, a connection that was made for this one.
      dropPlan(conn.context)
      return fail(transfer, conn, answer.status)
    }
    transfer.file = answer.file
    transfer.size = answer.stat.size
    transfer.first = answer.listing.take()
    transfer.upload = answer.upload
    if let file = answer.host { take(file, answer, transfer) }
    if let upload = transfer.upload { transfer.offset = upload.start }
    transfer.place = transfer.offset
    sayOpening(transfer, conn)
    transfer.state = .waiting
    switch plan {
    case .open(let id):
      plan = .none
      guard let data = conn.context.conn(id) else { return fail(transfer, conn, .closed) }
      begin(transfer, data, conn)
    case .dialling(let ip, let port):
      plan = .none
      connect(ip, port, conn)
    case .listening: start(wait, options.dataTime, conn)
    case .none: fail(transfer, conn, .closed)
    }
  }

  func sayOpening(_ transfer: Transfer, _ conn: Conn) {
    if transfer.verb == .stou, let upload = transfer.upload {
      return say(conn, 150, "FILE: ", Path.name(upload.path), "")
    }
    if case .open = plan { return say(conn, 125, "Data connection already open, starting transfer") }
    say(conn, 150, "File status okay; about to open data connection.")
  }

  // MARK: The data connection

  func dataOpened(_ data: Conn, _ conn: Conn) {
    switch plan {
    case .listening(let listener): listener.close()
    case .open: return data.abort(.refused)  // one is there already
    case .dialling, .none:
      guard transfer?.state == .waiting, transfer?.data == 0 else { return data.abort(.refused) }
    }
    plan = .none
    guard isOurs(data, conn) else { return refuseForeign(data, conn) }
    if let transfer, transfer.state == .waiting, transfer.data == 0 {
      begin(transfer, data, conn)
    } else {
      plan = .open(data.id)
      _ = data.pause()
    }
  }

  func begin(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    conn.context.timers.remove(wait)
    transfer.state = .running
    transfer.data = data.id
    var limits = data.limits
    (limits.highWater, limits.lowWater) = (0, 0)  // what follows waits until all has left
    data.limits = limits
    start(stall, options.stallTime, conn)
    if transfer.upload != nil { receive(transfer, data, conn) } else { sendFirst(transfer, data, conn) }
  }

  /// It has ended.
  func dataLost(_ data: Conn, _ reason: Reason, _ conn: Conn) {
    if case .open(let id) = plan, id == data.id { plan = .none }
    guard let transfer, transfer.data == data.id else { return }
    guard transfer.state == .finishing, transfer.upload == nil, reason.status == .ok else {
      if transfer.upload != nil, transfer.state == .finishing { return }  // the shell has the last word
      return fail(transfer, conn, reason.status == .ok ? .closed : reason.status)
    }
    succeed(transfer, conn)
  }

  func stallTimeIsUp(_ conn: Conn) {
    guard let transfer else { return }
    guard transfer.bytes != transfer.seen || transfer.state == .finishing else { return fail(transfer, conn, .timeout) }
    transfer.seen = transfer.bytes
    start(stall, options.stallTime, conn)
  }

  // MARK: The end

  func succeed(_ transfer: Transfer, _ conn: Conn) {
    end(transfer, conn, .ok, code: 226)
    say(conn, 226, "Transfer Complete.")
    proceed(conn)
  }

  /// It can't go on: the client is told, once.
  func fail(_ transfer: Transfer, _ conn: Conn, _ status: Status) {
    guard !transfer.isOver else { return }
    let isFile = transfer.state == .opening || transfer.isFileFault
    let code = isFile ? Failure.code(status) : transfer.state == .waiting ? 425 : 426
    end(transfer, conn, status, code: code)
    if isFile {
      say(conn, transfer.words, status)
    } else if code == 425 {
      say(conn, 425, "Can't open data connection.")
    } else {
      say(conn, 426, "Transfer aborted.  Data connection closed.")
    }
    proceed(conn)
  }

  func end(_ transfer: Transfer, _ conn: Conn, _ status: Status, code: Int) {
    transfer.isOver = true
    self.transfer = nil
    lastHeard = conn.context.now
    for timer in [wait, stall] { conn.context.timers.remove(timer) }
    if case .listening = plan, transfer.state != .opening { dropPlan(conn.context) }
    if status != .ok {
      transfer.pipe?.cut()
      if let data = conn.context.conn(transfer.data) { data.abort(.aborted) }
    }
    if let file = transfer.host { (shell as? HostShell)?.close(file, status, conn) }
    factory.transferred(
      FTPTransferReport(
        kind: transfer.kind, status: status, code: code, path: transfer.upload?.path ?? transfer.path,
        offset: transfer.offset, bytes: transfer.bytes, time: conn.context.now - transfer.began), conn)
  }

  /// ABOR (RFC 959 §4.1.3).
  func abort(_ conn: Conn) {
    if let transfer {
      end(transfer, conn, .cancelled, code: 426)
      say(conn, 426, "Transfer aborted.  Data connection closed.")
    }
    dropPlan(conn.context)
    say(conn, 226, "Abort successful")
  }
}
