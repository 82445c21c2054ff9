import Bytes
import Wire

/// Answers to the meta commands (memcached's protocol.txt, "Meta Commands").
extension MemcacheProtocol {
  /// A line while a meta command is first in line; how many bytes it has with its value, or 0.
  func takeMeta(_ words: RawSpan, _ bytes: RawSpan, _ conn: Conn) -> Int {
    let head = words.byteCount &+ 2
    guard let found = MetaLine(words) else { return takeOther(words, bytes, conn) }
    var total = head
    if found.code == .value {
      guard found.length <= factory.options.longestValue else {
        return breakOff(.tooLong, "a value is longer than max_value", conn)
      }
      total = head &+ found.length &+ 2
      guard bytes.byteCount >= total else {
        needed = total
        return 0
      }
      guard bytes.byte(total &- 2) == 13, bytes.byte(total &- 1) == 10 else {
        return breakOff("a value that is not as long as it says", words, conn)
      }
    }
    var meta = found.flags(words)
    if line[0].isQuiet, let shown = settleQuiet(meta, conn) { meta = meta.extracting(first: shown) }
    guard conn.isReading else { return 0 }  // the host has stopped it: it is looked at again
    guard line.count > 0 else { return breakOff("an answer that nobody waits for", words, conn) }
    guard let outcome = found.outcome(of: line[0].command) else {
      return breakOff("an answer that does not fit", words, conn)
    }
    var answer = Answer(outcome)
    answer.set(meta: meta)
    if found.code == .value {
      let value = bytes.extracting(head..<total &- 2)
      answer.set(value: value)
      if outcome == .number { answer.number = value.number(blanks: true) ?? 0 }
    }
    endByCall(answer, conn)
    return total
  }

  /// A line that is no meta command's: an error, or the answer to a classic command behind quiet calls.
  @inline(never) func takeOther(_ words: RawSpan, _ bytes: RawSpan, _ conn: Conn) -> Int {
    let head = words.byteCount &+ 2
    if words.isError {
      if line[0].isQuiet, line.count > 1 { return breakOff("an error that may be any quiet call's", words, conn) }
      return takeError(words, conn) ? head : 0
    }
    var quiet = 0
    while quiet < line.count, line[quiet].isQuiet { quiet += 1 }
    endQuietly(quiet, conn)
    guard conn.isReading else { return 0 }
    guard quiet > 0, line.count > 0, !line[0].command.isMeta else {
      return breakOff("no answer to a meta command", words, conn)
    }
    if line[0].command.isRetrieval { return takeValue(words, bytes, conn) }
    return takeLine(words, line[0].command, conn) ? head : 0
  }

  /// An answer has come while quiet calls are first in line: those in front of its own have ended as usual. Where it is a quiet
  /// one's, and the opaque is the library's, it tells how much of the flags is the server's own.
  func settleQuiet(_ meta: RawSpan, _ conn: Conn) -> Int? {
    let opaque = MetaFlags.find(UInt8(ascii: "O"), meta)
    var place = 0
    var at = 0  // in the line of keys
    var isFound = false
    while place < line.count, line[place].isQuiet {
      if let opaque, keys.isEqual(at: at, meta.extracting(opaque), skipping: 1) {
        isFound = true
        break
      }
      at = keys.next(at)
      place += 1
    }
    endQuietly(place, conn)
    guard isFound, line.count > 0, let opaque, keys.mark == Token.own.rawValue else { return nil }
    return opaque.upperBound == meta.byteCount ? max(0, opaque.lowerBound - 2) : nil
  }

  /// So many quiet calls have got no answer, and will get none.
  func endQuietly(_ count: Int, _ conn: Conn) {
    for _ in 0..<count {
      let outcome: Outcome =
        switch line[0].command {
        case .metaGet, .metaDebug: .miss
        case .metaSet: .stored
        default: .ok
        }
      endByCall(Answer(outcome), conn)
    }
  }
}

/// Whose an opaque is: the first byte of it in the line of keys.
enum Token: UInt8 { case hosts = 0, own }

/// The first line of an answer to a meta command.
struct MetaLine {
  enum Code { case value, header, end, notStored, exists, notFound, noop, debug }
  let code: Code
  var length = 0
  var flagsAt = 0

  init?(_ words: RawSpan) {
    guard words.byteCount >= 2, words.byteCount == 2 || words.byte(2) == 32 else { return nil }
    switch (words.byte(0), words.byte(1)) {
    case (UInt8(ascii: "V"), UInt8(ascii: "A")): code = .value
    case (UInt8(ascii: "H"), UInt8(ascii: "D")): code = .header
    case (UInt8(ascii: "E"), UInt8(ascii: "N")): code = .end
    case (UInt8(ascii: "N"), UInt8(ascii: "S")): code = .notStored
    case (UInt8(ascii: "E"), UInt8(ascii: "X")): code = .exists
    case (UInt8(ascii: "N"), UInt8(ascii: "F")): code = .notFound
    case (UInt8(ascii: "M"), UInt8(ascii: "N")): code = .noop
    case (UInt8(ascii: "M"), UInt8(ascii: "E")): code = .debug
    default: return nil
    }
    var at = min(3, words.byteCount)
    if code == .value {
      guard let size = words.digits(&at), size <= UInt64(mostBytes), at == words.byteCount || words.blank(&at) else {
        return nil
      }
      length = Int(truncatingIfNeeded: size)
    } else if code == .debug {  // the key comes first
      let blank = words.position(of: 32, from: at)
      at = blank < 0 ? words.byteCount : blank + 1
    }
    flagsAt = at
  }

  @_lifetime(copy words)
  func flags(_ words: RawSpan) -> RawSpan { words.extracting(droppingFirst: flagsAt) }

  /// What that is to a command; nil: it is no answer to it.
  func outcome(of command: Command) -> Outcome? {
    switch (command, code) {
    case (.metaGet, .value), (.metaGet, .header), (.metaDebug, .debug): .hit
    case (.metaGet, .end), (.metaDebug, .end): .miss
    case (.metaSet, .header): .stored
    case (.metaSet, .notStored), (.metaArithmetic, .notStored): .notStored
    case (.metaSet, .exists), (.metaDelete, .exists), (.metaArithmetic, .exists): .exists
    case (.metaSet, .notFound), (.metaDelete, .notFound), (.metaArithmetic, .notFound): .notFound
    case (.metaDelete, .header): .deleted
    case (.metaArithmetic, .value): .number
    case (.metaArithmetic, .header), (.metaNoop, .noop): .ok
    default: nil
    }
  }
}

/// Flags of meta commands: letters with what belongs to them, separated by blanks.
public enum MetaFlags {
  /// Where what stands behind a letter is; nil: the flag is not there.
  public static func find(_ letter: UInt8, _ flags: RawSpan) -> Range<Int>? {
    var at = 0
    while at < flags.byteCount {
      let blank = flags.position(of: 32, from: at)
      let end = blank < 0 ? flags.byteCount : blank
      if end > at, flags.byte(at) == letter { return at + 1..<end }
      at = end + 1
    }
    return nil
  }

  /// Are these letters and their tokens, with single blanks in between?
  static func areRight(_ flags: RawSpan) -> Bool {
    guard flags.byteCount <= 1024 else { return false }
    var isBlank = true
    for index in 0..<flags.byteCount {
      let byte = flags.byte(index)
      guard byte != 32 || !isBlank, byte >= 32, byte != 127 else { return false }
      isBlank = byte == 32
    }
    return flags.byteCount == 0 || !isBlank
  }
}

extension RawSpan {
  var isError: Bool { isEqual("ERROR") || starts("ERROR ") || starts("CLIENT_ERROR") || starts("SERVER_ERROR") }
}
