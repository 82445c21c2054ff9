import Bytes

/// What a text says as an integer.
enum IntegerText {
  case value(Int64)
  /// It is one, and does not fit.
  case large
  case none
}

extension UInt8 {
  /// What Python's `int` and `float` pass over around a number.
  @inline(__always) var isBlank: Bool { self == 32 || (self >= 9 && self <= 13) }
}

/// An integer as Python reads it: blanks around, a sign, digits with single underscores between them.
@inline(__always) func integer(_ text: RawSpan) -> IntegerText {
  let end = text.byteCount
  if end > 0, end <= 18 {  // the usual form, which can't overflow
    var at = 0
    let isNegative = text.byte(0) == UInt8(ascii: "-")
    if isNegative { at = 1 }
    var value: Int64 = 0
    while at < end {
      let digit = text.byte(at) &- 48
      guard digit <= 9 else { return anyInteger(text) }
      value = value &* 10 &+ Int64(digit)
      at &+= 1
    }
    if end > (isNegative ? 1 : 0) { return .value(isNegative ? 0 &- value : value) }
  }
  return anyInteger(text)
}

@inline(never) func anyInteger(_ text: RawSpan) -> IntegerText {
  var at = 0
  var end = text.byteCount
  while at < end, text.byte(at).isBlank { at += 1 }
  while end > at, text.byte(end - 1).isBlank { end -= 1 }
  var isNegative = false
  if at < end, text.byte(at) == UInt8(ascii: "-") || text.byte(at) == UInt8(ascii: "+") {
    isNegative = text.byte(at) == UInt8(ascii: "-")
    at += 1
  }
  var value: Int64 = 0
  var isLarge = false
  var digits = 0
  var wasDigit = false
  while at < end {
    let byte = text.byte(at)
    at += 1
    if byte == UInt8(ascii: "_") {
      guard wasDigit else { return .none }
      wasDigit = false
      continue
    }
    guard let digit = byte.digit else { return .none }
    wasDigit = true
    digits += 1
    guard digits <= 4300 else { return .none }
    let (tenfold, isOver) = value.multipliedReportingOverflow(by: 10)
    let (sum, isToo) =
      isNegative
      ? tenfold.subtractingReportingOverflow(Int64(digit)) : tenfold.addingReportingOverflow(Int64(digit))
    isLarge = isLarge || isOver || isToo
    value = isLarge ? 0 : sum
  }
  guard wasDigit else { return .none }
  return isLarge ? .large : .value(value)
}
