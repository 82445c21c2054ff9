import Bytes
import Wire

/// A rate: throttle.h, plait_rate.
public struct Rate {
  public let limit: UInt64
  public let burst: UInt64

  /// Nil where there is no limit. The burst is large enough for timers of some milliseconds not to lose any of the limit.
  public init?(limit: UInt64, burst: UInt64) {
    guard limit > 0 else { return nil }
    self.limit = limit
    self.burst = max(1, limit / 100, burst == 0 ? limit / 10 : burst)
  }
  public static var most: UInt64 { 1 << 40 }

  /// Of things that are counted one by one.
  init(exactly limit: UInt64, _ burst: UInt64) {
    self.limit = limit
    self.burst = max(1, burst)
  }
}

/// Tokens that come back by the time: exact, in thousandths.
struct Tokens {
  let rate: Rate
  var level: UInt64
  var last: UInt64

  init(_ rate: Rate, _ now: UInt64) {
    self.rate = rate
    level = rate.burst * 1000
    last = now
  }

  mutating func refill(_ now: UInt64) {
    guard now > last else { return }
    let (more, isHuge) = (now - last).multipliedReportingOverflow(by: rate.limit)
    last = now
    level = isHuge ? rate.burst * 1000 : min(rate.burst * 1000, level + min(more, rate.burst * 1000))
  }

  var whole: Int { Int(truncatingIfNeeded: level / 1000) }
  mutating func spend(_ count: Int) { level -= UInt64(truncatingIfNeeded: count) * 1000 }

  /// Milliseconds until there are so many.
  func wait(for count: Int) -> UInt64 {
    let wanted = min(UInt64(truncatingIfNeeded: max(1, count)), rate.burst) * 1000
    return wanted <= level ? 0 : (wanted - level + rate.limit - 1) / rate.limit
  }
}

/// A token bucket for one direction of one connection or of many. Who gets too little waits in line, and is served
/// when the timer, which is the bucket itself, rings.
final class Bucket: TimerEntry {
  var tokens: Tokens
  var line: [Flow] = []
  /// Who is next: those before were served.
  var next = 0
  var isServing = false
  /// How often somebody had to wait.
  var waits: UInt64 = 0

  init(_ rate: Rate, _ now: UInt64) {
    tokens = Tokens(rate, now)
    super.init()
  }

  var isAwaited: Bool { next < line.count }

  /// What somebody who comes now can have: nothing, if others wait.
  func available(_ now: UInt64) -> Int {
    guard !isAwaited else { return 0 }
    tokens.refill(now)
    return tokens.whole
  }

  /// Whatever stands in line.
  func rest(_ now: UInt64) -> Int {
    tokens.refill(now)
    return tokens.whole
  }

  func wait(_ flow: Flow, _ context: Context) {
    line.append(flow)
    if !isScheduled, !isServing { arm(context) }
  }

  /// Enough at a time for calls to be worth it: what comes back within a quarter of the burst's time.
  var portion: Int { max(1, Int(truncatingIfNeeded: min(tokens.rate.burst / 4, 1 << 20))) }

  func arm(_ context: Context) {
    guard isAwaited else { return }
    let wanted = line.count - next > 1 ? portion : min(portion, max(1, line[next].demand))
    if !context.schedule(self, after: max(1, tokens.wait(for: wanted))) { letGo(context) }
  }

  /// No memory for a timer: those who wait would wait for ever.
  func letGo(_ context: Context) {
    while let flow = pop() { context.conn(flow.conn)?.abort(.noMemory) }
  }

  func pop() -> Flow? {
    while next < line.count {
      let flow = line[next]
      next += 1
      if next == line.count || next >= 1024 {
        line.removeFirst(next)
        next = 0
      }
      if flow.isAlive { return flow }
    }
    return nil
  }

  override func fired(_ context: Context) {
    let now = context.now
    var left = line.count - next
    isServing = true
    while left > 0, let flow = pop() {
      // A fair share, and no crumbs: a full packet, unless the bucket itself is smaller.
      let share = min(max(min(1460, portion), rest(now) / left), max(1, flow.demand))
      guard tokens.whole >= share else {
        line.insert(flow, at: next)  // it stays the first
        break
      }
      left -= 1
      flow.isWaiting = false
      flow.granted(share, self, context)
    }
    isServing = false
    arm(context)
  }
}

/// One direction of one connection, and the buckets that it draws from.
final class Flow {
  let conn: UInt64
  private(set) var each: Bucket?
  private(set) var all: Bucket?
  let layer: Unmanaged<BandwidthLayer>  // not owned: it owns this, and ends it
  let isReading: Bool
  private(set) var isAlive = true
  var isWaiting = false
  /// What it was granted and has not used yet.
  var credit = 0

  /// Its connection is gone. It may still stand in a line, whose bucket it must not keep.
  func end() {
    isAlive = false
    each = nil
    all = nil
  }

  init(_ conn: Conn, _ layer: BandwidthLayer, isReading: Bool, _ each: Bucket?, _ all: Bucket?) {
    self.conn = conn.id
    self.layer = Unmanaged.passUnretained(layer)
    self.isReading = isReading
    self.each = each
    self.all = all
  }

  /// How much waits to be let through.
  var demand: Int {
    guard isAlive else { return 0 }
    let waiting = layer._withUnsafeGuaranteedRef { isReading ? $0.kept.count : $0.rest.count }
    return max(0, waiting - credit)
  }

  /// How many of so many bytes may pass now. If it is not all, it waits for the rest.
  func allow(_ wanted: Int, _ context: Context) -> Int {
    let now = context.now
    var allowed = wanted
    if let each { allowed = min(allowed, each.available(now)) }
    if let all { allowed = min(allowed, all.available(now)) }
    each?.tokens.spend(allowed)
    all?.tokens.spend(allowed)
    return allowed
  }

  /// Stands in line at the bucket that has less.
  func wait(_ context: Context) {
    guard isAlive, !isWaiting, demand > 0 else { return }
    let now = context.now
    let (own, common) = (each?.available(now) ?? .max, all?.available(now) ?? .max)
    guard let bucket = own < common ? each : all ?? each else { return }
    isWaiting = true
    bucket.waits += 1
    bucket.wait(self, context)
  }

  /// It is its turn at one of the buckets; the other has a say, too.
  func granted(_ share: Int, _ bucket: Bucket, _ context: Context) {
    guard let conn = context.conn(conn) else { return }
    let other = bucket === all ? each : all
    var allowed = min(share, demand)
    if let other { allowed = min(allowed, other.available(context.now)) }
    bucket.tokens.spend(allowed)
    other?.tokens.spend(allowed)
    credit += allowed
    layer.takeUnretainedValue().go(self, conn)
    wait(context)
  }
}
