import CSystem

/// Bytes in memory of their own, filled at the end and dropped from the front. It grows through
/// `realloc` up to a limit: a refusal is a result, never a crash. At most 1 GiB, so that its three
/// numbers take no more room than one and a half.
public struct ByteBuffer: ~Copyable {
  var base: UnsafeMutableRawPointer?
  var start: UInt32 = 0
  var end: UInt32 = 0
  var room: UInt32 = 0
  static var smallest: Int { 256 }

  @inline(__always) public init() {}

  @inline(__always) public var isEmpty: Bool { start == end }
  @inline(__always) public var count: Int { Int(end &- start) }
  @inline(__always) public var capacity: Int { Int(room) }
  @inline(__always) var free: Int { Int(room) &- Int(end) }

  /// The bytes, readable as long as the buffer is neither changed nor gone.
  @inline(__always) public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: [start, start + length) lies in memory that this buffer owns and has initialized.
      let all = UnsafeRawBufferPointer(start: base.map { UnsafeRawPointer($0 + Int(start)) }, count: count)
      return _overrideLifetime(all.bytes, borrowing: self)
    }
  }

  /// Makes room for `more` bytes, or answers false and changes nothing.
  @inline(__always) public mutating func reserve(_ more: Int, limit: Int) -> Bool { more <= free || grow(more, limit) }

  /// Is there room for so many, and to spare? Then there is memory, too.
  @inline(__always) public func hasRoom(for more: Int) -> Bool { more < free }

  @inline(never) mutating func grow(_ more: Int, _ limit: Int) -> Bool {
    let limit = min(limit, mostBytes)
    guard more <= limit - count else { return false }
    if start > 0, let base {  // what was dropped from the front may be room enough, at a cost that it paid for
      let isWorth = Int(start) >= count
      if isWorth || Int(room) == limit {
        memmove(base, base + Int(start), count)
        end = end &- start
        start = 0
        if more <= free { return true }
      }
    }
    // What was dropped from the front is room that the limit does not count.
    let wanted = min(mostBytes, limit + Int(start), max(Int(room) * 2, Int(end) + more, ByteBuffer.smallest))
    guard let moved = realloc(base, wanted) else { return false }
    base = moved
    room = UInt32(wanted)
    return more <= free
  }

  /// Appends, or answers false and changes nothing.
  @inline(__always) public mutating func append(_ bytes: RawSpan, limit: Int) -> Bool {
    guard reserve(bytes.byteCount, limit: limit) else { return false }
    put(bytes)
    return true
  }

  /// Appends what `body` writes, into room that was reserved.
  @inline(__always) public mutating func append(_ body: (inout ByteWriter) -> Void) {
    var writer = ByteWriter(at: (base ?? ByteWriter.nowhere) + Int(end), room: free)
    body(&writer)
    end = end &+ UInt32(truncatingIfNeeded: writer.count)
  }

  /// The same, where there was room to spare.
  @inline(__always) public mutating func appendToSpare(_ body: (inout ByteWriter) -> Void) {
    // Sound: a buffer with room has memory; and what is not asked before is checked where it is written: no room, no bytes.
    var writer = ByteWriter(at: base.unsafelyUnwrapped + Int(end), room: free)
    body(&writer)
    end = end &+ UInt32(truncatingIfNeeded: writer.count)
  }

  /// No message above this length is short.
  @inline(__always) public static var short: Int { Int(CSYSTEM_SHORT) }

  /// Appends a short message and what stands around it where there is room to spare, else answers false: with one check, and
  /// no call.
  @inline(__always) public mutating func appendShort(_ message: RawSpan, _ frame: ShortFrame) -> Bool {
    let count = message.byteCount
    guard count <= ByteBuffer.short, count &+ ShortFrame.most < free else { return false }
    // Sound: a buffer with room has memory, and that of the message and the most that is around it was checked.
    let to = base.unsafelyUnwrapped + Int(end)
    if frame.headCount > 0 { to.storeBytes(of: frame.head, as: UInt32.self) }
    message.withUnsafeBytes { csystem_copy_short(to + frame.headCount, $0.baseAddress, count) }
    to.storeBytes(of: frame.tail, toByteOffset: frame.headCount &+ count, as: UInt16.self)
    end = end &+ UInt32(truncatingIfNeeded: frame.headCount &+ count &+ frame.tailCount)
    return true
  }

  /// Appends into room that was reserved; checked, so that a wrong sum traps instead of corrupting.
  @inline(__always) public mutating func put(_ bytes: RawSpan) { append { $0.put(bytes) } }

  /// The same for a number in this machine's byte order.
  @inline(__always) public mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    append { $0.put(value) }
  }

  @inline(__always) public mutating func dropFirst(_ dropped: Int) {
    precondition(dropped >= 0 && dropped <= count)
    start = start &+ UInt32(truncatingIfNeeded: dropped)
    if start == end { removeAll() }
  }

  @inline(__always) public mutating func dropLast(_ dropped: Int) {
    precondition(dropped >= 0 && dropped <= count)
    end = end &- UInt32(truncatingIfNeeded: dropped)
    if start == end { removeAll() }
  }

  @inline(__always) public mutating func removeAll() {
    start = 0
    end = 0
  }

  /// Moves the contents out; the property is empty and closed while the caller works with them.
  @inline(__always) public mutating func take() -> ByteBuffer {
    let taken = ByteBuffer(base: base, start: start, end: end, room: room)
    base = nil
    start = 0
    end = 0
    room = 0
    return taken
  }

  @inline(__always) init(base: UnsafeMutableRawPointer?, start: UInt32, end: UInt32, room: UInt32) {
    self.base = base
    self.start = start
    self.end = end
    self.room = room
  }

  deinit { CSystem.free(base) }
}

extension ByteBuffer {
  /// Why so many bytes could not be appended.
  public func refusal(of more: Int, limit: Int) -> Status { more > limit - count ? .overflow : .noMemory }
}

/// A look at the contents where a span of them could not stay: in a property of a class.
extension ByteBuffer {
  /// The first position of `byte` at or after `start`, or -1.
  public func position(of byte: UInt8, from start: Int) -> Int { bytes.position(of: byte, from: start) }
  /// Some of the bytes, in an array of their own.
  public func copied(_ range: Range<Int>) -> [UInt8] { bytes.extracting(range).copied }
}
