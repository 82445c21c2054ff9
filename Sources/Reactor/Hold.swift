import CLibuv
import CSystem
import Wire

/// What a host holds while its code runs, and lets go of while the loop waits: a lock.
public final class Hold {
  public typealias Begin = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  public typealias End = @convention(c) (UnsafeMutableRawPointer?) -> Void
  let begin: Begin
  let end: End
  let user: UnsafeMutableRawPointer?

  public init(_ begin: Begin, _ end: End, _ user: UnsafeMutableRawPointer?) {
    self.begin = begin
    self.end = end
    self.user = user
  }
}

extension Loop {
  /// The wait begins.
  func letGo() {
    guard let hold else { return }
    held = hold.begin(hold.user)
    hasLetGo = true
  }

  /// Something has happened that the host may hear of: for all that libuv calls.
  @inline(__always) func takeHold() { if hasLetGo { holdAgain() } }

  /// Is this a child of the process that the loop is of?
  var isForked: Bool { context?._withUnsafeGuaranteedRef { $0.isForked } ?? false }

  /// A callback has returned. In a child that comes back from one, what libuv has yet to write is the parent's to write.
  @inline(__always) func hasCalled() { if isForked { leaveToParent() } }

  @inline(never) func leaveToParent() {
    uv_walk(
      uv,
      { handle, _ in
        guard let handle, handle.pointee.type == UV_TCP else { return }
        let stream = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
        if uv_stream_get_write_queue_size(stream) > 0 { csystem_blind(stream.pointee.io_watcher.fd) }
      }, nil)
  }

  @inline(never) func holdAgain() {
    hasLetGo = false
    hold?.end(held)
  }
}
