import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// What a factory or a framer does that says nothing else.
struct DefaultsTests {
  final class Mute: MessageFactory {
    var ended = false
    init() { super.init(user: nil) }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { Int32Protocol(Int32Framer(longest: 9), self) }
    override func disconnected(_ conn: Conn, _ reason: Reason) {
      super.disconnected(conn, reason)
      ended = reason.status == .tooLong
    }
  }
  final class MuteRaw: MessageFactory {
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { RawProtocol(self) }
  }

  @Test func aFactoryThatSaysNothing() {
    let bench = Bench()
    let mute = Mute()
    let peer = bench.open(mute)
    peer.output.room = 0
    peer.feed([0, 0, 0, 1, 97])
    #expect(peer.conn?.held == 0, "it is taken")
    bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
    peer.output.drain(.max, peer)
    peer.feed([0, 0, 0, 10])
    #expect(mute.ended)
    let other = bench.open(Mute())
    other.end()
    #expect(other.conn == nil)
    let raw = bench.open(MuteRaw(user: nil))
    raw.feed("taken")
    #expect(raw.conn?.held == 0)
  }

  @Test func marksOfFramedProtocols() {
    for host in [Host.lines(), .netstrings(), .strings(2), .strings32()] {
      let bench = Bench()
      host.onReadClosed = { _ in }
      let peer = bench.open(host)
      peer.output.room = 0
      bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
      peer.output.drain(.max, peer)
      peer.end()
      #expect(host.events == ["connected", "write paused", "write resumed", "read closed"])
    }
  }

  @Test func framers() {
    let bytes: [UInt8] = [1, 2, 3]
    let delimiter = Delimiter.of(";")
    guard case .unfinished = LineFramer(delimiter).step(bytes.span.bytes, from: 0) else {
      Issue.record("lines are found by a scan alone")
      return
    }
    withExtendedLifetime(delimiter) {}
    let framer = Int32Framer(longest: 1)
    #expect(framer.end(in: bytes.span.bytes) == 0)
    #expect(!framer.takesAll(100) && !framer.isUnfinished(bytes.span.bytes))
  }

  /// Strings behind 32 bits, of which the factory finds the first by itself.
  struct Handed: Framer {
    var base = Int32Framer(longest: 9)
    static var tag: UInt8 { Tag.box }
    static var handsOver: Bool { true }
    var longest: Int {
      get { base.longest }
      set { base.longest = newValue }
    }
    var header: Int { 4 }
    var trailer: Int { 0 }
    func fits(_ length: Int) -> Bool { base.fits(length) }
    func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
      base.scan(bytes, from: start, most: most, into: &table)
    }
    func completion(of held: RawSpan, by more: RawSpan) -> Int { base.completion(of: held, by: more) }
    func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess { base.excess(bytes, length) }
    func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int { base.framing(block, start, length) }
    func frame(_ message: RawSpan, into out: inout ByteWriter) { base.frame(message, into: &out) }
  }
  final class Finder: MessageFactory {
    var clears = false
    var dropped = 0
    var blocks: [Int] = []
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { MessageProtocol(Handed(), self) }
    override func take(_ block: RawSpan, _ conn: Conn) -> Int {
      blocks.append(super.take(block, conn))
      return conn.context.table.count
    }
    override func takeInPlace(_ bytes: RawSpan, from start: Int, _ conn: Conn) -> Int {
      guard clears else { return super.takeInPlace(bytes, from: start, conn) }
      (conn.context.table.pairs[0], conn.context.table.pairs[1]) = (4, 1)
      let status = conn.speaking(Handed.tag) { (strings: MessageProtocol<Handed>) in
        strings.clear(conn) { dropped += $0.byteCount }
        return .ok
      }
      #expect(status == .ok)
      return start + 5
    }
  }

  @Test func aFactoryThatFindsMessages() {
    let bench = Bench()
    let finder = Finder(user: nil)
    let peer = bench.open(finder)
    let string: [UInt8] = [0, 0, 0, 1, 97]
    peer.feed(string + string)
    #expect(finder.blocks == [2], "what it leaves comes as a block")
    finder.clears = true
    peer.feed(string + string + string)
    #expect(finder.blocks == [2] && finder.dropped == 10 && peer.conn?.held == 0, "all behind the first is dropped")
    finder.clears = false
    peer.feed(string)
    #expect(finder.blocks == [2, 1])
  }

  /// Where a framer has no frame for what is short, nothing stands around it.
  @Test func noShortFrame() {
    let bench = Bench()
    let peer = bench.open(Host.strings(2))
    let text = Array("def".utf8)
    bench.turn {
      peer.conn?.write("abc")
      let framer = PrefixFramer(bytes: 2, littleEndian: false, longest: 9)
      #expect(!framer.isQuick && peer.conn?.appendShort(text.span.bytes, framer.frame(ofShort: 3)) == true)
    }
    #expect(peer.sent == "abcdef")
  }
}
