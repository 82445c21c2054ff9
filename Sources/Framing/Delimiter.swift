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
  let end: UInt16  // itself if it is CRLF or a byte, as it lies in memory; 0: another one, or a NUL
  let size: UInt8
  @inline(__always) var count: Int { Int(size) }
  @inline(__always) var form: Form { size == 1 ? .byte : end == 0x0a0d ? .crlf : .other }
  /// Its last byte, if it is CRLF or a byte.
  @inline(__always) var last: UInt8 { UInt8(truncatingIfNeeded: size == 1 ? end : end >> 8) }

  init(_ delimiter: Delimiter) {
    let text = delimiter.text
    size = UInt8(truncatingIfNeeded: text.count)
    let last = UInt16(UInt8(bitPattern: text.pointer[text.count - 1]))
    end = text.count == 1 ? last : text.count == 2 && text.pointer[0] == 13 && last == 10 ? 0x0a0d : 0
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
