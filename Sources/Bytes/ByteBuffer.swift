import CSystem

/// Bytes in memory of their own, filled at the end and dropped from the front. It grows through
/// `realloc` up to a limit: a refusal is a result, never a crash. At most 1 GiB, so that its three
/// numbers take no more room than one and a half.
public struct ByteBuffer: ~Copyable {
  var base: UnsafeMutableRawPointer?
  var start: UInt32 = 0
  var length: UInt32 = 0
  var room: UInt32 = 0
  static var smallest: Int { 256 }

  @inline(__always) public init() {}

  @inline(__always) public var isEmpty: Bool { length == 0 }
  @inline(__always) public var count: Int { Int(length) }
  @inline(__always) public var capacity: Int { Int(room) }
  @inline(__always) var end: Int { Int(start) &+ Int(length) }

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
  @inline(__always) public mutating func reserve(_ more: Int, limit: Int) -> Bool {
    more <= Int(room) &- end || grow(more, limit)
  }

  @inline(never) mutating func grow(_ more: Int, _ limit: Int) -> Bool {
    let limit = min(limit, mostBytes)
    guard more <= limit - count else { return false }
    if start > 0, let base {  // what was dropped from the front may be room enough, at a cost that it paid for
      let isWorth = Int(start) >= count
      if isWorth || Int(room) == limit {
        memmove(base, base + Int(start), count)
        start = 0
        if more <= Int(room) - count { return true }
      }
    }
    // What was dropped from the front is room that the limit does not count.
    let wanted = min(mostBytes, limit + Int(start), max(Int(room) * 2, end + more, ByteBuffer.smallest))
    guard let moved = realloc(base, wanted) else { return false }
    base = moved
    room = UInt32(wanted)
    return more <= wanted - end
  }

  /// Appends, or answers false and changes nothing.
  @inline(__always) public mutating func append(_ bytes: RawSpan, limit: Int) -> Bool {
    guard reserve(bytes.byteCount, limit: limit) else { return false }
    put(bytes)
    return true
  }

  /// Appends into room that was reserved; checked, so that a wrong sum traps instead of corrupting.
  @inline(__always) public mutating func put(_ bytes: RawSpan) {
    let added = bytes.byteCount
    precondition(added <= Int(room) &- end)
    // Sound: the room was just checked, and the span's bytes are initialized.
    bytes.withUnsafeBytes { source in
      if added > 0 { memcpy(base.unsafelyUnwrapped + end, source.baseAddress.unsafelyUnwrapped, added) }
    }
    length = length &+ UInt32(truncatingIfNeeded: added)
  }

  /// The same for a number in this machine's byte order.
  @inline(__always) public mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    precondition(MemoryLayout<T>.size <= Int(room) &- end)
    (base.unsafelyUnwrapped + end).storeBytes(of: value, as: T.self)
    length = length &+ UInt32(truncatingIfNeeded: MemoryLayout<T>.size)
  }

  @inline(__always) public mutating func dropFirst(_ dropped: Int) {
    precondition(dropped >= 0 && dropped <= count)
    start = start &+ UInt32(truncatingIfNeeded: dropped)
    length = length &- UInt32(truncatingIfNeeded: dropped)
    if length == 0 { start = 0 }
  }

  @inline(__always) public mutating func dropLast(_ dropped: Int) {
    precondition(dropped >= 0 && dropped <= count)
    length = length &- UInt32(truncatingIfNeeded: dropped)
    if length == 0 { start = 0 }
  }

  @inline(__always) public mutating func removeAll() {
    start = 0
    length = 0
  }

  /// Moves the contents out; the property is empty and closed while the caller works with them.
  @inline(__always) public mutating func take() -> ByteBuffer {
    let taken = ByteBuffer(base: base, start: start, length: length, room: room)
    base = nil
    start = 0
    length = 0
    room = 0
    return taken
  }

  @inline(__always) init(base: UnsafeMutableRawPointer?, start: UInt32, length: UInt32, room: UInt32) {
    self.base = base
    self.start = start
    self.length = length
    self.room = room
  }

  deinit { free(base) }
}
