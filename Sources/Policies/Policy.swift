import Bytes
import Wire

/// A factory around a factory: says no, or adds its layer and has the inner one build.
open class Policy: Factory {
  public final let inner: Factory

  public init(_ inner: Factory) {
    self.inner = inner
    super.init(user: inner.user)
    detour = inner.detour  // inner lives as long as this
  }

  open override func fault(_ role: Origin.Role) -> Reason? { inner.fault(role) }
  open override func bind(_ context: Context) -> Bool { inner.bind(context) && super.bind(context) }
  open override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { inner.make(conn, origin) }
}

/// A time of a layer's: tells it when it falls due, if its conn is still there.
final class LayerTimer: TimerEntry {
  let conn: UInt64
  let layer: Unmanaged<TimedLayer>  // not owned: it owns this, and ends it
  init(_ conn: Conn, _ layer: TimedLayer) {
    self.conn = conn.id
    self.layer = Unmanaged.passUnretained(layer)
  }
  override func fired(_ context: Context) {
    guard let conn = context.conn(conn) else { return }
    layer.takeUnretainedValue().timeIsUp(conn)
  }
}

/// A layer that waits for times.
public class TimedLayer: Layer {
  final var timer: LayerTimer?

  func timeIsUp(_ conn: Conn) {}

  /// Has `timeIsUp` called at that time, instead of whenever it was to be.
  final func arm(_ conn: Conn, at due: UInt64) {
    let timer = timer ?? LayerTimer(conn, self)
    self.timer = timer
    let now = conn.context.now
    if !conn.context.schedule(timer, after: due > now ? due - now : 0) { conn.abort(.noMemory) }
  }

  final func disarm(_ conn: Conn) { if let timer { conn.context.timers.remove(timer) } }

  public override func disconnected(_ conn: Conn, _ reason: Reason) { disarm(conn) }
}
