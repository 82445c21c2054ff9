import Bytes

// Floating-point numbers as Python's `float` reads and `repr` writes them.

/// Is it a number as Python reads it? With blanks around, underscores between digits, `inf` and `nan`. The text without
/// blanks and underscores is put into `plain`.
func isReal(_ text: RawSpan, _ plain: inout ByteBuffer) -> Bool {
  var at = 0
  var end = text.byteCount
  while at < end, text.byte(at).isBlank { at += 1 }
  while end > at, text.byte(end - 1).isBlank { end -= 1 }
  guard plain.reserve(end - at + 1, limit: mostBytes) else { return false }
  if at < end, text.byte(at) == UInt8(ascii: "-") || text.byte(at) == UInt8(ascii: "+") {
    plain.put(text.byte(at))
    at += 1
  }
  let rest = text.extracting(at..<end)
  if isWord(rest, "inf") || isWord(rest, "infinity") || isWord(rest, "nan") {
    plain.put(rest)
    return true
  }
  return isPlainReal(rest, &plain)
}

/// The same letters, of whatever case?
func isWord(_ text: RawSpan, _ word: StaticString) -> Bool {
  guard text.byteCount == word.utf8CodeUnitCount else { return false }
  for index in 0..<text.byteCount where text.byte(index) | 32 != word.utf8Start[index] { return false }
  return true
}

/// Digits, with single underscores between them; how many.
func digits(_ text: RawSpan, _ at: inout Int, _ plain: inout ByteBuffer) -> Int {
  var count = 0
  while at < text.byteCount {
    if text.byte(at).digit != nil {
      plain.put(text.byte(at))
      count += 1
    } else if text.byte(at) == UInt8(ascii: "_"), count > 0, text.byte(at - 1).digit != nil, at + 1 < text.byteCount,
      text.byte(at + 1).digit != nil
    {
      // between two digits
    } else {
      break
    }
    at += 1
  }
  return count
}

func isPlainReal(_ text: RawSpan, _ plain: inout ByteBuffer) -> Bool {
  var at = 0
  var count = digits(text, &at, &plain)
  if at < text.byteCount, text.byte(at) == UInt8(ascii: ".") {
    plain.put(UInt8(ascii: "."))
    at += 1
    count += digits(text, &at, &plain)
  }
  guard count > 0 else { return false }
  if at < text.byteCount, text.byte(at) | 32 == UInt8(ascii: "e") {
    plain.put(UInt8(ascii: "e"))
    at += 1
    if at < text.byteCount, text.byte(at) == UInt8(ascii: "-") || text.byte(at) == UInt8(ascii: "+") {
      plain.put(text.byte(at))
      at += 1
    }
    guard digits(text, &at, &plain) > 0 else { return false }
  }
  return at == text.byteCount
}

/// The number, or nil when it is none.
func real(_ text: RawSpan) -> Double? {
  var plain = ByteBuffer()
  guard isReal(text, &plain), plain.reserve(1, limit: mostBytes) else { return nil }
  plain.put(UInt8(0))
  return realNumber(plain.bytes)
}

/// The most bytes that `put(real:)` needs.
let longestReal = 32

/// Writes a number as Python does: the fewest digits that read back as the same number, an exponent below 1e-4 and from 1e16 on.
func put(real value: Double, _ out: inout ByteBuffer) {
  if value.isNaN { return out.put("nan") }
  if value.isInfinite { return out.put(value < 0 ? "-inf" : "inf") }
  // Swift's description has the shortest digits, but other bounds for the exponent.
  var shortest = value.magnitude.description
  var digits = Digits()
  shortest.withUTF8 { digits.read(UnsafeRawBufferPointer($0).bytes) }
  if value.sign == .minus { out.put(UInt8(ascii: "-")) }
  digits.write(&out)
}

/// A number's digits without zeros in front and behind, and where the point is.
struct Digits {
  /// Up to 17 digits as a number, and how many they are.
  var number: UInt64 = 0
  var count = 0
  /// So many digits are in front of the point; may be negative.
  var point = 0

  /// Reads `1.5e-07`, `120.0`.
  mutating func read(_ text: RawSpan) {
    var zeros = 0  // behind the last digit that is none
    var isBehindPoint = false
    var at = 0
    while at < text.byteCount {
      let byte = text.byte(at)
      at += 1
      if byte == UInt8(ascii: ".") {
        isBehindPoint = true
      } else if byte | 32 == UInt8(ascii: "e") {
        break
      } else if let digit = byte.digit {
        if digit == 0 {
          if count > 0 { zeros += 1 }
        } else {
          for _ in 0..<zeros { number = number &* 10 }
          count += zeros + 1
          zeros = 0
          number = number &* 10 &+ UInt64(digit)
        }
        if !isBehindPoint, count > 0 { point += 1 }
        if isBehindPoint, count == 0 { point -= 1 }
      }
    }
    if at < text.byteCount, case .value(let exponent) = integer(text.extracting(at..<text.byteCount)) {
      point += Int(exponent)
    }
  }

  func write(_ out: inout ByteBuffer) {
    guard count > 0 else { return out.put("0.0") }
    if point > 16 || point < -3 { return writeScientific(&out) }
    var power = power(count)
    if point <= 0 {
      out.put("0.")
      for _ in 0..<(-point) { out.put(UInt8(ascii: "0")) }
    }
    for index in 0..<max(count, point) {
      if index == point, point > 0 { out.put(UInt8(ascii: ".")) }
      out.put(digit(&power))
    }
    if count <= point { out.put(".0") }
  }

  func writeScientific(_ out: inout ByteBuffer) {
    var power = power(count)
    for index in 0..<count {
      if index == 1 { out.put(UInt8(ascii: ".")) }
      out.put(digit(&power))
    }
    let exponent = point - 1
    out.put(exponent < 0 ? "e-" : "e+")
    if exponent.magnitude < 10 { out.put(UInt8(ascii: "0")) }
    out.put(decimal: Int64(exponent.magnitude))
  }

  func power(_ count: Int) -> UInt64 {
    var power: UInt64 = 1
    for _ in 1..<max(count, 1) { power = power &* 10 }
    return power
  }

  /// The digit at a power of ten, which goes down; zeros behind the last.
  func digit(_ power: inout UInt64) -> UInt8 {
    guard power > 0 else { return UInt8(ascii: "0") }
    let digit = UInt8(truncatingIfNeeded: number / power % 10)
    power /= 10
    return 48 + digit
  }
}
