import Bytes
import Crypto
import Files
import Wire

/// A control connection of the server's: commands come in, one is answered at a time, and at most one transfer is under way,
/// during which ABOR and STAT are heard.
public final class FTPSession: Protocol {
  enum Stage { case start, named, open }

  let factory: FTPServerFactory
  var options: FTPServerOptions { factory.options }

  // What was received.
  var held = ByteBuffer()
  /// The line is too long: how much of it was dropped.
  var dropped = 0
  var isRestrained = false
  var hasEnded = false

  // Who it is, and where.
  var stage = Stage.start
  public internal(set) var name: [UInt8] = [] { didSet { nameText = nil } }
  var isAnonymous = false
  var failures = 0
  var shell: Shell?
  public internal(set) var directory: [UInt8] = [Path.slash] { didSet { directoryText = nil } }

  // How the next commands are understood.
  var isASCII = false
  var restart: UInt64 = 0
  var renamed: [UInt8]?
  var facts = Facts.usual
  var digest = Digest.sha256
  var isExtendedOnly = false
  /// PBSZ was given, and PROT P.
  var hasBufferSize = false
  var isPrivate = false
  /// The data connection did not go on with this one's session: said when there is something to transfer.
  var wasForeign = false

  // What is under way.
  /// A command is answered later.
  var isBusy = false
  var request: FTPRequest?
  /// A host's command that the library is to do.
  var passed: (Verb?, [UInt8])?
  var plan = DataPlan.none
  var transfer: Transfer?
  let idle = SessionTimer(.idle)
  let delay = SessionTimer(.delay)
  let wait = SessionTimer(.data)
  let stall = SessionTimer(.stall)
  var lastHeard: UInt64 = 0
  var isCounted = false

  init(_ factory: FTPServerFactory) {
    self.factory = factory
    super.init(tag: Tag.ftpServer)
  }

  public var isOpen: Bool { stage == .open }
  public var isWithoutName: Bool { isAnonymous }
  public var isText: Bool { isASCII }
  public var isTransferring: Bool { transfer != nil }

  /// The same in memory that stays until they change, for C.
  public func shownName() -> Text? {
    if nameText == nil { nameText = Text.make(copying: name) }
    return nameText
  }
  public func shownDirectory() -> Text? {
    if directoryText == nil { directoryText = Text.make(copying: directory) }
    return directoryText
  }
  var nameText: Text?
  var directoryText: Text?

  // MARK: The conn

  public override func connected(_ conn: Conn) {
    conn.transport.setUrgentInline()
    factory.connected(conn)
    guard !conn.isClosing else { return }
    isPrivate = conn.isSecure && options.security != nil
    guard factory.sessions < options.maxSessions else {
      say(conn, 421, "Too many users right now, try again in a few minutes.")
      return conn.close(.limit)
    }
    factory.sessions += 1
    isCounted = true
    for timer in [idle, delay, wait, stall] { timer.conn = conn.id }
    lastHeard = conn.context.now
    start(idle, options.idleTime, conn)
    _ = send(conn, 220, options.welcome)
  }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    release(conn, reason)
    factory.disconnected(conn, reason)
  }
  public override func left(_ conn: Conn, _ why: Reason) { release(conn, why) }

  func release(_ conn: Conn, _ reason: Reason) {
    if isCounted { factory.sessions -= 1 }
    isCounted = false
    for timer in [idle, delay, wait, stall] { conn.context.timers.remove(timer) }
    request?.unregister()
    request = nil
    if let transfer { end(transfer, conn, reason.status == .ok ? .closed : reason.status, code: 426) }
    dropPlan(conn.context)
    leaveShell(conn, reason.status == .ok ? .closed : reason.status)
  }

  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }

  /// What was asked is still answered.
  public override func readClosed(_ conn: Conn) -> Bool {
    factory.readClosed(conn)
    hasEnded = true
    leaveIfGone(conn)
    return isBusy || transfer != nil || hasLine
  }

  public override func held(_ conn: Conn) -> Int { held.count }
  public override func takeHeld() -> ByteBuffer { held.take() }
  public override func resumed(_ conn: Conn) { proceed(conn) }

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    lastHeard = conn.context.now
    guard held.append(bytes, limit: mostHeld) else { return conn.abort(.overflow) }
    proceed(conn)
  }
  /// A line, and what one read can bring behind it.
  var mostHeld: Int { options.maxLine + 1 << 20 }

  // MARK: Lines

  var hasLine: Bool {
    let end = held.position(of: 10, from: 0)
    return end >= 0
  }

  /// Goes on with what was received, as far as nothing is waited for.
  func proceed(_ conn: Conn) {
    while !isBusy, conn.isReading || conn.hasEnded, !conn.isClosing, !conn.isUpgrading {
      if let (verb, words) = passed {
        passed = nil
        run(verb, words, conn)
        continue
      }
      if transfer != nil {
        guard interrupt(conn) else { break }
      } else {
        guard let line = takeLine(conn) else { break }
        perform(line, conn)
      }
    }
    watch(conn)
    if hasEnded, !isBusy, transfer == nil, !hasLine { conn.close(.ok) }
  }

  /// Reading rests while more waits than is a line.
  func watch(_ conn: Conn) {
    let isFull = held.count > options.maxLine + 2 && (isBusy || transfer != nil)
    guard isFull != isRestrained, !conn.isClosing else { return }
    isRestrained = isFull
    if isFull { conn.restrain() } else { conn.unrestrain() }
  }

  /// The next line, without its end and without Telnet's commands.
  func takeLine(_ conn: Conn) -> [UInt8]? {
    while true {
      let end = held.position(of: 10, from: 0)
      let length = end < 0 ? held.count : end
      guard dropped == 0, length <= options.maxLine + 1 else {
        if !dropLine(end, conn) { return nil }
        continue
      }
      guard end >= 0 else { return nil }
      var line = Telnet.plain(held.copied(0..<end).span.bytes)
      held.dropFirst(end + 1)
      if line.last == 13 { line.removeLast() }
      return line
    }
  }

  /// False: its end has not come yet.
  func dropLine(_ end: Int, _ conn: Conn) -> Bool {
    let count = end < 0 ? held.count : end + 1
    held.dropFirst(count)
    dropped += count
    if dropped > 1 << 20 {
      say(conn, 421, "Command line too long.")
      conn.close(.tooLong)
      return false
    }
    guard end >= 0 else { return false }
    dropped = 0
    say(conn, 500, "Command line too long.")
    return true
  }

  /// During a transfer ABOR and STAT are answered; all else waits for its end.
  func interrupt(_ conn: Conn) -> Bool {
    let end = held.position(of: 10, from: 0)
    guard end >= 0, end <= 64 else { return false }
    var line = Telnet.plain(held.copied(0..<end).span.bytes)
    if line.last == 13 { line.removeLast() }
    guard line.count == 4, let verb = Verb.of(line.span.bytes), verb == .abor || verb == .stat else { return false }
    held.dropFirst(end + 1)
    if verb == .abor { abort(conn) } else { tellTransfer(conn) }
    return true
  }

  // MARK: Timers

  func start(_ timer: SessionTimer, _ time: UInt64, _ conn: Conn) {
    if !conn.context.schedule(timer, after: time) { conn.abort(.noMemory) }
  }

  func timeIsUp(_ timer: SessionTimer.Use, _ conn: Conn) {
    switch timer {
    case .idle: idleTimeIsUp(conn)
    case .delay: refusedAtLast(conn)
    case .data: if let transfer, transfer.state == .waiting { fail(transfer, conn, .timeout) }
    case .stall: stallTimeIsUp(conn)
    }
  }

  func idleTimeIsUp(_ conn: Conn) {
    let now = conn.context.now
    if transfer != nil { lastHeard = now }
    guard now - min(now, lastHeard) >= options.idleTime else {
      return start(idle, lastHeard + options.idleTime - now, conn)
    }
    say(conn, 421, "Timeout: closing control connection.")
    conn.close(.timeout)
  }

  // MARK: Replies

  @discardableResult func send(_ conn: Conn, _ code: Int, _ text: [UInt8]) -> Status {
    var words = Words()
    let lines = text.split(separator: 10, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      words.add(number: UInt64(clamping: code), width: 3, fill: 48)
      words.add(index == lines.count - 1 ? 32 : UInt8(ascii: "-"))
      for byte in line where byte != 13 { words.add(byte) }
      words.add("\r\n")
    }
    return conn.write(words.bytes.count) { $0.put(words.bytes.span.bytes) }
  }

  func say(_ conn: Conn, _ code: Int, _ text: StaticString) { send(conn, code, Words(text).bytes) }

  func say(_ conn: Conn, _ code: Int, _ before: StaticString, _ name: [UInt8], _ behind: StaticString) {
    var words = Words(before)
    words.add(name: name.count > 512 ? Array(name[..<512]) : name)
    words.add(behind)
    send(conn, code, words.bytes)
  }

  func sayBad(_ words: [UInt8], _ conn: Conn) { say(conn, 501, "syntax error in argument(s) ", words, ".") }

  /// `550 name: No such file or directory.`
  func say(_ conn: Conn, _ name: [UInt8], _ status: Status) {
    var words = Words()
    words.add(name: name.count > 512 ? Array(name[..<512]) : name)
    words.add(": ")
    words.add(Failure.text(status))
    send(conn, Failure.code(status), words.bytes)
  }

  /// A command was answered by the host, maybe outside of its callback.
  func finishSoon(_ conn: Conn) {
    isBusy = false
    conn.reframe()
  }

  /// ...by what it waited for, in a driving call.
  func finish(_ conn: Conn) {
    isBusy = false
    proceed(conn)
  }
}

/// One of a session's times.
final class SessionTimer: TimerEntry {
  enum Use { case idle, delay, data, stall }
  let use: Use
  var conn: UInt64 = 0
  init(_ use: Use) { self.use = use }

  override func fired(_ context: Context) {
    guard let conn = context.conn(conn) else { return }
    _ = conn.speaking(Tag.ftpServer) { (session: FTPSession) in
      if !conn.isClosing { session.timeIsUp(use, conn) }
      return .ok
    }
  }
}

/// What Telnet would do with a control connection (RFC 959 §2.3): clients precede ABOR by IAC IP and IAC DM.
enum Telnet {
  static func plain(_ line: RawSpan) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(line.byteCount)
    var at = 0
    while at < line.byteCount {
      let byte = line.byte(at)
      at += 1
      guard byte == 255, at < line.byteCount else {
        bytes.append(byte)
        continue
      }
      let command = line.byte(at)
      switch command {
      case 251...254: at = min(at + 2, line.byteCount)  // WILL, WONT, DO, DONT: an option follows
      case 240...250: at += 1
      default:  // IAC IAC is one; and what does not double it means a letter of an old alphabet
        bytes.append(255)
        if command == 255 { at += 1 }
      }
    }
    return bytes
  }
}
