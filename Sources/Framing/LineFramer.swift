import Bytes
import Wire

/// Lines, as Twisted's LineReceiver has them: whatever is not the whole delimiter is part of the line.
public struct LineFramer: Framer {
  @inline(__always) public static var tag: UInt8 { Tag.line }
  var delimiter: BorrowedDelimiter
  /// A line that is too long is dropped alone, and not all that is at hand with it.
  public var skipsTooLong: Bool
  var limit: UInt32  // a small number: every byte of an idle connection counts ten thousand times
  @inline(__always) public var longest: Int {
    get { Int(limit) }
    set { limit = UInt32(truncatingIfNeeded: min(newValue, mostBytes)) }
  }

  /// The caller keeps the delimiter as long as the framer and its copies.
  public init(_ delimiter: Delimiter, longest: Int = 16384, skipsTooLong: Bool = false) {
    self.delimiter = BorrowedDelimiter(delimiter)
    limit = UInt32(truncatingIfNeeded: min(longest, mostBytes))
    self.skipsTooLong = skipsTooLong
  }

  @inline(__always) public var header: Int { 0 }
  @inline(__always) public var trailer: Int { delimiter.count }
  @inline(__always) public func fits(_ length: Int) -> Bool { true }

  public func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
    let most = min(most, FrameTable.capacity)
    let isPair = delimiter.form == .crlf
    guard isPair || delimiter.form == .byte else { return search(bytes, from: start, most: most, into: &table) }
    let (line, excess) = table.appendLines(
      of: bytes, from: start, last: delimiter.last, isPair: isPair, longest: longest, most: most)
    if excess > 0 { return tooLong(excess, line, &table) }
    return table.count < most ? unfinished(bytes, line, &table) : .upTo(line)
  }

  /// The same for a delimiter of any length.
  @inline(never)
  func search(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
    var line = start
    while table.count < most {
      let hit = bytes.position(of: delimiter.bytes, from: line)
      guard hit >= 0 else { return unfinished(bytes, line, &table) }
      guard hit - line <= longest else { return tooLong(hit - line, line, &table) }
      table.append(line - start, hit - line)
      line = hit + delimiter.count
    }
    return .upTo(line)
  }

  /// A line without an end is too long once not even a delimiter could save it.
  @inline(__always) func unfinished(_ bytes: RawSpan, _ line: Int, _ table: inout FrameTable) -> Scan {
    let length = bytes.byteCount &- line
    return length >= longest &+ delimiter.count ? tooLong(length, line, &table) : .upTo(line)
  }

  @inline(__always) func tooLong(_ length: Int, _ line: Int, _ table: inout FrameTable) -> Scan {
    table.count > 0 ? .upTo(line) : .tooLong(UInt64(length))
  }

  public func completion(of held: RawSpan, by more: RawSpan) -> Int {
    switch delimiter.form {
    case .byte:
      let hit = more.position(of: delimiter.last, from: 0)
      return hit < 0 ? more.byteCount : hit + 1
    case .crlf:
      var hit = more.position(of: 10, from: 0)
      while hit >= 0 {
        let before = hit > 0 ? more.byte(hit - 1) : held.byte(held.byteCount - 1)
        if before == 13 { return hit + 1 }
        hit = more.position(of: 10, from: hit + 1)
      }
      return more.byteCount
    case .other:
      return straddling(held, more)
    }
  }

  /// The delimiter may have begun in what is held: each place where it could is compared.
  @inline(never) func straddling(_ held: RawSpan, _ more: RawSpan) -> Int {
    var begun = min(held.byteCount, delimiter.count - 1)
    while begun > 0 {
      let rest = delimiter.count - begun
      if rest <= more.byteCount,
        held.extracting(last: begun).isEqual(delimiter.bytes.extracting(first: begun)),
        more.extracting(first: rest).isEqual(delimiter.bytes.extracting(last: rest))
      {
        return rest
      }
      begun -= 1
    }
    let hit = more.position(of: delimiter.bytes, from: 0)
    return hit < 0 ? more.byteCount : hit + delimiter.count
  }

  public func isUnfinished(_ held: RawSpan) -> Bool {
    let count = held.byteCount
    guard count < longest + delimiter.count else { return false }
    return count < delimiter.count || !held.extracting(last: delimiter.count).isEqual(delimiter.bytes)
  }

  public func takesAll(_ count: Int) -> Bool { !skipsTooLong && count > longest + delimiter.count }

  public func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess {
    guard skipsTooLong else { return .drop(bytes.byteCount, thenSkip: 0, shown: bytes.byteCount) }
    let end = end(in: bytes)
    return end >= 0
      ? .drop(end, thenSkip: 0, shown: end - delimiter.count)
      : .resync(bytes.byteCount - min(bytes.byteCount, delimiter.count - 1))
  }

  public func end(in bytes: RawSpan) -> Int {
    let hit = bytes.position(of: delimiter.bytes, from: 0)
    return hit < 0 ? -1 : hit + delimiter.count
  }

  @inline(__always) public func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int {
    let end = start &+ length
    guard block.byteCount &- end >= delimiter.count else { return -1 }
    switch delimiter.form {
    case .crlf: return block.byte(end) == 13 && block.byte(end &+ 1) == 10 ? 0 : -1
    case .byte: return block.byte(end) == delimiter.last ? 0 : -1
    case .other: return block.extracting(end..<end + delimiter.count).isEqual(delimiter.bytes) ? 0 : -1
    }
  }

  @inline(__always) public func frame(_ message: RawSpan, into out: inout ByteWriter) {
    out.put(message)
    if delimiter.form == .crlf { out.put(UInt16(littleEndian: 0x0a0d)) } else { out.put(rare: delimiter.bytes) }
  }

  @inline(__always) public var isQuick: Bool { delimiter.end != 0 }
  @inline(__always) public func frame(ofShort length: Int) -> ShortFrame {
    ShortFrame(tail: UInt16(littleEndian: delimiter.end), delimiter.count)
  }
}
