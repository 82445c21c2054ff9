import Bytes
import Wire

/// What a server is asked that answers in several messages.
public enum Question: UInt32 {
  case whois, names, list, who

  enum Role { case none, part, end, failure, complaint }

  /// What a numeric means to whoever has asked so.
  func role(_ numeric: Int) -> Role {
    switch numeric {
    case 263, 421, 461: return .complaint  // these name the command
    case 402: return .failure
    case 403: return self == .names || self == .who ? .failure : .none
    case 416: return self == .whois ? .none : .failure
    default: break
    }
    switch self {
    case .whois:
      switch numeric {
      case 276, 301, 307, 311...313, 317, 319, 320, 330, 335, 338, 378, 379, 671: return .part
      case 318: return .end
      case 401, 406, 431: return .failure
      default: return .none
      }
    case .names: return numeric == 353 ? .part : numeric == 366 ? .end : numeric == 442 ? .failure : .none
    case .list: return numeric == 322 ? .part : numeric == 323 ? .end : numeric == 481 ? .failure : .none
    case .who: return numeric == 352 || numeric == 354 ? .part : numeric == 315 ? .end : .none
    }
  }

  var command: StaticString {
    switch self {
    case .whois: "WHOIS"
    case .names: "NAMES"
    case .list: "LIST"
    case .who: "WHO"
    }
  }
}

/// A question that waits for its answer: irc.h, plait_irc_call(). What belongs to it is kept as it came, a line behind the other.
open class IRCCall: Call {
  public final let question: Question
  /// Whom or what it is about, and, of WHOIS, which server was asked.
  final let about: [UInt8]
  final let server: [UInt8]
  final var label: [UInt8] = []
  /// What a server that knows WHOX gives back.
  final var token: [UInt8] = []
  public final var conn: UInt64 = 0
  final let limit = EntityTimer()
  public final var lines = ByteBuffer()
  public final var entries = PlainList<Entry>()
  /// Where the lines end; behind them may be what was made of several.
  public final var linesEnd = 0
  final var why = Reason(.ok)

  public init(_ context: Context, _ question: Question, _ words: RawSpan) {
    self.question = question
    var parts = Words(words)
    var (first, last): ([UInt8], [UInt8]) = ([], [])
    while let word = parts.next() {
      last = words.extracting(word.range).copied
      if first.isEmpty { first = last }
    }
    server = first
    about = question == .whois ? last : first
    super.init(context)
  }

  /// How it ended.
  open func told(_ reason: Reason) {}

  public final override func completed(_ reason: Reason) {
    if limit.isScheduled { context.timers.remove(limit) }
    told(reason)
  }

  /// A late answer is nobody's.
  public final override func giveUp() {
    guard let conn = context.conn(conn) else { return }
    _ = conn.withIRC { session, _ in
      session.forget(self)
      return .ok
    }
  }

  public final override func timeIsUp() {
    guard outcome == nil else { return }
    giveUp()
    end(Reason(.timeout, text: "the server has not answered in time"))
  }

  final func keep(_ line: RawSpan) -> Bool {
    let last = line.byteCount - 1
    let whole = last >= 0 && line.byte(last) == 13 ? line.extracting(first: last) : line
    guard lines.reserve(last + 2, limit: IRCCall.longest) else { return false }
    lines.put(whole)
    lines.put(UInt8(10))
    return true
  }

  /// The most bytes of an answer: a list of a large network has a few millions.
  static var longest: Int { 64 << 20 }
}

extension IRCSession {
  /// Asks. The call is registered already.
  public func ask(_ call: IRCCall, _ words: RawSpan, _ time: UInt64, _ conn: Conn) -> Status {
    guard !conn.isClosing, phase != .ended else { return .closed }
    guard phase == .ready else { return .bound }
    guard calls.count < 1000 else { return .limit }
    guard MessageBuilder.isLine(words), call.question == .list || !call.about.isEmpty else { return .value }
    var line: [UInt8] = []
    if hasCapability(named: "labeled-response"), hasCapability(named: "batch") {
      serial += 1
      call.label = ("plait" as StaticString).utf8Bytes
      call.label.append(decimal: serial)
      line.append("@label=")
      line += call.label
      line.append(32)
    }
    line.append(call.question.command)
    if words.byteCount > 0 {
      line.append(32)
      line.append(words)
    }
    if call.question == .who, call.about.count == words.byteCount, support.has("WHOX") {
      token = token % 999 + 1
      call.token.append(decimal: token)
      line.append(" %tcuhsnfdar,")
      line += call.token
    }
    let status = send(line: line.span.bytes, isUrgent: false, conn)
    guard status == .ok else { return status }
    call.conn = conn.id
    call.limit.id = call.id
    calls.append(call)
    if !conn.context.schedule(call.limit, after: time > 0 ? time : 60_000) { call.cancel() }
    return .ok
  }

  func forget(_ call: IRCCall) { calls.removeAll { $0 === call } }

  /// The conn has ended. Now: before the host hears of that; else at the turn's end.
  func endCalls(_ reason: Reason, isNow: Bool) {
    let all = calls
    calls = []
    for call in all {
      let why = reason.status == .ok ? Reason(.closed) : reason
      if isNow { call.endNow(why) } else { call.end(why) }
    }
  }

  // MARK: What comes

  /// Shows a message to the questions that wait: to the one whose label it has, or whose batch it is in; else to the oldest that it
  /// can belong to.
  func answer(_ line: RawSpan) {
    let command = line.extracting(message.command.range)
    if !label.isEmpty || within >= 0 {
      if command.isEqual("BATCH") { return }
      let wanted = label.isEmpty ? batches[within].label : line.extracting(label.range).copied
      guard !wanted.isEmpty, let call = labelled(wanted) else { return }
      if command.isEqual("ACK") {
        call.label = []  // the answer comes later, from another server, which knows no labels
        return
      }
      take(line, command, call)
      if within < 0 { finish(call) }
    } else if message.numeric > 0 {
      for call in calls where call.label.isEmpty && belongs(line, call) { return }
    }
  }

  private func labelled(_ label: [UInt8]) -> IRCCall? { calls.first { $0.label == label } }

  /// The batch that is an answer has ended.
  func ended(_ batch: Batch) { if batch.isAnswer, let call = labelled(batch.label) { finish(call) } }

  /// Of an answer that is known to be this one's.
  private func take(_ line: RawSpan, _ command: RawSpan, _ call: IRCCall) {
    if message.numeric >= 400 && message.numeric < 600 || message.numeric == 263 || command.isEqual("FAIL") {
      refuse(line, call)
    } else if call.question.role(message.numeric) == .part {
      keep(line, call)
    }
  }

  private func keep(_ line: RawSpan, _ call: IRCCall) {
    guard call.why.status == .ok else { return }
    if !call.keep(line.extracting(droppingFirst: Int(message.beginning))) {
      call.why = Reason(.tooLong, text: "the answer is too long")
      call.lines.removeAll()
    }
  }

  /// The server refuses: its message is all that is kept.
  private func refuse(_ line: RawSpan, _ call: IRCCall) {
    call.lines.removeAll()
    keep(line, call)
    let words = Text.make(message.parameter(message.count - 1, line))
    call.why = Reason(.remote, code: CInt(truncatingIfNeeded: message.numeric), detail: words)
  }

  /// Whether a message without a label is one of this question's.
  private func belongs(_ line: RawSpan, _ call: IRCCall) -> Bool {
    let subject = message.parameter(1, line)
    let (about, server) = (call.about, call.server)
    func names(_ other: [UInt8]) -> Bool { support.mapping.isEqual(subject, other.span.bytes) }
    switch call.question.role(message.numeric) {
    case .none: return false
    case .part:
      switch message.numeric {
      case 322: break
      case 352: guard call.token.isEmpty else { return false }
      case 354:
        let token = call.token
        guard !token.isEmpty, subject.isEqual(token.span.bytes) else { return false }
      case 353:
        // Behind the kind of the channel, which some leave out.
        guard names(about) || support.mapping.isEqual(message.parameter(2, line), about.span.bytes) else {
          return false
        }
      default: guard names(about) else { return false }
      }
      keep(line, call)
    case .end:
      guard call.question == .list || names(about) else { return false }
      if call.lines.isEmpty, message.numeric == 318, let index = spent.firstIndex(of: about) {
        spent.remove(at: index)  // that of one that has failed already
        return true
      }
      finish(call)
    case .failure:
      guard call.question == .list || names(about) || (call.question == .whois && names(server)) else { return false }
      if call.question == .whois, spent.count < 64 { spent.append(about) }
      refuse(line, call)
      finish(call)
    case .complaint:
      let command = call.question.command
      guard CaseMapping.ascii.isEqual(subject, command.utf8Bytes.span.bytes) else { return false }
      refuse(line, call)
      finish(call)
    }
    return true
  }

  /// It is answered: the host hears of it at the turn's end.
  private func finish(_ call: IRCCall) {
    forget(call)
    call.linesEnd = call.lines.count
    if call.why.status == .ok, !call.makeEntries(support) { call.why = Reason(.noMemory) }
    call.end(call.why)
  }
}
