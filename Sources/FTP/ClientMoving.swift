import Bytes
import Files
import Wire

/// Bytes over a client's data connection, and how a transfer ends: with the server's last word and the last byte, whichever comes first.
extension FTPClient {
  // MARK: The beginning

  /// The server has said that it begins, or that it is done.
  func began(_ call: FTPClientCall, _ text: [UInt8], _ conn: Conn) {
    guard let transfer = call.transfer, transfer.step == .move else { return }
    transfer.hasBegun = true
    if !transfer.isUpload, transfer.total == 0, let size = FTPClient.announced(text) { transfer.total = size }
    start(call, transfer, conn)
  }

  /// "150 Opening data connection for a (1234 bytes)."
  static func announced(_ text: [UInt8]) -> UInt64? {
    let line = last(text)
    guard let open = line.lastIndex(of: 40) else { return nil }
    let digits = Array(line[(open + 1)...].prefix { $0.digit != nil })
    let rest = line[(open + 1 + digits.count)...]
    return rest.starts(with: Words(" byte").bytes) ? FTPSession.number(digits) : nil
  }

  func opened(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    transfer.connect = 0
    transfer.data = data.id
    transfer.listener?.close()
    transfer.listener = nil
    heard &+= 1
    var limits = data.limits
    (limits.highWater, limits.lowWater) = (0, 0)  // what follows waits until all has left
    data.limits = limits
    _ = data.pause()
    if transfer.fault != nil { return data.abort(.aborted) }
    start(call, transfer, conn)
  }

  /// Bytes may move once the connection is there and the server has agreed.
  func start(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    guard !transfer.isMoving, transfer.fault == nil, transfer.hasBegun || transfer.hasReply,
      let data = conn.context.conn(transfer.data), !data.isClosing
    else { return }
    transfer.isMoving = true
    arm(options.stallTime, conn)
    if transfer.isUpload { return upload(call, transfer, data, conn) }
    guard transfer.file == nil, let local = call.request.local else { return receive(call, transfer, data, conn) }
    let how = transfer.offset > 0 ? OpenedFile.How.goOn : .store
    let (id, mode) = (data.id, call.request.mode == 0 ? 0o644 : call.request.mode)
    openFile(call, transfer, conn, { $0.open(local, how, mode) }) { opened, conn in
      guard opened.status == .ok else { return self.abandon(call, self.wrong(call, opened.status), conn) }
      transfer.file = opened.file
      self.receive(call, transfer, conn.context.conn(id), conn)
    }
  }

  // MARK: The end

  /// The data connection has ended.
  func lost(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ reason: Reason, _ conn: Conn) {
    guard transfer.data == data.id, transfer.fault == nil else { return }
    if transfer.isUpload {
      // How the server ends its own side, which has nothing to say, is no matter.
      guard transfer.isMoved, reason.status == .ok || reason.status == .tlsTruncated else {
        return broke(call, transfer, reason, conn)
      }
      transfer.isAtEnd = true
      return settle(call, transfer, conn)
    }
    if reason.status == .ok || transfer.isAtEnd {
      atEnd(call, transfer, nil, conn)
    } else {
      broke(call, transfer, reason, conn)
    }
  }

  /// It has ended too early. The server is about to say what it thinks of that.
  func broke(_ call: FTPClientCall, _ transfer: ClientTransfer, _ reason: Reason, _ conn: Conn) {
    let status = reason.status == .ok ? .closed : reason.status
    let why = FTPClient.reason(
      status, Words("the data connection").bytes, reason.status == .ok ? Reason(.closed) : reason)
    transfer.fault = FTPClient.reason(status, call.phrase, why)
    cut(transfer, conn.context)
    arm(options.replyTime, conn)
    settle(call, transfer, conn)
  }

  /// It can't go on, for a reason of this side's: the server is told, and may have a better one.
  func abandon(_ call: FTPClientCall, _ reason: Reason, _ conn: Conn) {
    guard let transfer = call.transfer, !transfer.isOver, transfer.fault == nil else { return }
    transfer.fault = reason
    let isAsked = transfer.step == .move && !transfer.hasReply
    if isAsked {
      transfer.isAborting = true
      say("ABOR", [], conn)
    }
    cut(transfer, conn.context)
    if transfer.step == .move { settle(call, transfer, conn) } else { dropNow(call, reason, conn) }
  }

  /// The reply to what was asked last is still to come.
  func dropNow(_ call: FTPClientCall, _ reason: Reason, _ conn: Conn) {
    drop(call, conn)
    call.end(reason)
  }

  /// The last reply to a transfer's last command.
  func moved(_ call: FTPClientCall, _ transfer: ClientTransfer, _ text: [UInt8], _ conn: Conn) {
    if code < 400, call.at + 1 < call.lines.count, !transfer.isAborting {
      call.at += 1
      return say(call.lines[call.at], conn)
    }
    transfer.hasReply = true
    if transfer.isAborting {
      late = 1
      if code < 400, !transfer.hasBegun, transfer.data == 0, call.request.action.isListing {
        return finish(call, Reason(.ok, code: CInt(truncatingIfNeeded: code)), conn)  // it had nothing to tell
      }
      let isOwn = code < 400 || code == 425 || code == 426
      return finish(call, isOwn ? transfer.fault ?? remote(call.phrase, text) : remote(call.phrase, text), conn)
    }
    guard code < 400 else { return finish(call, remote(call.phrase, text), conn) }
    if transfer.isUpload, transfer.isMoved { conn.context.conn(transfer.data)?.close(.ok) }  // it has all
    if transfer.data == 0, !transfer.hasBegun {  // it had nothing to send, and did not even begin
      transfer.isMoved = true
      transfer.isAtEnd = true
    }
    start(call, transfer, conn)
    settle(call, transfer, conn)
  }

  /// Both have come: the last byte, and the last word.
  func settle(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    guard transfer.hasReply, running === call else { return }
    if let fault = transfer.fault { return finish(call, fault, conn) }
    guard transfer.isMoved, transfer.isAtEnd else { return arm(options.stallTime, conn) }
    finish(call, Reason(.ok, code: CInt(truncatingIfNeeded: call.code)), conn)
  }

  /// No byte moves any more.
  func cut(_ transfer: ClientTransfer, _ context: Context) {
    transfer.pipe?.cut()
    transfer.pipe = nil
    if let data = context.conn(transfer.data) { data.abort(.aborted) }
    dropPlan(transfer, context)
  }

  /// No data connection comes about any more.
  func dropPlan(_ transfer: ClientTransfer, _ context: Context) {
    transfer.listener?.close()
    transfer.listener = nil
    if transfer.connect != 0, let object = context.ids.find(transfer.connect, Kind.call) {
      transfer.connect = 0
      Unmanaged<Connect>.fromOpaque(object).takeUnretainedValue().cancel()
    }
  }

  /// It is over, however that came.
  func end(_ call: FTPClientCall, _ context: Context) {
    guard let transfer = call.transfer, !transfer.isOver else { return }
    transfer.isOver = true
    let isDone = transfer.isMoved && transfer.hasReply && transfer.fault == nil
    if isDone { dropPlan(transfer, context) } else { cut(transfer, context) }
    transfer.file = nil
  }
}
