import Bytes
import CLibuv
import CSystem
import Wire

/// A listening socket of any family.
final class SocketListener: Listener, Polled {
  let loop: Loop
  let fd: CInt
  let isUnix: Bool
  /// TCP_NODELAY was set here: those that are accepted have it, too. On a descriptor of the host's it is not for us to set.
  let hasNoDelay: Bool
  var poller: Poller?
  /// Runs while accepting rests, twice as long each time.
  let backoff = EntityTimer()
  var nextPause = shortestPause
  /// Why it could not begin.
  var refusal = Status.ok
  static var shortestPause: UInt64 { 100 }
  static var longestPause: UInt64 { 5000 }
  /// The socket's file, if it is ours to remove, and what it was when we made it.
  var path: Text?
  var device: UInt64 = 0
  var inode: UInt64 = 0

  init(_ loop: Loop, _ fd: CInt, isUnix: Bool, hasNoDelay: Bool = false, _ factory: Factory, _ context: Context) {
    self.loop = loop
    self.fd = fd
    self.isUnix = isUnix
    self.hasNoDelay = hasNoDelay
    super.init(context, factory)
  }

  /// Begins to accept; false when that is impossible: the descriptor is the caller's then.
  func begin(_ fault: inout Status) -> Bool {
    poller = Poller.make(loop, fd, self, &fault)
    setAccepting(true)
    guard refusal != .ok else { return poller != nil }
    fault = refusal
    poller?.close()
    poller = nil
    return false
  }

  func unwatched(_ status: Status) { if id == 0 { refusal = status } else { rest(status) } }

  override func setAccepting(_ accepting: Bool) {
    poller?.watch(readable: accepting && !backoff.isScheduled, writable: false)
    loop.wake()
  }

  func ready(_ isReadable: Bool, _ isWritable: Bool) {
    var left = 64  // a turn's share; what is left wakes the next
    while left > 0, !isPaused, poller != nil, !loop.isForked {
      left -= 1
      let accepted = csystem_accept(fd, &loop.newcomerAddress)
      if accepted >= 0 {
        nextPause = SocketListener.shortestPause
        open(accepted)
      } else if csystem_would_block(Int(accepted)) != 0 {
        return
      } else if csystem_is_peers_fault(Int(accepted)) == 0 {
        return rest(.system(accepted))
      }
    }
  }

  func open(_ accepted: CInt) {
    var fault = Status.ok
    let stream = isUnix ? nil : TCPTransport.adopt(loop, accepted, hasNoDelay: hasNoDelay, &fault)
    loop.newcomer = stream.map { Unmanaged.passUnretained($0) }
    defer { loop.newcomer = nil }
    let transport: Transport? = isUnix ? PollTransport.adopt(loop, accepted, isSocket: true, &fault) : stream
    guard let transport else {
      _ = csystem_close(accepted)
      return context.log(.warning, "listener", "a connection could not be taken", fault)
    }
    switch open(transport) {
    case .failed(let status):
      if status == .refused { transport.refuse(context) } else { transport.close(.ok) }
      if status != .refused { context.log(.warning, "listener", "a connection could not be taken", status) }
    case .conn(let conn):
      transport.attach(conn)
      conn.keepPeer()
      conn.start()
    }
  }

  /// Out of descriptors, as a rule: peers wait in the backlog for a while.
  func rest(_ why: Status) {
    backoff.id = id
    poller?.watch(readable: false, writable: false)
    context.log(.warning, "listener", "accepting rests", why)
    if !context.schedule(backoff, after: nextPause) { setAccepting(true) }
    nextPause = min(nextPause * 2, SocketListener.longestPause)
  }

  override func timeIsUp() { if !isPaused { setAccepting(true) } }

  override func local(_ address: inout Address) -> Status {
    return .of(csystem_local(fd, &address.socket))
  }

  override func shut() {
    guard let poller else { return }
    self.poller = nil
    context.timers.remove(backoff)
    poller.close()
    _ = csystem_close(fd)
    removeFile()
    loop.wake()
  }

  func removeFile() {
    guard let path else { return }
    var device: UInt64 = 0
    var inode: UInt64 = 0
    guard csystem_path_identity(path.pointer, &device, &inode) == 0, device == self.device, inode == self.inode else {
      return
    }
    _ = csystem_unlink(path.pointer)
  }
}
