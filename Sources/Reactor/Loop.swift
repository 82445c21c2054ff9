import Bytes
import CLibuv
import CSystem
import Wire

/// The environment on libuv: what turns, tells the time and waits.
public final class Loop: Environment {
  let uv: UnsafeMutablePointer<uv_loop_t>
  let async: UnsafeMutablePointer<uv_async_t>  // wakes it from other threads; keeps it waiting when nothing else does
  let alarm: UnsafeMutablePointer<uv_timer_t>  // bounds one wait
  let memory: Environment  // for `memory:` endpoints
  /// What is read lands here first, whoever reads.
  let scratch: UnsafeMutableRawBufferPointer
  let turnBytes: Int
  var outer: ForeignLoop?
  /// Is asked first where services are; true: it answers, now or later.
  public var locator: ((ServiceLookup) -> Bool)?
  /// Who is reading, and how much it has read in this turn.
  var reader: UInt64 = 0
  var readerBytes = 0
  /// Conns that have read enough for this turn.
  var resting: [UInt64] = []
  var lingering: [Lingering] = []
  /// What is relayed from socket to socket goes by this pipe, if there is one.
  var pipe: (CInt, CInt) = (-1, -1)
  /// Writes that libuv has in hand: it may raise SIGPIPE.
  var handedOver = 0
  /// libuv takes a descriptor out of its epoll when it closes it. From 1.45 to 1.48 it does so later, through an io_uring, when
  /// the number may be another's already: then it alone adds any.
  let deletesAtOnce: Bool
  var shield = csystem_shield()
  var isShielded = false

  init(
    _ uv: UnsafeMutablePointer<uv_loop_t>, _ async: UnsafeMutablePointer<uv_async_t>,
    _ alarm: UnsafeMutablePointer<uv_timer_t>, _ scratch: UnsafeMutableRawPointer, _ memory: Environment,
    _ turnBytes: Int
  ) {
    self.uv = uv
    self.async = async
    self.alarm = alarm
    self.scratch = UnsafeMutableRawBufferPointer(start: scratch, count: Loop.scratchSize)
    self.memory = memory
    self.turnBytes = turnBytes
    let version = uv_version()
    deletesAtOnce = version < 1 << 16 | 45 << 8 || version >= 1 << 16 | 49 << 8
    super.init()
  }

  /// Nil when there are no descriptors or no memory: `fault` says why.
  public static func make(
    _ memory: Environment, turnBytes: Int, manualClock: Bool, fault: inout Status
  ) -> Loop? {
    let (first, second) = (malloc(MemoryLayout<uv_loop_t>.size), malloc(MemoryLayout<uv_async_t>.size))
    let (third, fourth) = (malloc(MemoryLayout<uv_timer_t>.size), aligned_alloc(64, Loop.scratchSize))
    guard let loop = first, let async = second, let alarm = third, let room = fourth else {
      free(first)
      free(second)
      free(third)
      free(fourth)
      fault = .noMemory
      return nil
    }
    let made = Loop(
      loop.assumingMemoryBound(to: uv_loop_t.self), async.assumingMemoryBound(to: uv_async_t.self),
      alarm.assumingMemoryBound(to: uv_timer_t.self), room, memory, turnBytes)
    let status = made.open()
    guard status == 0 else {
      fault = .system(status)
      return nil
    }
    if manualClock { made.manualTime = 0 }
    return made
  }

  func open() -> CInt {
    var status = uv_loop_init(uv)
    guard status == 0 else { return status }
    uv.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    status = enlist(uv.pointee.async_io_watcher.fd)
    if status >= 0 { status = enlist(uv.pointee.signal_io_watcher.fd) }
    if status >= 0 { status = uv_async_init(uv, async) { _ in } }
    guard status == 0 else {
      uv_loop_close(uv)
      return status
    }
    isShut = false
    return uv_timer_init(uv, alarm)
  }
  /// From a line of the cache on: the kernel copies slower to other places, up to a sixth.
  static var scratchSize: Int { 64 * 1024 }
  var isShut = true
  /// Who was just accepted, and where it connects from: a peer that has reset is nowhere any more.
  var newcomer: Unmanaged<TCPTransport>?
  var newcomerAddress = csystem_address()
  public var hold: Hold?
  var held: UnsafeMutableRawPointer?
  var hasLetGo = false

  deinit {
    free(uv)
    free(async)
    free(alarm)
    free(scratch.baseAddress)
  }

  public override func join(_ context: Context) {
    super.join(context)
    memory.join(context)
  }

  /// Wakes the loop; for any thread, with `waker` as the argument.
  public static var wakeUp: csystem_wake_fn { { uv_async_send($0!.assumingMemoryBound(to: uv_async_t.self)) } }
  public var waker: UnsafeMutableRawPointer { UnsafeMutableRawPointer(async) }

  public override func listen(
    _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening { openListener(endpoint, options, factory, context) }

  public override func canConnect(_ endpoint: Endpoint) -> Bool { true }

  public override func take(_ work: Work) -> Status {
    let status = Job.begin(self, work)
    wake()
    return status
  }
  public override func drop(_ work: Work) { (work.keeper as? Job)?.cancel() }
  public override var working: Int { jobs }
  /// How many are in libuv's pool.
  var jobs = 0

  public override func connect(_ endpoint: Endpoint, _ connect: Connect) -> Status { begin(endpoint, connect) }

  public override func resolve(_ host: Text, _ done: @escaping ([IP]) -> Void) -> Attempt? {
    defer { wake() }
    return HostLookup.begin(self, host, done)
  }

  // MARK: Time

  public override var now: UInt64 { manualTime ?? uv_now(uv) }

  public override func freshNow() -> UInt64 {
    if let manualTime { return manualTime }
    if let context, !context._withUnsafeGuaranteedRef({ $0.isDriving }) { uv_update_time(uv) }
    return uv_now(uv)
  }

  /// How long it may wait: until the next timer; not at all when there is work; -1: as long as it likes.
  func patience(_ context: Context) -> Int64 {
    if context.hasWork || !resting.isEmpty { return 0 }
    guard manualTime == nil, let due = context.timers.earliest else { return -1 }
    let now = uv_now(uv)
    return due > now ? Int64(min(due - now, 1 << 31)) : 0
  }

  /// The same for a host's own loop, which does not know what libuv has yet to register.
  public func timeout(_ context: Context) -> Int64 {
    uv_update_time(uv)
    return uv_backend_timeout(uv) == 0 ? 0 : patience(context)
  }

  // MARK: Turns

  /// One turn, inside a driving call: waits at most `limit` milliseconds, -1 without limit. One that is `alone` does not
  /// wait when something has happened already.
  public func turn(_ limit: Int64, alone: Bool, _ context: Context) {
    uv_update_time(uv)
    reader = 0
    if !resting.isEmpty { wakeRested(context) }
    context.runTimers()
    context.settle()
    if context.isForked { return }
    let patience = patience(context)
    let isEnough = alone ? context.didWork : !context.isAlive  // nothing that is left would end the wait
    let wait = isEnough ? 0 : limit < 0 ? patience : patience < 0 ? limit : min(limit, patience)
    if wait > 0 {
      // It may fire before the poll, when time has passed since: the poll must not begin to wait then.
      uv_timer_start(alarm, { uv_stop($0!.pointee.loop) }, UInt64(wait), 0)
    }
    if handedOver > 0 { beginShield() }
    if wait != 0 || !alone { letGo() }  // a run that never waits has to let others in, too
    uv_run(uv, wait == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE)
    takeHold()
    if wait > 0 { uv_timer_stop(alarm) }
    context.settle()
    if isShielded { endShield() }
    context.runTimers()
  }

  /// Turns until it is stopped (0), or nothing is left to wait for (1).
  public func run(_ context: Context) -> Status {
    while true {
      let isLast = csystem_signalled(context.index) != 0 && csystem_record_take_stop(context.index) != 0
      if !isLast, !context.isAlive { return 1 }
      turn(isLast ? 0 : -1, alone: false, context)
      context.settle()
      if context.isForked { return .ok }  // the driving call says so
      if isLast || (csystem_signalled(context.index) != 0 && csystem_record_take_stop(context.index) != 0) {
        return .ok
      }
    }
  }

  /// Has this conn read enough for this turn? Then the others have theirs first.
  @inline(__always) func hasReadEnough(_ conn: UInt64, _ count: Int) -> Bool {
    if reader != conn {
      reader = conn
      readerBytes = 0
    }
    readerBytes &+= count
    return readerBytes >= turnBytes
  }

  func rest(_ conn: UInt64) { resting.append(conn) }

  func wakeRested(_ context: Context) {
    var rested: [UInt64] = []
    swap(&rested, &resting)
    for id in rested {
      guard let object = context.ids.find(id, Kind.conn) else { continue }
      Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef { if $0.mayRead { $0.transport.setReading(true) } }
    }
  }

  // MARK: SIGPIPE

  /// Until the turn's end a dead peer's signal can't reach the host.
  func beginShield() {
    guard !isShielded else { return }
    isShielded = true
    csystem_shield_begin(&shield)
  }

  func endShield() {
    isShielded = false
    csystem_shield_end(&shield)
  }

  // MARK: The host's own loop

  public override func wake() { if !isForked { outer?.wake() } }
  public override func droveOn() {
    if isShielded { endShield() }
    if isForked { return }
    if let outer, let context { context._withUnsafeGuaranteedRef { outer.settle(self, $0) } }
  }

  /// The one descriptor that is readable whenever a turn is due.
  public func descriptor(_ context: Context, _ fd: inout CInt) -> Status {
    if outer == nil {
      let made = ForeignLoop()
      let status = made.open(epoll)
      guard status == .ok else { return status }
      outer = made
      made.settle(self, context)
    }
    fd = outer?.descriptor ?? -1
    return .ok
  }

  // MARK: Descriptors

  /// libuv ends the process when its epoll refuses a descriptor, as it does when there is no memory or the user's watches are used
  /// up (`fs.epoll.max_user_watches`). So it is added here first, whenever libuv is about to; what is there already is never refused.
  /// Tells whether it is new there (1), or why it can't be.
  func enlist(_ fd: CInt, readable: Bool = false) -> CInt { csystem_enlist(epoll, fd, readable ? 1 : 0) }
  var epoll: CInt { uv_backend_fd(uv) }

  // MARK: The end

  /// Everything else is closed: lets go of what libuv still holds.
  public func shut() {
    guard !isShut else { return }
    isShut = true
    for entry in lingering { entry.transport.letGo() }
    outer?.close()
    closePipe()
    uv_close(Loop.handle(async), nil)
    uv_close(Loop.handle(alarm), nil)
    beginShield()
    while uv_loop_close(uv) != 0 { uv_run(uv, UV_RUN_ONCE) }
    endShield()
  }

  static func handle<T>(_ special: UnsafeMutablePointer<T>) -> UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(special).assumingMemoryBound(to: uv_handle_t.self)
  }
}
