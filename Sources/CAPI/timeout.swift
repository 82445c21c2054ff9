import Bytes
import CPlait
import Policies
import Wire

/// Time limits that may ask the host.
final class HostTimeoutFactory: TimeoutFactory {
  let options: plait_timeout_options

  init(_ inner: Factory, _ limits: TimeLimits, _ options: plait_timeout_options) {
    self.options = options
    super.init(inner, limits)
  }

  override func expired(_ limit: TimeLimit, _ conn: Conn) -> Bool {
    guard let expired = options.expired else { return false }
    return expired(options.user, plait_conn(id: conn.id), limit.rawValue) != 0
  }
}

@_cdecl("plait_timeout_factory_new") @implementation
public func plait_timeout_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_timeout_options>?
) -> CInt {
  onFactory(factory) { inner in
    var wanted = plait_timeout_options()
    let status = readNeeded(options, &wanted)
    guard status == .ok else { return status }
    let known = UInt32(PLAIT_TIMEOUT_UNTIL_READY | PLAIT_TIMEOUT_RATE_ALWAYS)
    guard let idle = checkedTime(wanted.idle_ms), let handshake = checkedTime(wanted.handshake_ms),
      let absolute = checkedTime(wanted.absolute_ms), let rateTime = checkedTime(wanted.rate_ms),
      let grace = checkedTime(wanted.grace_ms), wanted.flags & ~known == 0
    else {
      return .invalid
    }
    guard idle != 0 || handshake != 0 || absolute != 0 || wanted.min_rate != 0 else { return .invalid }
    var limits = TimeLimits()
    limits.idle = idle
    limits.handshake = handshake
    limits.absolute = absolute
    limits.leastRate = wanted.min_rate
    if rateTime != 0 { limits.rateTime = rateTime }
    if grace != 0 { limits.grace = grace }
    limits.untilReady = wanted.flags & UInt32(PLAIT_TIMEOUT_UNTIL_READY) != 0
    limits.rateAlways = wanted.flags & UInt32(PLAIT_TIMEOUT_RATE_ALWAYS) != 0
    return addFactory(out, HostTimeoutFactory(inner, limits, wanted))
  }
}

/// Runs `body` on the conn's time limits: those nearest to the protocol.
func onTimeouts(_ conn: plait_conn, _ body: (Conn, TimeoutLayer) -> Status) -> Status {
  onConn(conn) { conn in
    guard let layer = TimeoutLayer.nearest(conn) else { return .unsupported }
    return body(conn, layer)
  }
}

@_cdecl("plait_timeout_set_ready") @implementation
public func plait_timeout_set_ready(_ conn: plait_conn) -> CInt {
  onTimeouts(conn) { _, limits in
    limits.setReady()
    return .ok
  }
}

@_cdecl("plait_timeout_set_idle") @implementation
public func plait_timeout_set_idle(
  _ conn: plait_conn, _ idle_ms: UInt64, _ former_ms: UnsafeMutablePointer<UInt64>?
) -> CInt {
  onTimeouts(conn) { conn, limits in
    guard let idle = checkedTime(idle_ms) else { return .invalid }
    guard !conn.isClosing else { return .closed }
    let former = limits.setIdle(idle, conn)
    former_ms?.pointee = former
    return .ok
  }
}

@_cdecl("plait_timeout_reset") @implementation
public func plait_timeout_reset(_ conn: plait_conn) -> CInt {
  onTimeouts(conn) { conn, limits in
    limits.reset(conn)
    return .ok
  }
}
