import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// Framing costs time in proportion to the bytes, whatever their pieces: the bytes that are looked at are counted.
struct LinearityTests {
  final class Looked: @unchecked Sendable { var bytes = 0 }

  /// A framer that counts what it is made to look at.
  struct Counting<Inner: Framer>: Framer {
    static var tag: UInt8 { Inner.tag + 100 }
    var inner: Inner
    let looked: Looked
    var longest: Int {
      get { inner.longest }
      set { inner.longest = newValue }
    }
    var header: Int { inner.header }
    var trailer: Int { inner.trailer }
    func fits(_ length: Int) -> Bool { inner.fits(length) }
    func takesAll(_ count: Int) -> Bool { inner.takesAll(count) }

    func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
      let scan = inner.scan(bytes, from: start, most: most, into: &table)
      // A scan that found as many as it was to find stopped there; else it went to the end, if there is something to search.
      if case .upTo(let end) = scan {
        let isFull = table.count >= min(most, FrameTable.capacity)
        looked.bytes += isFull || inner.header > 0 ? end - start + inner.header : bytes.byteCount - start
      }
      return scan
    }
    func completion(of held: RawSpan, by more: RawSpan) -> Int {
      let count = inner.completion(of: held, by: more)
      looked.bytes += inner.header > 0 ? inner.header : count
      return count
    }
    func isUnfinished(_ held: RawSpan) -> Bool {
      looked.bytes += 1
      return inner.isUnfinished(held)
    }
    func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess {
      looked.bytes += bytes.byteCount
      return inner.excess(bytes, length)
    }
    func end(in bytes: RawSpan) -> Int {
      looked.bytes += bytes.byteCount
      return inner.end(in: bytes)
    }
    func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int { inner.framing(block, start, length) }
    func frame(_ message: RawSpan, into out: inout ByteWriter) { inner.frame(message, into: &out) }
  }

  final class Sink<Inner: Framer>: MessageFactory {
    let framer: Counting<Inner>
    var part = Int.max
    var pauses = false
    var messages = 0
    init(_ framer: Inner, _ looked: Looked) {
      self.framer = Counting(inner: framer, looked: looked)
      super.init(user: nil)
    }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { MessageProtocol(framer, self) }
    override func take(_ block: RawSpan, _ conn: Conn) -> Int {
      let taken = min(part, conn.context.table.count)
      messages += taken
      if pauses { _ = conn.pause() }
      return taken
    }
    override func tooLong(_ bytes: RawSpan, _ length: UInt64, _ conn: Conn) -> Bool { true }
  }

  /// Feeds the stream in pieces; returns how many bytes were looked at for each of it, and the messages.
  func cost<F: Framer>(_ framer: F, _ stream: [UInt8], _ size: Int, part: Int = .max, pauses: Bool = false) -> (
    Int, Int
  ) {
    let bench = Bench()
    let looked = Looked()
    let sink = Sink(framer, looked)
    sink.part = part
    sink.pauses = pauses
    let peer = bench.open(sink)
    for at in stride(from: 0, to: stream.count, by: size) { peer.feed(stream[at..<min(at + size, stream.count)]) }
    var before = -1
    while pauses, sink.messages != before {
      before = sink.messages
      bench.turn { _ = peer.conn?.resume() }
    }
    return (looked.bytes / stream.count, sink.messages)
  }

  let crlf = Delimiter.of("\r\n")
  let byte = Delimiter.of("\n")
  let other = Delimiter.of("aab")

  @Test(arguments: [1, 2, 3, 7, 100, 5000, 1 << 20]) func shortLines(_ size: Int) {
    let stream = Array(String(repeating: "12345678\r\n", count: 10_000).utf8)
    let (looked, messages) = cost(LineFramer(crlf), stream, size)
    #expect(looked <= 12)
    #expect(messages == 10_000)
  }

  /// One line that comes in small pieces must not be searched from its beginning for each of them.
  @Test(arguments: [1, 3, 64]) func aLongLine(_ size: Int) {
    for delimiter in [crlf, byte, other] {
      let end = delimiter === crlf ? "\r\n" : delimiter === byte ? "\n" : "aab"
      let stream = Array((String(repeating: "x", count: 1 << 16) + end).utf8)
      let (looked, messages) = cost(LineFramer(delimiter, longest: 1 << 20), stream, size)
      #expect(looked <= 8)
      #expect(messages == 1)
    }
  }

  @Test(arguments: [1, 3, 64]) func aLineThatIsSkipped(_ size: Int) {
    for delimiter in [crlf, byte, other] {
      let end = delimiter === crlf ? "\r\n" : delimiter === byte ? "\n" : "aab"
      let stream = Array((String(repeating: "a", count: 1 << 16) + end + "ok" + end).utf8)
      let (looked, messages) = cost(LineFramer(delimiter, longest: 100, skipsTooLong: true), stream, size)
      #expect(looked <= 8)
      #expect(messages == 1)
    }
  }

  @Test(arguments: [1, 3, 64, 5000]) func aLongString(_ size: Int) {
    let body = [UInt8](repeating: 120, count: 1 << 16)
    #expect(cost(Int32Framer(longest: 1 << 20), [0, 1, 0, 0] + body, size) <= (10, 1))
    #expect(cost(PrefixFramer(bytes: 3, littleEndian: false, longest: 1 << 20), [1, 0, 0] + body, size) <= (10, 1))
    #expect(
      cost(NetstringFramer(longest: 1 << 20, readsLength: false), Array("65536:".utf8) + body + [44], size) <= (24, 1))
  }

  /// Blocks taken in part begin at one message: what is left is not framed in vain.
  @Test(arguments: [1, 2, 3]) func parts(_ part: Int) {
    let stream = Array(String(repeating: "12345678\r\n", count: 10_000).utf8)
    let (looked, messages) = cost(LineFramer(crlf), stream, 1 << 20, part: part)
    #expect(looked <= 8)
    #expect(messages == 10_000)
  }

  /// A host that pauses at each message has the rest framed once more, not as often as there are messages.
  @Test func pausesAtEachMessage() {
    let stream = Array(String(repeating: "12345678\r\n", count: 2000).utf8)
    let (looked, messages) = cost(LineFramer(crlf), stream, 1 << 20, part: 1, pauses: true)
    #expect(looked <= 16)
    #expect(messages == 2000)
  }

  /// Whole lines byte by byte cost no more than each line once per byte.
  @Test func linesByteByByte() {
    let line = [UInt8](repeating: 120, count: 99) + [13, 10]
    let stream = (0..<2000).flatMap { _ in line }
    let (looked, messages) = cost(LineFramer(crlf), stream, 1)
    #expect(looked <= 110)
    #expect(messages == 2000)
  }
}
