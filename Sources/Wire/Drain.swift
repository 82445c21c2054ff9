import Bytes

/// Waits for all conns to end by themselves, for a limited time.
open class Drain: Call {
  final let limit = EntityTimer()

  /// Closes listeners and stops connectors. On failure the call never was.
  public final func begin(limit time: UInt64) -> Status {
    guard !context.isEnding else { return .aborted }
    guard register(Kind.call) else { return .limit }
    limit.id = id
    guard context.schedule(limit, after: time) else {
      unregister()
      return .noMemory
    }
    context.drains.append(id)
    context.each(Kind.listener) { $0.drain() }
    context.each(Kind.connector) { $0.drain() }
    list()
    return .ok
  }

  public final override func timeIsUp() {
    context.each(Kind.conn) { ($0 as? Conn)?.abort(.aborted) }
    end(Reason(.timeout))
  }

  open override func service() {
    if outcome == nil, context.conns == 0 { end(Reason(.ok)) }
    guard outcome != nil else { return }
    context.timers.remove(limit)
    context.drains.removeAll { $0 == id }
    super.service()
  }
}
