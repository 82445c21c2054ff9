import Bytes

/// An asynchronous call: it ends in exactly one completion, never before the function that began it
/// has returned, on cancellation and at the reactor's end too.
open class Call: Entity {
  public final private(set) var outcome: Reason?
  /// How it ends is settled, though the completion has still to come.
  final var isDecided = false

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
    guard outcome == nil, !isDecided else { return }
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
