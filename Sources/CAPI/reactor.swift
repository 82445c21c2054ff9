import Bytes
import CPlait
import CSystem
import Loopback
import Reactor
import Wire

/// What a reactor's handle names: its context, and the loop if it has one.
final class ReactorBox {
  let context: Context
  let loop: Loop?
  /// What `tls:` endpoints share that say nothing about certificates: a configuration of TLS.
  var plainTLS: AnyObject?
  init(_ context: Context, _ loop: Loop?) { (self.context, self.loop) = (context, loop) }
}

/// Log messages on their way to the host.
final class HostLog: Log {
  let function: plait_log_fn
  let user: UnsafeMutableRawPointer?
  init(_ function: plait_log_fn, _ user: UnsafeMutableRawPointer?, _ level: CInt) {
    self.function = function
    self.user = user
    super.init(level: level)
  }

  override func write(_ level: LogLevel, _ subsystem: StaticString, _ message: StaticString, _ status: Status) {
    guard status != .ok else { return function(user, level.rawValue, text(subsystem), text(message)) }
    var line = ByteBuffer()
    let parts = [text(message), text(": "), CPlait.plait_strerror(status)]
    for part in parts {
      guard let part else { continue }
      let bytes = UnsafeRawBufferPointer(start: part, count: strlen(part)).bytes
      if !line.append(bytes, limit: 1024) { return }
    }
    show(level, subsystem, &line)
  }

  override func write(_ level: LogLevel, _ subsystem: StaticString, _ words: RawSpan) {
    var line = ByteBuffer()
    if line.append(words, limit: mostBytes) { show(level, subsystem, &line) }
  }
}

extension HostLog {
  func show(_ level: LogLevel, _ subsystem: StaticString, _ line: inout ByteBuffer) {
    guard line.reserve(1, limit: mostBytes) else { return }
    line.put(UInt8(0))
    line.bytes.withUnsafeBytes {
      function(user, level.rawValue, text(subsystem), $0.baseAddress?.assumingMemoryBound(to: CChar.self))
    }
  }
}

func log(_ level: CInt, _ function: plait_log_fn?, _ user: UnsafeMutableRawPointer?) -> Log? {
  guard let function, level > 0 else { return nil }
  return HostLog(function, user, level)
}

@_cdecl("plait_reactor_new") @implementation
public func plait_reactor_new(
  _ out: UnsafeMutablePointer<plait_reactor>?, _ options: UnsafePointer<plait_reactor_options>?
) -> CInt {
  var wanted = plait_reactor_options()
  let status = read(options, &wanted)
  guard status == .ok else { return status }
  let known = UInt32(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK | PLAIT_REACTOR_BY_HAND)
  guard let out, wanted.flags & ~known == 0, wanted.log_level <= UInt32(PLAIT_LOG_DEBUG) else { return .invalid }
  let isByHand = wanted.flags & UInt32(PLAIT_REACTOR_BY_HAND) != 0
  guard !isByHand || wanted.flags & UInt32(PLAIT_REACTOR_WITHOUT_LOOP) != 0 else { return .invalid }
  guard (wanted.before_wait == nil) == (wanted.after_wait == nil) else { return .invalid }
  let memory = isByHand ? HandEnvironment() : MemoryEnvironment()
  var loop: Loop?
  var fault = Status.ok
  let isManual = wanted.flags & UInt32(PLAIT_REACTOR_MANUAL_CLOCK) != 0
  if wanted.flags & UInt32(PLAIT_REACTOR_WITHOUT_LOOP) == 0 {
    let budget = wanted.turn_bytes == 0 ? 1 << 20 : Int(truncatingIfNeeded: wanted.turn_bytes)
    loop = Loop.make(memory, turnBytes: budget, manualClock: isManual, fault: &fault)
    guard loop != nil else { return fault }
    if let begin = wanted.before_wait, let end = wanted.after_wait {
      loop?.hold = Hold(begin, end, wanted.wait_user)
    }
  }
  let seed = isManual || loop == nil ? max(wanted.seed, 1) : csystem_random()
  guard let context = Context.make(loop ?? memory, seed: seed) else {
    loop?.shut()
    return .limit
  }
  let box = Unmanaged.passRetained(ReactorBox(context, loop))
  let id = context.ids.insert(box.toOpaque(), Kind.reactor)
  guard id != 0 else {
    box.release()
    loop?.shut()
    return .noMemory
  }
  context.open(id, wake: loop == nil ? nil : Loop.wakeUp, argument: loop?.waker)
  context.log = log(CInt(truncatingIfNeeded: wanted.log_level), wanted.log, wanted.log_user)
  out.pointee.id = id
  return .ok
}

@_cdecl("plait_reactor_free") @implementation
public func plait_reactor_free(_ reactor: plait_reactor) -> CInt {
  // What is borrowed below dies here: it needs an owner that outlives the borrow.
  guard let object = csystem_context(Id.reactor(reactor.id)) else { return notOwned(reactor.id) }
  let kept = Unmanaged<Context>.fromOpaque(object).takeUnretainedValue()
  defer { withExtendedLifetime(kept) {} }
  return drive(reactor.id, Kind.reactor) { context in
    guard let object = context.ids.find(reactor.id, Kind.reactor) else { return .stale }
    let box = Unmanaged<ReactorBox>.fromOpaque(object).takeUnretainedValue()
    context.abandonAll()
    box.loop?.shut()
    context.environment.leave()
    if let object = context.ids.remove(reactor.id) { Unmanaged<ReactorBox>.fromOpaque(object).release() }
    return .ok
  }
}

@_cdecl("plait_reactor_run") @implementation
public func plait_reactor_run(_ reactor: plait_reactor) -> CInt {
  drive(reactor.id, Kind.reactor) { context in
    onReactor(reactor) { context, box in box.loop.map { $0.run(context) } ?? .unsupported }
  }
}

@_cdecl("plait_reactor_poll") @implementation
public func plait_reactor_poll(_ reactor: plait_reactor, _ timeout_ms: Int64) -> CInt {
  drive(reactor.id, Kind.reactor) { context in
    onReactor(reactor) { context, box in
      if let loop = box.loop { loop.turn(timeout_ms, alone: true, context) } else { context.runTimers() }
      return .ok
    }
  }
}

/// What the records answer to another thread.
func answered(_ answer: CInt, _ id: UInt64) -> Status {
  switch answer {
  case 1: .ok
  case 2: .forked
  case 3: .reentrant
  case 0: Id.kind(id) == Kind.reactor ? .stale : missedShared(id)
  default: .noMemory
  }
}

@_cdecl("plait_reactor_stop") @implementation
public func plait_reactor_stop(_ reactor: plait_reactor) -> CInt {
  answered(csystem_record_stop(Id.reactor(reactor.id), reactor.id), reactor.id)
}

@_cdecl("plait_reactor_post") @implementation
public func plait_reactor_post(_ reactor: plait_reactor, _ function: plait_post_fn?, _ user: UnsafeMutableRawPointer?)
  -> CInt
{
  guard let function else { return .invalid }
  return answered(csystem_record_post(Id.reactor(reactor.id), reactor.id, function, user), reactor.id)
}

@_cdecl("plait_reactor_adopt") @implementation
public func plait_reactor_adopt(_ reactor: plait_reactor) -> CInt {
  answered(csystem_record_adopt(Id.reactor(reactor.id), reactor.id), reactor.id)
}

final class HostDrain: Drain {
  let done: plait_drain_fn?
  let user: UnsafeMutableRawPointer?
  init(_ context: Context, _ done: plait_drain_fn?, _ user: UnsafeMutableRawPointer?) {
    self.done = done
    self.user = user
    super.init(context)
  }

  override func completed(_ reason: Reason) {
    reason.export { done?(user, plait_call(id: id), &$0) }
  }
}

@_cdecl("plait_reactor_drain") @implementation
public func plait_reactor_drain(
  _ reactor: plait_reactor, _ limit_ms: UInt64, _ done: plait_drain_fn?, _ user: UnsafeMutableRawPointer?,
  _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  onReactor(reactor) { context, _ in
    guard let limit = checkedTime(limit_ms) else { return .invalid }
    let drain = HostDrain(context, done, user)
    let status = drain.begin(limit: limit == 0 ? 30_000 : limit)
    if status == .ok { call?.pointee.id = drain.id }
    return status
  }
}

@_cdecl("plait_reactor_fd") @implementation
public func plait_reactor_fd(_ reactor: plait_reactor, _ fd: UnsafeMutablePointer<CInt>?) -> CInt {
  onReactor(reactor) { context, box in
    guard let fd else { return .invalid }
    return box.loop.map { $0.descriptor(context, &fd.pointee) } ?? .unsupported
  }
}

@_cdecl("plait_reactor_timeout") @implementation
public func plait_reactor_timeout(_ reactor: plait_reactor, _ timeout_ms: UnsafeMutablePointer<Int64>?) -> CInt {
  onReactor(reactor) { context, box in
    guard let timeout_ms else { return .invalid }
    timeout_ms.pointee = box.loop.map { $0.timeout(context) } ?? (context.hasWork ? 0 : -1)
    return .ok
  }
}

@_cdecl("plait_reactor_now") @implementation
public func plait_reactor_now(_ reactor: plait_reactor, _ now_ms: UnsafeMutablePointer<UInt64>?) -> CInt {
  onReactor(reactor) { context, _ in
    guard let now_ms else { return .invalid }
    now_ms.pointee = context.environment.freshNow()
    return .ok
  }
}

@_cdecl("plait_reactor_advance") @implementation
public func plait_reactor_advance(_ reactor: plait_reactor, _ ms: UInt64) -> CInt {
  let status = onReactor(reactor) { context, _ in context.isDriving ? .reentrant : context.canAdvance(ms) }
  return status == .ok ? drive(reactor.id, Kind.reactor) { $0.advance(ms) } : status
}

@_cdecl("plait_reactor_set_log") @implementation
public func plait_reactor_set_log(
  _ reactor: plait_reactor, _ level: CInt, _ function: plait_log_fn?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  onReactor(reactor) { context, _ in
    guard level >= 0, level <= CInt(PLAIT_LOG_DEBUG) else { return .invalid }
    context.log = log(level, function, user)
    return .ok
  }
}
