import Bytes
import Wire

/// The control connection of a client: one command at a time, and its replies.
public final class FTPClient: Protocol {
  enum Phase { case greeting, auth, handshake, user, password, account, buffer, level, type, open }

  let factory: FTPClientFactory
  var options: FTPClientOptions { factory.options }
  var phase = Phase.greeting
  var greeting: [UInt8] = []

  // What was received.
  var held = ByteBuffer()
  /// The lines of the reply that comes, each with LF behind it.
  var lines: [UInt8] = []
  var code = 0
  var isInside = false

  // How the session stands.
  var isText: Bool?
  var isProtected = false
  var lacksEPSV = false
  var lacksEPRT = false

  // What is to be done.
  var queue: [FTPClientCall] = []
  var running: FTPClientCall?
  /// Those that are over, and of which the host may not have been told yet.
  var past: [FTPClientCall] = []
  /// So many last replies are still to come that nobody waits for any more.
  var late = 0
  let clock = ClientClock()
  /// What has come and gone, and how much that was when the clock rang last.
  var heard: UInt64 = 0
  var seen: UInt64 = 0

  init(_ factory: FTPClientFactory) {
    self.factory = factory
    super.init(tag: Tag.ftpClient)
  }

  // MARK: The conn

  public override func connected(_ conn: Conn) {
    clock.conn = conn.id
    factory.connected(conn)
    if !conn.isClosing { arm(options.loginTime, conn) }
  }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    stop(conn, reason, isNow: true)
    factory.disconnected(conn, reason)
  }
  public override func left(_ conn: Conn, _ why: Reason) { stop(conn, why, isNow: false) }

  /// Every call ends, and says what it was about.
  func stop(_ conn: Conn, _ reason: Reason, isNow: Bool) {
    conn.context.timers.remove(clock)
    let before = past
    past = []
    if isNow { for call in before where !call.isTold { call.service() } }
    var calls = queue
    queue = []
    if let running {
      calls.insert(running, at: 0)
      end(running, conn.context)
    }
    for call in calls {
      let isDone = call.request.action == .quit && reason.status == .ok && call === calls[0]
      let why =
        isDone ? Reason(.ok) : FTPClient.reason(reason.status == .ok ? .closed : reason.status, call.phrase, reason)
      if isNow { call.endNow(why) } else { call.end(why) }
    }
  }

  public override func readClosed(_ conn: Conn) -> Bool {
    factory.readClosed(conn)
    return false
  }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }
  public override func held(_ conn: Conn) -> Int { held.count }
  public override func takeHeld() -> ByteBuffer { held.take() }
  public override func resumed(_ conn: Conn) { proceed(conn) }

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    heard &+= UInt64(bytes.byteCount)
    let limit = conn.context.mostHeld
    guard held.append(bytes, limit: limit) else {
      return conn.abort(held.refusal(of: bytes.byteCount, limit: limit))
    }
    proceed(conn)
  }

  // MARK: Replies

  func proceed(_ conn: Conn) {
    while conn.isReading, !conn.isUpgrading, let line = takeLine(conn) { take(line, conn) }
  }

  /// The next line, without its end and without Telnet's commands.
  func takeLine(_ conn: Conn) -> [UInt8]? {
    let end = held.position(of: 10, from: 0)
    guard (end < 0 ? held.count : end) <= options.maxLine + 1 else {
      conn.abort(Reason(.tooLong, text: "a line of the server's is too long"))
      return nil
    }
    guard end >= 0 else { return nil }
    var line = Telnet.plain(held.copied(0..<end).span.bytes)
    held.dropFirst(end + 1)
    if line.last == 13 { line.removeLast() }
    return line
  }

  /// The number that begins a reply's line; 0: none does.
  static func code(_ line: [UInt8]) -> Int {
    guard line.count >= 3, let first = line[0].digit, let second = line[1].digit, let third = line[2].digit,
      first >= 1, first <= 5, line.count == 3 || line[3] == 32 || line[3] == UInt8(ascii: "-")
    else { return 0 }
    return first * 100 + second * 10 + third
  }

  /// A reply is one line, or begins with "nnn-" and ends with "nnn " (RFC 959 §4.2).
  func take(_ line: [UInt8], _ conn: Conn) {
    guard lines.count + line.count < options.maxReply else {
      return conn.abort(Reason(.tooLong, text: "a reply of the server's is too long"))
    }
    let found = FTPClient.code(line)
    if !isInside {
      guard found > 0 else { return confused("what the server says is no reply", line, conn) }
      code = found
    }
    lines += line
    lines.append(10)
    let isLast = found == code && (line.count == 3 || line[3] == 32)
    isInside = !isLast
    guard isLast else { return }
    let whole = lines
    lines = []
    replied(whole, conn)
  }

  func confused(_ text: StaticString, _ line: [UInt8], _ conn: Conn) {
    var words = Words(text)
    words.add(": ")
    words.add(name: Array(line.prefix(200)))
    conn.close(Reason(.malformed, code: CInt(truncatingIfNeeded: code), detail: Text.make(copying: words.bytes)))
  }

  func replied(_ text: [UInt8], _ conn: Conn) {
    if running == nil, late > 0 {
      if code >= 200 { late -= 1 }
      return late == 0 ? next(conn) : ()
    }
    if phase != .open { return loggingIn(text, conn) }
    guard let call = running else {
      if code < 200 { return }
      guard code == 421 else { return confused("a reply that nobody has asked for", FTPClient.last(text), conn) }
      return conn.close(remote(Words("the session").bytes, text))
    }
    call.code = code
    if call.reply.count + text.count <= options.maxReply { call.reply += text }
    if code < 200 { return began(call, text, conn) }
    answered(call, text, conn)
  }

  /// A reply's last line.
  static func last(_ text: [UInt8]) -> [UInt8] {
    let whole = text.last == 10 ? text.dropLast() : text[...]
    guard let cut = whole.lastIndex(of: 10) else { return Array(whole) }
    return Array(whole[(cut + 1)...])
  }

  // MARK: Failures

  /// "RETR a/b: it took too long"
  static func reason(_ status: Status, _ what: [UInt8], _ why: StaticString, code: Int = 0) -> Reason {
    reason(status, what, Words(why).bytes, code: code)
  }
  static func reason(_ status: Status, _ what: [UInt8], _ why: [UInt8], code: Int = 0) -> Reason {
    var words = Words()
    words.add(name: hidden(what))
    words.add(": ")
    words.add(name: Array(why.prefix(512)))
    return Reason(status, code: CInt(truncatingIfNeeded: code), detail: Text.make(copying: words.bytes))
  }
  /// The same for a reason of something else's.
  static func reason(_ status: Status, _ what: [UInt8], _ why: Reason) -> Reason {
    var words = Words()
    if let detail = why.detail {
      words.add(detail.bytes.copied)
    } else if let text = why.text {
      words.add(text)
    } else {
      words.add(Failure.plain(status))
    }
    var made = reason(status, what, words.bytes, code: Int(why.code))
    made.osError = why.osError
    return made
  }

  /// No password gets into what people read.
  static func hidden(_ what: [UInt8]) -> [UInt8] {
    let word = what.prefix(5).map(Verb.upper)
    let isSecret = word == Words("PASS ").bytes || word == Words("ACCT ").bytes
    return isSecret ? Array(what[..<4]) : Array(what.prefix(512))
  }

  /// The server said no.
  func remote(_ what: [UInt8], _ text: [UInt8]) -> Reason {
    FTPClient.reason(.remote, what, FTPClient.last(text), code: code)
  }

  // MARK: Saying

  /// A line, with what Telnet would take for commands doubled (RFC 959 §2.3).
  func say(_ line: [UInt8], _ conn: Conn) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(line.count + 2)
    for byte in line {
      bytes.append(byte)
      if byte == 255 { bytes.append(byte) }
    }
    bytes += [13, 10]
    let status = conn.write(bytes.count) { $0.put(bytes.span.bytes) }
    if status != .ok, status != .closed { conn.abort(status) }
    if phase == .open { arm(options.replyTime, conn) }
  }

  func say(_ verb: StaticString, _ words: [UInt8], _ conn: Conn) { say(Words(verb).bytes + words, conn) }

  // MARK: Time

  func arm(_ time: UInt64, _ conn: Conn) {
    seen = heard
    if !conn.context.schedule(clock, after: time) { conn.abort(.noMemory) }
  }

  /// Silence, for as long as it may last.
  func timeIsUp(_ conn: Conn) {
    guard phase == .open else {
      return conn.abort(FTPClient.reason(.timeout, doing, "logging in took too long"))
    }
    if running == nil, late == 0 {
      late = 1
      return say("NOOP", [], conn)
    }
    let isMoving = running?.transfer?.isMoving == true
    // While the host wants to be left alone, nothing can move.
    if heard != seen || running?.transfer?.isHeld == true {
      return arm(isMoving ? options.stallTime : options.replyTime, conn)
    }
    if let running, isMoving, running.transfer?.isAborting != true {
      abandon(running, FTPClient.reason(.timeout, running.phrase, "nothing moves"), conn)
      return arm(options.replyTime, conn)
    }
    conn.abort(FTPClient.reason(.timeout, running?.phrase ?? Words("ABOR").bytes, "the server does not answer"))
  }
}

/// A client's time limit.
final class ClientClock: TimerEntry {
  var conn: UInt64 = 0
  override func fired(_ context: Context) {
    guard let conn = context.conn(conn), !conn.isClosing else { return }
    _ = conn.speaking(Tag.ftpClient) { (client: FTPClient) in
      client.timeIsUp(conn)
      return .ok
    }
  }
}
