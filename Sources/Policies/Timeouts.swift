import Bytes
import Wire

/// The limits of timeout.h, plait_timeout_options; 0: none.
public struct TimeLimits {
  public var idle: UInt64 = 0
  public var handshake: UInt64 = 0
  public var absolute: UInt64 = 0
  /// Bytes a second, over `rateTime` milliseconds.
  public var leastRate: UInt64 = 0
  public var rateTime: UInt64 = 10_000
  /// For what was written to leave, when the time is up.
  public var grace: UInt64 = 5000
  /// The host says when the handshake is over.
  public var untilReady = false
  /// The least rate holds between messages, too.
  public var rateAlways = false
  public init() {}
}

/// PLAIT_TIMEOUT_ of timeout.h.
public enum TimeLimit: Int32 {
  case idle = 1, handshake = 2, absolute = 3, rate = 4

  var text: StaticString {
    switch self {
    case .idle: "nothing came and nothing left for too long"
    case .handshake: "the peer said nothing useful in time"
    case .absolute: "the connection has lasted as long as it may"
    case .rate: "the peer sends too slowly"
    }
  }
}

/// Puts time limits around a factory's connections.
open class TimeoutFactory: Policy {
  public final let limits: TimeLimits

  public init(_ inner: Factory, _ limits: TimeLimits) {
    self.limits = limits
    super.init(inner)
  }

  open override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    conn.add(TimeoutLayer(self, conn))
    return inner.make(conn, origin)
  }

  /// The place for last words. True: the connection goes on.
  open func expired(_ limit: TimeLimit, _ conn: Conn) -> Bool { false }
}

/// When something happened last: a conversation's, of all its connections together.
final class Activity {
  var last: UInt64
  init(_ now: UInt64) { last = now }
}

/// Watches one connection. A read or a flush only notes the time; the timer is moved when it rings.
public final class TimeoutLayer: TimedLayer {
  let factory: TimeoutFactory
  let activity: Activity
  /// Of the conn that opened this one: what happens here is life there.
  let parent: Activity?
  var idle: UInt64
  /// When the absolute limit passes, and the handshake's; 0: never.
  var end: UInt64
  var handshakeEnd: UInt64
  var leastRate: UInt64
  /// How much was sent when that was looked at.
  var seenSent: UInt64 = 0
  /// What was passed on since the protocol was told of the connection.
  var passed = 0
  var owing = Owing()
  var isEnding = false

  /// The time over which the peer is measured: it owes the rest of a message.
  struct Owing {
    var isRunning = false
    var start: UInt64 = 0
    var bytes: UInt64 = 0
    var rests: UInt32 = 0
  }

  init(_ factory: TimeoutFactory, _ conn: Conn) {
    let now = conn.context.now
    let limits = factory.limits
    self.factory = factory
    activity = Activity(now)
    parent = nil
    idle = limits.idle
    leastRate = limits.leastRate
    end = limits.absolute == 0 ? 0 : now + limits.absolute
    handshakeEnd = limits.handshake == 0 ? 0 : now + limits.handshake
    super.init()
  }

  /// For a conn that the other's protocol opens: it need not say anything, but it must not rest, nor outlast the other.
  init(childOf other: TimeoutLayer, _ conn: Conn) {
    factory = other.factory
    activity = Activity(conn.context.now)
    parent = other.activity
    idle = other.idle
    leastRate = 0
    end = other.end
    handshakeEnd = 0
    super.init()
  }

  public override func inherited(by child: Conn) { child.add(TimeoutLayer(childOf: self, child)) }

  func touch(_ conn: Conn) {
    let now = conn.context.now
    activity.last = now
    parent?.last = now
  }

  // MARK: What happens

  public override func connected(_ conn: Conn, _ place: Int) {
    let now = conn.context.now
    touch(conn)
    let limits = factory.limits
    if end != 0, parent == nil { end = now + limits.absolute }
    if handshakeEnd != 0 { handshakeEnd = now + limits.handshake }
    if leastRate > 0, limits.rateAlways { begin(now, conn) }
    rearm(conn)
    conn.passConnected(above: place)
  }

  public override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    touch(conn)
    conn.pass(bytes, above: place)
    if handshakeEnd != 0 || leastRate != 0 { weigh(bytes.byteCount, conn) }
  }

  public override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
    if !block.isEmpty { touch(conn) }
  }
  public override func drained(_ conn: Conn) { touch(conn) }

  /// Did the peer bring a message to its end, or begin one?
  func weigh(_ count: Int, _ conn: Conn) {
    guard !conn.isClosing, !conn.isUntold else { return }
    let held = conn.held
    passed &+= count
    if handshakeEnd != 0, !factory.limits.untilReady, held < passed { handshakeEnd = 0 }
    guard leastRate != 0, !factory.limits.rateAlways else { return }
    if held == 0 || conn.isPaused {
      owing.isRunning = false
    } else if !owing.isRunning {
      let now = conn.context.now
      begin(now, conn)
      owing.bytes &-= UInt64(truncatingIfNeeded: held)
      let due = now + factory.limits.rateTime
      if timer?.isScheduled != true || due < timer?.due ?? 0 { arm(conn, at: due) }
    }
  }

  func begin(_ now: UInt64, _ conn: Conn) {
    owing = Owing(isRunning: true, start: now, bytes: conn.bytesIn, rests: conn.rests)
  }

  // MARK: The time

  /// Waits for the limit that passes first.
  func rearm(_ conn: Conn) {
    var due = UInt64.max
    if idle > 0 { due = activity.last + idle }
    if handshakeEnd > 0 { due = min(due, handshakeEnd) }
    if end > 0 { due = min(due, end) }
    if owing.isRunning { due = min(due, owing.start + factory.limits.rateTime) }
    if due == .max { disarm(conn) } else { arm(conn, at: due) }
  }

  override func timeIsUp(_ conn: Conn) {
    if isEnding { return conn.abort(.timeout) }
    guard !conn.isClosing else { return }
    let now = conn.context.now
    if let limit = limitPassed(now, conn) { expire(limit, now, conn) }
    if !conn.isClosing, !isEnding { rearm(conn) }
  }

  func limitPassed(_ now: UInt64, _ conn: Conn) -> TimeLimit? {
    if end != 0, now >= end { return .absolute }
    if handshakeEnd != 0, now >= handshakeEnd { return .handshake }
    if isTooSlow(now, conn) { return .rate }
    return isIdle(now, conn) ? .idle : nil
  }

  func isIdle(_ now: UInt64, _ conn: Conn) -> Bool {
    guard idle > 0, now >= activity.last + idle else { return false }
    guard conn.waiting > 0 else { return true }
    // The peer takes what the kernel has of it, without a flush.
    let before = max(seenSent, conn.bytesSentAtFlush)
    seenSent = conn.bytesSent
    guard seenSent > before else { return true }
    touch(conn)
    return false
  }

  func isTooSlow(_ now: UInt64, _ conn: Conn) -> Bool {
    let time = factory.limits.rateTime
    guard owing.isRunning, now >= owing.start + time else { return false }
    let (came, rests) = (conn.bytesIn &- owing.bytes, owing.rests)
    begin(now, conn)
    guard conn.mayRead, rests == conn.rests else { return false }
    let (wanted, isHuge) = leastRate.multipliedReportingOverflow(by: time)
    return isHuge || came < wanted / 1000
  }

  func expire(_ limit: TimeLimit, _ now: UInt64, _ conn: Conn) {
    let isStuck = conn.waiting > 0
    let goesOn = factory.expired(limit, conn)
    guard !conn.isClosing else { return }
    if goesOn {
      switch limit {
      case .idle: touch(conn)
      case .handshake: handshakeEnd = 0
      case .absolute: end = 0
      case .rate: begin(now, conn)
      }
      return
    }
    factory.counters.closed += 1
    isEnding = true
    let reason = Reason(.timeout, code: limit.rawValue, text: limit.text)
    if isStuck { return conn.abort(reason) }
    conn.close(reason)
    arm(conn, at: now + factory.limits.grace)
  }

  // MARK: What the host says

  /// The time limits that stand nearest to the protocol.
  public static func nearest(_ conn: Conn) -> TimeoutLayer? {
    conn.lastLayer { $0 is TimeoutLayer } as? TimeoutLayer
  }

  public func setReady() { handshakeEnd = 0 }
  public func reset(_ conn: Conn) { touch(conn) }
  /// Answers the former limit.
  public func setIdle(_ time: UInt64, _ conn: Conn) -> UInt64 {
    let former = idle
    idle = time
    touch(conn)
    if !isEnding { rearm(conn) }
    return former
  }
}
