import Bytes
import Wire

/// Netstrings (D. J. Bernstein, 1997): a decimal length without leading zeros, a colon, the string, a comma.
public struct NetstringFramer: Framer {
  @inline(__always) public static var tag: UInt8 { Tag.netstring }
  public var longest: Int
  /// A length that is too long is read to its end, for a host that wants to know it and to go on
  /// behind the string; else it is refused digit by digit.
  let readsLength: Bool

  public init(longest: Int, readsLength: Bool) {
    self.longest = longest
    self.readsLength = readsLength
  }

  /// Ten digits and the colon.
  @inline(__always) public var header: Int { 11 }
  @inline(__always) public var trailer: Int { 1 }
  @inline(__always) public func fits(_ length: Int) -> Bool { length <= mostBytes }

  enum Length {
    /// The string's length, and where it begins.
    case known(Int, at: Int)
    case unfinished
    case tooLong(UInt64, at: Int)
    case malformed
  }

  @inline(__always) func length(_ bytes: RawSpan, _ start: Int) -> Length {
    let end = bytes.byteCount
    var at = start
    var value = 0
    while at < end {
      let byte = bytes.byte(at)
      guard let digit = byte.digit else {
        guard byte == UInt8(ascii: ":"), at > start else { return .malformed }
        return value <= longest ? .known(value, at: at &+ 1) : .tooLong(UInt64(value), at: at &+ 1)
      }
      // A zero ends the number; eighteen digits are more than any length has.
      if at > start, value == 0 || at &- start >= 18 { return .malformed }
      value = value &* 10 &+ digit
      if value > longest, !readsLength { return .tooLong(UInt64(value), at: at) }
      at = at &+ 1
    }
    return .unfinished
  }

  public func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
    let most = min(most, FrameTable.capacity)
    let end = bytes.byteCount
    var at = start
    while table.count < most, at < end {
      switch length(bytes, at) {
      case .unfinished: return .upTo(at)
      case .malformed: return table.count > 0 ? .upTo(at) : .malformed
      case .tooLong(let announced, _): return table.count > 0 ? .upTo(at) : .tooLong(announced)
      case .known(let length, let first):
        guard end &- first > length else { return .upTo(at) }
        guard bytes.byte(first &+ length) == UInt8(ascii: ",") else { return table.count > 0 ? .upTo(at) : .malformed }
        table.append(first &- start, length)
        at = first &+ length &+ 1
      }
    }
    return .upTo(at)
  }

  public func completion(of held: RawSpan, by more: RawSpan) -> Int {
    guard case .known(let length, let first) = length(held, 0) else {
      // The number goes on: up to its colon, or a byte for the scan to refuse.
      var at = 0
      while at < more.byteCount, more.byte(at).digit != nil, at < 18 { at += 1 }
      return min(at + 1, more.byteCount)
    }
    return min(max(0, first + length + 1 - held.byteCount), more.byteCount)
  }

  public func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess {
    guard case .tooLong(_, let first) = self.length(bytes, 0) else {
      return .drop(bytes.byteCount, thenSkip: 0, shown: 0)
    }
    return prefixExcess(bytes, first + 1, length)
  }

  public func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int {
    let digits = decimalDigits(length)
    guard start > digits, start + length < block.byteCount, block.byte(start + length) == UInt8(ascii: ","),
      block.byte(start - 1) == UInt8(ascii: ":")
    else { return -1 }
    var rest = length
    for place in 0..<digits {
      guard block.byte(start - 2 - place) == UInt8(truncatingIfNeeded: 48 + rest % 10) else { return -1 }
      rest /= 10
    }
    return digits + 1
  }

  @inline(__always) public func frame(_ message: RawSpan, into out: inout ByteBuffer) {
    var divisor = 1
    while message.byteCount / divisor >= 10 { divisor = divisor &* 10 }
    while divisor > 0 {
      out.put(UInt8(truncatingIfNeeded: 48 &+ message.byteCount / divisor % 10))
      divisor /= 10
    }
    out.put(UInt8(ascii: ":"))
    out.put(message)
    out.put(UInt8(ascii: ","))
  }
}
