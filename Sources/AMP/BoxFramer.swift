import Bytes
import Framing
import Wire

/// Boxes: pairs of key and value, each behind a 16-bit length, and an empty key at the end. A message of this
/// framer's is a box without that key, which is its trailer. The first byte of a key's length is 0: keys have
/// 255 bytes at most.
public struct BoxFramer: Framer {
  @inline(__always) public static var tag: UInt8 { Tag.box }
  public var longest: Int
  /// The conn's, which keeps it.
  public let session: Unmanaged<Session>

  public init(_ session: Session, longest: Int) {
    self.session = Unmanaged.passUnretained(session)
    self.longest = longest
  }

  @inline(__always) public static var handsOver: Bool { true }
  @inline(__always) public var header: Int { 0 }
  @inline(__always) public var trailer: Int { 2 }
  @inline(__always) public func fits(_ length: Int) -> Bool { length <= mostBytes - 2 }

  /// Where a box ends.
  enum End {
    /// Behind its last field, in front of the empty key.
    case at(Int)
    /// It goes on; the next field begins here.
    case unfinished(Int)
    case malformed(Int)
  }

  @inline(__always) static func walk(_ bytes: RawSpan, from start: Int) -> End {
    let end = bytes.byteCount
    var at = start
    while end &- at >= 2 {
      let key = bytes.bigEndian16(at)
      if key == 0 { return .at(at) }
      guard key <= 255 else { return .malformed(at) }
      guard end &- at >= 4 &+ key else { return .unfinished(at) }
      let value = bytes.bigEndian16(at &+ 2 &+ key)
      guard end &- at >= 4 &+ key &+ value else { return .unfinished(at) }
      at = at &+ 4 &+ key &+ value
    }
    if at < end, bytes.byte(at) != 0 { return .malformed(at) }
    return .unfinished(at)
  }

  @_optimize(speed)
  public func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
    table.fill(most) { found in
      var at = start
      while !found.isFull, at < bytes.byteCount {
        switch BoxFramer.walk(bytes, from: at) {
        case .at(let end):
          guard end &- at <= longest else { return found.count > 0 ? .upTo(at) : .tooLong(UInt64(end &- at)) }
          found.append(at &- start, end &- at)
          at = end &+ 2
        case .unfinished(let reached):
          // A single byte may begin the end.
          let length = (bytes.byteCount &- reached == 1 ? reached : bytes.byteCount) &- at
          if length > longest { return found.count > 0 ? .upTo(at) : .tooLong(UInt64(length)) }
          session._withUnsafeGuaranteedRef { $0.walk.begin(reached &- at, of: bytes.byteCount &- at) }
          return .upTo(at)
        case .malformed(let bad):
          if found.count > 0 { return .upTo(at) }
          return bad &- at > longest ? .tooLong(UInt64(bad &- at)) : .malformed  // however it was cut
        }
      }
      return .upTo(at)
    }
  }

  public func completion(of held: RawSpan, by more: RawSpan) -> Int {
    session._withUnsafeGuaranteedRef { $0.walk.completion(of: held, by: more, longest) }
  }

  public func isUnfinished(_ held: RawSpan) -> Bool {
    session._withUnsafeGuaranteedRef { $0.walk.isUnfinished(held.byteCount) }
  }

  /// The conn is closed anyway.
  public func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess {
    .drop(bytes.byteCount, thenSkip: .max, shown: bytes.byteCount)
  }

  public func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int {
    block.byteCount &- start &- length >= 2 && block.bigEndian16(start &+ length) == 0 ? 0 : -1
  }

  @inline(__always) public func frame(_ message: RawSpan, into out: inout ByteWriter) {
    out.put(message)
    out.put(UInt16(0))
  }
}

public typealias BoxProtocol = MessageProtocol<BoxFramer>

/// How far the box that is held was walked, so that one that comes in many small pieces is walked once.
struct Walk {
  /// Where, from the box's first byte, the next field begins.
  var reached = 0
  /// How long what is held was then; if it is something else by now, the walk begins anew.
  var length = -1
  var isOver = true

  mutating func begin(_ reached: Int, of length: Int) {
    self.reached = reached
    self.length = length
    isOver = false
  }

  func isUnfinished(_ length: Int) -> Bool { !isOver && length == self.length }

  /// How many bytes of `more` belong to the box that `held` begins.
  mutating func completion(of held: RawSpan, by more: RawSpan, _ longest: Int) -> Int {
    let have = held.byteCount
    let most = have + more.byteCount
    /// A 16-bit number that may lie in both.
    func number(_ at: Int) -> Int {
      func byte(_ at: Int) -> Int { Int(at < have ? held.byte(at) : more.byte(at - have)) }
      return byte(at) << 8 | byte(at + 1)
    }
    var at = length == have ? reached : 0
    isOver = true
    while most - at >= 2 {
      let key = number(at)
      if key == 0 || key > 255 { return max(0, at + 2 - have) }
      guard most - at >= 4 + key else { break }
      let value = number(at + 2 + key)
      guard most - at >= 4 + key + value else { break }
      at += 4 + key + value
    }
    // A length's first byte alone tells already that it is none.
    if most - at == 1, (at < have ? held.byte(at) : more.byte(at - have)) != 0 { return max(0, most - have) }
    let wanted = min(most, longest + 2)
    begin(at, of: max(wanted, have))
    if wanted > longest { isOver = true }  // the scan decides
    return max(0, wanted - have)
  }
}
