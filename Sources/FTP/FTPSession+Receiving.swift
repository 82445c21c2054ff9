import Bytes
import Files
import Wire

/// What a client stores. Bytes that arrive are written on another thread, which, where it may, goes on with the socket by itself
/// until nothing more is there.
extension FTPSession {
  func receive(_ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    if transfer.text == nil, transfer.upload?.file != nil { transfer.pipe = Pipe.duplicate(data.bareDescriptor) }
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
    if transfer.pipe != nil || transfer.pending.count >= Transfer.mostPending { _ = data.pause() }
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
    let bytes = Held(transfer.pending.take())
    let (text, isLast, place) = (transfer.text, transfer.isAtEnd, transfer.place)
    let pipe = isLast || data.bareDescriptor < 0 ? nil : transfer.pipe
    let patience: CInt = conn.context.environment.working < 3 ? 5 : 0
    work(transfer, data, Moved(place)) { moved in
      moved.outcome = isLast ? .atEnd : .wouldBlock
      moved.status = FTPSession.write(bytes, file, text, isLast: isLast, moved)
      guard moved.status == .ok, let pipe else { return }
      moved.outcome = pipe.receive(file, at: &moved.place, most: Transfer.slice, patience: patience)
    } _: { moved, data, conn in
      let past = moved.place - place - UInt64(text == nil ? bytes.count : 0)
      if text == nil {
        transfer.bytes += past
        data.wentBy(received: past, sent: 0)
      }
      transfer.place = moved.place
      self.stored(moved, transfer, data, conn)
    }
  }

  /// On another thread.
  static func write(_ bytes: Held, _ file: OpenFile, _ text: LineEnds?, isLast: Bool, _ moved: Moved) -> Status {
    let given = bytes.buffer.take()
    guard let text else {
      guard !given.isEmpty else { return .ok }
      let status = file.write(given.bytes, at: moved.place)
      moved.place += UInt64(given.count)
      return status
    }
    var made = ByteBuffer()
    guard text.in(given.bytes, isLast: isLast, into: &made) else { return .noMemory }
    let status = made.isEmpty ? .ok : file.write(made.bytes, at: moved.place)
    moved.place += UInt64(made.count)
    return status
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

/// Bytes on their way to another thread.
final class Held {
  var buffer: ByteBuffer
  let count: Int
  init(_ buffer: consuming ByteBuffer) {
    count = buffer.count
    self.buffer = buffer
  }
}
