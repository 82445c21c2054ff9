import Bytes

/// What ends a line: 1 to 255 bytes, shared by all connections of a factory. Whoever puts it into a framer
/// keeps it alive as long.
public final class Delimiter {
  let text: Text

  init(_ text: Text) { self.text = text }

  /// Nil when the length is not 1 to 255, or there is no memory.
  public static func make(_ bytes: RawSpan) -> Delimiter? {
    guard bytes.byteCount >= 1, bytes.byteCount <= 255, let text = Text.make(bytes) else { return nil }
    return Delimiter(text)
  }
}

/// A delimiter as a framer looks at it: not counted, since that would cost a line more than all the rest of it.
struct BorrowedDelimiter {
  /// How it is looked for.
  enum Form: UInt8 { case crlf, byte, other }

  let memory: UnsafePointer<CChar>  // the delimiter's own, which its owner keeps
  let size: UInt8
  let form: Form
  let last: UInt8
  @inline(__always) var count: Int { Int(size) }

  init(_ delimiter: Delimiter) {
    let text = delimiter.text
    size = UInt8(truncatingIfNeeded: text.count)
    last = UInt8(bitPattern: text.pointer[text.count - 1])
    form = text.count == 1 ? .byte : text.count == 2 && text.pointer[0] == 13 && last == 10 ? .crlf : .other
    memory = UnsafePointer(text.pointer)
  }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: the text is kept by the framer's owner, and never changes.
      let all = UnsafeRawBufferPointer(start: UnsafeRawPointer(memory), count: count)
      return _overrideLifetime(all.bytes, borrowing: self)
    }
  }
}
