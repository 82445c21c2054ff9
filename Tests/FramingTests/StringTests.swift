import Bench
import Testing
import Wire

@testable import Framing

/// Strings behind binary lengths: every width, both orders, the limits.
struct StringTests {
  func prefixed(_ width: Int, _ little: Bool, _ length: UInt64) -> [UInt8] {
    let big = (0..<width).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64(width - 1 - $0))) }
    return little ? big.reversed() : big
  }

  @Test(arguments: 1...8, [false, true]) func widths(_ width: Int, _ little: Bool) {
    let lengths = width == 1 ? [0, 1, 255] : [0, 1, 255, 256, 300]
    let stream = lengths.flatMap { prefixed(width, little, UInt64($0)) + [UInt8](repeating: 120, count: $0) }
    for size in [1, 2, 3, 7, 100, stream.count] {
      let bench = Bench()
      let host = Host.strings(width, little: little)
      let peer = bench.open(host)
      for at in stride(from: 0, to: stream.count, by: size) { peer.feed(stream[at..<min(at + size, stream.count)]) }
      #expect(host.events.dropFirst().map(\.count) == lengths, "pieces of \(size)")
      #expect(peer.conn?.held == 0)
    }
  }

  @Test(arguments: 1...8, [false, true]) func theLimit(_ width: Int, _ little: Bool) {
    let stream = prefixed(width, little, 10) + [UInt8](repeating: 97, count: 10) + prefixed(width, little, 11) + [98]
    let bench = Bench()
    let host = Host.strings(width, little: little, longest: 10)
    bench.open(host).feed(stream)
    #expect(host.events == ["connected", "aaaaaaaaaa", "too long: 11", "disconnected -50"])
  }

  /// A host that does not close has the string skipped, wherever it is cut.
  @Test(arguments: 1...8, [false, true]) func skipped(_ width: Int, _ little: Bool) {
    let stream =
      prefixed(width, little, 11) + [UInt8](repeating: 97, count: 11) + prefixed(width, little, 2) + [98, 99]
    for cut in 0...stream.count {
      let bench = Bench()
      let host = Host.strings(width, little: little, longest: 10)
      host.onTooLong = { _, _, _ in }
      let peer = bench.open(host)
      peer.feed(stream[..<cut])
      peer.feed(stream[cut...])
      #expect(host.events == ["connected", "too long: 11", "bc"], "cut at \(cut)")
    }
  }

  /// The same by the framer that knows 32 bits alone.
  @Test func skipped32() {
    let stream = prefixed(4, false, 11) + [UInt8](repeating: 97, count: 11) + prefixed(4, false, 2) + [98, 99]
    for cut in 0...stream.count {
      let bench = Bench()
      let host = Host.strings32(longest: 10)
      host.onTooLong = { _, _, _ in }
      let peer = bench.open(host)
      peer.feed(stream[..<cut])
      peer.feed(stream[cut...])
      #expect(host.events == ["connected", "too long: 11", "bc"], "cut at \(cut)")
    }
  }

  /// No announced length is believed: 2^64 - 1 bytes are skipped for ever, and nothing is reserved for them.
  @Test func hugeLength() {
    for little in [false, true] {
      let bench = Bench()
      let host = Host.strings(8, little: little)
      host.onTooLong = { _, _, _ in }
      let peer = bench.open(host)
      peer.feed([UInt8](repeating: 255, count: 8))
      peer.feed([UInt8](repeating: 0, count: 1000))
      #expect(host.events == ["connected", "too long: 18446744073709551615"])
      #expect(peer.conn?.held == 0)
    }
  }

  @Test func memoryGrowsWithWhatArrives() {
    let bench = Bench()
    let host = Host.strings32(longest: 1 << 30)
    let peer = bench.open(host)
    peer.feed([0x3f, 255, 255, 255, 1, 2, 3])
    #expect(peer.conn?.held == 7)
  }

  @Test func pausedInTheHook() {
    let bench = Bench()
    let host = Host.strings(1, longest: 3)
    host.onTooLong = { conn, _, _ in _ = conn.pause() }
    let peer = bench.open(host)
    peer.feed([5, 1, 2])
    peer.feed([3, 4])
    peer.feed([5, 1, 65])
    #expect(host.heard() == ["connected", "too long: 5"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["A"])
    peer.feed([2, 66, 67])
    #expect(host.heard() == ["BC"])
  }

  @Test func closedInTheHook() {
    let bench = Bench()
    let host = Host.strings(1, longest: 3)
    host.onTooLong = { conn, _, _ in conn.abort(.aborted) }
    let peer = bench.open(host)
    peer.feed([1, 65, 4, 1, 2, 3, 4, 1, 66])
    #expect(host.events == ["connected", "A", "too long: 4", "disconnected -31"])
  }

  @Test func limitChangedInsideABlock() {
    for thirty2 in [false, true] {
      let bench = Bench()
      let host = thirty2 ? Host.strings32(longest: 2) : Host.strings(4, longest: 2)
      host.onTooLong = { _, _, _ in }
      host.onMessage = { conn, message in
        if message == "+" {
          _ = conn.speaking(Tag.string32) { (strings: Int32Protocol) in strings.setLongest(9, conn) }
          _ = conn.speaking(Tag.string) { (strings: PrefixProtocol) in strings.setLongest(9, conn) }
        }
      }
      let peer = bench.open(host)
      peer.feed([0, 0, 0, 3, 97, 97, 97, 0, 0, 0, 1, 43, 0, 0, 0, 3, 98, 98, 98])
      #expect(host.events == ["connected", "too long: 3", "+", "bbb"])
    }
  }
}

/// Netstrings: the grammar of their length, the limit, the comma.
struct NetstringTests {
  func hear(_ bytes: String, longest: Int = 99999, readsLength: Bool = false) -> [String] {
    var whole: [String]?
    for size in 1...max(1, bytes.utf8.count) {
      let bench = Bench()
      let host = Host.netstrings(longest: longest, readsLength: readsLength)
      if readsLength { host.onTooLong = { _, _, _ in } }
      let peer = bench.open(host)
      let stream = Array(bytes.utf8)
      for at in stride(from: 0, to: stream.count, by: size) { peer.feed(stream[at..<min(at + size, stream.count)]) }
      let heard = Array(host.events.dropFirst())
      if let whole { #expect(heard == whole, "pieces of \(size)") }
      whole = heard
    }
    return whole ?? []
  }

  @Test func good() {
    #expect(hear("0:,") == [""])
    #expect(hear("4:1:a,,") == ["1:a,"])
    #expect(hear("1:a,10:0123456789,") == ["a", "0123456789"])
    #expect(hear("1") == [])
    #expect(hear("1:") == [])
    #expect(hear("1:a") == [])
  }

  @Test(arguments: [
    "2:aaa,", "0:a,", ":aaa,", "3aaa,", "aaa", "01:a,", "00:,", "+1:a,", "-1:a,", " 1:a,", "1 :a,", "12\n", "1:a\n",
    "\u{661}:a,",
  ])
  func bad(_ bytes: String) {
    #expect(hear(bytes) == ["disconnected -51"])
    #expect(hear("2:ok," + bytes) == ["ok", "disconnected -51"])
    #expect(hear(bytes, readsLength: true) == ["disconnected -51"])
  }

  @Test func theLimit() {
    #expect(hear("3:abc,", longest: 3) == ["abc"])
    #expect(hear("0:,", longest: 0) == [""])
    #expect(hear("1:a,", longest: 0) == ["too long: 1", "disconnected -50"])
    #expect(hear("4:abcd,", longest: 3) == ["too long: 4", "disconnected -50"])
  }

  /// A length is refused at its first digit too many, before the colon.
  @Test func refusedAtOnce() {
    #expect(hear("100", longest: 99) == ["too long: 100", "disconnected -50"])
    #expect(hear("1000", longest: 99) == ["too long: 100", "disconnected -50"])
    #expect(hear("10", longest: 99) == [])
  }

  /// For a host that is told, the length is read to its end, and the string skipped.
  @Test func skipped() {
    #expect(hear("4:abcd,2:ok,", longest: 3, readsLength: true) == ["too long: 4", "ok"])
    #expect(hear("12:0123456789ab,0:,", longest: 3, readsLength: true) == ["too long: 12", ""])
    #expect(hear("99999999999999999:", longest: 3, readsLength: true) == ["too long: 99999999999999999"])
    #expect(hear("9999999999999999999", longest: 3, readsLength: true) == ["disconnected -51"])
    #expect(hear("9999999999999999999", longest: 1 << 30) == ["too long: 9999999999", "disconnected -50"])
  }

  @Test func nothingAfterAnError() {
    #expect(hear("1:a,x1:b,") == ["a", "disconnected -51"])
    #expect(hear("1:ab1:c,") == ["disconnected -51"])
  }

  @Test func lengthHeldWhilePaused() {
    let bench = Bench()
    let host = Host.netstrings(longest: 9)
    let peer = bench.open(host)
    peer.feed("1:a,1")
    bench.turn { _ = peer.conn?.pause() }
    peer.feed("2:")
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.events == ["connected", "a", "too long: 12", "disconnected -50"])
  }

  @Test func limitChanged() {
    let bench = Bench()
    let host = Host.netstrings(longest: 1)
    host.onMessage = { conn, _ in
      _ = conn.speaking(Tag.netstring) { (strings: NetstringProtocol) in strings.setLongest(3, conn) }
    }
    let peer = bench.open(host)
    peer.feed("1:a,3:abc,")
    #expect(host.events == ["connected", "a", "abc"])
  }
}
