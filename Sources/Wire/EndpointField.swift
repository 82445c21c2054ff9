import Bytes

/// A field of an endpoint string: a value, and the key in front of its first equals sign.
struct EndpointField {
  var key: [UInt8]?
  var value: [UInt8] = []
  /// Where the field begins, where its value does, and where it ends.
  var offset: Int
  var valueOffset: Int
  var end: Int

  /// Cuts at colons; a backslash takes the meaning from what is behind it.
  static func split(_ text: RawSpan, into fields: inout [EndpointField]) -> Reason? {
    guard text.byteCount <= 4096 else { return Endpoint.bad(4096, "longer than 4096 bytes") }
    var field = EndpointField(offset: 0, valueOffset: 0, end: 0)
    var at = 0
    while at < text.byteCount {
      let byte = text.byte(at)
      switch byte {
      case UInt8(ascii: "\\"):
        guard at + 1 < text.byteCount else { return Endpoint.bad(at, "nothing behind the backslash") }
        at += 1
        field.value.append(text.byte(at))
      case UInt8(ascii: ":"):
        field.end = at
        fields.append(field)
        field = EndpointField(offset: at + 1, valueOffset: at + 1, end: at + 1)
      case UInt8(ascii: "=") where field.key == nil:
        field.key = field.value
        field.value = []
        field.valueOffset = at + 1
      default:
        field.value.append(byte)
      }
      at += 1
    }
    field.end = at
    fields.append(field)
    return nil
  }

  /// Is the value this word, in whatever case?
  func says(_ word: StaticString) -> Bool { EndpointField.same(value, word) }

  var isLocalhost: Bool { says("localhost") }

  /// Letters, digits and hyphens, as in a name of DNS?
  var isLabel: Bool {
    for byte in value where byte.digit == nil && byte != UInt8(ascii: "-") {
      guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) else { return false }
    }
    return true
  }

  static func equal(_ bytes: [UInt8], _ word: StaticString) -> Bool {
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    for (index, byte) in bytes.enumerated() where byte != word.utf8Start[index] { return false }
    return true
  }

  static func same(_ bytes: [UInt8], _ word: StaticString) -> Bool {
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    for (index, byte) in bytes.enumerated() {
      let lower = byte >= 65 && byte <= 90 ? byte + 32 : byte
      if lower != word.utf8Start[index] { return false }
    }
    return true
  }

  func number(atMost most: Int) -> Int? {
    guard !value.isEmpty else { return nil }
    var total = 0
    for byte in value {
      guard let digit = byte.digit else { return nil }
      total = total * 10 + digit
      if total > most { return nil }
    }
    return total
  }

  func octal(atMost most: UInt32) -> UInt32? {
    guard !value.isEmpty else { return nil }
    var total: UInt32 = 0
    for byte in value {
      guard let digit = byte.digit, digit < 8 else { return nil }
      total = total * 8 + UInt32(digit)
      if total > most { return nil }
    }
    return total
  }

  /// Seconds, with a fraction if there is one, as milliseconds.
  func milliseconds() -> UInt64? {
    var whole: UInt64 = 0
    var scale: UInt64 = 0
    var digits = 0
    for byte in value {
      if byte == UInt8(ascii: "."), scale == 0 {
        scale = 1000
        continue
      }
      guard let digit = byte.digit else { return nil }
      digits += 1
      if scale == 0 {
        whole = whole * 10 + UInt64(digit) * 1000
        if whole > 1 << 40 { return nil }
      } else {
        scale /= 10
        whole += UInt64(digit) * scale
        if scale == 0 { scale = 1 }
      }
    }
    return digits > 0 ? whole : nil
  }

  /// What is wrong with a text, or nil.
  func textFault(atMost most: Int) -> StaticString? {
    if value.isEmpty { return "the value is empty" }
    if value.count > most { return "the value is too long" }
    if value.contains(0) { return "it has a NUL byte" }
    return nil
  }
}
