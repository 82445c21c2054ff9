import Bytes
import Files
import Wire

/// Transfers of files that the host reads and writes by itself.
extension FTPSession {
  /// A shell of the host's has opened a file: as a descriptor, or as one of its own.
  func take(_ file: HostFile, _ answer: ShellAnswer, _ transfer: Transfer) {
    transfer.host = file
    guard transfer.kind != .retrieve else {
      // How long it is, only its end tells.
      if answer.file == nil || answer.stat.size == 0 { transfer.size = .max }
      return
    }
    let path = answer.name.isEmpty ? transfer.path : Path.child(answer.name, of: Path.parent(transfer.path))
    // A descriptor is written at a place, of which the host knows where it begins.
    let start = transfer.kind == .append ? answer.stat.size : transfer.offset
    transfer.upload = Upload(answer.file, start, path, part: nil, host: file)
  }

  /// The next bytes to send.
  func sendByHost(_ file: HostFile, _ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard let shell = shell as? HostShell else { return data.abort(.closed) }
    let (context, id) = (conn.context, data.id)
    let place = transfer.place
    transfer.isWorking = true
    shell.move(.read, file, at: place, ByteBuffer(), conn) { answer in
      transfer.isWorking = false
      guard !transfer.isOver, let data = context.conn(id), let control = data.dataProtocol?.control,
        let conn = context.conn(control), !conn.isClosing
      else { return }
      let moved = Moved(place)
      moved.status = answer.status
      var bytes = answer.listing.take()
      moved.place += UInt64(bytes.count)
      if bytes.isEmpty { moved.outcome = .atEnd }
      if let text = transfer.text {
        var made = ByteBuffer()
        if !text.out(bytes.bytes, into: &made) { moved.status = .noMemory }
        bytes = made.take()
        moved.bytes = bytes.take()
      } else {
        moved.bytes = bytes.take()
      }
      self.sent(moved, from: place, transfer, data, conn)
    }
  }

  /// Has the host store what has arrived.
  func storeByHost(_ file: HostFile, _ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard let shell = shell as? HostShell else { return data.abort(.closed) }
    let (context, id) = (conn.context, data.id)
    let isLast = transfer.isAtEnd
    var bytes = transfer.pending.take()
    if let text = transfer.text {
      var made = ByteBuffer()
      guard text.in(bytes.bytes, isLast: isLast, into: &made) else { return fail(transfer, conn, .noMemory) }
      bytes = made.take()
    }
    let moved = Moved(transfer.place + UInt64(bytes.count))
    moved.outcome = isLast ? .atEnd : .wouldBlock
    guard !bytes.isEmpty else { return stored(moved, transfer, data, conn) }
    let place = transfer.place
    transfer.isWorking = true
    shell.move(.write, file, at: place, bytes, conn) { answer in
      transfer.isWorking = false
      guard !transfer.isOver, let data = context.conn(id), let control = data.dataProtocol?.control,
        let conn = context.conn(control), !conn.isClosing
      else { return }
      moved.status = answer.status
      transfer.place = moved.place
      self.stored(moved, transfer, data, conn)
    }
  }
}
