/// What a factory's connections add up to: factory.h, plait_factory_counters. Bytes are those of connections that have
/// ended; those of the others are looked up when somebody wants to know.
public struct FactoryCounters {
  public var open: UInt64 = 0
  public var total: UInt64 = 0
  public var refused: UInt64 = 0
  public var refusedWithin: UInt64 = 0
  /// Ended by this policy.
  public var closed: UInt64 = 0
  public var children: UInt64 = 0
  public var bytesIn: UInt64 = 0
  public var bytesOut: UInt64 = 0
  public init() {}
}

extension Factory {
  /// With what the open connections have moved so far; on the thread of the reactor that it serves.
  public func tally(_ context: Context?) -> FactoryCounters {
    var sum = counters
    context?.each(Kind.conn) { entity in
      // Sound: the table says that it is a conn.
      Unmanaged<Conn>.fromOpaque(Unmanaged.passUnretained(entity).toOpaque())._withUnsafeGuaranteedRef { conn in
        guard conn.isCounted(by: self) else { return }
        sum.bytesIn &+= conn.bytesIn
        sum.bytesOut &+= conn.bytesSent
      }
    }
    return sum
  }
}

extension Conn {
  /// This factory builds for it, further in than those before.
  func note(_ factory: Factory) {
    if let builder {
      builder._withUnsafeGuaranteedRef { if $0 !== factory { needExtras().builders.append(factory) } }
    } else {
      builder = Unmanaged.passRetained(factory)
    }
  }

  /// Runs `body` on each factory that built for it, the outermost first.
  func eachBuilder(_ body: (Factory) -> Void) {
    builder?._withUnsafeGuaranteedRef(body)
    if let extras { for factory in extras.builders { body(factory) } }
  }

  /// All of them have built, and none refused.
  func count() {
    eachBuilder { factory in
      factory.counters.open += 1
      factory.counters.total += 1
    }
  }

  /// Its bytes count for the factories of the conn that opened it, too.
  func count(asChildOf parent: Conn) {
    var elders: [Factory] = []
    parent.eachBuilder { elders.append($0) }
    if let extras = parent.extras { elders += extras.elders }
    for elder in elders { elder.counters.children += 1 }
    if !elders.isEmpty { needExtras().elders = elders }
  }

  /// It has ended.
  func countOut() {
    let sent = bytesSent
    eachBuilder { factory in
      factory.counters.open -= 1
      factory.counters.bytesIn &+= bytesIn
      factory.counters.bytesOut &+= sent
    }
    guard let extras else { return }
    for elder in extras.elders where !isBuilt(by: elder) {
      elder.counters.bytesIn &+= bytesIn
      elder.counters.bytesOut &+= sent
    }
  }

  func isBuilt(by factory: Factory) -> Bool {
    if let builder, builder._withUnsafeGuaranteedRef({ $0 === factory }) { return true }
    return extras?.builders.contains { $0 === factory } == true
  }

  func isCounted(by factory: Factory) -> Bool {
    !state.contains(.closed) && (isBuilt(by: factory) || extras?.elders.contains { $0 === factory } == true)
  }
}
