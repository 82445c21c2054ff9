import Bytes
import Framing
import SASL
import Wire

/// A client's side of one conversation: what the server has said of itself, who is where, and what waits to be sent.
public final class IRCSession {
  enum Phase { case fresh, asking, requesting, authenticating, registering, ready, ended }
  /// Its protocol keeps the factory.
  unowned(unsafe) let owner: IRCFactory
  var factory: IRCFactory { owner }
  var options: IRCOptions { owner.options }
  var phase = Phase.fresh
  var message = Message()

  /// How the server calls this side.
  public internal(set) var nick: [UInt8]
  var refusedNicks = 0
  public internal(set) var support = Support()
  var world = World()
  /// Channels that are being joined with a key.
  var pendingKeys: [(name: [UInt8], key: [UInt8])] = []

  // Registration.
  var offered: [UInt8] = []
  public internal(set) var enabled: [[UInt8]] = []
  var requests = 0
  var exchange: Exchange?
  var challenge: [UInt8] = []
  var isAuthenticated = false
  var hasStarted = false
  var saidBot = false

  // Questions, and messages that belong together.
  var calls: [IRCCall] = []
  /// Whose failure has been told, though the end of the answer has still to come.
  var spent: [[UInt8]] = []
  var serial: UInt64 = 0
  var token: UInt64 = 0
  var batches: [Batch] = []
  var batchNumber: UInt32 = 0
  /// Of the message that is looked at: the batch that it is in, or -1, and its label.
  var within = -1
  var label = Part()

  // Strict transport security: whom a policy is for, and for how many seconds, once it is known.
  var strictName: [UInt8] = []
  var strictPort = 0
  var strictTime: UInt64?

  // Sending.
  /// Lines that wait for their turn, one behind the other, and how long each is.
  var queue = ByteBuffer()
  var lengths = PlainList<UInt32>()
  var sentLengths = 0
  var tokens: Int
  var refilled: UInt64 = 0
  let drain = IRCTimer(.drain)

  // Time.
  let life = IRCTimer(.life)
  let limit = IRCTimer(.limit)
  var pingSent: UInt64 = 0
  var pingNumber: UInt64 = 0
  var isWaitingForPong = false
  /// The last round trip, in milliseconds, or nil.
  public internal(set) var lag: UInt64?

  init(_ factory: IRCFactory) {
    owner = factory
    nick = factory.options.nick
    tokens = factory.options.burst
  }

  func begin(_ conn: Conn) {
    for timer in [drain, life, limit] { timer.conn = conn.id }
    refilled = conn.context.now
    _ = conn.context.schedule(limit, after: options.registrationTime)
    register(conn)
  }

  func end(_ conn: Conn, _ reason: Reason, isNow: Bool) {
    guard phase != .ended else { return }
    phase = .ended
    for timer in [drain, life, limit] where timer.isScheduled { conn.context.timers.remove(timer) }
    if options.rejoins, !world.channels.isEmpty {
      owner.former.removeAll()
      for channel in world.channels { owner.former.append((channel.name, channel.key)) }
    }
    forgetWaiting()
    exchange?.cancel()
    exchange = nil
    if strictTime ?? 0 > 0 { keepPolicy() }  // its time begins anew
    endCalls(reason, isNow: isNow)
  }

  func forgetWaiting() {
    queue.removeAll()
    lengths.removeAll()
    sentLengths = 0
  }

  func fail(_ reason: Reason, _ conn: Conn) { if !conn.isClosing { conn.close(reason) } }

  // MARK: Sending

  /// Writes a line at once.
  func write(_ line: RawSpan, _ conn: Conn) -> Status {
    conn.write(line.byteCount + 2) {
      $0.put(line)
      $0.put(UInt16(littleEndian: 0x0a0d))
    }
  }

  /// Sends a message that is whole: now if its turn has come (or it is urgent), else behind those that wait.
  func send(_ line: [UInt8], isUrgent: Bool, _ conn: Conn) -> Status {
    if conn.isClosing { return .closed }
    if support.isUTF8Only, !line.span.bytes.isUTF8 { return .value }
    refill(conn.context.now)
    if isUrgent || (waitingLines == 0 && tokens > 0) {
      if !isUrgent { tokens -= 1 }
      return write(line.span.bytes, conn)
    }
    guard waitingLines < options.mostWaiting else { return .limit }
    guard queue.append(line.span.bytes, limit: mostBytes) else { return .noMemory }
    guard lengths.append(UInt32(truncatingIfNeeded: line.count)) else {
      queue.dropLast(line.count)
      return .noMemory
    }
    if !drain.isScheduled { _ = conn.context.schedule(drain, after: options.interval) }
    return .ok
  }

  public var waitingLines: Int { lengths.count - sentLengths }

  private func refill(_ now: UInt64) {
    guard tokens < options.burst else {
      refilled = now
      return
    }
    let made = (now - min(refilled, now)) / options.interval
    guard made > 0 else { return }
    tokens = Int(min(UInt64(options.burst), UInt64(tokens) + made))
    refilled += made * options.interval
  }

  /// Some of those that wait may go.
  func sendWaiting(_ conn: Conn) {
    refill(conn.context.now)
    var lines = queue.take()
    while waitingLines > 0, tokens > 0 {
      let length = Int(lengths[sentLengths])
      guard write(lines.bytes.extracting(first: length), conn) == .ok else { break }
      tokens -= 1
      sentLengths += 1
      lines.dropFirst(length)
    }
    queue = lines
    if waitingLines == 0 { return forgetWaiting() }
    if sentLengths >= 1024 {
      lengths.removeFirst(sentLengths)
      sentLengths = 0
    }
    _ = conn.context.schedule(drain, after: options.interval)
  }

  // MARK: Time

  func askForLife(_ conn: Conn) {
    if isWaitingForPong { return conn.abort(Reason(.timeout, text: "the server gave no sign of life")) }
    pingNumber += 1
    pingSent = conn.context.now
    isWaitingForPong = true
    var line = ("PING :plait" as StaticString).utf8Bytes
    line.append(decimal: pingNumber)
    _ = write(line.span.bytes, conn)
    _ = conn.context.schedule(life, after: options.pongTime)
  }

  /// Was it the answer to this side's question?
  func heardPong(_ text: RawSpan, _ conn: Conn) -> Bool {
    var token = ("plait" as StaticString).utf8Bytes
    token.append(decimal: pingNumber)
    guard isWaitingForPong, text.isEqual(token.span.bytes) else { return false }
    isWaitingForPong = false
    lag = conn.context.now - min(pingSent, conn.context.now)
    _ = conn.context.schedule(life, after: options.pingTime)
    regain(conn)
    return true
  }
}

/// What a session does later.
final class IRCTimer: TimerEntry {
  enum Purpose { case drain, life, limit }
  let purpose: Purpose
  var conn: UInt64 = 0
  init(_ purpose: Purpose) { self.purpose = purpose }

  override func fired(_ context: Context) {
    guard let object = context.ids.find(conn, Kind.conn) else { return }
    let conn = Unmanaged<Conn>.fromOpaque(object).takeUnretainedValue()
    guard !conn.isClosing else { return }
    _ = conn.withIRC { session, _ in
      switch purpose {
      case .drain: session.sendWaiting(conn)
      case .life: session.askForLife(conn)
      case .limit: conn.abort(Reason(.timeout, text: "the server did not let this side in in time"))
      }
      return .ok
    }
  }
}

extension [UInt8] {
  mutating func append(decimal value: UInt64) {
    var digits: [UInt8] = []
    var rest = value
    repeat {
      digits.append(48 + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    for digit in digits.reversed() { append(digit) }
  }
}
