import Bytes
import CLibuv
import CSystem
import Wire

/// A UNIX socket, a pipe or a terminal: read and written by us when libuv says that it is ready. (UNIX sockets
/// can carry descriptors, which libuv's streams would take for themselves.)
final class PollTransport: Transport, Polled {
  let loop: Loop
  let fd: CInt
  let isSocket: Bool
  let isReadable: Bool
  var poller: Poller?
  var conn: Unmanaged<Conn>?  // not owned: the conn owns this; cleared by close
  var rest = ByteBuffer()
  var wantsReading = false
  /// Open files that go with the next bytes.
  var descriptors = PlainList<CInt>()

  private init(_ loop: Loop, _ fd: CInt, _ isSocket: Bool, _ isReadable: Bool) {
    self.loop = loop
    self.fd = fd
    self.isSocket = isSocket
    self.isReadable = isReadable
    super.init()
  }

  /// Takes over a connected descriptor that does not block; on failure it stays the caller's.
  static func adopt(
    _ loop: Loop, _ fd: CInt, isSocket: Bool, isReadable: Bool = true, _ fault: inout Status
  ) -> PollTransport? {
    let transport = PollTransport(loop, fd, isSocket, isReadable)
    guard let poller = Poller.make(loop, fd, transport, &fault) else { return nil }
    transport.poller = poller
    return transport
  }

  override func attach(_ conn: Conn) { self.conn = Unmanaged.passUnretained(conn) }
  func watch() { poller?.watch(readable: wantsReading, writable: !rest.isEmpty) }

  override func setReading(_ reading: Bool) {
    wantsReading = reading && isReadable
    watch()
  }

  func ready(_ isReadable: Bool, _ isWritable: Bool) {
    guard let conn = conn?.takeUnretainedValue() else { return }
    if isWritable, !rest.isEmpty { writeRest(conn) }
    if isReadable, wantsReading { read(conn) }
  }

  func unwatched(_ status: Status) { conn?._withUnsafeGuaranteedRef { $0.abort(status) } }

  func read(_ conn: Conn) {
    let scratch = loop.scratch
    while wantsReading, !loop.isForked {
      let count =
        isSocket && conn.wantsDescriptors
        ? receive(scratch, conn) : csystem_read(fd, scratch.baseAddress, scratch.count)
      if count <= 0 {
        guard csystem_would_block(count) == 0 else { return }
        setReading(false)
        return conn.ended(count == 0 ? .ok : .system(count))
      }
      conn.received(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<count]).bytes)
      conn.flush()
      if loop.hasReadEnough(conn.id, count) || count < scratch.count { return }
    }
  }

  /// Reads bytes, and the open files that came with them.
  func receive(_ scratch: UnsafeMutableRawBufferPointer, _ conn: Conn) -> Int {
    withUnsafeTemporaryAllocation(of: CInt.self, capacity: Int(CSYSTEM_DESCRIPTORS)) { files in
      var count = 0
      let got = csystem_receive(fd, scratch.baseAddress, scratch.count, files.baseAddress, &count)
      for index in 0..<count { conn.received(descriptor: files[index]) }
      return got
    }
  }

  // MARK: Out

  override var canSendDescriptors: Bool { isSocket }
  override func send(descriptor: CInt) { if !descriptors.append(descriptor) { _ = csystem_close(descriptor) } }

  /// Sends bytes with as many of the open files as go with them.
  func sendWithDescriptors(_ bytes: RawSpan) -> Int {
    let count = min(descriptors.count, Int(CSYSTEM_DESCRIPTORS))
    // The rest goes with the next bytes: so there has to be one left.
    let length = descriptors.count > count ? min(bytes.byteCount, 1) : bytes.byteCount
    let sent = bytes.withUnsafeBytes { csystem_send_with(fd, $0.baseAddress, length, descriptors.pointer, count) }
    guard sent > 0 else { return csystem_would_block(sent) != 0 ? 0 : sent }
    for index in 0..<count { _ = csystem_close(descriptors[index]) }
    descriptors.removeFirst(count)
    return sent
  }

  override var isBusy: Bool { !rest.isEmpty }
  override var waiting: Int { rest.count }

  /// Sends what it can; how much, or -errno.
  func send(_ bytes: RawSpan) -> Int {
    if loop.isForked { return 0 }
    if descriptors.count > 0, bytes.byteCount > 0 {
      let sent = sendWithDescriptors(bytes)
      guard sent > 0, sent < bytes.byteCount else { return sent }
      let more = send(bytes.extracting(droppingFirst: sent))
      return more < 0 ? more : sent + more
    }
    let sent = bytes.withUnsafeBytes {
      isSocket ? csystem_send(fd, $0.baseAddress, $0.count) : csystem_write(fd, $0.baseAddress, $0.count)
    }
    return csystem_would_block(sent) != 0 ? 0 : sent
  }

  override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    let sent = send(buffer.bytes)
    if sent == buffer.count { return buffer.removeAll() }
    guard sent >= 0 else {
      buffer.removeAll()
      return conn.abort(.system(sent))
    }
    buffer.dropFirst(sent)
    rest = buffer.take()
    watch()
  }

  func writeRest(_ conn: Conn) {
    let sent = send(rest.bytes)
    guard sent >= 0 else {
      rest.removeAll()
      watch()
      return conn.abort(.system(sent))
    }
    rest.dropFirst(sent)
    if rest.isEmpty {
      rest = ByteBuffer()
      watch()
      conn.drained()
    }
  }

  // MARK: The rest

  override var descriptor: CInt { isSocket && poller != nil ? fd : -1 }
  override var canCloseWrite: Bool { isSocket }
  override func closeWrite() -> Status {
    return .of(csystem_shutdown_write(fd))
  }

  override func close(_ status: Status) {
    guard let poller else { return }
    self.poller = nil
    conn = nil
    poller.close()
    for index in 0..<descriptors.count { _ = csystem_close(descriptors[index]) }
    descriptors.removeAll()
    _ = csystem_close(fd)
  }

  override func peer(_ address: inout Address) -> Status {
    guard isSocket else { return .ok }
    return .of(csystem_peer(fd, &address.socket))
  }
  override func local(_ address: inout Address) -> Status {
    guard isSocket else { return .ok }
    return .of(csystem_local(fd, &address.socket))
  }
}
