import Bytes

/// One conversation: an id, a transport, layers and a protocol. The id table owns it; it owns the
/// rest, outermost first. Going back, the conn is passed as a parameter.
public final class Conn: Entity {
  public struct State: OptionSet {
    public let rawValue: UInt32
    @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inline(__always) public static var paused: State { State(rawValue: 1) }  // by the host
    @inline(__always) public static var closing: State { State(rawValue: 2) }  // nothing is delivered or written now
    @inline(__always) public static var closed: State { State(rawValue: 4) }  // disconnected was called
    @inline(__always) public static var fresh: State { State(rawValue: 8) }  // connected was not called yet
    @inline(__always) public static var resumed: State { State(rawValue: 16) }  // what is held may be delivered
    @inline(__always) public static var switched: State { State(rawValue: 32) }  // the mode changed under delivery
    @inline(__always) public static var replaced: State { State(rawValue: 64) }  // a protocol waits for what is held
    @inline(__always) public static var ended: State { State(rawValue: 128) }  // the peer will send no more
    @inline(__always) public static var toldEnd: State { State(rawValue: 256) }  // ...and the protocol lives with it
    @inline(__always) public static var halfClosing: State { State(rawValue: 512) }  // nothing is written any more
    @inline(__always) public static var halfClosed: State { State(rawValue: 1024) }  // ...and the peer was told
    @inline(__always) public static var writePaused: State { State(rawValue: 2048) }  // above the high-water mark
    @inline(__always) public static var ownUser: State { State(rawValue: 4096) }  // the host has set a user
    @inline(__always) public static var aborting: State { State(rawValue: 8192) }  // nothing is waited for
    @inline(__always) public static var untold: State { State(rawValue: 16384) }  // a layer keeps `connected` back
    @inline(__always) public static var restrained: State { State(rawValue: 32768) }  // a layer wants no reading
    @inline(__always) static var upgrading: State { State(rawValue: 65536) }  // a layer is to be put in
    @inline(__always) static var accepted: State { State(rawValue: 131072) }  // the other side came to this one
    @inline(__always) static var dialled: State { State(rawValue: 262144) }  // this side went to the other one
    @inline(__always) static var special: State { State(rawValue: 524288) }  // the extras hold more than a keepsake
    @inline(__always) public static var silent: State {
      [.paused, .closing, .closed, .fresh, .replaced, .untold, .upgrading]
    }
    @inline(__always) static var deaf: State { [.paused, .closing, .closed, .fresh, .restrained, .upgrading] }
    @inline(__always) public static var reframe: State {
      [.paused, .closing, .closed, .switched, .replaced, .upgrading]
    }
    /// What the turn's end may have to look at.
    @inline(__always) static var notable: State {
      [
        .closing, .closed, .fresh, .resumed, .replaced, .ended, .halfClosing, .halfClosed, .writePaused, .aborting,
        .untold,
        .restrained, .upgrading, .special,
      ]
    }
    @inline(__always) static var over: State { [.closing, .closed] }
    @inline(__always) static var mute: State { [.closing, .closed, .halfClosing] }
    @inline(__always) static var unusual: State { [.closing, .closed, .fresh, .replaced, .upgrading] }
  }

  public final internal(set) var state: State = .fresh
  /// How the conversation ends.
  final var status: Status = .ok
  /// How often reading was made to rest, by whomever. (Here, because there is room for four bytes.)
  public final internal(set) var rests: UInt32 = 0
  public final var user: UnsafeMutableRawPointer?
  final var out = ByteBuffer()
  final var spoken: Unmanaged<Protocol>  // owned; as a class property it would be retained at every load
  final var layers: [Layer] = [] {
    didSet { stack = layers.map { Unmanaged.passUnretained($0) } }
  }
  /// The same for what runs with each read and flush: an element of `layers` would be retained for each call.
  final var stack: [Unmanaged<Layer>] = []
  final var builder: Unmanaged<Factory>?  // owned; the outermost, and for most the only one: the rest is in the extras
  public final let transport: Transport
  /// Whom this side connected to, if that has a host's name.
  public final let peerName: Text?
  /// What few conns need.
  final var extras: Extras?
  public final internal(set) var bytesIn: UInt64 = 0
  final var bytesOut: UInt64 = 0  // with what the transport still keeps

  /// A conn in the context's table, whose `start` is still due; or why there is none.
  @inline(never) public static func open(
    _ context: Context, _ transport: Transport, _ factory: Factory, _ origin: Origin
  ) -> Opening {
    guard factory.bind(context) else { return .failed(.bound) }
    guard !context.isEnding else { return .failed(.aborted) }
    let conn = Conn(context, transport, factory.user, origin)
    guard conn.register(Kind.conn) else { return .failed(.limit) }
    context.conns += 1
    if let parent = origin.parent { conn.inherit(from: parent) }
    context.building += 1
    let built = factory.make(conn, origin)
    context.building -= 1
    guard let built else {
      conn.discard()
      return .failed(.refused)
    }
    conn.spoken.release()
    conn.spoken = Unmanaged.passRetained(built)
    conn.takeUser()
    conn.count()
    if let parent = origin.parent { conn.count(asChildOf: parent) }
    return .conn(conn)
  }

  /// It was refused: nobody but its layers has ever heard of it.
  func discard() {
    state.insert([.closing, .closed])
    tellLayers(Reason(.refused))
    unregister()
    context.connEnded()
  }

  /// It was built, and is not wanted after all.
  public func retract() {
    countOut()
    discard()
  }

  func tellLayers(_ reason: Reason) {
    for layer in layers { layer.disconnected(self, reason) }
    if let extras { for layer in extras.attendants { layer.disconnected(self, reason) } }
  }

  /// Adds a layer above those that are there, for a conn that is being built.
  public func add(_ layer: Layer) { layers.append(layer) }

  /// Adds one that hears of the end and of children alone: no byte comes by it, so that it costs none anything.
  public func attend(_ layer: Layer) { needExtras().attendants.append(layer) }

  public enum Opening {
    case conn(Conn)
    case failed(Status)
  }

  init(_ context: Context, _ transport: Transport, _ user: UnsafeMutableRawPointer?, _ origin: Origin) {
    self.transport = transport
    self.user = user
    if origin.role == .connected, let endpoint = origin.endpoint {
      peerName = endpoint.socks.last?.host ?? (endpoint.kind == .tcp ? endpoint.identity : nil)
    } else {
      peerName = nil
    }
    if origin.role == .accepted { state.insert(.accepted) } else if origin.role == .connected { state.insert(.dialled) }
    spoken = Unmanaged.passRetained(context.nobody)
    super.init(context)
  }

  deinit {
    spoken.release()
    builder?.release()
  }

  public override func service() { serve() }
  /// The peer did not take what was written before a close.
  public override func timeIsUp() { abort(.timeout) }

  public override func abandon() {
    abort(.aborted)
    lost(Reason(status))
  }

  // MARK: Questions

  /// How it came to be.
  public final var role: Origin.Role {
    state.contains(.accepted) ? .accepted : state.contains(.dialled) ? .connected : .attached
  }
  /// May something be delivered to the protocol now?
  @inline(__always) public final var isReading: Bool { state.isDisjoint(with: .silent) }
  /// May the transport read now?
  @inline(__always) public final var mayRead: Bool { state.isDisjoint(with: .deaf) }
  /// Has the peer said that it will send no more?
  public final var hasEnded: Bool { state.contains(.ended) || extras?.isAtEnd == true }
  /// Is it known that the transport has nothing more to read?
  public final var hasReadAll: Bool { state.contains(.ended) && layers.isEmpty }
  /// Has the protocol not heard `connected` yet?
  public final var isUntold: Bool { !state.isDisjoint(with: [.fresh, .untold]) }
  @inline(__always) public final var isPaused: Bool { state.contains(.paused) }
  /// Did the host do something that what is left of the block has to wait for?
  @inline(__always) public final var mustReframe: Bool { !state.isDisjoint(with: .reframe) }
  @inline(__always) public final var isClosing: Bool { !state.isDisjoint(with: .over) }
  @inline(__always) public final var tag: UInt8 { spoken._withUnsafeGuaranteedRef { $0.tag } }
  /// The protocol's.
  public final var mark: UInt32 {
    @inline(__always) get { spoken._withUnsafeGuaranteedRef { $0.mark } }
    @inline(__always) set { spoken._withUnsafeGuaranteedRef { $0.mark = newValue } }
  }
  /// Does another protocol take over?
  public final var isReplaced: Bool { state.contains(.replaced) }
  /// Written, and not yet taken by the kernel or the host.
  public final var waiting: Int { out.count + waitingBelow }
  final var waitingBelow: Int {
    var total = transport.waiting
    for layer in stack { total += layer._withUnsafeGuaranteedRef { $0.waiting } }
    if let upgrade = extras?.upgrade { total += upgrade.before.count }
    return total
  }
  /// The same when the last flush was done, for a conn with layers.
  public final var bytesSentAtFlush: UInt64 { extras?.sentAtFlush ?? 0 }
  /// Taken by the kernel or the host.
  public final var bytesSent: UInt64 { bytesOut - UInt64(transport.waiting) }
  public final var held: Int { spoken._withUnsafeGuaranteedRef { $0.held(self) } }

  /// The mode changed: what is left of the block under delivery is framed anew.
  public final var hasSwitched: Bool {
    @inline(__always) get { state.contains(.switched) }
    @inline(__always) set { if newValue { state.insert(.switched) } else { state.remove(.switched) } }
  }

  /// Runs `body` on the protocol if it is of the final class with that tag; without a cast's retain.
  @inline(__always) public final func speaking<P: Protocol>(_ wanted: UInt8, _ body: (P) -> Status) -> Status {
    guard tag == wanted else { return .type }
    // Sound: a tag is unique to one final class, and the conn keeps its protocol for the call.
    return Unmanaged<P>.fromOpaque(UnsafeRawPointer(spoken.toOpaque()))._withUnsafeGuaranteedRef(body)
  }

  // MARK: Up

  /// The conversation begins: layers and protocol hear it, and the transport reads. The creator calls it inside a driving
  /// call, or lists the conn.
  @inline(never) public final func start() {
    guard state.contains(.fresh), !isClosing else { return }
    state.remove(.fresh)
    state.insert(.untold)
    context.log(.debug, "conn", "connected")
    passConnected(above: -1)
    if mayRead { transport.setReading(true) }
  }

  public final func passConnected(above place: Int) {
    guard !isClosing else { return }
    if place + 1 < layers.count { return layers[place + 1].connected(self, place + 1) }
    guard state.contains(.untold) else { return }
    state.remove(.untold)
    spoken._withUnsafeGuaranteedRef { $0.connected(self) }
    if let told = extras?.takeTold() { told(nil) }
    if hasEnded { list() }
  }

  /// Bytes from the transport.
  @inline(__always) public final func received(_ bytes: RawSpan) {
    if !state.isDisjoint(with: .unusual) {
      catchUp()
      if isClosing, !isWaitedFor { return }
    }
    bytesIn &+= UInt64(truncatingIfNeeded: bytes.byteCount)
    if state.contains(.upgrading) { return keepEarly(bytes) }
    if layers.isEmpty {
      spoken._withUnsafeGuaranteedRef { $0.received(bytes, self) }
    } else {
      stack[0]._withUnsafeGuaranteedRef { $0.received(bytes, self, 0) }
    }
  }

  public final func pass(_ bytes: RawSpan, above place: Int) {
    if isClosing, !isWaitedFor { return }
    if place + 1 < stack.count {
      return stack[place + 1]._withUnsafeGuaranteedRef { $0.received(bytes, self, place + 1) }
    }
    if state.contains(.replaced) { finishReplacing() }
    if !isClosing { spoken._withUnsafeGuaranteedRef { $0.received(bytes, self) } }
  }

  /// What has to come before a delivery.
  @inline(never) final func catchUp() {
    start()
    if state.contains(.replaced) { finishReplacing() }
    if state.contains(.upgrading) { upgrade() }
  }

  /// Does it close, and a layer needs the peer's bytes for that?
  final var isWaitedFor: Bool {
    @inline(never) get {
      state.isDisjoint(with: [.closed, .aborting]) && (state.contains(.upgrading) || layers.contains { $0.isBusy })
    }
  }

  /// The transport got its peer's end (`ok`), or was lost.
  public final func ended(_ why: Status) {
    guard !state.contains(.closed), !hasEnded else { return }
    if why != .ok { return lost(Reason(status == .ok ? why : status)) }
    if !layers.isEmpty || state.contains(.upgrading) { needExtras().isAtEnd = true }
    if !state.contains(.upgrading) { passEnd(above: -1) }
  }

  public final func passEnd(above place: Int) {
    if place + 1 < layers.count { return layers[place + 1].ended(self, place + 1) }
    state.insert(.ended)
    list()
  }

  /// Where the host can still write, the protocol says whether it wants to.
  final func handleEnd() {
    guard isReading, !state.contains(.toldEnd) else { return }
    state.insert(.toldEnd)
    let goesOn = spoken._withUnsafeGuaranteedRef { $0.readClosed(self) }
    if !goesOn || state.contains(.halfClosed) { close(.ok) }
  }

  /// The other end is gone: this one ends now, with a reason of its own if it was closing already.
  public final func cutOff(_ why: Status) { lost(isClosing ? extras?.reason ?? Reason(status) : Reason(why)) }

  /// The conversation is over. Nothing of this conn runs after `disconnected`.
  public final func lost(_ reason: Reason) {
    guard !state.contains(.closed) else { return }
    state.insert(.closing)
    transport.ending(reason)
    if state.contains(.fresh) {  // what a host makes in `connected` it frees in `disconnected`
      state.remove(.fresh)
      spoken._withUnsafeGuaranteedRef { $0.connected(self) }
    }
    if state.contains(.replaced) { finishReplacing() }
    state.insert(.closed)
    if let extras { context.timers.remove(extras.limit) }
    countOut()
    tellLayers(reason)
    extras?.upgrade?.layer.disconnected(self, reason)
    let isUntold = state.contains(.untold)
    spoken._withUnsafeGuaranteedRef { isUntold ? $0.left(self, reason) : $0.disconnected(self, reason) }
    context.log(.debug, "conn", "disconnected", reason.status)
    unregister()
    context.connEnded()
    transport.close(reason.status)
    if let told = extras?.takeTold() { told(reason) }
    if let onEnd = extras?.onEnd { onEnd(reason) }
  }
}

/// What few conns need: limits of their own, the time limit of a close, a reason in words, what a protocol that was
/// replaced leaves, and what layers need.
final class Extras {
  var limits = Limits()
  let limit = EntityTimer()
  var reason: Reason?
  var former: Protocol?
  /// How many layers stand below those that came with the protocol that follows.
  var formerLayers = 0
  /// Layers that no byte comes by.
  var attendants: [Layer] = []
  /// The factories that built for it behind the outermost one, and those of the conn that opened it.
  var builders: [Factory] = []
  var elders: [Factory] = []
  /// Open files that came and go, where the protocol wants them.
  var descriptors: Descriptors?
  /// A layer that is to be put in.
  var upgrade: Upgrade?
  /// What the protocol points at. (Many conns have one; nothing else of them is special for it.)
  var keepsake: AnyObject?
  /// Who waits for `connected`: called with nil, or with the reason for which it never came.
  var onTold: ((Reason?) -> Void)?
  var onEnd: ((Reason) -> Void)?
  /// The transport has reached its end; the layers say when the protocol has.
  var isAtEnd = false
  /// A layer has something to send.
  var needsFlush = false
  /// How much had left when a flush was done.
  var sentAtFlush: UInt64 = 0
  /// So many layers, from the top, were told that everything is written.
  var toldClosing = 0
  /// Where writes are kept apart: the lengths of those that are gathered, but for the last.
  var cuts: [Int] = []
  /// How many of those have left, and the bytes of the others.
  var cutsLeft = 0
  var cutBytes = 0
  /// Are they on their way?
  var isSendingApart = false
  /// How many layers want no reading.
  var restraints = 0
  /// What a layer knows better than the transport.
  var peer: Address?
  var local: Address?

  func takeCut() -> Int? {
    guard cutsLeft < cuts.count else { return nil }
    let length = cuts[cutsLeft]
    cutsLeft += 1
    cutBytes -= length
    if cutsLeft == cuts.count { (cuts, cutsLeft) = ([], 0) }
    return length
  }

  func forgetCuts() { (cuts, cutsLeft, cutBytes) = ([], 0, 0) }

  func takeTold() -> ((Reason?) -> Void)? {
    defer { onTold = nil }
    return onTold
  }
}

/// The limits of a conn's output: conn.h, plait_conn_limits.
public struct Limits {
  public var highWater = 64 * 1024
  public var lowWater = 16 * 1024
  public var cap = 128 << 20
  public var closeTime: UInt64 = 30_000
  public init() {}
}
