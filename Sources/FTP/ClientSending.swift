import Bytes
import Files
import Wire

/// What a client stores, from a file or from the host.
extension FTPClient {
  func upload(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    if transfer.file != nil, transfer.text == nil { transfer.pipe = Pipe.duplicate(data.bareDescriptor) }
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
    guard transfer.isMoving, !transfer.isWorking, !transfer.isHeld, transfer.fault == nil, !data.isClosing else {
      return
    }
    guard data.waiting == 0 else {
      if data.state.contains(.writePaused) { return }  // `writeResumed` comes
      // The turn's end has not looked at it yet: the end of TLS's handshake, say.
      call.wantsSource = true
      return call.list()
    }
    guard let file = transfer.file else { return sendGiven(call, transfer, data, conn) }
    guard transfer.place < transfer.size else { return sentAll(transfer, data) }
    let pipe = data.bareDescriptor < 0 ? nil : transfer.pipe
    let (text, place, most) = (transfer.text, transfer.place, transfer.size - transfer.place)
    let patience: CInt = conn.context.environment.working < 3 ? 5 : 0
    work(
      call, transfer, conn, Moved(place),
      { moved in
        if let pipe {
          moved.outcome = pipe.send(file, at: &moved.place, most: min(most, Transfer.slice), patience: patience)
          guard case .wouldBlock = moved.outcome else { return }
        }
        FTPSession.read(file, most - (moved.place - place), text, moved)
      },
      { moved, conn in self.sent(moved, from: place, call, transfer, conn) })
  }

  func sent(_ moved: Moved, from place: UInt64, _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    guard moved.status == .ok else { return abandon(call, wrong(call, moved.status), conn) }
    guard let data = conn.context.conn(transfer.data) else { return }
    let past = transfer.text == nil ? moved.place - place - UInt64(moved.bytes.count) : 0
    data.wentBy(received: 0, sent: past)
    transfer.place = moved.place
    count(Int(clamping: past), call, transfer, conn)
    guard !transfer.isOver else { return }
    if case .failed(let status) = moved.outcome { return data.abort(status) }
    if case .atEnd = moved.outcome { transfer.size = moved.place }  // it is shorter than it was
    put(&moved.bytes, call, transfer, data, conn)
    if !transfer.isOver { sendOn(call, transfer, data, conn) }
  }

  func put(_ bytes: inout ByteBuffer, _ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    guard !bytes.isEmpty else { return }
    let count = bytes.count
    _ = data.write(count) { $0.put(bytes.bytes) }
    bytes.removeAll()
    data.flush()
    self.count(count, call, transfer, conn)
  }

  /// What the host gives, as long as the socket takes it; but others have their turns, too.
  func sendGiven(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    var rounds = 0
    while rounds < 16, data.waiting == 0, !data.isClosing {
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
    guard data.waiting == 0, !data.isClosing else { return }
    call.wantsSource = true
    call.list()
  }

  func sentAll(_ transfer: ClientTransfer, _ data: Conn) {
    transfer.isMoved = true
    transfer.pipe = nil
    // Bytes of TLS's that nobody has read (tickets) would make the system's close a reset, which takes what is under way with it.
    if !data.isSecure || data.closeWrite() != .ok { data.close(.ok) }
  }

  /// Runs `body` on another thread, and `done` if the transfer goes on.
  func work(
    _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn, _ moved: Moved, _ body: @escaping (Moved) -> Void,
    _ done: @escaping (Moved, Conn) -> Void
  ) {
    let (context, id) = (conn.context, conn.id)
    transfer.isWorking = true
    let work = FileWork(context, moved, body) { answer in
      transfer.isWorking = false
      guard !transfer.isOver, transfer.fault == nil, let answer, let conn = context.conn(id), !conn.isClosing else {
        return
      }
      done(answer, conn)
    }
    let status = work.begin()
    if status != .ok { abandon(call, wrong(call, status), conn) }
  }
}
