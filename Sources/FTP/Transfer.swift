import Bytes
import Wire

/// One transfer, from its command to its last reply.
final class Transfer: FileMover {
  /// The shell opens a file; the data connection is awaited; bytes move; all have moved, and the end of the connection, or
  /// the shell's last word, is awaited.
  enum State { case opening, waiting, running, finishing }

  let kind: TransferKind
  let verb: Verb
  let path: [UInt8]
  /// What the client has called it.
  let words: [UInt8]
  let began: UInt64
  var state = State.opening
  /// Over the data connection, so far; and when that was looked at last.
  var bytes: UInt64 = 0
  var seen: UInt64 = 0

  /// Where it begins.
  var offset: UInt64 = 0
  /// What goes out first: the file's beginning, or a listing.
  var first = ByteBuffer()

  /// Where the host reads or writes the file by itself.
  var host: HostFile?

  // What is stored.
  var upload: Upload?
  /// What went wrong is the file's, not the connection's.
  var isFileFault = false

  init(_ kind: TransferKind, _ verb: Verb, _ path: [UInt8], _ words: [UInt8], isText: Bool, _ now: UInt64) {
    self.kind = kind
    self.verb = verb
    self.path = path
    self.words = words
    began = now
    super.init(isText: isText)
  }
}

/// TYPE A: text is stored with LF alone, and goes over the data connection with CR LF (RFC 959 §3.1.1.1), however it is cut.
final class LineEnds {
  /// Sent: the last byte was a CR. Stored: a CR came, and what is behind it has not.
  var isBehindCR = false

  /// LF becomes CR LF; what is CR LF already stays.
  func out(_ bytes: RawSpan, into buffer: inout ByteBuffer) -> Bool {
    guard buffer.reserve(bytes.byteCount * 2, limit: mostBytes) else { return false }
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      if byte == 10, !isBehindCR { buffer.put(UInt8(13)) }
      buffer.put(byte)
      isBehindCR = byte == 13
    }
    return true
  }

  /// CR LF becomes LF; a CR alone stays.
  func `in`(_ bytes: RawSpan, isLast: Bool, into buffer: inout ByteBuffer) -> Bool {
    guard buffer.reserve(bytes.byteCount + 2, limit: mostBytes) else { return false }
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      if isBehindCR, byte != 10 { buffer.put(UInt8(13)) }
      isBehindCR = byte == 13
      if !isBehindCR { buffer.put(byte) }
    }
    if isLast, isBehindCR {
      buffer.put(UInt8(13))
      isBehindCR = false
    }
    return true
  }
}
