import Bytes
import Wire

/// Strings behind a binary length of 1 to 8 bytes, as Twisted's IntNStringReceiver has them.
public struct PrefixFramer: SteppingFramer {
  @inline(__always) public static var tag: UInt8 { Tag.string }
  public var longest: Int
  public let header: Int
  let isLittleEndian: Bool

  public init(bytes: Int, littleEndian: Bool, longest: Int) {
    header = bytes
    isLittleEndian = littleEndian
    self.longest = longest
  }

  @inline(__always) public var trailer: Int { 0 }
  public func fits(_ length: Int) -> Bool { header >= 4 ? length <= mostBytes : length < 1 << (8 * header) }

  func length(_ bytes: RawSpan, _ at: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<header {
      let place = isLittleEndian ? header - 1 - index : index
      value = value << 8 | UInt64(bytes.byte(at + place))
    }
    return value
  }

  @inline(__always) public func step(_ bytes: RawSpan, from start: Int) -> Step {
    let room = bytes.byteCount &- start &- header
    guard room >= 0 else { return .unfinished }
    let announced = length(bytes, start)
    guard announced <= UInt64(longest) else { return .tooLong(announced) }
    let length = Int(truncatingIfNeeded: announced)
    return room >= length ? .message(at: start &+ header, length: length) : .unfinished
  }

  public func completion(of held: RawSpan, by more: RawSpan) -> Int {
    let have = held.byteCount
    if have < header { return min(header - have, more.byteCount) }
    let announced = length(held, 0)
    guard announced <= UInt64(longest) else { return 0 }
    return min(max(0, header + Int(truncatingIfNeeded: announced) - have), more.byteCount)
  }

  public func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess { prefixExcess(bytes, header, length) }

  public func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int {
    start >= header && self.length(block, start - header) == UInt64(length) ? header : -1
  }

  public func frame(_ message: RawSpan, into out: inout ByteWriter) {
    for index in 0..<header {
      let place = isLittleEndian ? index : header - 1 - index
      out.put(UInt8(truncatingIfNeeded: UInt64(message.byteCount) >> (8 * UInt64(place))))
    }
    out.put(message)
  }
}

/// The commonest prefix, 32 bits and big-endian, by itself: its length is one load.
public struct Int32Framer: SteppingFramer {
  @inline(__always) public static var tag: UInt8 { Tag.string32 }
  public var longest: Int
  @inline(__always) public var header: Int { 4 }
  @inline(__always) public var trailer: Int { 0 }
  public init(longest: Int) { self.longest = longest }
  @inline(__always) public func fits(_ length: Int) -> Bool { length <= mostBytes }

  @inline(__always) public func step(_ bytes: RawSpan, from start: Int) -> Step {
    let room = bytes.byteCount &- start &- 4
    guard room >= 0 else { return .unfinished }
    let length = Int(bytes.bigEndian32(start))
    guard length <= longest else { return .tooLong(UInt64(length)) }
    return room >= length ? .message(at: start &+ 4, length: length) : .unfinished
  }

  public func completion(of held: RawSpan, by more: RawSpan) -> Int {
    let have = held.byteCount
    if have < 4 { return min(4 - have, more.byteCount) }
    let length = Int(held.bigEndian32(0))
    guard length <= longest else { return 0 }
    return min(max(0, 4 + length - have), more.byteCount)
  }

  public func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess { prefixExcess(bytes, 4, length) }

  @inline(__always) public func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int {
    start >= 4 && block.bigEndian32(start &- 4) == UInt32(truncatingIfNeeded: length) ? 4 : -1
  }

  @inline(__always) public func frame(_ message: RawSpan, into out: inout ByteWriter) {
    out.put(UInt32(truncatingIfNeeded: message.byteCount).bigEndian)
    out.put(message)
  }

  @inline(__always) public var isQuick: Bool { true }
  @inline(__always) public func frame(ofShort length: Int) -> ShortFrame {
    ShortFrame(head: UInt32(truncatingIfNeeded: length).bigEndian, 4)
  }
}

/// The whole string, with its framing, is skipped.
func prefixExcess(_ bytes: RawSpan, _ framing: Int, _ length: UInt64) -> Excess {
  let (sum, isHuge) = length.addingReportingOverflow(UInt64(framing))
  let total = isHuge ? UInt64.max : sum
  let dropped = min(total, UInt64(bytes.byteCount))
  return .drop(Int(dropped), thenSkip: total - dropped, shown: 0)
}
