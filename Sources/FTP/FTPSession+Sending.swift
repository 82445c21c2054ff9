import Bytes
import Files
import Wire

/// What a client retrieves: files and listings.
extension FTPSession {
  /// What is at hand already: most often that is all.
  func sendFirst(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    var first = transfer.first.take()
    if transfer.file != nil { transfer.place += UInt64(first.count) }
    if let text = transfer.text {
      var made = ByteBuffer()
      guard text.out(first.bytes, into: &made) else { return fail(transfer, conn, .noMemory) }
      first = made.take()
    }
    transfer.bytes += UInt64(transfer.put(&first, data))
    _ = data.resume()  // or its end would not be seen
    sendOn(transfer, data, conn)
  }

  /// What was written has left.
  func dataDrained(_ data: Conn, _ conn: Conn) {
    guard let transfer, transfer.data == data.id, transfer.state == .running, transfer.upload == nil else { return }
    sendOn(transfer, data, conn)
  }

  func sendOn(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard !transfer.isWorking, !data.isClosing else { return }
    let hosts = transfer.file == nil ? transfer.host : nil
    guard transfer.file != nil || hosts != nil, transfer.place < transfer.size else { return sentAll(transfer, data) }
    guard data.isDrained() else { return }  // `dataDrained` comes
    if let hosts { return sendByHost(hosts, transfer, data, conn) }
    guard let file = transfer.file else { return }
    if transfer.pipe == nil { transfer.openPipe(data) }
    let status = transfer.send(file, data, then(data) { self.sent($0, transfer, $1, $2) })
    if status != .ok { data.abort(status) }
  }

  func sentAll(_ transfer: Transfer, _ data: Conn) {
    transfer.state = .finishing
    data.close(.ok)
  }

  func sent(_ moved: Moved, _ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard moved.status == .ok else {
      transfer.isFileFault = true
      return fail(transfer, conn, moved.status)
    }
    transfer.bytes += moved.past
    data.wentBy(received: 0, sent: moved.past)
    if case .failed(let status) = moved.outcome { return data.abort(status) }
    if case .atEnd = moved.outcome { transfer.size = moved.place }  // it is shorter than it was
    transfer.bytes += UInt64(transfer.put(&moved.bytes, data))
    sendOn(transfer, data, conn)
  }

  /// What goes on with a transfer, if its connections are still there.
  func then(_ data: Conn, _ body: @escaping (Moved, Conn, Conn) -> Void) -> (Moved) -> Void {
    let (context, id) = (data.context, data.id)
    return { moved in
      guard let data = context.conn(id), let control = data.dataProtocol?.control, let conn = context.conn(control),
        !conn.isClosing
      else { return }
      body(moved, data, conn)
    }
  }
}

extension Conn {
  /// Its protocol, if it is a data connection's.
  var dataProtocol: DataProtocol? {
    var found: DataProtocol?
    _ = speaking(Tag.ftpData) { (spoken: DataProtocol) in
      found = spoken
      return .ok
    }
    return found
  }
}
