import Bytes
import CSystem

/// What all parts of a reactor share: the id table, the timers, the block under delivery, spare
/// buffers, and the list of what has work at the turn's end. One thread owns it.
public final class Context {
  public var ids: IdTable
  public var timers = TimerHeap()
  public var table: FrameTable
  public var pool: BufferPool
  /// The most bytes that a conn's protocol holds; other than this in tests alone, which have no gibibyte to spare.
  public var mostHeld = mostBytes
  public var delivery = Delivery()
  public var random: Random
  public let environment: Environment
  public let index: UInt32
  /// Speaks for conns whose factory has not built yet. One a reactor: a shared one would be written to by every thread that names it.
  let nobody = Protocol(tag: 0)
  /// The reactor's handle.
  public internal(set) var id: UInt64 = 0
  /// Is a driving call under way? Callbacks run only then.
  public internal(set) var isDriving = false {
    didSet { csystem_record_drive(index, isDriving ? 1 : 0) }
  }
  /// Has something happened in this driving call?
  public internal(set) var didWork = false
  /// A factory is building, in or outside of a driving call; it may be a host that decides.
  var building = 0
  /// The user of the factory that was asked last to build.
  var userOfBuilt: UnsafeMutableRawPointer?
  /// How many connections were refused so far.
  var refusals = 0
  /// Is the reactor being freed? Nothing new may begin.
  public internal(set) var isEnding = false
  public var log: Log?
  var listed: [UInt64] = []  // whole ids: a slot may have a new owner by then
  var work: [UInt64] = []
  var graves: [AnyObject] = []
  /// How many conns there are.
  var conns = 0
  /// The calls that wait for all conns to end.
  var drains: [UInt64] = []

  /// Nil when there is no record or no memory.
  public static func make(_ environment: Environment, seed: UInt64) -> Context? {
    guard let table = FrameTable(), let pool = BufferPool() else { return nil }
    let index = csystem_record_take()
    guard index > 0 else { return nil }
    return Context(UInt32(index), table, pool, environment, seed)
  }

  init(
    _ index: UInt32, _ table: consuming FrameTable, _ pool: consuming BufferPool, _ environment: Environment,
    _ seed: UInt64
  ) {
    self.index = index
    self.table = table
    self.pool = pool
    self.environment = environment
    random = Random(seed: seed)
    ids = IdTable(reactor: index, generation: csystem_record_generation(index))
    environment.join(self)
  }

  deinit { csystem_record_free(index, UInt32(truncatingIfNeeded: ids.newestGeneration)) }

  /// Gives the reactor its handle, and other threads the way to wake it.
  public func open(_ id: UInt64, wake: csystem_wake_fn?, argument: UnsafeMutableRawPointer?) {
    self.id = id
    csystem_record_set(index, Unmanaged.passUnretained(self).toOpaque(), id, wake, argument)
  }

  public var now: UInt64 { environment.now }

  /// The delivery of a conn's messages begins: what the host's callbacks do to it, finds it without the id table.
  @inline(__always) public func beginDelivery(_ conn: Conn) {
    delivery.conn = conn.id
    let speaker = Unmanaged.passUnretained(conn).toOpaque()
    csystem_record_speak(index, conn.id, speaker, conn.spoken.toOpaque(), UInt32(conn.tag))
  }

  /// ...and is over. The conn can't have ended meanwhile: that comes between callbacks.
  @inline(__always) public func endDelivery() {
    delivery.conn = 0
    csystem_record_speak(index, 0, nil, nil, 0)
  }

  /// A request is under the host's eyes: what a callback does to it finds it without the id table, until it has another id.
  @inline(__always) public func show(_ box: Entity) {
    csystem_record_show(index, box.id, Unmanaged.passUnretained(box).toOpaque())
  }
  @inline(__always) public func hide() { csystem_record_show(index, 0, nil) }

  // MARK: Turns

  /// Runs `body` as a driving call, with what was due before it settled first.
  public func drive(_ body: () -> Status) -> Status {
    guard !isDriving, building == 0 else { return .reentrant }
    isDriving = true
    didWork = false
    settle()
    let status = body()
    settle()
    isDriving = false
    environment.droveOn()
    return isForked ? .forked : status
  }

  /// Posts run, and what was written, resumed and closed takes effect.
  public func settle() {
    if csystem_signalled(index) != 0, csystem_record_run_posts(index) > 0 { didWork = true }
    if !listed.isEmpty { didWork = true }
    endTurn()
  }

  /// Is there work that could not wait for an event?
  public var hasWork: Bool {
    !listed.isEmpty || (csystem_signalled(index) != 0 && csystem_record_has_posts(index) != 0)
  }

  /// Is there anything that a loop should wait for? (The reactor itself has an id too.)
  public var isAlive: Bool { ids.alive > 1 || hasWork }

  /// Has the process been forked, by a callback, and is this the child? Then the driving call ends, and touches nothing more.
  public var isForked: Bool { csystem_forked(index) != 0 }

  /// Everything listed is serviced, with no engine open. Two ends in memory can give each other work
  /// for ever, so after some rounds the rest waits for the next turn.
  public func endTurn() {
    var rounds = 0
    while !listed.isEmpty, rounds < 64 {
      swap(&work, &listed)
      for id in work { service(id) }
      work.removeAll(keepingCapacity: true)
      rounds += 1
    }
    if !graves.isEmpty { emptyGraves() }
  }

  /// What dies may run a host's `release`, which may end more: so the array is taken out first.
  func emptyGraves() {
    var dead: [AnyObject] = []
    swap(&dead, &graves)
    dead.removeAll(keepingCapacity: true)
    if graves.isEmpty { swap(&dead, &graves) }
  }

  func service(_ id: UInt64) {
    guard Id.kind(id) != Kind.timer, !isForked, let object = ids.find(id, Id.kind(id)) else { return }
    Unmanaged<Entity>.fromOpaque(object)._withUnsafeGuaranteedRef { entity in
      guard entity.isListed else { return }
      entity.isListed = false
      entity.service()
    }
  }

  @inline(never) func enlist(_ id: UInt64) {
    listed.append(id)
    if !isDriving { environment.wake() }
  }

  /// Takes back what was listed last; false: it was not the last.
  @inline(__always) func unlist(_ id: UInt64) -> Bool {
    guard listed.last == id else { return false }
    listed.removeLast()
    return true
  }

  public func bury(_ object: AnyObject) {
    graves.append(object)
    if !isDriving { environment.wake() }
  }

  // MARK: Timers

  /// Schedules an entry so many milliseconds from now.
  public func schedule(_ entry: TimerEntry, after delay: UInt64) -> Bool {
    guard timers.schedule(entry, at: environment.freshNow() &+ delay) else { return false }
    if !isDriving { environment.wake() }
    return true
  }

  /// Runs what is due; what is scheduled meanwhile waits for the next turn.
  public func runTimers() {
    let limit = timers.order
    let now = environment.now
    while !isForked, let entry = timers.pop(dueBy: now, before: limit) {
      didWork = true
      entry.fired(self)
    }
  }

  /// Moves a manual clock on: what falls due runs at its own time, and its effects settle before the next.
  public func advance(_ time: UInt64) -> Status {
    let status = canAdvance(time)
    guard status == .ok, let start = environment.manualTime else { return status }
    let target = start + time
    var turns = 0
    while !isForked, let due = timers.earliest, due <= target, turns < 100_000 {
      environment.manualTime = max(due, environment.manualTime ?? due)
      runTimers()
      settle()
      turns += 1  // timers that start each other without a delay would keep it here for ever
    }
    environment.manualTime = target
    return .ok
  }

  public func canAdvance(_ time: UInt64) -> Status {
    guard let start = environment.manualTime else { return .unsupported }
    return time <= Context.longest && start + time <= Context.longest ? .ok : .invalid
  }

  /// The longest time that can be asked for, in milliseconds.
  @inline(__always) public static var longest: UInt64 { 1 << 62 }

  // MARK: The end

  /// The conn with this id, if it is still there.
  public func conn(_ id: UInt64) -> Conn? {
    guard let object = ids.find(id, Kind.conn) else { return nil }
    return Unmanaged<Conn>.fromOpaque(object).takeUnretainedValue()
  }

  /// Runs `body` on everything of a kind.
  func each(_ kind: UInt64, _ body: (Entity) -> Void) {
    var slot: UInt32 = 0
    while slot < ids.count {
      if let object = ids.find(ids.id(at: slot), kind) {
        body(Unmanaged<Entity>.fromOpaque(object).takeUnretainedValue())
      }
      slot += 1
    }
  }

  /// The last conn has ended: whoever waits for that looks again.
  func connEnded() {
    conns -= 1
    guard conns == 0 else { return }
    for id in drains {
      if let object = ids.find(id, Kind.call) {
        Unmanaged<Entity>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.list() }
      }
    }
  }

  /// Is this the handle of a reactor that lives?
  static func lives(_ reactor: UInt64) -> Bool { csystem_record_lives(reactor, Id.reactor(reactor)) != 0 }

  /// Ends everything in the table, and tells the host.
  public func abandonAll() {
    isEnding = true
    csystem_record_end(index)
    _ = csystem_record_run_posts(index)
    var slot: UInt32 = 0
    while slot < ids.count {
      abandon(ids.id(at: slot))
      slot += 1
    }
    while !listed.isEmpty || !graves.isEmpty { endTurn() }
  }

  func abandon(_ id: UInt64) {
    guard let object = ids.find(id, Id.kind(id)) else { return }
    switch Id.kind(id) {
    case Kind.reactor: return
    case Kind.timer: Unmanaged<HostTimer>.fromOpaque(object).takeUnretainedValue().cancel(self)
    default: Unmanaged<Entity>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.abandon() }
    }
  }

  public func log(_ level: LogLevel, _ subsystem: StaticString, _ text: StaticString, _ status: Status = 0) {
    if let log, level.rawValue <= log.level { log.write(level, subsystem, text, status) }
  }
}
