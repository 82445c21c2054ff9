import Bytes
import CLibuv
import CSystem
import Wire

/// A TCP connection: read by libuv, written by `send` on the descriptor, and by `uv_write` only what the
/// socket didn't take.
final class TCPTransport: Transport {
  let handle: UnsafeMutablePointer<uv_tcp_t>
  var conn: Unmanaged<Conn>?  // not owned: the conn owns this; cleared by close
  var more: More?

  /// What an idle one does without.
  final class More {
    var queue: UnsafeMutablePointer<Queued>?
    var target: TCPTransport?
    var isRelaying = false
  }

  /// What libuv is writing.
  struct Queued: ~Copyable {
    var request = uv_write_t()
    var bytes: ByteBuffer
  }

  private init(_ handle: UnsafeMutablePointer<uv_tcp_t>) {
    self.handle = handle
    super.init()
  }
  deinit { free(handle) }

  /// Takes over a connected socket, which may have its options from where it was accepted; on failure it stays the caller's.
  static func adopt(_ loop: Loop, _ fd: CInt, hasNoDelay: Bool = false, _ fault: inout Status) -> TCPTransport? {
    guard let memory = malloc(MemoryLayout<uv_tcp_t>.size) else {
      fault = .noMemory
      return nil
    }
    let handle = memory.assumingMemoryBound(to: uv_tcp_t.self)
    uv_tcp_init(loop.uv, handle)
    let transport = TCPTransport(handle)
    handle.pointee.data = Unmanaged.passRetained(transport).toOpaque()  // libuv's, until the handle is closed
    let status = uv_tcp_open(handle, fd)
    guard status == 0 else {
      fault = .system(status)
      uv_close(transport.base) { handle in Unmanaged<TCPTransport>.fromOpaque(handle!.pointee.data).release() }
      return nil
    }
    if !hasNoDelay { _ = csystem_no_delay(fd, 1) }
    return transport
  }

  // The handle knows both: every byte of an idle connection counts ten thousand times.
  @inline(__always) var fd: CInt { handle.pointee.io_watcher.fd }
  @inline(__always) func inLoop<T>(_ body: (Loop) -> T) -> T {
    // Sound: a loop closes all its handles before it goes.
    Unmanaged<Loop>.fromOpaque(handle.pointee.loop.pointee.data)._withUnsafeGuaranteedRef(body)
  }

  var stream: UnsafeMutablePointer<uv_stream_t> {
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }
  var base: UnsafeMutablePointer<uv_handle_t> { Loop.handle(handle) }
  override func attach(_ conn: Conn) { self.conn = Unmanaged.passUnretained(conn) }

  // MARK: In

  override func setReading(_ reading: Bool) {
    guard conn != nil else { return }
    if reading { read() } else { uv_read_stop(stream) }
  }

  func read() {
    let mayTell = inLoop { $0.deletesAtOnce }
    let status = inLoop { $0.enlist(fd, readable: mayTell) }
    guard status >= 0 else { return unwatched(.system(status)) }
    let begun = uv_read_start(
      stream,
      { handle, _, buffer in
        Unmanaged<TCPTransport>.fromOpaque(handle!.pointee.data)._withUnsafeGuaranteedRef { transport in
          // Without room nothing is read here.
          let isForked = transport.inLoop { $0.isForked }
          if isForked || transport.isRelaying && transport.canRelay { return buffer!.pointee = uv_buf_t() }
          let scratch = transport.inLoop { $0.scratch }
          buffer!.pointee = uv_buf_t(base: scratch.baseAddress!.assumingMemoryBound(to: CChar.self), len: scratch.count)
        }
      },
      { stream, count, buffer in
        guard count != 0 else { return }
        Unmanaged<TCPTransport>.fromOpaque(stream!.pointee.data)._withUnsafeGuaranteedRef { transport in
          transport.inLoop { $0.takeHold() }
          transport.didRead(count, buffer!.pointee.base)
        }
      })
    guard begun == 0, mayTell else { return }
    let readable = UInt32(UV_READABLE.rawValue)
    if status == 1 {
      clibuv_is_known(&handle.pointee.io_watcher, readable)
    } else if handle.pointee.io_watcher.events == 0 {
      // It is in the epoll: were libuv not told, it would try to add it, and fail, before it changes it.
      handle.pointee.io_watcher.events = readable
    }
  }

  /// libuv can't watch it.
  @inline(never) func unwatched(_ status: Status) {
    if let conn { conn._withUnsafeGuaranteedRef { $0.abort(status) } } else { letGo() }
  }

  func didRead(_ count: Int, _ data: UnsafeMutablePointer<CChar>?) {
    if inLoop({ $0.isForked }) { return }
    if count == Int(UV_ENOBUFS.rawValue) { return relay() }
    if conn == nil, count < 0 { return letGo() }  // all is read that would have made the kernel reset
    conn?._withUnsafeGuaranteedRef { conn in
      guard count > 0 else { return conn.ended(end(count, isSeen: data != nil)) }
      conn.received(UnsafeRawBufferPointer(start: data, count: count).bytes)
      inLoop { $0.hasCalled() }
      conn.flush()  // the answers to one read leave at once: the peer works on while this turn goes on
      conn.settle()
      if inLoop({ $0.hasReadEnough(conn.id, count) }) { rest(conn) }
    }
  }

  /// libuv takes a hang-up behind bytes for a good end, although it has not read one; the socket knows whether it was a reset. One
  /// that came behind the end it calls EPIPE: that changes nothing.
  @inline(never) func end(_ count: Int, isSeen: Bool) -> Status {
    guard count == Int(UV_EOF.rawValue) else { return .system(count) }
    let error = isSeen ? 0 : csystem_socket_error(fd)
    return error == -CInt(CSYSTEM_EPIPE) ? .ok : .of(error)
  }

  func rest(_ conn: Conn) {
    guard conn.mayRead else { return }
    uv_read_stop(stream)
    inLoop { $0.rest(conn.id) }
  }

  // MARK: Out

  override var isBusy: Bool { queue != nil }
  override var waiting: Int { queue == nil ? 0 : uv_stream_get_write_queue_size(stream) }

  override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    if conn.context.isForked { return }
    let sent = buffer.bytes.withUnsafeBytes { csystem_send(fd, $0.baseAddress, $0.count) }
    if sent == buffer.count { return buffer.removeAll() }
    guard sent >= 0 || csystem_would_block(sent) != 0 else {
      buffer.removeAll()
      return conn.abort(.system(sent))
    }
    buffer.dropFirst(max(0, sent))
    handOver(&buffer, conn)
  }

  override func writeNow(_ bytes: RawSpan, _ conn: Conn) -> Int {
    if conn.context.isForked { return 0 }
    let sent = bytes.withUnsafeBytes { csystem_send(fd, $0.baseAddress, $0.count) }
    if sent < 0, csystem_would_block(sent) == 0 { conn.abort(.system(sent)) }
    return max(0, sent)
  }

  override func relay(to other: Transport?) {
    let target = other as? TCPTransport
    guard more != nil || target != nil else { return }
    let more = needMore()
    more.target = target
    more.isRelaying = target != nil && target !== self
    tidy()
  }

  var queue: UnsafeMutablePointer<Queued>? {
    get { more?.queue }
    set {
      needMore().queue = newValue
      tidy()
    }
  }
  /// Where what comes goes inside the kernel; both let go of each other when either is closed.
  var target: TCPTransport? { more?.target }
  var isRelaying: Bool { more?.isRelaying ?? false }

  func needMore() -> More {
    if let more { return more }
    let made = More()
    more = made
    return made
  }
  func tidy() { if more?.queue == nil, more?.target == nil { more = nil } }

  /// The socket is full: libuv writes the rest when there is room.
  @inline(never) func handOver(_ buffer: inout ByteBuffer, _ conn: Conn) {
    let status = inLoop { $0.enlist(fd) }
    guard status >= 0 else { return unwatched(.system(status)) }
    guard let memory = malloc(MemoryLayout<Queued>.stride) else { return conn.abort(.noMemory) }
    let queued = memory.assumingMemoryBound(to: Queued.self)
    queued.initialize(to: Queued(bytes: buffer.take()))
    queue = queued
    inLoop { loop in
      loop.handedOver += 1
      loop.beginShield()
    }
    let request = memory.assumingMemoryBound(to: uv_write_t.self)  // the first field
    let answer = queued.pointee.bytes.bytes.withUnsafeBytes { bytes in
      var part = uv_buf_t(
        base: UnsafeMutableRawPointer(mutating: bytes.baseAddress!).assumingMemoryBound(to: CChar.self),
        len: bytes.count)
      return uv_write(request, stream, &part, 1) { request, status in
        Unmanaged<TCPTransport>.fromOpaque(request!.pointee.handle.pointee.data)._withUnsafeGuaranteedRef { transport in
          transport.inLoop { $0.takeHold() }
          transport.didWrite(status)
          transport.inLoop { $0.hasCalled() }
        }
      }
    }
    if answer != 0 { didWrite(answer) }
  }

  func didWrite(_ status: CInt) {
    if let queue {
      queue.deinitialize(count: 1)
      free(queue)
      inLoop { $0.handedOver -= 1 }
    }
    queue = nil
    conn?._withUnsafeGuaranteedRef { if status < 0 { $0.abort(.system(status)) } else { $0.drained() } }
  }

  // MARK: The rest

  override var canCloseWrite: Bool { true }
  override func closeWrite() -> Status {
    return .of(csystem_shutdown_write(fd))
  }

  override func close(_ status: Status) {
    relay(to: nil)
    guard uv_is_closing(base) == 0, let conn else { return close() }
    self.conn = nil
    conn._withUnsafeGuaranteedRef { conn in
      switch status {
      case .aborted, .timeout, .overflow, .noMemory:
        if !conn.isAborting { return closeGently(conn.context) }
        _ = csystem_reset_on_close(fd)
        close()
      case .ok where conn.hasReadAll: close()
      default: closeGently(conn.context)
      }
    }
  }

  override func refuse(_ context: Context) { closeGently(context) }

  /// Closed with something unread, the kernel would reset, and the peer might lose the end of what was sent.
  func closeGently(_ context: Context) {
    if csystem_unread(fd) > 0, inLoop({ $0.linger(self, context) }) { read() } else { close() }
  }

  /// The peer has ended, or has had its time.
  func letGo() {
    inLoop { $0.forget(self) }
    close()
  }

  func close() {
    guard uv_is_closing(base) == 0, !inLoop({ $0.isForked }) else { return }
    uv_close(base) { handle in Unmanaged<TCPTransport>.fromOpaque(handle!.pointee.data).release() }
  }

  override func peer(_ address: inout Address) -> Status {
    if inLoop({ $0.newcomer?.toOpaque() == Unmanaged.passUnretained(self).toOpaque() }) {
      address.socket = inLoop { $0.newcomerAddress }
      return .ok
    }
    return .of(csystem_peer(fd, &address.socket))
  }
  override func local(_ address: inout Address) -> Status {
    return .of(csystem_local(fd, &address.socket))
  }
  override var descriptor: CInt { conn == nil ? -1 : fd }
  override func setUrgentInline() { csystem_urgent_inline(fd) }
  override func setNoDelay(_ on: Bool) -> Status {
    return .of(csystem_no_delay(fd, on ? 1 : 0))
  }
  override func setKeepAlive(_ seconds: UInt32) -> Status {
    return .of(csystem_keep_alive(fd, seconds))
  }
}
