import Bytes

/// Somebody or something that an answer tells of: irc.h, plait_irc_entry. Parts are those of the answer's lines; what begins at 0 was
/// not told.
public struct Entry: BitwiseCopyable {
  public var flags: UInt32 = 0
  public var hops: UInt32 = 0
  public var number: UInt64 = 0
  public var since: UInt64 = 0
  public var nick = Part()
  public var user = Part()
  public var host = Part()
  public var name = Part()
  public var account = Part()
  public var server = Part()
  public var channel = Part()
  public var prefix = Part()
  public var text = Part()

  static var isAway: UInt32 { 1 }
  static var isOperator: UInt32 { 2 }
  static var isSecure: UInt32 { 4 }
  static var isBot: UInt32 { 8 }
}

/// A line of an answer, and where it begins in all of them.
private struct AnswerLine: ~Escapable {
  var message = Message()
  let bytes: RawSpan
  let base: UInt32

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, _ base: Int) {
    self.bytes = bytes
    self.base = UInt32(truncatingIfNeeded: base)
  }

  /// A parameter, as a part of all lines.
  @inline(never) func part(_ index: Int) -> Part {
    guard index < message.count else { return Part() }
    var found = message.parameters[index]
    found.start += base
    return found
  }
  @inline(never) func number(_ index: Int) -> UInt64 { decimal(message.parameter(index, bytes)) }
  func says(_ index: Int, _ text: StaticString) -> Bool { message.parameter(index, bytes).isEqual(text) }
}

/// The digits that a text begins with.
private func decimal(_ text: RawSpan) -> UInt64 {
  var value: UInt64 = 0
  for index in 0..<min(text.byteCount, 18) {
    guard let digit = text.byte(index).digit else { break }
    value = value * 10 + UInt64(digit)
  }
  return value
}

extension IRCCall {
  /// What the lines say. False: there is no memory.
  final func makeEntries(_ support: Support) -> Bool {
    var at = 0
    var somebody = Entry()
    var channels: [UInt8] = []
    while at < lines.count {
      let end = lines.position(of: 10, from: at)
      guard end >= 0 else { break }
      var line = AnswerLine(lines.bytes.extracting(at..<end), at)
      at = end + 1
      guard line.message.parse(line.bytes), line.message.count > 1 else { continue }
      switch line.message.numeric {
      case 353: if !addMembers(line, support) { return false }
      case 322, 352, 354: if !entries.append(entry(line, support)) { return false }
      case 319:
        let list = line.message.parameter(line.message.count - 1, line.bytes)
        var words = Words(list)
        while let word = words.next() {
          if !channels.isEmpty { channels.append(32) }
          channels.append(list.extracting(word.range))
        }
        fallthrough
      default: learn(line, &somebody)
      }
    }
    guard question == .whois, !somebody.nick.isEmpty else { return true }
    if !channels.isEmpty {
      // In one place, behind the lines.
      guard lines.append(channels.span.bytes, limit: mostBytes) else { return false }
      somebody.channel = Part(linesEnd, lines.count)
    }
    return entries.append(somebody)
  }

  /// Of LIST, or of WHO with and without fields.
  private final func entry(_ line: borrowing AnswerLine, _ support: Support) -> Entry {
    var made = Entry()
    if line.message.numeric == 322 {
      made.channel = line.part(1)
      made.number = line.number(2)
      made.text = line.part(3)
      return made
    }
    // `channel user host server nick flags`, with a token before it where there are fields.
    let first = line.message.numeric == 354 ? 2 : 1
    (made.channel, made.user, made.host) = (line.part(first), line.part(first + 1), line.part(first + 2))
    (made.server, made.nick, made.prefix) = (line.part(first + 3), line.part(first + 4), line.part(first + 5))
    if first == 2 {
      made.hops = UInt32(truncatingIfNeeded: line.number(8))
      (made.account, made.name) = (line.part(9), line.part(10))
      if line.says(9, "0") { made.account.count = 0 }
    } else {
      let last = line.message.parameter(7, line.bytes)
      let blank = last.position(of: 32, from: 0)
      made.hops = UInt32(truncatingIfNeeded: decimal(last))
      made.name = line.part(7)
      made.name.start += UInt32(truncatingIfNeeded: blank + 1)
      made.name.count = blank < 0 ? 0 : made.name.count - UInt32(truncatingIfNeeded: blank + 1)
    }
    let flags = line.message.parameter(first + 5, line.bytes)
    let bot = support.botMode
    for index in 0..<flags.byteCount {
      switch flags.byte(index) {
      case UInt8(ascii: "G"): made.flags |= Entry.isAway
      case UInt8(ascii: "*"): made.flags |= Entry.isOperator
      case bot: made.flags |= Entry.isBot
      default: break
      }
    }
    return made
  }

  /// Of WHOIS: a line about the one who was asked for.
  private final func learn(_ line: borrowing AnswerLine, _ made: inout Entry) {
    let count = line.message.count
    if made.nick.isEmpty { made.nick = line.part(1) }
    switch line.message.numeric {
    case 311:
      (made.nick, made.user, made.host, made.name) = (line.part(1), line.part(2), line.part(3), line.part(count - 1))
    case 312: made.server = line.part(2)
    case 317:
      made.number = line.number(2)
      if count > 4 { made.since = line.number(3) }
    case 330: made.account = line.part(2)
    case 307: if made.account.start == 0 { made.account = line.part(1) }
    case 301: if count > 2 { made.text = line.part(count - 1) }
    case 313: made.flags |= Entry.isOperator
    case 671: made.flags |= Entry.isSecure
    case 335: made.flags |= Entry.isBot
    default: break
    }
    if line.message.numeric == 301 { made.flags |= Entry.isAway }
  }

  /// Of NAMES: those that a line has.
  private final func addMembers(_ line: borrowing AnswerLine, _ support: Support) -> Bool {
    let last = line.message.count - 1
    let list = line.message.parameter(last, line.bytes)
    let base = Int(line.part(last).start)
    let channel = line.part(last - 1)
    var words = Words(list)
    while let word = words.next() {
      var start = Int(word.start)
      let end = start + Int(word.count)
      var made = Entry()
      while start < end, support.prefixes.contains(list.byte(start)) { start += 1 }
      let source = Source(list.extracting(start..<end))
      func placed(_ part: Part) -> Part {
        Part(base + start + Int(part.start), base + start + Int(part.start + part.count))
      }
      made.channel = channel
      made.prefix = Part(base + Int(word.start), base + start)
      made.nick = placed(source.nick)
      if !source.user.isEmpty { made.user = placed(source.user) }
      if !source.host.isEmpty { made.host = placed(source.host) }
      if !made.nick.isEmpty, !entries.append(made) { return false }
    }
    return true
  }
}
