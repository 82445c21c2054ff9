import Bytes
import Wire

/// Netstrings (D. J. Bernstein, 1997): a decimal length without leading zeros, a colon, the string, a comma.
public struct NetstringFramer: SteppingFramer {
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

  /// The same for the usual length, of one to seven digits with bytes enough behind them and no zero in front; `.max` where
  /// the rules have to be looked at one by one.
  @inline(__always) func usualLength(_ bytes: RawSpan, _ start: Int) -> (length: UInt, at: Int) {
    guard bytes.byteCount &- start >= 8 else { return (.max, start) }
    var rest = UInt(truncatingIfNeeded: bytes.littleEndian64(start))
    var value = (rest & 0xff) &- 48
    guard value &- 1 < 9 else { return (.max, start) }
    var at = start &+ 2
    var digit = (rest >> 8 & 0xff) &- 48
    while digit < 10 {  // at most eight times: then the rest is zero
      value = value &* 10 &+ digit
      rest = rest >> 8
      digit = (rest >> 8 & 0xff) &- 48
      at = at &+ 1
    }
    return (digit == 10 ? value : .max, at)  // behind a colon
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

  @inline(__always) public func step(_ bytes: RawSpan, from start: Int) -> Step {
    let (usual, first) = usualLength(bytes, start)
    if usual <= UInt(bitPattern: longest) {
      let length = Int(bitPattern: usual)
      let end = first &+ length
      if UInt(bitPattern: end) < UInt(bitPattern: bytes.byteCount), bytes.byte(end) == UInt8(ascii: ",") {
        return .message(at: first, length: length)
      }
    }
    return unusual(bytes, start)
  }

  @inline(never) func unusual(_ bytes: RawSpan, _ start: Int) -> Step {
    switch length(bytes, start) {
    case .unfinished: return .unfinished
    case .malformed: return .malformed
    case .tooLong(let announced, _): return .tooLong(announced)
    case .known(let length, let first):
      guard bytes.byteCount - first > length else { return .unfinished }
      return bytes.byte(first + length) == UInt8(ascii: ",") ? .message(at: first, length: length) : .malformed
    }
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
    let front = decimalDigits(length) + 1
    return start >= front && follows(block, start - front, start, length) ? front : -1
  }

  @inline(__always) public func follows(_ block: RawSpan, _ end: Int, _ start: Int, _ length: Int) -> Bool {
    guard start > end, block.byteCount &- start > length, block.byte(start &+ length) == UInt8(ascii: ",") else {
      return false
    }
    let (usual, first) = usualLength(block, end)
    if usual == UInt(bitPattern: length) { return first == start }
    guard case .known(length, at: start) = self.length(block, end) else { return false }
    return true
  }

  @inline(__always) public func frame(_ message: RawSpan, into out: inout ByteWriter) {
    out.put(decimal: UInt32(truncatingIfNeeded: message.byteCount))
    out.put(UInt8(ascii: ":"))
    out.put(message)
    out.put(UInt8(ascii: ","))
  }

  @inline(__always) public var isQuick: Bool { true }
  @inline(__always) public func frame(ofShort length: Int) -> ShortFrame {
    ShortFrame(netstring: length)
  }
}
