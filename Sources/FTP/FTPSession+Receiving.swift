import Bytes
import Files
import Wire

/// What a client stores. Bytes that arrive are written on another thread, which, where it may, goes on with the socket by itself
/// until nothing more is there.
extension FTPSession {
  func receive(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    if transfer.upload?.file != nil { transfer.openPipe(data) }
    if transfer.pipe != nil, !data.hasEnded {
      _ = data.pause()
      store(transfer, data, conn)
    } else {
      _ = data.resume()
    }
  }

  func dataReceived(_ bytes: RawSpan, _ data: Conn, _ conn: Conn) {
    guard let transfer, transfer.data == data.id, transfer.upload != nil else { return }  // nobody has asked for it
    transfer.bytes += UInt64(bytes.byteCount)
    guard transfer.pending.append(bytes, limit: mostBytes) else { return fail(transfer, conn, .noMemory) }
    if transfer.pipe != nil || transfer.pending.count >= FileMover.mostPending { _ = data.pause() }
    if !transfer.isWorking { store(transfer, data, conn) }
  }

  func dataEnded(_ data: Conn, _ conn: Conn) {
    guard let transfer, transfer.data == data.id, transfer.state == .running else { return }
    guard transfer.upload != nil else { return leaveIfGone(conn) }
    transfer.isAtEnd = true
    if !transfer.isWorking { store(transfer, data, conn) }
  }

  /// Who says no more on either connection does not wait for a file.
  func leaveIfGone(_ conn: Conn) {
    guard hasEnded, let transfer, transfer.state == .running, transfer.upload == nil,
      let data = conn.context.conn(transfer.data), data.hasEnded
    else { return }
    data.abort(.closed)
  }

  func store(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard let file = transfer.upload?.file else {
      if let host = transfer.host { storeByHost(host, transfer, data, conn) }
      return
    }
    let status = transfer.store(
      file, data, data.context,
      then(data) { moved, data, conn in
        transfer.bytes += moved.past
        data.wentBy(received: moved.past, sent: 0)
        self.stored(moved, transfer, data, conn)
      })
    if status != .ok { data.abort(status) }
  }

  func stored(_ moved: Moved, _ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard moved.status == .ok else {
      transfer.isFileFault = true
      return fail(transfer, conn, moved.status)
    }
    switch moved.outcome {
    case .failed(let status): data.abort(status)
    case .fileFailed(let status):
      transfer.isFileFault = true
      fail(transfer, conn, status)
    case .more: store(transfer, data, conn)
    case .atEnd: storedAll(transfer, data, conn)
    case .wouldBlock:
      if !transfer.pending.isEmpty || transfer.isAtEnd { return store(transfer, data, conn) }
      _ = data.resume()
    }
  }

  /// The file takes its name, and only then the client hears that it is there.
  func storedAll(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    transfer.state = .finishing
    transfer.pipe = nil
    data.close(.ok)
    var question = ShellQuestion(.finish, transfer.path)
    question.upload = transfer.upload
    let (context, id) = (conn.context, conn.id)
    shell?.ask(question, context) { answer in
      guard !transfer.isOver, let conn = context.conn(id), !conn.isClosing else { return }
      if answer.status == .ok { return self.succeed(transfer, conn) }
      transfer.isFileFault = true
      self.fail(transfer, conn, answer.status)
    }
  }
}
