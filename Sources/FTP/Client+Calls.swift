import Bytes
import Wire

/// Calls: one after the other, each by its lines.
extension FTPClient {
  /// Takes a call over, if it answers `ok`.
  public func begin(_ call: FTPClientCall, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    guard queue.count + (running == nil ? 0 : 1) < options.maxCalls else { return .limit }
    guard call.register(Kind.call) else { return .limit }
    let time = call.request.limit > 0 ? call.request.limit : options.callTime
    call.limit.id = call.id
    if time > 0, !conn.context.schedule(call.limit, after: time) {
      call.unregister()
      return .noMemory
    }
    queue.append(call)
    next(conn)
    return .ok
  }

  /// The next call begins, if nothing is under way.
  func next(_ conn: Conn) {
    guard phase == .open, running == nil, late == 0, !conn.isClosing else { return }
    guard !queue.isEmpty else {
      conn.context.timers.remove(clock)
      return options.keepAliveTime > 0 ? arm(options.keepAliveTime, conn) : ()
    }
    let call = queue.removeFirst()
    running = call
    if call.transfer != nil { prepare(call, conn) } else { say(call.lines[0], conn) }
  }

  /// It is over; its completion comes at the turn's end.
  func finish(_ call: FTPClientCall, _ reason: Reason, _ conn: Conn) {
    guard running === call else { return }
    running = nil
    end(call, conn.context)
    if let transfer = call.transfer, call.outcome == nil, transfer.moved != transfer.told { tell(call, transfer, conn) }
    ends(call)
    call.end(reason)
    if call.request.action == .quit, reason.status == .ok { conn.close(.ok) }
    next(conn)
  }

  /// Its completion has to come before those of the calls behind it, also if the conn ends first.
  func ends(_ call: FTPClientCall) {
    past.removeAll { $0.isTold }
    past.append(call)
  }

  /// Nobody wants it any more: what is still to come is swallowed.
  func drop(_ call: FTPClientCall, _ conn: Conn) {
    ends(call)
    guard running === call else { return queue.removeAll { $0 === call } }
    running = nil
    late = 1
    if let transfer = call.transfer {
      switch transfer.step {
      case .open: late = 0
      case .move where transfer.hasReply: late = 0
      case .move:
        if !transfer.isAborting { say("ABOR", [], conn) }
        late = 2
      default: break
      }
      end(call, conn.context)
    }
    if late == 0 { next(conn) }
  }

  // MARK: Replies

  func answered(_ call: FTPClientCall, _ text: [UInt8], _ conn: Conn) {
    if call.transfer != nil { return prepared(call, text, conn) }
    guard code < 400 else { return finish(call, remote(call.phrase, text), conn) }
    guard call.at + 1 < call.lines.count else { return finish(call, understand(call, text), conn) }
    call.at += 1
    say(call.lines[call.at], conn)
  }

  /// What was asked for, out of the reply.
  func understand(_ call: FTPClientCall, _ text: [UInt8]) -> Reason {
    let line = FTPClient.last(text)
    let words = line.count > 4 ? Array(line[4...]) : []
    switch call.request.action {
    case .pwd, .mkd:
      let path = ClientReply.quoted(words)
      if let path { call.value = path }
      if path == nil, call.request.action == .pwd { return odd(call, line) }
    case .size:
      guard code == 213, let size = ClientReply.firstNumber(words) else { return odd(call, line) }
      call.number = Int64(clamping: size)
    case .mdtm:
      guard code == 213, let time = CivilTime.parse(words.span.bytes) else { return odd(call, line) }
      call.number = time
    case .mlst:
      guard let facts = ClientReply.facts(text) else { return odd(call, line) }
      call.value = facts
    case .command: note(call.lines[0])
    default: break
    }
    return Reason(.ok, code: CInt(truncatingIfNeeded: code))
  }

  func odd(_ call: FTPClientCall, _ line: [UInt8]) -> Reason {
    FTPClient.reason(.malformed, call.phrase, Words("an odd answer: ").bytes + line, code: code)
  }

  /// A host's own command may change what the library has to know.
  func note(_ line: [UInt8]) {
    let capitals = line.map(Verb.upper)
    if capitals == Words("TYPE I").bytes { isText = false }
    if capitals == Words("TYPE A").bytes || capitals == Words("TYPE A N").bytes { isText = true }
    if capitals == Words("PROT P").bytes { isProtected = true }
    if capitals == Words("PROT C").bytes { isProtected = false }
  }

  // MARK: The host

  /// A transfer's sink or source has something again.
  public func resume(_ conn: Conn) {
    guard let call = running, let transfer = call.transfer, transfer.isHeld else { return }
    transfer.isHeld = false
    call.wantsSource = true
    call.list()
  }
}

/// What stands in replies.
enum ClientReply {
  /// The first number, of at most 19 digits.
  static func firstNumber(_ words: [UInt8]) -> UInt64? {
    guard let start = words.firstIndex(where: { $0.digit != nil }) else { return nil }
    return FTPSession.number(Array(words[start...].prefix { $0.digit != nil }))
  }

  /// "/a ""b""" within quotes, which are doubled inside (RFC 959, appendix II). Servers that don't double them are read up to the
  /// last one.
  static func quoted(_ words: [UInt8]) -> [UInt8]? {
    guard let first = words.firstIndex(of: 34) else { return nil }
    var path: [UInt8] = []
    var at = first + 1
    while at < words.count {
      if words[at] == 34 {
        guard at + 1 < words.count, words[at + 1] == 34 else { return path }
        at += 1
      }
      path.append(words[at])
      at += 1
    }
    return nil
  }

  /// MLST: the line between the first and the last, behind its blank.
  static func facts(_ text: [UInt8]) -> [UInt8]? {
    for line in text.split(separator: 10) where line.first == 32 { return Array(line.dropFirst()) }
    return nil
  }

  /// 227: six numbers, wherever they stand (RFC 1123 §4.1.2.6).
  static func address(_ words: [UInt8]) -> (IP, UInt16)? {
    var at = 0
    while at < words.count {
      guard words[at].digit != nil else {
        at += 1
        continue
      }
      let end = words[at...].firstIndex { $0.digit == nil && $0 != 44 && $0 != 32 } ?? words.count
      var numbers: [UInt64] = []
      for part in words[at..<end].split(separator: 44) {
        guard let number = FTPSession.number(part.filter { $0 != 32 }), number < 256 else { break }
        numbers.append(number)
      }
      if numbers.count == 6 {
        let high = UInt32(numbers[0]) << 24 | UInt32(numbers[1]) << 16
        let port = UInt16(numbers[4] << 8 | numbers[5])
        return port > 0 ? (IP(ipv4: high | UInt32(numbers[2]) << 8 | UInt32(numbers[3])), port) : nil
      }
      at = end
    }
    return nil
  }

  /// 229: "(|||port|)", with whatever stands for "|" (RFC 2428 §3).
  static func port(_ words: [UInt8]) -> UInt16? {
    guard let open = words.firstIndex(of: 40), open + 5 < words.count else { return nil }
    let mark = words[open + 1]
    guard mark.digit == nil, words[open + 2] == mark, words[open + 3] == mark else { return nil }
    let digits = Array(words[(open + 4)...].prefix { $0.digit != nil })
    let end = open + 4 + digits.count
    guard let port = FTPSession.number(digits), port > 0, port < 65536, end < words.count, words[end] == mark else {
      return nil
    }
    return UInt16(truncatingIfNeeded: port)
  }
}
