import Bytes
import Wire

extension MessageProtocol {
  public func send(_ message: RawSpan, _ conn: Conn) -> Status {
    guard framer.fits(message.byteCount) else { return .tooLong }
    return conn.write(message.byteCount &+ framer.header &+ framer.trailer) { framer.frame(message, into: &$0) }
  }

  /// The usual way for a short message that is not the first of a turn; false: nothing was done, and `send` has to see to it.
  @inline(__always) public func sendShort(_ message: RawSpan, _ conn: Conn) -> Bool {
    framer.isQuick && conn.appendShort(message, framer.frame(ofShort: message.byteCount))
  }

  /// Sends many messages: pairs of offset and length into `block`. All of them, or none.
  public func send(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ conn: Conn) -> Status {
    let whole = delivered(block, pairs, conn)
    let run = whole > 0 ? block.extracting(first: whole) : asReceived(block, pairs)
    if run.byteCount > 0 { return conn.write(run.byteCount) { $0.put(run) } }
    return sendEach(block, pairs, conn)
  }

  /// How much of the block that the host is looking at this is, on its way back: its messages were found one behind the
  /// other, from its start. 0: it is not.
  @inline(__always)
  func delivered(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ conn: Conn) -> Int {
    let context = conn.context
    guard pairs.count > 0, pairs.baseAddress == UnsafePointer(context.table.pairs), context.delivery.conn == conn.id,
      context.delivery.current == nil, !conn.hasSwitched, pairs.count <= 2 &* context.table.count,
      block.withUnsafeBytes({ $0.baseAddress }) == context.delivery.bytes.baseAddress
    else { return 0 }
    let end = Int(pairs[pairs.count &- 2]) &+ Int(pairs[pairs.count &- 1]) &+ framer.trailer
    return end <= block.byteCount ? end : 0
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

public typealias LineProtocol = MessageProtocol<LineFramer>
public typealias Int32Protocol = MessageProtocol<Int32Framer>
public typealias PrefixProtocol = MessageProtocol<PrefixFramer>
public typealias NetstringProtocol = MessageProtocol<NetstringFramer>
