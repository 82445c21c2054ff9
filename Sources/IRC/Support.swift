import Bytes

/// What a server says of itself: its ISUPPORT (numeric 005), kept and obeyed. Until then, RFC 1459's.
public struct Support {
  public private(set) var features: [(key: [UInt8], value: [UInt8])] = []
  public private(set) var mapping = CaseMapping.rfc1459
  /// The modes of members that stand before nicks, best first, and what stands for them there.
  public private(set) var prefixModes: [UInt8] = [111, 104, 118]  // ohv
  public private(set) var prefixes: [UInt8] = [64, 37, 43]  // @%+
  public private(set) var channelTypes: [UInt8] = [35, 38]  // #&
  public private(set) var kinds = ModeKinds()
  /// The most bytes of a line, with its CR LF.
  public private(set) var lineLength = 512
  /// The mode of programs, or 0.
  private(set) var botMode: UInt8 = 0
  /// What is not UTF-8 is not to be sent.
  private(set) var isUTF8Only = false

  init() {
    setModes(("beI,k,l" as StaticString).utf8Bytes)
  }

  /// One word of it: `KEY`, `KEY=value` or `-KEY`.
  mutating func take(_ word: RawSpan) {
    guard word.byteCount > 0 else { return }
    let isGone = word.byte(0) == UInt8(ascii: "-")
    let from = isGone ? 1 : 0
    var equals = from
    while equals < word.byteCount, word.byte(equals) != UInt8(ascii: "=") { equals += 1 }
    guard equals > from else { return }
    let key = word.extracting(from..<equals)
    var value: [UInt8] = []
    if equals < word.byteCount { Support.unescape(word.extracting(equals + 1..<word.byteCount), into: &value) }
    if let index = find(key) {
      if isGone { features.remove(at: index) } else { features[index].value = value }
    } else if !isGone, features.count < 256 {
      var name: [UInt8] = []
      name.append(key)
      features.append((name, value))
    }
    obey(key, isGone ? [] : value, isGone)
  }

  public func value(_ key: RawSpan) -> [UInt8]? { find(key).map { features[$0].value } }

  func has(_ key: StaticString) -> Bool {
    for index in 0..<features.count {
      let known = features[index].key
      if known.span.bytes.isEqual(key) { return true }
    }
    return false
  }

  private func find(_ key: RawSpan) -> Int? {
    for index in 0..<features.count {
      let known = features[index].key
      if known.span.bytes.isEqual(key) { return index }
    }
    return nil
  }

  private mutating func obey(_ key: RawSpan, _ value: [UInt8], _ isGone: Bool) {
    if key.isEqual("CASEMAPPING") {
      mapping = CaseMapping.named(value.span.bytes) ?? .rfc1459
    } else if key.isEqual("CHANTYPES") {
      channelTypes = value
    } else if key.isEqual("PREFIX") {
      setPrefixes(value)
    } else if key.isEqual("CHANMODES") {
      setModes(isGone ? ("beI,k,l" as StaticString).utf8Bytes : value)
    } else if key.isEqual("BOT") {
      botMode = value.first ?? 0
    } else if key.isEqual("UTF8ONLY") {
      isUTF8Only = !isGone
    } else if key.isEqual("LINELEN") {
      var number = 0
      for byte in value { if let digit = byte.digit, number < 100_000 { number = number * 10 + digit } }
      lineLength = min(max(number, 512), 16384)
    }
  }

  private mutating func setPrefixes(_ value: [UInt8]) {
    prefixModes = []
    prefixes = []
    if value.count >= 2, value[0] == UInt8(ascii: "("), let end = value.firstIndex(of: UInt8(ascii: ")")) {
      let count = min(end - 1, value.count - end - 1, 16)
      for index in 0..<max(0, count) {
        prefixModes.append(value[1 + index])
        prefixes.append(value[end + 1 + index])
      }
    }
    setKinds()
  }

  /// Modes that are lists.
  private(set) var lists: [UInt8] = []
  private var always: [UInt8] = []
  private var whenSet: [UInt8] = []

  /// Four lists of letters: those of lists, with a parameter always, with one when set, and without.
  private mutating func setModes(_ value: [UInt8]) {
    lists = []
    always = []
    whenSet = []
    var part = 0
    for byte in value {
      if byte == UInt8(ascii: ",") {
        part += 1
      } else if part == 0 {
        lists.append(byte)
      } else if part == 1 {
        always.append(byte)
      } else if part == 2 {
        whenSet.append(byte)
      }
    }
    setKinds()
  }

  private mutating func setKinds() {
    kinds.whenUnset = lists + always + prefixModes
    kinds.whenSet = kinds.whenUnset + whenSet
  }

  func isChannel(_ name: RawSpan) -> Bool { name.byteCount > 0 && channelTypes.contains(name.byte(0)) }

  /// `\x20` is a blank.
  private static func unescape(_ text: RawSpan, into out: inout [UInt8]) {
    var at = 0
    while at < text.byteCount {
      if text.byte(at) == UInt8(ascii: "\\"), at + 3 < text.byteCount, text.byte(at + 1) == UInt8(ascii: "x"),
        let high = Runs.hexDigit(text.byte(at + 2)), let low = Runs.hexDigit(text.byte(at + 3))
      {
        out.append(UInt8(truncatingIfNeeded: high << 4 | low))
        at += 4
      } else {
        out.append(text.byte(at))
        at += 1
      }
    }
  }
}

extension StaticString {
  /// (An array of a literal's UTF-8 without String.)
  var utf8Bytes: [UInt8] {
    var made: [UInt8] = []
    made.append(self)
    return made
  }
}
