import CSystem

/// A NUL-terminated text of the library's own, in memory of its own: a host name, a path.
/// (String hashing and comparison are not in the product.)
public final class Text {
  public let pointer: UnsafeMutablePointer<CChar>
  public let count: Int

  init(_ pointer: UnsafeMutablePointer<CChar>, _ count: Int) {
    self.pointer = pointer
    self.count = count
  }

  /// A copy; nil when there is no memory. What is behind a NUL in it is not seen by C. (Not an initializer: one of a
  /// class that gives up leaks the object in the Embedded build, 6.3.)
  public static func make(_ bytes: RawSpan) -> Text? {
    let length = bytes.byteCount
    guard let memory = malloc(length + 1) else { return nil }
    let pointer = memory.assumingMemoryBound(to: CChar.self)
    // Sound: the memory has room for the bytes and the NUL.
    bytes.withUnsafeBytes { if length > 0 { memcpy(memory, $0.baseAddress.unsafelyUnwrapped, length) } }
    pointer[length] = 0
    return Text(pointer, length)
  }

  public static func make(copying bytes: [UInt8]) -> Text? { make(bytes.span.bytes) }

  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let all = UnsafeRawBufferPointer(start: UnsafeRawPointer(pointer), count: count)
      return _overrideLifetime(all.bytes, borrowing: self)  // sound: the text owns these bytes and never changes
    }
  }

  deinit { free(pointer) }
}
