import Bytes
import CLibuv
import CSystem
import Wire

/// Who a poller tells that its descriptor is ready.
protocol Polled: AnyObject {
  func ready(_ isReadable: Bool, _ isWritable: Bool)
  /// It can't be watched any more.
  func unwatched(_ status: Status)
}

/// Watches a descriptor, which stays its owner's. For what libuv's own streams can't do: accept by our rules,
/// connect without its choices, read pipes and UNIX sockets. libuv keeps it until it is closed.
final class Poller {
  let loop: Loop
  let fd: CInt
  let handle: UnsafeMutablePointer<uv_poll_t>
  var target: (any Polled)?  // cleared by `close`, which every owner calls
  var watched: CInt = 0
  var isStopped = false

  private init(_ loop: Loop, _ fd: CInt, _ handle: UnsafeMutablePointer<uv_poll_t>, _ target: any Polled) {
    self.loop = loop
    self.fd = fd
    self.handle = handle
    self.target = target
  }
  deinit { free(handle) }

  static func make(_ loop: Loop, _ fd: CInt, _ target: any Polled, _ fault: inout Status) -> Poller? {
    guard let memory = malloc(MemoryLayout<uv_poll_t>.size) else {
      fault = .noMemory
      return nil
    }
    let poller = Poller(loop, fd, memory.assumingMemoryBound(to: uv_poll_t.self), target)
    let status = uv_poll_init(loop.uv, poller.handle, fd)
    guard status == 0 else {
      fault = .system(status)
      poller.target = nil
      return nil
    }
    poller.handle.pointee.data = Unmanaged.passRetained(poller).toOpaque()
    return poller
  }

  func watch(readable: Bool, writable: Bool) {
    guard target != nil else { return }
    let wanted = (readable ? CInt(UV_READABLE.rawValue) : 0) | (writable ? CInt(UV_WRITABLE.rawValue) : 0)
    guard wanted != watched else { return }
    watched = wanted
    if wanted == 0 { uv_poll_stop(handle) } else { start() }
  }

  func start() {
    isStopped = false
    uv_poll_start(handle, watched) { handle, status, events in
      let poller = Unmanaged<Poller>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
      poller.loop.takeHold()
      if poller.loop.isForked { return }
      if status >= 0 {
        poller.target?.ready(events & CInt(UV_READABLE.rawValue) != 0, events & CInt(UV_WRITABLE.rawValue) != 0)
      } else {
        poller.failed()
      }
      poller.loop.hasCalled()
    }
    let status = loop.enlist(fd)
    guard status < 0 else { return }
    uv_poll_stop(handle)
    watched = 0
    target?.unwatched(.system(status))
  }

  /// libuv has stopped watching, because of an error: who reads or writes now finds which. There may be
  /// bytes in front of it, so it is watched again.
  func failed() {
    isStopped = true
    target?.ready(true, true)
    if isStopped, target != nil, watched != 0 { start() }
  }

  func close() {
    guard target != nil else { return }
    target = nil
    uv_close(Loop.handle(handle)) { handle in Unmanaged<Poller>.fromOpaque(handle!.pointee.data).release() }
  }
}
