import Bytes
import Wire

extension MessageProtocol {
  @inline(__always) public func send(_ message: RawSpan, _ conn: Conn) -> Status {
    guard framer.fits(message.byteCount) else { return .tooLong }
    return conn.write(message.byteCount &+ framer.header &+ framer.trailer) { framer.frame(message, into: &$0) }
  }

  /// Sends many messages: pairs of offset and length into `block`. All of them, or none.
  public func send(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ conn: Conn) -> Status {
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
  func put(_ block: RawSpan, _ pairs: UnsafeBufferPointer<UInt32>, _ first: Int, into out: inout ByteBuffer) -> Int {
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
