import Bytes
import CSystem
import Wire

/// One descriptor for a host's own loop. libuv's wakes neither for timers nor for what was begun outside a
/// turn; an epoll over it, a timer and an event does.
final class ForeignLoop {
  var outer = csystem_outer(epoll: -1, timer: -1, event: -1)
  var inner: CInt = -1
  var isRaised = false
  var armed: UInt64 = .max
  var descriptor: CInt { outer.epoll }

  func open(_ inner: CInt) -> Status {
    self.inner = inner
    return .of(csystem_outer_open(&outer, inner))
  }

  func close() { csystem_outer_close(&outer) }

  func wake() {
    guard !isRaised else { return }
    isRaised = true
    csystem_outer_raise(&outer)
  }

  /// After a turn: readable at once if there is more to do, else when the next timer falls due.
  func settle(_ loop: Loop, _ context: Context) {
    let wait = loop.timeout(context)
    if wait == 0 || csystem_is_readable(inner) != 0 {  // raised again each time: the host may watch for edges
      isRaised = true
      csystem_outer_raise(&outer)
      return
    }
    if isRaised {
      isRaised = false
      csystem_outer_clear(&outer)
    }
    let due = context.timers.earliest.flatMap { loop.manualTime == nil ? $0 : nil } ?? .max
    if due != armed || wait > 0 {
      armed = due
      csystem_outer_arm(&outer, wait)
    }
  }
}
