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

  @inline(never) func holdAgain() {
    hasLetGo = false
    hold?.end(held)
  }
}
