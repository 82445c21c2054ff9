import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// What is sent, one message at a time and many at once.
struct SendingTests {
  func send<F: Framer>(_ message: [UInt8], _ speaking: MessageProtocol<F>.Type, _ host: Host) -> (Status, [UInt8]) {
    let bench = Bench()
    let peer = bench.open(host)
    var status = Status.ok
    bench.turn {
      guard let conn = peer.conn else { return }
      status = conn.speaking(F.tag) { (strings: MessageProtocol<F>) in strings.send(message.span.bytes, conn) }
    }
    return (status, peer.output.sent)
  }

  func send<F: Framer>(_ block: [UInt8], _ pairs: [UInt32], _ speaking: MessageProtocol<F>.Type, _ host: Host) -> (
    Status, String
  ) {
    let bench = Bench()
    let peer = bench.open(host)
    var status = Status.ok
    bench.turn {
      guard let conn = peer.conn else { return }
      status = conn.speaking(F.tag) { (strings: MessageProtocol<F>) in
        pairs.withUnsafeBufferPointer { strings.send(block.span.bytes, $0, conn) }
      }
    }
    return (status, peer.sent)
  }

  @Test func one() {
    let foo = Array("foo".utf8)
    #expect(send(foo, LineProtocol.self, .lines()).1 == Array("foo\r\n".utf8))
    #expect(send(foo, LineProtocol.self, .lines("-->")).1 == Array("foo-->".utf8))
    #expect(send(foo, NetstringProtocol.self, .netstrings()).1 == Array("3:foo,".utf8))
    #expect(send([], NetstringProtocol.self, .netstrings()).1 == Array("0:,".utf8))
    #expect(send([UInt8](repeating: 97, count: 100), NetstringProtocol.self, .netstrings()).1.count == 105)
    #expect(send(foo, Int32Protocol.self, .strings32()).1 == [0, 0, 0, 3] + foo)
    #expect(send(foo, PrefixProtocol.self, .strings(1)).1 == [3] + foo)
    #expect(send(foo, PrefixProtocol.self, .strings(2)).1 == [0, 3] + foo)
    #expect(send(foo, PrefixProtocol.self, .strings(3, little: true)).1 == [3, 0, 0] + foo)
    #expect(send(foo, PrefixProtocol.self, .strings(8, little: true)).1 == [3, 0, 0, 0, 0, 0, 0, 0] + foo)
  }

  /// What is sent after the first of a turn is put behind it.
  @Test func oneAfterTheOther() {
    let bench = Bench()
    for (host, wanted) in [(Host.lines(), "a\\r\\nb\\r\\n"), (.netstrings(), "1:a,1:b,")] {
      let peer = bench.open(host)
      bench.turn {
        guard let conn = peer.conn else { return }
        for message in [[97], [98]] as [[UInt8]] {
          switch host.speech {
          case .line: conn.lines { lines, conn in #expect(lines.send(message.span.bytes, conn) == .ok) }
          default:
            _ = conn.speaking(Tag.netstring) { (strings: NetstringProtocol) in strings.send(message.span.bytes, conn) }
          }
        }
      }
      #expect(peer.sent == wanted && peer.output.writes == 1)
    }
  }

  /// A short one that is not the first of a turn takes a way of its own.
  @Test func short() {
    func check<F: Framer>(_ host: @autoclosure () -> Host, _ speaking: MessageProtocol<F>.Type, isQuick: Bool = true) {
      for length in [0, 1, 3, 4, 8, 9, 10, 16, 32, 33, 64, 65, 99, 100, 128, 129] {
        let bench = Bench()
        let peer = bench.open(host())
        let message = [UInt8](repeating: 97, count: length)
        let filler = [UInt8](repeating: 98, count: 1000)
        bench.turn {
          guard let conn = peer.conn else { return }
          _ = conn.speaking(F.tag) { (messages: MessageProtocol<F>) in
            #expect(messages.sendShort(message.span.bytes, conn) == false)  // the first one opens the output
            for part in [message, filler, message] { _ = messages.send(part.span.bytes, conn) }
            let wanted = isQuick && length <= 128
            if messages.sendShort(message.span.bytes, conn) != wanted { Issue.record("\(F.tag), \(length)") }
            return wanted ? .ok : messages.send(message.span.bytes, conn)
          }
        }
        let alone = send(message, speaking, host()).1
        let among = send(filler, speaking, host()).1
        if peer.output.sent != alone + among + alone + alone { Issue.record("\(F.tag), \(length)") }
      }
    }
    check(.lines(), LineProtocol.self)
    check(.lines("\n"), LineProtocol.self)
    check(.lines("\0"), LineProtocol.self, isQuick: false)
    check(.lines("\n\r"), LineProtocol.self, isQuick: false)
    check(.netstrings(), NetstringProtocol.self)
    check(.strings32(), Int32Protocol.self)
    check(.strings(2), PrefixProtocol.self, isQuick: false)
  }

  /// Not when nothing may be written any more, nor where the room is used up.
  @Test func shortRefused() {
    let bench = Bench()
    let peer = bench.open(Host.lines())
    bench.turn {
      guard let conn = peer.conn else { return }
      conn.lines { lines, conn in
        let message = [UInt8](repeating: 97, count: 60)
        #expect(lines.send(message.span.bytes, conn) == .ok)
        var count = 1
        while count < 1000, lines.sendShort(message.span.bytes, conn) { count += 1 }
        #expect(count > 1 && count < 1000)  // then the buffer has to grow
        #expect(lines.send(message.span.bytes, conn) == .ok)
        #expect(lines.sendShort(message.span.bytes, conn) == true)
        conn.close(.ok)
        #expect(lines.sendShort(message.span.bytes, conn) == false)
      }
    }
  }

  /// The receiver's limit is not the sender's matter; what the prefix can't say is.
  @Test func whatFits() {
    #expect(send([UInt8](repeating: 1, count: 255), PrefixProtocol.self, .strings(1, longest: 2)).0 == .ok)
    #expect(send([UInt8](repeating: 1, count: 256), PrefixProtocol.self, .strings(1)).0 == .tooLong)
    #expect(send([UInt8](repeating: 1, count: 65535), PrefixProtocol.self, .strings(2)).0 == .ok)
    #expect(send([UInt8](repeating: 1, count: 65536), PrefixProtocol.self, .strings(2)).0 == .tooLong)
    #expect(send([UInt8](repeating: 1, count: 65536), PrefixProtocol.self, .strings(3)).0 == .ok)
    for width in 4...8 {
      let framer = PrefixFramer(bytes: width, littleEndian: false, longest: 0)
      #expect(framer.fits(mostBytes))
      #expect(!framer.fits(mostBytes + 1))
    }
    #expect(!PrefixFramer(bytes: 3, littleEndian: false, longest: 0).fits(1 << 24))
    #expect(Int32Framer(longest: 0).fits(mostBytes) && !Int32Framer(longest: 0).fits(mostBytes + 1))
    #expect(NetstringFramer(longest: 0, readsLength: false).fits(mostBytes))
  }

  @Test func sentToAnotherProtocol() {
    #expect(send([1], LineProtocol.self, .strings32()).0 == .type)
  }

  @Test func sentWhenClosing() {
    let bench = Bench()
    let host = Host.lines()
    let peer = bench.open(host)
    bench.turn {
      guard let conn = peer.conn else { return }
      conn.close(.ok)
      conn.lines { lines, conn in #expect(lines.send([UInt8]().span.bytes, conn) == .closed) }
    }
  }

  // MARK: Many

  @Test func manyLines() {
    let block = Array("a\r\nbb\r\nccc".utf8)
    #expect(send(block, [0, 1, 3, 2, 7, 3], LineProtocol.self, .lines()) == (.ok, "a\\r\\nbb\\r\\nccc\\r\\n"))
    #expect(send(block, [7, 3, 3, 2, 0, 1], LineProtocol.self, .lines()) == (.ok, "ccc\\r\\nbb\\r\\na\\r\\n"))
    #expect(
      send(block, [0, 0, 0, 10, 10, 0], LineProtocol.self, .lines()) == (.ok, "\\r\\na\\r\\nbb\\r\\nccc\\r\\n\\r\\n"))
    #expect(send(block, [], LineProtocol.self, .lines()) == (.ok, ""))
    #expect(send(Array("a;b;c".utf8), [0, 1, 2, 1, 4, 1], LineProtocol.self, .lines(";")) == (.ok, "a;b;c;"))
    #expect(
      send(Array("a-->b-->c".utf8), [0, 1, 4, 1, 8, 1], LineProtocol.self, .lines("-->")) == (.ok, "a-->b-->c-->"))
    #expect(send(Array("a\nb\r\n".utf8), [0, 1, 2, 1], LineProtocol.self, .lines()) == (.ok, "a\\r\\nb\\r\\n"))
    #expect(send(Array("a\rb".utf8), [0, 1, 2, 1], LineProtocol.self, .lines()) == (.ok, "a\\r\\nb\\r\\n"))
  }

  @Test func manyStrings() {
    let block: [UInt8] = [0, 0, 0, 1, 97, 0, 0, 0, 2, 98, 98]
    let framed = "\\x00\\x00\\x00\\x01a\\x00\\x00\\x00\\x02bb"
    #expect(send(block, [4, 1, 9, 2], Int32Protocol.self, .strings32()) == (.ok, framed))
    #expect(send(block, [4, 1, 9, 2], PrefixProtocol.self, .strings(4)) == (.ok, framed))
    #expect(send([97, 98, 98], [0, 1, 1, 2], Int32Protocol.self, .strings32()) == (.ok, framed))
    #expect(send([97, 98, 98], [0, 1, 1, 2], PrefixProtocol.self, .strings(4)) == (.ok, framed))
    #expect(send([1, 97, 2, 98, 98], [1, 1, 3, 2], PrefixProtocol.self, .strings(1)) == (.ok, "\\x01a\\x02bb"))
    #expect(
      send(Array("1:a,2:bb,0:,".utf8), [2, 1, 6, 2, 11, 0], NetstringProtocol.self, .netstrings()) == (
        .ok, "1:a,2:bb,0:,"
      ))
    #expect(send(Array("abb".utf8), [0, 1, 1, 2], NetstringProtocol.self, .netstrings()) == (.ok, "1:a,2:bb,"))
    #expect(
      send(Array("1:a,2:bb,0:,".utf8), [6, 2, 2, 1, 2, 1], NetstringProtocol.self, .netstrings()) == (
        .ok, "2:bb,1:a,1:a,"
      ))
    #expect(
      send(Array("1:a,12345678,".utf8), [2, 1, 4, 8], NetstringProtocol.self, .netstrings()) == (
        .ok, "1:a,8:12345678,"
      ))
    // What only looks like framing is none: a wrong number, no colon, no comma, no room in front.
    for look in ["2:a,", "1;a,", "1:a;", ":a,", "12a,"] {
      let at = UInt32(look.utf8.count - 2)
      #expect(send(Array(look.utf8), [at, 1], NetstringProtocol.self, .netstrings()) == (.ok, "1:a,"), "\(look)")
    }
  }

  /// All or none.
  @Test func badPairs() {
    let block = Array("a\r\nb".utf8)
    #expect(send(block, [0, 1, 3, 2], LineProtocol.self, .lines()) == (.invalid, ""))
    #expect(send(block, [.max, 1], LineProtocol.self, .lines()) == (.invalid, ""))
    #expect(send(block, [1, .max], LineProtocol.self, .lines()) == (.invalid, ""))
    // Behind pairs that are those of a received block, too.
    let framed: [UInt8] = [0, 0, 0, 1, 97, 0, 0, 0, 1, 98]
    let netstrings = Array("1:a,1:b,".utf8)
    for bad: [UInt32] in [[9, 2], [10, 1], [11, 0], [.max, 1], [.max, .max], [3, .max], [1 << 31, 1 << 31]] {
      #expect(send(framed, [4, 1] + bad, Int32Protocol.self, .strings32()) == (.invalid, ""), "\(bad)")
      #expect(send(framed, bad + [4, 1], Int32Protocol.self, .strings32()) == (.invalid, ""), "\(bad)")
      #expect(send(framed, [4, 1] + bad, PrefixProtocol.self, .strings(4)) == (.invalid, ""), "\(bad)")
      #expect(send(netstrings, [2, 1] + bad, NetstringProtocol.self, .netstrings()) == (.invalid, ""), "\(bad)")
      #expect(send(Array("a\r\nb\r\n".utf8), [0, 1] + bad, LineProtocol.self, .lines()) == (.invalid, ""), "\(bad)")
    }
    #expect(
      send([UInt8](repeating: 1, count: 300), [0, 1, 0, 300], PrefixProtocol.self, .strings(1)) == (.tooLong, ""))
  }

  /// A few pairs can ask for more than there may be.
  @Test func tooMuch() {
    let block = [UInt8](repeating: 120, count: 1 << 20)
    let pairs = [UInt32](repeating: 0, count: 2048).enumerated().map {
      $0.offset % 2 == 0 ? UInt32(0) : UInt32(1 << 20)
    }
    #expect(send(block, pairs, LineProtocol.self, .lines()) == (.overflow, ""))
  }

  /// A block that was received goes back as it is, with one write.
  @Test func echoOfABlock() {
    let stream = Array("one\r\n\r\ntwo\r\n".utf8)
    let bench = Bench()
    let echo = Echo()
    let peer = bench.open(echo)
    peer.feed(stream)
    #expect(peer.output.sent == stream)
    #expect(peer.output.writes == 1)
  }

  /// Whatever of it a host sends, and however it does, comes out as if it had been copied first.
  @Test func echoOfAPart() {
    let stream = Array("one\r\n\r\ntwo\r\n".utf8)
    func echo(_ send: @escaping (RawSpan, UnsafeBufferPointer<UInt32>, LineProtocol, Conn) -> Status) -> (
      Status?, String
    ) {
      let bench = Bench()
      let echo = Echo()
      echo.send = send
      let peer = bench.open(echo)
      peer.feed(stream)
      return (echo.status, peer.sent)
    }
    func first(_ count: Int, _ pairs: UnsafeBufferPointer<UInt32>) -> UnsafeBufferPointer<UInt32> {
      UnsafeBufferPointer(start: pairs.baseAddress, count: count)
    }
    #expect(echo { $2.send($0, first(4, $1), $3) } == (.ok, "one\\r\\n\\r\\n"))
    #expect(echo { $2.send($0, UnsafeBufferPointer(rebasing: $1[2...]), $3) } == (.ok, "\\r\\ntwo\\r\\n"))
    #expect(echo { $2.send($0, first(0, $1), $3) } == (.ok, ""))
    #expect(echo { $2.send($0.extracting(first: 11), $1, $3) } == (.ok, "one\\r\\n\\r\\ntwo\\r\\n"))
    #expect(echo { $2.send($0.extracting(first: 9), $1, $3) } == (.invalid, ""))  // the last is cut off
    #expect(echo { $2.send($0.extracting(first: 9), first(2, $1), $3) } == (.ok, "one\\r\\n"))
    #expect(echo { $2.send($0.extracting(droppingFirst: 1), first(2, $1), $3) } == (.ok, "ne\\r\\r\\n"))
    // Another delimiter by now.
    #expect(
      echo { block, pairs, lines, conn in
        lines.setDelimiter(Delimiter.of(";"), conn)
        return lines.send(block, first(4, pairs), conn)
      } == (.ok, "one;;"))
    // A table that says more than was found: what lies behind it is no matter of ours.
    #expect(
      echo { block, pairs, lines, conn in
        conn.context.table.removeAll()
        return lines.send(block, first(4, pairs), conn)
      } == (.ok, "one\\r\\n\\r\\n"))
  }

  /// The same table once nothing is delivered, and while single lines are.
  @Test func tableOfAnother() {
    let bench = Bench()
    let host = Host.lines()
    let peer = bench.open(host)
    host.onMessage = { conn, _ in
      let pairs = UnsafeBufferPointer(start: UnsafePointer(conn.context.table.pairs), count: 2)
      let bytes = conn.context.delivery.bytes.bytes
      conn.lines { lines, conn in #expect(lines.send(bytes, pairs, conn) == .ok) }
    }
    let stream = Array("one\r\ntwo\r\n".utf8)
    peer.feed(stream)
    #expect(peer.sent == "one\\r\\none\\r\\n")
    let other = bench.open(Host.lines())
    bench.turn {
      guard let conn = other.conn else { return }
      let pairs = UnsafeBufferPointer(start: UnsafePointer(conn.context.table.pairs), count: 2)
      conn.lines { lines, conn in #expect(lines.send(stream.span.bytes, pairs, conn) == .ok) }
    }
    #expect(other.sent == "one\\r\\n")
  }

  final class Echo: MessageFactory {
    let delimiter = Delimiter.of("\r\n")
    var status: Status?
    var send: (RawSpan, UnsafeBufferPointer<UInt32>, LineProtocol, Conn) -> Status = { $2.send($0, $1, $3) }
    init() { super.init(user: nil) }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { LineProtocol(LineFramer(delimiter), self) }
    override func take(_ block: RawSpan, _ conn: Conn) -> Int {
      let pairs = UnsafeBufferPointer(
        start: UnsafePointer(conn.context.table.pairs), count: conn.context.table.count * 2)
      let count = conn.context.table.count
      conn.lines { lines, conn in status = send(block, pairs, lines, conn) }
      return count
    }
  }
}
