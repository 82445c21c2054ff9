import Bytes

/// What ends a line: 1 to 255 bytes, shared by all connections of a factory.
public final class Delimiter {
  /// How it is looked for.
  enum Form: UInt8 { case crlf, byte, other }

  let form: Form
  let count: Int
  let last: UInt8
  let text: Text

  /// Nil when the length is not 1 to 255, or there is no memory.
  public init?(_ bytes: RawSpan) {
    count = bytes.byteCount
    guard count >= 1, count <= 255, let text = Text(bytes) else { return nil }
    self.text = text
    last = bytes.byte(count - 1)
    form = count == 1 ? .byte : count == 2 && bytes.byte(0) == 13 && last == 10 ? .crlf : .other
  }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: the text lives as long as the delimiter, and never changes.
      let all = UnsafeRawBufferPointer(start: UnsafeRawPointer(text.pointer), count: count)
      return _overrideLifetime(all.bytes, borrowing: self)
    }
  }
}
