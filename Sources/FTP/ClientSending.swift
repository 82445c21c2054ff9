import Bytes
import Files
import Wire

/// What a client stores, from a file or from the host.
extension FTPClient {
  func upload(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    if transfer.file != nil { transfer.openPipe(data) }
    _ = data.resume()  // the server's end, and what TLS has to say
    sendOn(call, transfer, data, conn)
  }

  /// A source has bytes again, or a sink wants more.
  func goOn(_ call: FTPClientCall, _ conn: Conn) {
    guard let transfer = call.transfer, running === call else { return }
    let data = conn.context.conn(transfer.data)
    if !transfer.isUpload { return transfer.isHeld ? () : deliver(call, transfer, data, conn) }
    if let data { sendOn(call, transfer, data, conn) }
  }

  func sendOn(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    guard transfer.isMoving, !transfer.isWorking, !transfer.isHeld, transfer.fault == nil, !data.isClosing,
      data.isDrained()  // or `writeResumed` comes
    else { return }
    guard let file = transfer.file else { return sendGiven(call, transfer, data, conn) }
    guard transfer.place < transfer.size else { return sentAll(transfer, data) }
    let status = transfer.send(file, data, then(call, transfer, conn) { self.sent($0, call, transfer, $1) })
    if status != .ok { abandon(call, wrong(call, status), conn) }
  }

  func sent(_ moved: Moved, _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    guard moved.status == .ok else { return abandon(call, wrong(call, moved.status), conn) }
    guard let data = conn.context.conn(transfer.data) else { return }
    data.wentBy(received: 0, sent: moved.past)
    count(Int(clamping: moved.past), call, transfer, conn)
    guard !transfer.isOver else { return }
    if case .failed(let status) = moved.outcome { return data.abort(status) }
    if case .atEnd = moved.outcome { transfer.size = moved.place }  // it is shorter than it was
    put(&moved.bytes, call, transfer, data, conn)
    if !transfer.isOver { sendOn(call, transfer, data, conn) }
  }

  func put(_ bytes: inout ByteBuffer, _ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    let count = transfer.put(&bytes, data)
    if count > 0 { self.count(count, call, transfer, conn) }
  }

  /// What the host gives, as long as the socket takes it; but others have their turns, too.
  func sendGiven(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    var rounds = 0
    while rounds < 16, !data.isClosing, data.isDrained() {
      var bytes = ByteBuffer()
      var status = Status.ok
      let length = 64 * 1024
      let hasRoom = bytes.fill(length, limit: length) { memory, room in
        var count = 0
        status = call.give(memory, min(room, length), &count)
        return count
      }
      guard running === call, !transfer.isOver else { return }
      if !hasRoom { status = .noMemory }
      if status < 0 { return abandon(call, FTPClient.reason(status, call.phrase, Reason(status)), conn) }
      if status > 0 {
        transfer.isHeld = true
        return
      }
      guard !bytes.isEmpty else { return sentAll(transfer, data) }
      if let text = transfer.text {
        var made = ByteBuffer()
        guard text.out(bytes.bytes, into: &made) else {
          return abandon(call, FTPClient.reason(.noMemory, call.phrase, "there is no memory"), conn)
        }
        bytes = made.take()
      }
      put(&bytes, call, transfer, data, conn)
      guard running === call, !transfer.isOver else { return }
      rounds += 1
    }
    guard !data.isClosing, data.isDrained() else { return }
    call.wantsSource = true
    call.list()
  }

  func sentAll(_ transfer: ClientTransfer, _ data: Conn) {
    transfer.isMoved = true
    transfer.pipe = nil
    // Bytes of TLS's that nobody has read (tickets) would make the system's close a reset, which takes what is under way with it.
    if !data.isSecure || data.closeWrite() != .ok { data.close(.ok) }
  }

  /// What goes on with a transfer, if all is well with it.
  func then(
    _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn, _ body: @escaping (Moved, Conn) -> Void
  ) -> (Moved) -> Void {
    let (context, id) = (conn.context, conn.id)
    return { moved in
      guard transfer.fault == nil, let conn = context.conn(id), !conn.isClosing else { return }
      body(moved, conn)
    }
  }
}
