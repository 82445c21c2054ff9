import Bytes

/// What has an id in a reactor's table, which owns it. It may ask for work at the turn's end.
open class Entity {
  /// A strong `let` is borrowed without a retain; the cycle ends with the id.
  public final let context: Context
  public internal(set) final var id: UInt64 = 0
  final var isListed = false

  public init(_ context: Context) { self.context = context }

  /// Enters the table; false when it is full or there is no memory.
  public final func register(_ kind: UInt64) -> Bool {
    id = context.ids.insert(Unmanaged.passRetained(self).toOpaque(), kind)
    if id == 0 { Unmanaged.passUnretained(self).release() }
    return id != 0
  }

  /// Enters the table for a while, and stays its owner's; who called this calls `leave` before the owner goes.
  @inline(__always) public final func enter(_ kind: UInt64) -> Bool {
    id = context.ids.insert(Unmanaged.passUnretained(self).toOpaque(), kind)
    return id != 0
  }

  /// The id is stale at once; the object lives on.
  @inline(__always) public final func leave() { _ = context.ids.remove(id) }

  /// Its id is stale at once, and it has another, with which it is in the table as before; 0 when that is full.
  @inline(__always) public final func renew(_ kind: UInt64) {
    context.hide()
    let next = context.ids.renew(id)
    if next != 0 { id = next } else { reenter(kind) }
  }
  @inline(never) final func reenter(_ kind: UInt64) {
    leave()
    _ = enter(kind)
  }

  /// What entered for a while stays: the table is its owner from now on.
  public final func settleIn() { _ = Unmanaged.passRetained(self) }

  /// Leaves the table: the id is stale at once, the memory goes at the turn's end, when no call
  /// can have the object in its hands any more.
  public final func unregister() {
    guard let object = context.ids.remove(id) else { return }
    context.bury(Unmanaged<Entity>.fromOpaque(object).takeRetainedValue())
  }

  /// Asks for `service` at the turn's end.
  @inline(__always) public final func list() { if !isListed { enlist() } }
  @inline(never) final func enlist() {
    isListed = true
    context.enlist(id)
  }

  /// What is due at the turn's end. Callbacks to the host are allowed.
  open func service() {}

  /// The reactor is being freed: end, and tell the host.
  open func abandon() {}

  /// Its `EntityTimer` has fallen due.
  open func timeIsUp() {}

  /// The host wants to end in good order: begin nothing new.
  open func drain() {}
}

/// A time limit of an entity's: tells it when it falls due, if it is still there. It goes by the id, so
/// that neither keeps the other.
public final class EntityTimer: TimerEntry {
  /// Whose it is; set before it is scheduled.
  public var id: UInt64 = 0

  public override func fired(_ context: Context) {
    guard let object = context.ids.find(id, Id.kind(id)) else { return }
    Unmanaged<Entity>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.timeIsUp() }
  }
}
