import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// What a conn holds: how much that may be, and what a host does to it in the middle of things.
struct HeldTests {
  /// A peer of a host, on a reactor on which a conn holds ten bytes at most.
  func open(_ host: Host) -> (Bench, Peer) {
    let bench = Bench()
    bench.context.mostHeld = 10
    return (bench, bench.open(host))
  }

  // MARK: The limit

  @Test func tooMuchBehindAPause() {
    for host in [Host.lines(), Host(.raw)] {
      let (bench, peer) = open(host)
      bench.turn { _ = peer.conn?.pause() }
      peer.feed("0123456789")
      #expect(peer.conn?.held == 10)
      peer.feed("a")
      #expect(host.events == ["connected", "disconnected \(Status.overflow)"])
      #expect(peer.conn == nil)
    }
  }

  @Test func tooMuchPutIn() {
    let host = Host.lines()
    let (bench, peer) = open(host)
    bench.turn { _ = peer.conn?.pause() }
    peer.feed("01234567")
    bench.turn {
      let (few, many) = (Array("\r\n".utf8), Array("abc".utf8))
      peer.lines { lines, conn in
        #expect(lines.setFramed(many.span.bytes, conn) == .overflow)
        #expect(lines.setFramed(few.span.bytes, conn) == .ok)
      }
      _ = peer.conn?.resume()
    }
    #expect(host.events == ["connected", "01234567"])
  }

  /// Put in while what is held is under delivery: behind it, and with it too much.
  @Test(arguments: [false, true]) func putInMeanwhile(_ isTooMuch: Bool) {
    let host = Host.lines()
    let (bench, peer) = open(host)
    bench.turn { _ = peer.conn?.pause() }
    peer.feed("a\r\nb\r\nc\r\n")
    host.onMessage = { conn, message in
      guard message == "a" else { return }
      _ = conn.pause()
      conn.setLines(isTooMuch ? "01234\r\n" : "d\r\n")
    }
    bench.turn { _ = peer.conn?.resume() }
    if isTooMuch {
      #expect(host.events == ["connected", "a", "disconnected \(Status.overflow)"])
    } else {
      bench.turn { _ = peer.conn?.resume() }
      #expect(host.events == ["connected", "a", "b", "c", "d"])
    }
  }

  // MARK: In the middle of things

  /// A host that clears sees, and drops, what came behind the message that it waited for.
  @Test func clearedWithWhatCameBehind() {
    let bench = Bench()
    let host = Host.lines()
    var dropped = ""
    host.onMessage = { conn, message in if message == "hello" { dropped = conn.clear() } }
    let peer = bench.open(host)
    peer.feed("hel")
    peer.feed("lo\r\nand\r\nmore")
    #expect(dropped == "and\\r\\nmore" && peer.conn?.held == 0)
    peer.feed("again\r\n")
    #expect(host.events == ["connected", "hello", "again"])
  }

  /// The same for strings, which come one by one.
  @Test func clearedBetweenStrings() {
    let bench = Bench()
    let host = Host.strings32()
    var dropped = ""
    host.onMessage = { conn, message in
      guard message == "b" else { return }
      _ = conn.speaking(Tag.string32) { (strings: Int32Protocol) in
        strings.clear(conn) { dropped += text($0) }
        return .ok
      }
    }
    let peer = bench.open(host)
    peer.feed([0, 0, 0, 1, 97, 0, 0, 0, 1, 98, 0, 0, 0, 1, 99])
    #expect(dropped == "\\x00\\x00\\x00\\x01c" && peer.conn?.held == 0)
    peer.feed([0, 0, 0, 1, 100])
    #expect(host.events == ["connected", "a", "b", "d"])
  }

  /// Whole strings are held; the host lets go on, more comes first, and again it takes none.
  @Test func noneTakenTwice() {
    let bench = Bench()
    let host = Host.strings32()
    host.onBlock = { _, _ in 0 }
    let peer = bench.open(host)
    peer.feed([0, 0, 0, 1, 97])
    #expect(peer.conn?.isPaused == true && peer.conn?.held == 5)
    bench.turn {
      _ = peer.conn?.resume()
      let more: [UInt8] = [0, 0, 0, 1, 98]
      peer.conn?.received(more.span.bytes)
    }
    #expect(peer.conn?.isPaused == true && peer.conn?.held == 10)
    host.onBlock = { _, messages in messages.count }
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.events == ["connected", "a", "b"])
  }

  /// A limit that falls while a string is coming.
  @Test(arguments: [2, 4]) func limitedMeanwhile(_ width: Int) {
    let bench = Bench()
    let host = width == 4 ? Host.strings32() : .strings(2)
    host.onTooLong = { _, _, _ in }
    let peer = bench.open(host)
    peer.feed([UInt8](repeating: 0, count: width - 1) + [50] + [UInt8](repeating: 97, count: 20))
    bench.turn {
      guard let conn = peer.conn else { return }
      _ =
        width == 4
        ? conn.speaking(Tag.string32) { (strings: Int32Protocol) in strings.setLongest(10, conn) }
        : conn.speaking(Tag.string) { (strings: PrefixProtocol) in strings.setLongest(10, conn) }
    }
    peer.feed([UInt8](repeating: 97, count: 30) + [UInt8](repeating: 0, count: width - 1) + [1, 98])
    #expect(host.events == ["connected", "too long: 50", "b"])
  }

  /// Another protocol inherits what the former held, or nothing.
  @Test(arguments: ["", "half"]) func inherited(_ held: String) {
    let bench = Bench()
    let (former, next) = (Host.lines(), Host.lines())
    let peer = bench.open(former)
    peer.feed("whole\r\n" + held)
    bench.turn { #expect(peer.conn?.replace(by: next) == .ok) }
    peer.feed(" a line\r\n")
    #expect(next.events == ["connected", "\(held) a line"])
  }

  /// What the host puts in when it is told of the conn comes behind what is inherited.
  @Test func putInWhenInheriting() {
    let bench = Bench()
    let (former, next) = (Host.lines(), Host.lines())
    next.onConnected = { $0.setLines(" and more\r\n") }
    let peer = bench.open(former)
    peer.feed("held")
    bench.turn { #expect(peer.conn?.replace(by: next) == .ok) }
    #expect(next.events == ["connected", "held and more"])
  }

  // MARK: Framers by themselves

  @Test func whatIsNotTooLong() {
    let bytes = Array("3:foo,".utf8)
    let framer = NetstringFramer(longest: 10, readsLength: false)
    guard case .drop(6, thenSkip: 0, shown: 0) = framer.excess(bytes.span.bytes, 3) else {
      Issue.record("all at hand is dropped")
      return
    }
  }

  /// What looks framed in a host's block, and is not.
  @Test func framedInPlace() {
    let block = Array("one;two, three--four".utf8)
    let byte = Delimiter.of(";")
    #expect(LineFramer(byte).framing(block.span.bytes, 0, 3) == 0)
    #expect(LineFramer(byte).framing(block.span.bytes, 4, 3) == -1)
    let pair = Delimiter.of("--")
    #expect(LineFramer(pair).framing(block.span.bytes, 9, 5) == 0)
    #expect(LineFramer(pair).framing(block.span.bytes, 4, 3) == -1)
    withExtendedLifetime((byte, pair)) {}
  }
}
