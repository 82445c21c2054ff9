import CSystem

/// A NUL-terminated text of the library's own, in memory of its own: a host name, a path.
/// (String hashing and comparison are not in the product.)
public final class Text {
  public let pointer: UnsafeMutablePointer<CChar>
  public let count: Int

  /// A copy; nil when there is no memory. What is behind a NUL in it is not seen by C.
  public init?(_ bytes: RawSpan) {
    let length = bytes.byteCount
    guard let memory = malloc(length + 1) else { return nil }
    pointer = memory.assumingMemoryBound(to: CChar.self)
    count = length
    // Sound: the memory has room for the bytes and the NUL.
    bytes.withUnsafeBytes { if length > 0 { memcpy(memory, $0.baseAddress.unsafelyUnwrapped, length) } }
    pointer[length] = 0
  }

  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let all = UnsafeRawBufferPointer(start: UnsafeRawPointer(pointer), count: count)
      return _overrideLifetime(all.bytes, borrowing: self)  // sound: the text owns these bytes and never changes
    }
  }

  deinit { free(pointer) }
}
