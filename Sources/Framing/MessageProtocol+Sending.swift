import Bytes
import Wire

extension MessageProtocol {
  @inline(__always) public func send(_ message: RawSpan, _ conn: Conn) -> Status {
    guard framer.fits(message.byteCount) else { return .tooLong }
    guard framer.isQuick, conn.isReady(room(message)) else { return sendFirst(message, conn, self) }
    conn.appendReady { framer.frameQuickly(message, into: &$0) }
    return .ok
  }

  @inline(__always) func room(_ message: RawSpan) -> Int { message.byteCount &+ framer.header &+ framer.trailer }

  /// Sends many messages: pairs of offset and length into `block`. All of them, or none.
  public func send(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ conn: Conn) -> Status {
    let run = asReceived(block, pairs)
    if run.byteCount > 0 { return conn.write(run.byteCount) { $0.put(run) } }
    return sendEach(block, pairs, conn)
  }

  /// What the messages and their framing are in the block, if they lie there one behind the other, as those of a received
  /// block do; else nothing.
  @inline(__always) @_lifetime(copy block)
  func asReceived(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>) -> RawSpan {
    let room = block.byteCount &- framer.trailer
    guard pairs.count > 0, Int(pairs[0]) &+ Int(pairs[1]) <= room else { return block.extracting(first: 0) }
    let begin = Int(pairs[0]) &- max(0, framer.framing(block, Int(pairs[0]), Int(pairs[1])))
    var end = begin
    var index = 0
    while index < pairs.count {
      let start = Int(pairs[index])
      let length = Int(pairs[index &+ 1])
      guard start &+ length <= room, framer.follows(block, end, start, length) else {
        return block.extracting(first: 0)
      }
      end = start &+ length &+ framer.trailer
      index &+= 2
    }
    return block.extracting(begin..<end)
  }

  @inline(never) func sendEach(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ conn: Conn) -> Status {
    var size: UInt64 = 0
    var index = 0
    while index < pairs.count {
      let end = UInt64(pairs[index]) &+ UInt64(pairs[index &+ 1])
      guard end <= UInt64(block.byteCount) else { return .invalid }
      guard framer.fits(Int(pairs[index &+ 1])) else { return .tooLong }
      size &+= UInt64(pairs[index &+ 1]) &+ UInt64(framer.header &+ framer.trailer)
      index &+= 2
    }
    guard size <= UInt64(mostBytes) else { return .overflow }
    guard size > 0 else { return .ok }
    return conn.write(Int(size)) { out in
      var index = 0
      while index < pairs.count { index = put(block, pairs, index, into: &out) }
    }
  }

  /// Appends the message at `index`, and those that lie framed behind it, as those of a received block do, in one
  /// copy. Returns the next index.
  @inline(__always)
  func put(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ first: Int, into out: inout ByteWriter) -> Int {
    let start = Int(pairs[first])
    var length = Int(pairs[first &+ 1])
    let front = framer.framing(block, start, length)
    guard front >= 0 else {
      framer.frame(block.extracting(start..<start &+ length), into: &out)
      return first &+ 2
    }
    var end = start &+ length &+ framer.trailer
    var index = first &+ 2
    while index < pairs.count {
      length = Int(pairs[index &+ 1])
      let next = framer.framing(block, Int(pairs[index]), length)
      guard next >= 0, Int(pairs[index]) &- next == end else { break }
      end = Int(pairs[index]) &+ length &+ framer.trailer
      index &+= 2
    }
    out.put(block.extracting(start &- front..<end))
    return index
  }
}

/// The first message of a turn, or one for which the buffer has no room. No method, and by itself, so that the usual way
/// is left with no call, for which it would have to save registers.
@inline(never) func sendFirst<F>(_ message: RawSpan, _ conn: Conn, _ messages: MessageProtocol<F>) -> Status {
  let status = conn.prepare(messages.room(message))
  if status == .ok { conn.append { messages.framer.frame(message, into: &$0) } }
  return status
}

public typealias LineProtocol = MessageProtocol<LineFramer>
public typealias Int32Protocol = MessageProtocol<Int32Framer>
public typealias PrefixProtocol = MessageProtocol<PrefixFramer>
public typealias NetstringProtocol = MessageProtocol<NetstringFramer>
