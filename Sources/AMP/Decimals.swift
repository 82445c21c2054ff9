import Bytes

/// Decimal numbers as Python's `decimal` reads and writes them (General Decimal Arithmetic Specification, to-scientific-string).
struct DecimalText {
  enum Special { case none, infinity, quiet, signalling }
  var isNegative = false
  var special = Special.none
  /// The digits without zeros in front, in `text`, which may have an underscore or the point between them.
  var first = 0
  var last = 0
  var count = 0
  var exponent = 0

  /// Nil when the text is none.
  init?(_ text: RawSpan) {
    var at = 0
    var end = text.byteCount
    while at < end, text.byte(at).isBlank { at += 1 }
    while end > at, text.byte(end - 1).isBlank { end -= 1 }
    if at < end, text.byte(at) == UInt8(ascii: "-") || text.byte(at) == UInt8(ascii: "+") {
      isNegative = text.byte(at) == UInt8(ascii: "-")
      at += 1
    }
    let rest = text.extracting(at..<end)
    if isWord(rest, "inf") || isWord(rest, "infinity") {
      special = .infinity
    } else if let length = DecimalText.nan(rest) {
      special = length == 3 ? .quiet : .signalling
      guard payload(text, at + length, end) else { return nil }
    } else {
      guard number(text, at, end) else { return nil }
    }
  }

  /// The length of `nan` or `snan` at the beginning, or nil.
  static func nan(_ text: RawSpan) -> Int? {
    if text.byteCount >= 3, isWord(text.extracting(first: 3), "nan") { return 3 }
    return text.byteCount >= 4 && isWord(text.extracting(first: 4), "snan") ? 4 : nil
  }

  /// Digits behind a NaN.
  mutating func payload(_ text: RawSpan, _ start: Int, _ end: Int) -> Bool {
    var at = start
    while at < end {
      guard take(text, at) else { return false }
      at += 1
    }
    return true
  }

  /// A digit or an underscore.
  mutating func take(_ text: RawSpan, _ at: Int) -> Bool {
    let byte = text.byte(at)
    if byte == UInt8(ascii: "_") { return true }
    guard let digit = byte.digit else { return false }
    if digit > 0 || count > 0 {
      if count == 0 { first = at }
      count += 1
      last = at + 1
    }
    return true
  }

  mutating func number(_ text: RawSpan, _ start: Int, _ end: Int) -> Bool {
    var at = start
    var hasPoint = false
    var hasDigit = false
    var behind = 0
    while at < end {
      let byte = text.byte(at)
      if byte == UInt8(ascii: ".") {
        if hasPoint { return false }
        hasPoint = true
      } else if take(text, at) {
        if byte != UInt8(ascii: "_") {
          hasDigit = true
          if hasPoint { behind += 1 }
        }
      } else {
        break
      }
      at += 1
    }
    guard hasDigit else { return false }
    exponent = -behind
    guard at < end else { return true }
    guard text.byte(at) | 32 == UInt8(ascii: "e") else { return false }
    return addExponent(text.extracting(at + 1..<end))
  }

  /// The exponent: a sign and digits, and nothing that Python's own limits refuse.
  mutating func addExponent(_ text: RawSpan) -> Bool {
    var at = 0
    var isMinus = false
    if at < text.byteCount, text.byte(at) == UInt8(ascii: "-") || text.byte(at) == UInt8(ascii: "+") {
      isMinus = text.byte(at) == UInt8(ascii: "-")
      at += 1
    }
    var value = 0
    var hasDigit = false
    while at < text.byteCount {
      let byte = text.byte(at)
      at += 1
      if byte == UInt8(ascii: "_") { continue }
      guard let digit = byte.digit else { return false }
      hasDigit = true
      guard value <= (DecimalText.most - digit) / 10 else { return false }
      value = value * 10 + digit
    }
    guard hasDigit else { return false }
    exponent += isMinus ? -value : value
    let adjusted = exponent + max(count, 1) - 1
    return count == 0 || (adjusted <= DecimalText.most && exponent >= -2 * DecimalText.most)
  }
  static var most: Int { 999_999_999_999_999_999 }

  /// Appends the digits from one to another, of those in the text.
  func putDigits(_ text: RawSpan, _ range: Range<Int>, _ out: inout ByteBuffer) {
    if count == 0 {
      if range.contains(0) { out.put(UInt8(ascii: "0")) }
      return
    }
    var index = 0
    for at in first..<last where text.byte(at).digit != nil {
      if range.contains(index) { out.put(text.byte(at)) }
      index += 1
    }
  }

  /// Writes it as `str(Decimal(text))` does.
  func write(_ text: RawSpan, _ out: inout ByteBuffer) -> Status {
    guard out.reserve(text.byteCount + 40, limit: mostBytes) else { return .noMemory }
    if isNegative { out.put(UInt8(ascii: "-")) }
    switch special {
    case .infinity: out.put("Infinity")
    case .quiet, .signalling:
      out.put(special == .quiet ? "NaN" : "sNaN")
      if count > 0 { putDigits(text, 0..<count, &out) }
    case .none: writeNumber(text, &out)
    }
    return .ok
  }

  func writeNumber(_ text: RawSpan, _ out: inout ByteBuffer) {
    let length = max(count, 1)
    let left = exponent + length
    let point = exponent <= 0 && left > -6 ? left : 1
    if point <= 0 {
      out.put("0.")
      for _ in 0..<(-point) { out.put(UInt8(ascii: "0")) }
      putDigits(text, 0..<length, &out)
    } else {
      putDigits(text, 0..<min(point, length), &out)
      if point < length {
        out.put(UInt8(ascii: "."))
        putDigits(text, point..<length, &out)
      }
    }
    guard left != point else { return }
    out.put(left > point ? "E+" : "E-")
    out.put(decimal: Int64((left - point).magnitude))
  }
}
