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
    put(&first, transfer, data)
    _ = data.resume()  // or its end would not be seen
    sendOn(transfer, data, conn)
  }

  func put(_ bytes: inout ByteBuffer, _ transfer: Transfer, _ data: Conn) {
    let count = bytes.count
    guard count > 0 else { return }
    transfer.bytes += UInt64(count)
    _ = data.write(count) { $0.put(bytes.bytes) }
    bytes.removeAll()
    data.flush()
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
    guard data.waiting == 0 else { return }  // `dataDrained` comes
    if let hosts { return sendByHost(hosts, transfer, data, conn) }
    guard let file = transfer.file else { return }
    if transfer.text == nil, transfer.pipe == nil { transfer.pipe = Pipe.duplicate(data.bareDescriptor) }
    let pipe = data.bareDescriptor < 0 ? nil : transfer.pipe
    let text = transfer.text
    let (most, place) = (transfer.size - transfer.place, transfer.place)
    let patience: CInt = conn.context.environment.working < 3 ? 5 : 0
    work(transfer, data, Moved(place)) { moved in
      if let pipe {
        moved.outcome = pipe.send(file, at: &moved.place, most: min(most, Transfer.slice), patience: patience)
        guard case .wouldBlock = moved.outcome else { return }
      }
      FTPSession.read(file, most - (moved.place - place), text, moved)
    } _: { moved, data, conn in
      self.sent(moved, from: place, transfer, data, conn)
    }
  }

  func sentAll(_ transfer: Transfer, _ data: Conn) {
    transfer.state = .finishing
    data.close(.ok)
  }

  /// The next bytes, for the conn to send: on another thread.
  static func read(_ file: OpenFile, _ left: UInt64, _ text: LineEnds?, _ moved: Moved) {
    var bytes = ByteBuffer()
    moved.status = file.read(at: moved.place, Int(min(left, UInt64(Transfer.chunk))), into: &bytes)
    guard moved.status == .ok else { return }
    if bytes.isEmpty { moved.outcome = .atEnd }
    moved.place += UInt64(bytes.count)
    if let text {
      if !text.out(bytes.bytes, into: &moved.bytes) { moved.status = .noMemory }
    } else {
      moved.bytes = bytes.take()
    }
  }

  func sent(_ moved: Moved, from place: UInt64, _ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard moved.status == .ok else {
      transfer.isFileFault = true
      return fail(transfer, conn, moved.status)
    }
    if transfer.text == nil {
      let past = moved.place - place - UInt64(moved.bytes.count)  // what went over the descriptor
      transfer.bytes += past
      data.wentBy(received: 0, sent: past)
    }
    transfer.place = moved.place
    if case .failed(let status) = moved.outcome { return data.abort(status) }
    if case .atEnd = moved.outcome { transfer.size = moved.place }  // it is shorter than it was
    put(&moved.bytes, transfer, data)
    sendOn(transfer, data, conn)
  }

  /// Runs `body` on another thread, and `done` if the transfer goes on.
  func work(
    _ transfer: Transfer, _ data: Conn, _ moved: Moved, _ body: @escaping (Moved) -> Void,
    _ done: @escaping (Moved, Conn, Conn) -> Void
  ) {
    let (context, id) = (data.context, data.id)
    transfer.isWorking = true
    let work = FileWork(context, moved, body) { answer in
      transfer.isWorking = false
      guard !transfer.isOver, let answer, let data = context.conn(id), let protocolled = data.dataProtocol,
        let conn = context.conn(protocolled.control), !conn.isClosing
      else { return }
      done(answer, data, conn)
    }
    let status = work.begin()
    if status != .ok { data.abort(status) }
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
