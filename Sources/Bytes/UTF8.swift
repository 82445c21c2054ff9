extension RawSpan {
  /// Is it UTF-8 (RFC 3629): no surrogates, nothing longer than it need be, nothing beyond U+10FFFF?
  public var isUTF8: Bool {
    var at = 0
    let end = byteCount
    while at < end {
      let first = byte(at)
      if first < 0x80 {
        at &+= 1
        continue
      }
      let more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1
      guard first >= 0xc2, first <= 0xf4, end &- at > more else { return false }
      let second = byte(at &+ 1)
      let least: UInt8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80
      let most: UInt8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf
      guard second >= least, second <= most else { return false }
      if more > 1, byte(at &+ 2) & 0xc0 != 0x80 { return false }
      if more > 2, byte(at &+ 3) & 0xc0 != 0x80 { return false }
      at = at &+ 1 &+ more
    }
    return true
  }

  /// Less than 0, 0 or more: by bytes, and the shorter one first.
  public func compare(_ other: RawSpan) -> Int {
    let shared = Swift.min(byteCount, other.byteCount)
    for index in 0..<shared where byte(index) != other.byte(index) {
      return Int(byte(index)) - Int(other.byte(index))
    }
    return byteCount - other.byteCount
  }

  @inline(__always) public func isEqual(_ text: StaticString) -> Bool {
    guard byteCount == text.utf8CodeUnitCount else { return false }
    // Sound: a literal's bytes are static.
    return isEqual(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).bytes)
  }
}
