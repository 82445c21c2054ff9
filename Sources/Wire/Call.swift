import Bytes

/// An asynchronous call: it ends in exactly one completion, never before the function that began it
/// has returned, on cancellation and at the reactor's end too.
open class Call: Entity {
  public final private(set) var outcome: Reason?

  /// The completion, told to the host.
  open func completed(_ reason: Reason) {}
  /// Gives up what is under way.
  open func giveUp() {}

  /// The call is over: the completion comes at the turn's end.
  public final func end(_ reason: Reason) {
    guard outcome == nil else { return }
    outcome = reason
    list()
  }

  public final func cancel() {
    guard outcome == nil else { return }
    giveUp()
    end(Reason(.cancelled))
  }

  /// The call is over, inside a driving call: the completion comes now.
  public final func endNow(_ reason: Reason) {
    end(reason)
    service()
  }

  open override func service() {
    guard let outcome, context.ids.names(id) else { return }
    completed(outcome)
    unregister()
  }

  open override func abandon() { cancel() }
}

/// Waits for all conns to end by themselves, for a limited time.
open class Drain: Call {
  final let limit: DrainTimer
  public override init(_ context: Context) {
    limit = DrainTimer()
    super.init(context)
  }

  /// Closes listeners, stops connectors; false when there is no memory for the timer.
  public final func begin(limit time: UInt64) -> Bool {
    limit.drain = id
    guard context.schedule(limit, after: 0) else { return false }
    limit.deadline = limit.due &+ time
    var slot: UInt32 = 0
    while slot < context.ids.count {
      let id = context.ids.id(at: slot)
      if Id.kind(id) == Kind.listener || Id.kind(id) == Kind.connector, let object = context.ids.find(id, Id.kind(id)) {
        Unmanaged<Entity>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.drain() }
      }
      slot += 1
    }
    return true
  }

  final func check() {
    if context.conns == 0 { return endNow(Reason(.ok)) }
    if context.now < limit.deadline {
      if !context.schedule(limit, after: min(50, limit.deadline - context.now)) { endNow(Reason(.noMemory)) }
      return
    }
    context.eachConn { $0.abort(.aborted) }
    end(Reason(.timeout))
  }

  open override func giveUp() { context.timers.remove(limit) }
}

final class DrainTimer: TimerEntry {
  var drain: UInt64 = 0
  var deadline: UInt64 = 0
  override func fired(_ context: Context) {
    guard let object = context.ids.find(drain, Kind.call) else { return }
    Unmanaged<Drain>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.check() }
  }
}
