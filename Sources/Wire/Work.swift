import Bytes

/// Something that may block: a look at files, a digest. `run` is called on a thread of the environment's, `completed` on the
/// reactor's, once. Once it is cancelled, `run` may still be under way when `completed` comes: what `run` touches is its own, and
/// what has to be given back is given back in a subclass's `deinit`, which comes when neither needs it any more.
open class Work: Call {
  /// How many others were waiting for a thread or had one when it was begun.
  public final internal(set) var others = 0
  /// What the environment keeps for it.
  public final var keeper: AnyObject?
  /// Is it to run on this thread, at the turn's end?
  final var isDueHere = false

  /// Not on the reactor's thread. It touches nothing that the reactor's thread might touch meanwhile.
  open func run() {}

  /// Behind `run`, where that had a thread that is none of the host's: what is kept for the thread goes.
  open func leaveThread() {}

  /// On failure it never was: no completion.
  public final func begin() -> Status {
    guard !context.isEnding else { return .aborted }
    guard register(Kind.call) else { return .limit }
    others = context.environment.working
    let status = context.environment.take(self)
    if status != .ok { unregister() }
    return status
  }

  /// The environment has run it, inside a driving call.
  public final func ran() {
    keeper = nil
    if outcome == nil { endNow(Reason(.ok)) }
  }

  /// It runs at the turn's end: where there are no threads.
  public final func runHere() {
    isDueHere = true
    list()
  }

  open override func service() {
    if isDueHere {
      isDueHere = false
      if outcome == nil {
        run()
        return ran()
      }
    }
    super.service()
  }

  open override func giveUp() {
    context.environment.drop(self)
    keeper = nil
  }
}
