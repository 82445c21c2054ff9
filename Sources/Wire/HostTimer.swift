import Bytes

/// A timer with a handle: what it does, a subclass says.
open class HostTimer: TimerEntry {
  public final private(set) var id: UInt64 = 0
  /// Milliseconds between two firings; 0: one only.
  final let every: UInt64

  public init(every: UInt64) { self.every = every }
  open func fire() {}

  public final func start(_ context: Context, after delay: UInt64) -> Status {
    guard !context.isEnding else { return .aborted }
    id = context.ids.insert(Unmanaged.passRetained(self).toOpaque(), Kind.timer)
    guard id != 0 else {
      Unmanaged.passUnretained(self).release()
      return .limit
    }
    guard context.schedule(self, after: delay) else {
      cancel(context)
      return .noMemory
    }
    return .ok
  }

  public final func cancel(_ context: Context) {
    context.timers.remove(self)
    guard let object = context.ids.remove(id) else { return }
    context.bury(Unmanaged<HostTimer>.fromOpaque(object).takeRetainedValue())
  }

  /// Fires at `due` instead; never in the past, so that it can't fire twice in a turn.
  public final func move(_ context: Context, to due: UInt64) -> Status {
    let now = context.environment.freshNow()
    return context.schedule(self, after: due > now ? due - now : 0) ? .ok : .noMemory
  }

  public final override func fired(_ context: Context) {
    if every == 0 {
      cancel(context)
    } else {
      let missed = (context.now - min(due, context.now)) / every
      let next = due + (missed + 1) * every
      if !context.schedule(self, after: next - min(next, context.now)) { cancel(context) }
    }
    fire()
  }
}
