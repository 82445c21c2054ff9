import CSystem

extension RawSpan {
  /// The first position of `byte` at or after `start`, or -1.
  @inline(__always) public func position(of byte: UInt8, from start: Int) -> Int {
    precondition(start >= 0 && start <= byteCount)
    // Sound: memchr reads [start, byteCount) of a span that is alive for the call.
    return withUnsafeBytes { all in
      guard start < all.count, let base = all.baseAddress,
        let hit = memchr(base + start, CInt(byte), all.count - start)
      else { return -1 }
      return UnsafeRawPointer(hit) - base
    }
  }

  /// The first position of all of `needle` at or after `start`, or -1; linear in both.
  public func position(of needle: RawSpan, from start: Int) -> Int {
    precondition(start >= 0 && start <= byteCount)
    // Sound: it reads within two spans that are alive for the call.
    return withUnsafeBytes { all in
      needle.withUnsafeBytes { wanted in
        guard start < all.count, let base = all.baseAddress, let first = wanted.baseAddress,
          let hit = csystem_find(base + start, all.count - start, first, wanted.count)
        else { return -1 }
        return hit - base
      }
    }
  }

  /// Which of the up to 32 bytes from `start` on, but before `end`, are blanks: a bit for each.
  @inline(__always) func blanks(from start: Int, to end: Int) -> UInt32 {
    precondition(start >= 0 && start < end && end <= byteCount)
    // Sound: it reads [0, end) of a span that is alive for the call, and that has something in it.
    return withUnsafeBytes {
      csystem_blanks($0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), start, end)
    }
  }

  @inline(__always) public func byte(_ position: Int) -> UInt8 {
    // Checked here against the span's bounds, and by one comparison.
    precondition(UInt(bitPattern: position) < UInt(bitPattern: byteCount))
    return unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
  }

  @inline(__always) public func bigEndian16(_ position: Int) -> Int {
    Int(UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: position, as: UInt16.self)))
  }

  @inline(__always) public func bigEndian32(_ position: Int) -> UInt32 {
    UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
  }

  @inline(__always) public func littleEndian64(_ position: Int) -> UInt64 {
    UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
  }

  /// The same, for what is short: byte by byte.
  @inline(__always) public func matches(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    var at = 0
    while at < byteCount {
      if byte(at) != other.byte(at) { return false }
      at &+= 1
    }
    return true
  }

  public func isEqual(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    // Sound: both spans have that many bytes and are alive for the call.
    return withUnsafeBytes { a in
      other.withUnsafeBytes { b in
        a.count == 0 || memcmp(a.baseAddress.unsafelyUnwrapped, b.baseAddress.unsafelyUnwrapped, a.count) == 0
      }
    }
  }
}

extension UInt8 {
  /// The value of an ASCII digit, or nil.
  @inline(__always) public var digit: Int? { self >= 48 && self <= 57 ? Int(self) - 48 : nil }
}

/// How many decimal digits a number has.
@inline(__always) public func decimalDigits(_ value: Int) -> Int {
  if value < 100 { return value < 10 ? 1 : 2 }
  if value < 10_000 { return value < 1000 ? 3 : 4 }
  var count = 4
  var rest = value / 10_000
  while rest > 0 {
    rest /= 10
    count &+= 1
  }
  return count
}

/// Bytes that a host gave as pointer and length: readable until the call returns. (A buffer pointer would be its end and
/// its length in turn, and tested for nil at every step.)
public struct Given {
  let start: UnsafeRawPointer
  public let count: Int

  @inline(__always) init(_ start: UnsafeRawPointer, _ count: Int) {
    self.start = start
    self.count = count
  }

  @inline(__always) public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound as far as the host keeps its word: it said that so many bytes are there.
      let all = RawSpan(_unsafeStart: start, byteCount: count)
      return _overrideLifetime(all, borrowing: self)
    }
  }
}

/// What a host gave; nil when it can't be bytes.
@inline(__always) public func checked(_ data: UnsafePointer<UInt8>?, _ len: Int) -> Given? {
  guard len >= 0, len <= mostBytes else { return nil }
  guard let data else { return len == 0 ? Given(UnsafeRawPointer(ByteWriter.nowhere), 0) : nil }
  return Given(UnsafeRawPointer(data), len)
}

/// A host's table of `count` pairs; nil when it can't be one.
@inline(__always) public func checked(_ table: UnsafePointer<UInt32>?, _ count: Int) -> UnsafeBufferPointer<UInt32>? {
  guard count >= 0, count <= 1 << 27, table != nil || count == 0 else { return nil }
  return UnsafeBufferPointer(start: table, count: count &* 2)
}

extension RawSpan {
  /// The bytes in an array of their own.
  public var copied: [UInt8] {
    @inline(never) get { withUnsafeBytes { Array($0) } }  // sound: the span is alive for the call
  }
}

extension RawSpan {
  /// FNV-1a: for tables whose size is bounded anyway.
  @inline(__always) public var fnv: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var at = 0
    while at < byteCount {
      hash = (hash ^ UInt64(byte(at))) &* 0x100_0000_01b3
      at &+= 1
    }
    return hash
  }
}
