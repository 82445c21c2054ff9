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
    let goOn = then(data) { moved, data, conn in
      transfer.place = moved.place
      self.sent(moved, transfer, data, conn)
    }
    transfer.isWorking = true
    shell.move(.read, file, at: transfer.place, ByteBuffer(), conn) { answer in
      transfer.isWorking = false
      guard !transfer.isOver else { return }
      let moved = Moved(transfer.place)
      moved.status = answer.status
      if moved.status == .ok { moved.send(answer.listing.take(), transfer.text) }
      goOn(moved)
    }
  }

  /// Has the host store what has arrived.
  func storeByHost(_ file: HostFile, _ transfer: Transfer, _ data: Conn, _ conn: Conn) {
    guard let shell = shell as? HostShell else { return data.abort(.closed) }
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
    let goOn = then(data) { moved, data, conn in
      transfer.place = moved.place
      self.stored(moved, transfer, data, conn)
    }
    transfer.isWorking = true
    shell.move(.write, file, at: transfer.place, bytes, conn) { answer in
      transfer.isWorking = false
      moved.status = answer.status
      if !transfer.isOver { goOn(moved) }
    }
  }
}
