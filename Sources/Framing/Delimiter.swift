import Bytes
import CSystem

/// What ends a line: 1 to 255 bytes, shared by all connections of a factory.
public final class Delimiter {
  /// How it is looked for.
  enum Form: UInt8 { case crlf, byte, other }

  let form: Form
  let count: Int
  let last: UInt8
  let memory: UnsafeMutablePointer<UInt8>

  /// Nil when the length is not 1 to 255, or there is no memory.
  public init?(_ bytes: RawSpan) {
    let length = bytes.byteCount
    guard length >= 1, length <= 255, let memory = malloc(length) else { return nil }
    // Sound: the memory has room for the bytes.
    bytes.withUnsafeBytes { memcpy(memory, $0.baseAddress.unsafelyUnwrapped, length) }
    self.memory = memory.assumingMemoryBound(to: UInt8.self)
    count = length
    last = self.memory[length - 1]
    form = length == 1 ? .byte : length == 2 && self.memory[0] == 13 && self.memory[1] == 10 ? .crlf : .other
  }

  deinit { free(memory) }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let all = UnsafeRawBufferPointer(start: memory, count: count)
      return _overrideLifetime(all.bytes, borrowing: self)  // sound: the delimiter owns these bytes and never changes
    }
  }
}
