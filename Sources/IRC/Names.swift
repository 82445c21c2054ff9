import Bytes

/// Which letters a server takes for the same: its CASEMAPPING.
public enum CaseMapping: UInt8, Sendable {
  /// `{}|^` are the small ones of `[]\~`: RFC 1459 section 2.2.
  case rfc1459
  /// The same without `^` and `~`.
  case strict
  case ascii

  @inline(__always) public func lower(_ byte: UInt8) -> UInt8 {
    if byte >= 65, byte <= 90 { return byte | 32 }
    guard self != .ascii, byte >= 91, byte <= 126 else { return byte }
    switch byte {
    case UInt8(ascii: "["): return UInt8(ascii: "{")
    case UInt8(ascii: "]"): return UInt8(ascii: "}")
    case UInt8(ascii: "\\"): return UInt8(ascii: "|")
    case UInt8(ascii: "~"): return self == .rfc1459 ? UInt8(ascii: "^") : byte
    default: return byte
    }
  }

  public func isEqual(_ one: RawSpan, _ other: RawSpan) -> Bool {
    guard one.byteCount == other.byteCount else { return false }
    for index in 0..<one.byteCount where lower(one.byte(index)) != lower(other.byte(index)) { return false }
    return true
  }

  /// The same for names that mean the same (FNV-1a).
  public func hash(_ name: RawSpan) -> UInt64 {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<name.byteCount { value = (value ^ UInt64(lower(name.byte(index)))) &* 0x100_0000_01b3 }
    return value
  }

  public static func named(_ name: RawSpan) -> CaseMapping? {
    if name.isEqual("ascii") { return .ascii }
    if name.isEqual("rfc1459") { return .rfc1459 }
    return name.isEqual("strict-rfc1459") || name.isEqual("rfc1459-strict") ? .strict : nil
  }

  /// Does a text fit a mask, in which `*` stands for any bytes and `?` for one? Only the last star is ever gone back to.
  public func matches(_ mask: RawSpan, _ text: RawSpan) -> Bool {
    var (at, place) = (0, 0)
    var (star, mark) = (-1, 0)
    while at < text.byteCount {
      let wanted = place < mask.byteCount ? mask.byte(place) : 0
      if place < mask.byteCount, wanted == UInt8(ascii: "*") {
        star = place
        mark = at
        place &+= 1
      } else if place < mask.byteCount, wanted == UInt8(ascii: "?") || lower(wanted) == lower(text.byte(at)) {
        place &+= 1
        at &+= 1
      } else if star >= 0 {
        place = star &+ 1
        mark &+= 1
        at = mark
      } else {
        return false
      }
    }
    while place < mask.byteCount, mask.byte(place) == UInt8(ascii: "*") { place &+= 1 }
    return place == mask.byteCount
  }
}

/// Is it a host's name with a dot in it: labels of letters, digits and hyphens, which do not begin or end with a hyphen?
public func isHostName(_ name: RawSpan) -> Bool {
  guard name.byteCount > 0, name.byteCount <= 253 else { return false }
  var start = 0
  var labels = 0
  while start <= name.byteCount {
    let dot = name.position(of: UInt8(ascii: "."), from: start)
    let end = dot < 0 ? name.byteCount : dot
    guard end > start, end - start <= 63, name.byte(start) != UInt8(ascii: "-"),
      name.byte(end - 1) != UInt8(ascii: "-")
    else { return false }
    for index in start..<end {
      let byte = name.byte(index)
      guard byte.digit != nil || byte == UInt8(ascii: "-") || (byte | 32 >= 97 && byte | 32 <= 122) else {
        return false
      }
    }
    labels += 1
    start = end + 1
    if dot < 0 { break }
  }
  return labels > 1
}
