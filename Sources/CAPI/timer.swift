import Bytes
import CPlait
import Wire

/// A timer that calls the host.
final class CallbackTimer: HostTimer {
  let function: plait_timer_fn
  let user: UnsafeMutableRawPointer?
  init(_ function: plait_timer_fn, _ user: UnsafeMutableRawPointer?, every: UInt64) {
    self.function = function
    self.user = user
    super.init(every: every)
  }
  override func fire() { function(user, plait_timer(id: id)) }
}

func onTimer(_ timer: plait_timer, _ body: (Context, HostTimer) -> Status) -> Status {
  onObject(timer.id, Kind.timer, body)
}

@_cdecl("plait_timer_start") @implementation
public func plait_timer_start(
  _ reactor: plait_reactor, _ delay_ms: UInt64, _ repeat_ms: UInt64, _ function: plait_timer_fn?,
  _ user: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<plait_timer>?
) -> CInt {
  onReactor(reactor) { context, _ in
    guard let function, let delay = checkedTime(delay_ms), let every = checkedTime(repeat_ms) else { return .invalid }
    let timer = CallbackTimer(function, user, every: every)
    let status = timer.start(context, after: delay)
    if status == .ok { out?.pointee.id = timer.id }
    return status
  }
}

@_cdecl("plait_timer_cancel") @implementation
public func plait_timer_cancel(_ timer: plait_timer) -> CInt {
  onTimer(timer) { context, timer in
    timer.cancel(context)
    return .ok
  }
}

@_cdecl("plait_timer_reset") @implementation
public func plait_timer_reset(_ timer: plait_timer, _ delay_ms: UInt64) -> CInt {
  onTimer(timer) { context, timer in
    guard let delay = checkedTime(delay_ms) else { return .invalid }
    return timer.move(context, to: context.environment.freshNow() + delay)
  }
}

@_cdecl("plait_timer_delay") @implementation
public func plait_timer_delay(_ timer: plait_timer, _ more_ms: Int64) -> CInt {
  onTimer(timer) { context, timer in
    let more = more_ms.magnitude
    guard more_ms < 0 || (more <= Context.longest && timer.due + more <= Context.longest) else { return .invalid }
    return timer.move(context, to: more_ms < 0 ? timer.due - min(timer.due, more) : timer.due + more)
  }
}

@_cdecl("plait_timer_get_due") @implementation
public func plait_timer_get_due(_ timer: plait_timer, _ due_ms: UnsafeMutablePointer<UInt64>?) -> CInt {
  onTimer(timer) { _, timer in
    guard let due_ms else { return .invalid }
    due_ms.pointee = timer.due
    return .ok
  }
}
