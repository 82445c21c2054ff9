import Bench
import Testing
import Wire

@testable import Framing

/// Lines around the limit, here of 8 bytes.
struct LineLimitTests {
  /// Feeds the pieces to a host that is told of what is too long and goes on, unless it has no one to tell.
  func hear(_ pieces: [String], skips: Bool = false, isTold: Bool = true, _ delimiter: String = "\r\n") -> [String] {
    let bench = Bench()
    let host = Host.lines(delimiter, longest: 8, skips: skips)
    if isTold { host.onTooLong = { _, _, _ in } }
    let peer = bench.open(host)
    for piece in pieces { peer.feed(piece) }
    return Array(host.events.dropFirst())
  }

  @Test func eightAreEnough() {
    #expect(hear(["12345678\r\n"]) == ["12345678"])
    #expect(hear(["12345678\r", "\n"]) == ["12345678"])
    #expect(hear(["12345678", "\r\n"]) == ["12345678"])
  }

  @Test func oneTooMany() {
    #expect(hear(["123456789\r\nab\r\n"]) == ["too long 123456789\\r\\nab\\r\\n"])
  }

  @Test func onlyADelimiterCouldSaveIt() {
    #expect(hear(["12345678"]) == [])
    #expect(hear(["123456789"]) == [])
    #expect(hear(["1234567890"]) == ["too long 1234567890"])
    #expect(hear(["123456789", "\r\nab\r\n"]) == ["too long 123456789\\r\\nab\\r\\n"])
    #expect(hear(["1234567", "8\r\nab\r\n"]) == ["12345678", "ab"])
    #expect(hear(["1234567", "890", "\r\nab\r\n"]) == ["too long 1234567890", "", "ab"])
  }

  @Test func goodLinesInFrontAreDelivered() {
    #expect(hear(["a\r\nb\r\n123456789\r\nc\r\n"]) == ["a", "b", "too long 123456789\\r\\nc\\r\\n"])
    #expect(hear(["a\r\n1234567890"]) == ["a", "too long 1234567890"])
  }

  @Test func readingGoesOn() {
    #expect(hear(["123456789\r\nab\r\n", "c\r\n"]) == ["too long 123456789\\r\\nab\\r\\n", "c"])
  }

  @Test func nobodyToTell() {
    #expect(
      hear(["a\r\n123456789\r\nb\r\n", "c\r\n"], isTold: false) == [
        "a", "too long 123456789\\r\\nb\\r\\n", "disconnected -50",
      ])
  }

  @Test func closedByTheHost() {
    let bench = Bench()
    let host = Host.lines(longest: 4)
    host.onTooLong = { conn, _, _ in conn.close(.ok) }
    let peer = bench.open(host)
    peer.feed("12345\r\nab\r\n")
    peer.feed("cd\r\n")
    #expect(host.events == ["connected", "too long 12345\\r\\nab\\r\\n", "disconnected 0"])
  }

  @Test func manyDelimitersBehindIt() {
    #expect(hear(["1234567890\r\n\r\n\r\nx"]) == ["too long 1234567890\\r\\n\\r\\n\\r\\nx"])
  }

  @Test func aLimitOfNothing() {
    let bench = Bench()
    let host = Host.lines(longest: 0)
    host.onTooLong = { _, _, _ in }
    let peer = bench.open(host)
    peer.feed("\r\n\r\nx\r\n")
    peer.feed("\r\n")
    #expect(host.events == ["connected", "", "", "too long x\\r\\n", ""])
  }

  // MARK: Skipping

  @Test func skipsTheLineAlone() {
    #expect(hear(["a\r\n123456789\r\nab\r\n"], skips: true) == ["a", "too long 123456789", "ab"])
    #expect(
      hear(["123456789\r\n123456789\r\nab\r\n"], skips: true) == ["too long 123456789", "too long 123456789", "ab"])
  }

  @Test func skipsAcrossFeeds() {
    #expect(hear(["12345678901", "23456", "\r\nab\r\n"], skips: true) == ["too long 12345678901", "ab"])
    #expect(hear(["123456789012", "3\r", "\nab\r\n"], skips: true) == ["too long 123456789012", "ab"])
    #expect(hear(["12345678901\r", "\nab\r\n"], skips: true) == ["too long 12345678901\\r", "ab"])
    #expect(hear(["12345678901\r", "x\r", "\r", "\nab\r\n"], skips: true) == ["too long 12345678901\\r", "ab"])
  }

  @Test func skipsWithoutAnyoneToTell() {
    #expect(
      hear(["12345678901\r\nab\r\n"], skips: true, isTold: false) == ["too long 12345678901", "disconnected -50"])
  }

  /// Whatever the cut, the lines are the same, and each that is too long is told once.
  @Test(arguments: ["\r\n", "\n", "aab", "-->"]) func skipsWhateverTheCut(_ delimiter: String) {
    let stream = Array(
      ["ok", "123456789", "123456789012345", "", "x", "1234567890", "12345678"].map { $0 + delimiter }.joined().utf8)
    let wanted = ["ok", "!", "!", "", "x", "!", "12345678"]
    for first in 0...stream.count {
      for second in first...stream.count {
        let bench = Bench()
        let host = Host.lines(delimiter, longest: 8, skips: true)
        host.onTooLong = { _, _, _ in }
        let peer = bench.open(host)
        for piece in [stream[..<first], stream[first..<second], stream[second...]] { peer.feed(piece) }
        let events = host.events.dropFirst().map { $0.hasPrefix("too long") ? "!" : $0 }
        #expect(events == wanted, "cut at \(first), \(second)")
      }
    }
    let bench = Bench()
    let host = Host.lines(delimiter, longest: 8, skips: true)
    host.onTooLong = { _, _, _ in }
    let peer = bench.open(host)
    for byte in stream { peer.feed([byte]) }
    #expect(host.events.dropFirst().map { $0.hasPrefix("too long") ? "!" : $0 } == wanted)
  }

  @Test func pausedWhileSkipping() {
    let bench = Bench()
    let host = Host.lines(longest: 4, skips: true)
    host.onTooLong = { conn, _, _ in _ = conn.pause() }
    let peer = bench.open(host)
    peer.feed("1234567")
    peer.feed("89\r\nab\r\n")
    #expect(host.heard() == ["connected", "too long 1234567"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["ab"])
    peer.feed("123456789\r\ncd\r\n")
    #expect(host.heard() == ["too long 123456789"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["cd"])
  }

  /// What comes while paused is not looked at: it is told when the host goes on.
  @Test func tooLongWhilePaused() {
    let bench = Bench()
    let host = Host.lines(longest: 4)
    host.onTooLong = { _, _, _ in }
    let peer = bench.open(host)
    peer.feed("a\r\n")
    bench.turn { _ = peer.conn?.pause() }
    peer.feed("b\r\n12345")
    peer.feed("678\r\n")
    #expect(host.heard() == ["connected", "a"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["b", "too long 12345678\\r\\n"])
  }

  @Test func rawModeEndsSkipping() {
    let bench = Bench()
    let host = Host.lines(longest: 4, skips: true)
    host.onTooLong = { conn, _, _ in conn.setRaw() }
    let peer = bench.open(host)
    peer.feed("123456789")
    peer.feed("0\r\nab")
    #expect(host.events.first == "connected")
    #expect(host.events.dropFirst().first == "too long 123456789")
    #expect(host.events.dropFirst(2).joined() == "raw 9raw 0\\r\\nab")
  }

  /// Bytes put in while the rest of a line is skipped come behind it: they belong to what is skipped.
  @Test func extraWhileSkipping() {
    let bench = Bench()
    let host = Host.lines(longest: 4, skips: true)
    host.onTooLong = { conn, _, _ in conn.setLines("more\r\nab\r\n") }
    let peer = bench.open(host)
    peer.feed("123456789")
    peer.feed("cd\r\n")
    #expect(host.events.dropFirst() == ["too long 123456789", "ab", "cd"])
  }

  @Test func clearWhileSkipping() {
    let bench = Bench()
    let host = Host.lines(longest: 4, skips: true)
    host.onTooLong = { _, _, _ in }
    let peer = bench.open(host)
    peer.feed("123456789")
    bench.turn { #expect(peer.conn?.clear() == "9") }
    peer.feed("rest\r\nab\r\n")  // it is still the end of the line that is dropped
    #expect(host.events.dropFirst() == ["too long 123456789", "ab"])
  }
}
