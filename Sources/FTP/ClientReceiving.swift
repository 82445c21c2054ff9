import Bytes
import Files
import Wire

/// What a client retrieves: to the host, to what is gathered, or into a file.
extension FTPClient {
  /// Everything is there to take what comes, and has come.
  func receive(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn) {
    transfer.isReady = true
    guard transfer.file != nil else { return deliver(call, transfer, data, conn) }
    if let data { transfer.openPipe(data) }
    if transfer.pipe != nil || !transfer.pending.isEmpty || transfer.isAtEnd || data == nil {
      storeOn(call, transfer, data, conn)
    } else if let data {
      _ = data.resume()
    }
  }

  func received(_ bytes: RawSpan, _ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    guard !transfer.isUpload, transfer.fault == nil else { return }  // nobody has asked for it
    count(bytes.byteCount, call, transfer, conn)
    guard !transfer.isOver else { return }
    if transfer.file == nil, transfer.isReady, !transfer.isHeld {
      return pass(bytes, isLast: false, call, transfer, data, conn)
    }
    // What TLS has deciphered comes although the conn rests.
    guard transfer.pending.append(bytes, limit: mostBytes) else {
      return abandon(call, FTPClient.reason(.noMemory, call.phrase, "there is no memory"), conn)
    }
    guard transfer.file != nil, transfer.isReady else { return }
    if transfer.pipe != nil || transfer.pending.count >= FileMover.mostPending { _ = data.pause() }
    if !transfer.isWorking { storeOn(call, transfer, data, conn) }
  }

  /// What has come goes to the host, and then the rest may.
  func deliver(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn) {
    if !transfer.pending.isEmpty {
      let bytes = transfer.pending.take()
      pass(bytes.bytes, isLast: false, call, transfer, data, conn)
    }
    guard running === call, !transfer.isOver, !transfer.isHeld, transfer.fault == nil else { return }
    guard transfer.isAtEnd else { return _ = data?.resume() }
    let nothing = ByteBuffer()
    pass(nothing.bytes, isLast: true, call, transfer, nil, conn)
    if transfer.fault == nil, !transfer.isOver { movedAll(call, transfer, data, conn) }
  }

  /// To the host, or to what is gathered.
  func pass(
    _ bytes: RawSpan, isLast: Bool, _ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn
  ) {
    var made = ByteBuffer()
    if let text = transfer.text, !text.in(bytes, isLast: isLast, into: &made) {
      return abandon(call, FTPClient.reason(.noMemory, call.phrase, "there is no memory"), conn)
    }
    let status = transfer.text == nil ? give(bytes, call) : give(made.bytes, call)
    guard running === call, !transfer.isOver else { return }
    if status < 0 { return abandon(call, FTPClient.reason(status, call.phrase, Reason(status)), conn) }
    guard status > 0, let data else { return }
    transfer.isHeld = true
    _ = data.pause()
  }

  func give(_ bytes: RawSpan, _ call: FTPClientCall) -> Status {
    guard bytes.byteCount > 0 else { return .ok }
    if call.request.isByCallback { return call.take(bytes) }
    return call.gathered.append(bytes, limit: options.maxList) ? .ok : .overflow
  }

  func ended(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn, _ conn: Conn) {
    guard !transfer.isUpload else { return transfer.isMoved ? data.close(.ok) : data.abort(.closed) }
    atEnd(call, transfer, data, conn)
  }

  /// Nothing more comes.
  func atEnd(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn) {
    guard !transfer.isAtEnd, transfer.fault == nil else { return }
    transfer.isAtEnd = true
    guard transfer.isReady, !transfer.isHeld, !transfer.isWorking else { return }  // whoever is busy sees it
    if transfer.file == nil { deliver(call, transfer, data, conn) } else { storeOn(call, transfer, data, conn) }
  }

  func movedAll(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn) {
    transfer.isMoved = true
    transfer.pipe = nil
    data?.close(.ok)
    settle(call, transfer, conn)
  }

  /// What has come goes into the file, on another thread, which, where it may, goes on with the socket until nothing more is there.
  func storeOn(_ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn) {
    guard let file = transfer.file else { return }
    let status = transfer.store(
      file, data, conn.context,
      then(call, transfer, conn) { moved, conn in
        let data = conn.context.conn(transfer.data)
        data?.wentBy(received: moved.past, sent: 0)
        self.count(Int(clamping: moved.past), call, transfer, conn)
        if !transfer.isOver { self.stored(moved, call, transfer, data, conn) }
      })
    if status != .ok { abandon(call, wrong(call, status), conn) }
  }

  func stored(_ moved: Moved, _ call: FTPClientCall, _ transfer: ClientTransfer, _ data: Conn?, _ conn: Conn) {
    guard moved.status == .ok else { return abandon(call, wrong(call, moved.status), conn) }
    switch moved.outcome {
    case .fileFailed(let status): abandon(call, wrong(call, status), conn)
    case .failed(let status): broke(call, transfer, Reason(status), conn)
    case .more: storeOn(call, transfer, data, conn)
    case .atEnd:
      transfer.isAtEnd = true
      movedAll(call, transfer, data, conn)
    case .wouldBlock:
      if !transfer.pending.isEmpty || transfer.isAtEnd { return storeOn(call, transfer, data, conn) }
      if let data { _ = data.resume() }
    }
  }
}
