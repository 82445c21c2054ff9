import Bytes
import Wire

/// Answers to the classic commands (memcached's protocol.txt).
extension MemcacheProtocol {
  /// The first call in line is answered.
  @inline(__always) func end(_ answer: Answer, _ conn: Conn) {
    let waiting = line.removeFirst()
    keys.drop(Int(waiting.keys))
    finish(waiting, answer, conn)
  }

  /// The same by a call, for what is seldom.
  @inline(never) func endByCall(_ answer: Answer, _ conn: Conn) { end(answer, conn) }

  @inline(__always) func finish(_ waiting: Waiting, _ answer: Answer, _ conn: Conn) {
    if waiting.isOver {
      late -= 1
      return
    }
    if waiting.call != 0 { retire(waiting.call, conn) }
    factory.tell(waiting, answer, conn)
  }

  /// The first call in line is told of a part.
  @inline(__always) func tellPart(_ answer: Answer, _ conn: Conn) {
    let waiting = line[0]
    if !waiting.isOver { factory.tell(waiting, answer, conn) }
  }

  /// The handle is stale from now on, and the object can be used again.
  @inline(never) func retire(_ call: UInt, _ conn: Conn) {
    guard let object = UnsafeRawPointer(bitPattern: call) else { return }
    // Sound: a call in line that is not over is in the table, which owns it.
    let id = Unmanaged<MemcacheCall>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.id }
    guard let removed = conn.context.ids.remove(id) else { return }
    factory.spareCalls.append(Unmanaged<MemcacheCall>.fromOpaque(removed).takeRetainedValue())
  }

  // MARK: Values

  /// A line while the first call gets values; how many bytes it has with its value, or 0.
  func takeValue(_ words: RawSpan, _ bytes: RawSpan, _ conn: Conn) -> Int {
    let head = words.byteCount &+ 2
    guard words.starts("VALUE ") else {
      if words.isEqual("END") {
        end(Answer(line[0].isMany ? .end : .miss), conn)
        return head
      }
      return takeError(words, conn) ? head : breakOff("no answer to get", words, conn)
    }
    guard let value = ValueLine(words) else { return breakOff("a malformed VALUE", words, conn) }
    guard value.length <= factory.options.longestValue else {
      return breakOff(.tooLong, "a value is longer than max_value", conn)
    }
    let total = head &+ value.length &+ 2
    let whole = line[0].isMany ? total : total &+ 5  // with its END
    guard bytes.byteCount >= whole else {
      needed = whole
      return 0
    }
    guard bytes.byte(total &- 2) == 13, bytes.byte(total &- 1) == 10 else {
      return breakOff("a value that is not as long as it says", words, conn)
    }
    guard pass(value.key(words)) else { return breakOff("a value that nobody asked for", words, conn) }
    var answer = Answer(.value)
    answer.flags = value.flags
    answer.number = value.number
    answer.set(key: value.key(words).extracting(droppingFirst: factory.options.prefix?.count ?? 0))
    answer.set(value: bytes.extracting(head..<total &- 2))
    answer.index = line[0].index &- 1
    if line[0].isMany {
      tellPart(answer, conn)
      return total
    }
    guard bytes.extracting(total..<whole).isEqual("END\r\n") else {
      return breakOff("no END behind a value", words, conn)
    }
    answer.result = Outcome.hit.rawValue
    end(answer, conn)
    return whole
  }

  /// Goes on to the key among those that were asked for; false: it is not there.
  @inline(__always) func pass(_ key: RawSpan) -> Bool {
    while line[0].keys > 0 {
      let isIt = keys.isEqual(at: 0, key)
      keys.drop(1)
      line[0].keys &-= 1
      line[0].index &+= 1
      if isIt { return true }
    }
    return false
  }

  // MARK: Lines

  /// A line that is the whole answer, or a statistic; false: it is over.
  func takeLine(_ words: RawSpan, _ command: Command, _ conn: Conn) -> Bool {
    if command == .stats, words.starts("STAT ") { return takeStat(words, conn) }
    if let outcome = outcome(words, command) {
      if command == .authenticate {
        _ = line.removeFirst()
        return true
      }
      end(Answer(outcome), conn)
      return true
    }
    if command == .version, words.starts("VERSION ") {
      endByCall(Answer(.version, value: words.extracting(droppingFirst: 8)), conn)
      return true
    }
    if command == .incr || command == .decr, let number = words.number(blanks: true) {
      var answer = Answer(.number)
      answer.number = number
      endByCall(answer, conn)
      return true
    }
    if command == .authenticate { return refuse(words, conn) }
    if takeError(words, conn) { return true }
    breakOff("an answer that does not fit", words, conn)
    return false
  }

  /// The plain words that a command can be answered with.
  func outcome(_ words: RawSpan, _ command: Command) -> Outcome? {
    switch command {
    case .set, .add, .replace, .append, .prepend, .cas, .authenticate:
      if words.isEqual("STORED") { return .stored }
      guard command != .authenticate else { return nil }
      if words.isEqual("NOT_STORED") { return .notStored }
      if words.isEqual("EXISTS") { return .exists }
      return words.isEqual("NOT_FOUND") ? .notFound : nil
    case .delete: return words.isEqual("DELETED") ? .deleted : words.isEqual("NOT_FOUND") ? .notFound : nil
    case .touch: return words.isEqual("TOUCHED") ? .touched : words.isEqual("NOT_FOUND") ? .notFound : nil
    case .incr, .decr: return words.isEqual("NOT_FOUND") ? .notFound : nil
    case .flushAll: return words.isEqual("OK") ? .ok : nil
    case .stats: return words.isEqual("END") ? .end : words.isEqual("RESET") || words.isEqual("OK") ? .ok : nil
    default: return nil
    }
  }

  func takeStat(_ words: RawSpan, _ conn: Conn) -> Bool {
    let blank = words.position(of: 32, from: 5)
    var answer = Answer(.stat)
    answer.set(key: words.extracting(5..<(blank < 0 ? words.byteCount : blank)))
    answer.set(value: words.extracting(droppingFirst: blank < 0 ? words.byteCount : blank + 1))
    tellPart(answer, conn)
    return true
  }

  /// The server says that something is wrong: that ends the first call. False: it is nothing of that kind.
  func takeError(_ words: RawSpan, _ conn: Conn) -> Bool {
    var answer = Answer()
    if words.isEqual("ERROR") || words.starts("ERROR ") {
      answer.status = .unhandled
      answer.set(value: words)
    } else if words.starts("CLIENT_ERROR") || words.starts("SERVER_ERROR") {
      answer.status = .remote
      answer.result = words.byte(0) == UInt8(ascii: "C") ? Outcome.clientError.rawValue : Outcome.serverError.rawValue
      answer.set(value: words.extracting(droppingFirst: min(13, words.byteCount)))
    } else {
      return false
    }
    endByCall(answer, conn)
    return true
  }

  /// The server does not believe who this is.
  func refuse(_ words: RawSpan, _ conn: Conn) -> Bool {
    conn.close(
      Reason(.refused, text: "the server does not accept the name and the password", detail: Text.make(words)))
    return false
  }
}

/// `VALUE key flags length [unique]`
struct ValueLine {
  let keyEnd: Int
  var flags: UInt32 = 0
  var length = 0
  var number: UInt64 = 0

  @inline(__always) init?(_ words: RawSpan) {
    let blank = words.position(of: 32, from: 6)
    guard blank > 6 else { return nil }
    keyEnd = blank
    var at = blank &+ 1
    guard let flags = words.digits(&at), flags <= UInt64(UInt32.max), words.blank(&at),
      let length = words.digits(&at), length <= UInt64(mostBytes)
    else { return nil }
    self.flags = UInt32(truncatingIfNeeded: flags)
    self.length = Int(truncatingIfNeeded: length)
    guard at < words.byteCount else { return }
    guard words.blank(&at), let number = words.digits(&at), at == words.byteCount else { return nil }
    self.number = number
  }

  @inline(__always) @_lifetime(copy words)
  func key(_ words: RawSpan) -> RawSpan { words.extracting(6..<keyEnd) }
}

extension RawSpan {
  @inline(__always) func starts(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    return byteCount >= count && extracting(first: count).isEqual(text)
  }

  /// A number of at least one digit that fits into 64 bits; `at` moves behind it.
  @inline(__always) func digits(_ at: inout Int) -> UInt64? {
    var value: UInt64 = 0
    let start = at
    while at < byteCount {
      let digit = byte(at) &- 48
      guard digit <= 9 else { break }
      guard at &- start < 19 || value.fits(digit) else { return nil }
      value = value &* 10 &+ UInt64(digit)
      at &+= 1
    }
    return at > start ? value : nil
  }

  @inline(__always) func blank(_ at: inout Int) -> Bool {
    guard at < byteCount, byte(at) == 32 else { return false }
    at &+= 1
    return true
  }

  /// The number that these bytes are as a whole; blanks may follow, which memcached leaves where a number got shorter.
  func number(blanks: Bool) -> UInt64? {
    var at = 0
    guard let value = digits(&at) else { return nil }
    while blanks, at < byteCount, byte(at) == 32 { at += 1 }
    return at == byteCount ? value : nil
  }
}

extension UInt64 {
  /// Is there room for another digit?
  func fits(_ digit: UInt8) -> Bool {
    let (product, isLarge) = multipliedReportingOverflow(by: 10)
    return !isLarge && !product.addingReportingOverflow(UInt64(digit)).overflow
  }
}
