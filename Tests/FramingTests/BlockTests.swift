import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// Blocks that are taken in part, and what a host drops of them.
struct BlockTests {
  func lines(_ count: Int) -> String { (0..<count).map { "\($0)\r\n" }.joined() }
  func numbers(_ range: Range<Int>) -> [String] { range.map { "\($0)" } }

  @Test func oneBlockForAllThatCame() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { _, messages in messages.count }
    let peer = bench.open(host)
    peer.feed(lines(100) + "rest")
    #expect(host.blocks == [100])
    #expect(host.events == ["connected"] + numbers(0..<100))
  }

  @Test func aBlockHasABound() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { _, messages in messages.count }
    let peer = bench.open(host)
    peer.feed(lines(10_000))
    #expect(host.blocks == [4096, 4096, 10_000 - 8192])
    #expect(host.events == ["connected"] + numbers(0..<10_000))
  }

  /// Every number of messages that can be taken, but none.
  @Test func partsOfABlock() {
    for part in 1...10 {
      let bench = Bench()
      let host = Host.lines()
      host.onBlock = { _, messages in min(part, messages.count) }
      let peer = bench.open(host)
      peer.feed(lines(10))
      #expect(host.events == ["connected"] + numbers(0..<10), "\(part) at a time")
    }
  }

  /// After a part was taken the blocks begin at one message, and double.
  @Test func blocksDoubleAgain() {
    let bench = Bench()
    let host = Host.lines()
    var isFirst = true
    host.onBlock = { _, messages in
      defer { isFirst = false }
      return isFirst ? messages.count - 1 : messages.count
    }
    let peer = bench.open(host)
    peer.feed(lines(50))
    peer.feed(lines(8192 * 2))
    #expect(Array(host.blocks[..<13]) == [50, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048])
    #expect(host.blocks.reduce(0, +) == 16435)  // all, and the one that was refused at first
  }

  @Test func moreThanThereAre() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { _, messages in messages.count + 7 }
    let peer = bench.open(host)
    peer.feed(lines(3))
    peer.feed(lines(2))
    #expect(host.blocks == [3, 2])
  }

  @Test func takingNonePauses() {
    let bench = Bench()
    let host = Host.lines()
    var takes = 0
    host.onBlock = { _, messages in min(takes, messages.count) }
    let peer = bench.open(host)
    peer.feed(lines(3))
    #expect(host.blocks == [3])
    #expect(peer.conn?.isPaused == true)
    #expect(peer.output.readings.last == false)
    peer.feed(lines(1))
    #expect(host.blocks == [3])
    takes = 1
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.events == ["connected", "0", "1", "2", "0"])
    #expect(peer.conn?.isPaused == false)
  }

  /// What a host returns is not trusted.
  @Test func lessThanNone() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { _, _ in -5 }
    let peer = bench.open(host)
    peer.feed(lines(3))
    #expect(peer.conn?.isPaused == true)
    #expect(peer.conn?.held == 9)
  }

  @Test func noneTakenWithASwitch() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { conn, _ in
      conn.setRaw()
      return 0
    }
    let peer = bench.open(host)
    peer.feed("a\r\nb")
    #expect(host.events == ["connected", "raw a\\r\\nb"])
    #expect(peer.conn?.isPaused == false)
  }

  @Test func noneTakenWithAClose() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { conn, _ in
      conn.close(.ok)
      return 0
    }
    let peer = bench.open(host)
    peer.feed("a\r\nb")
    #expect(host.events == ["connected", "disconnected 0"])
  }

  @Test func noneTakenWithAReplacement() {
    let bench = Bench()
    let host = Host.lines()
    let next = Host(.raw)
    host.onBlock = { conn, _ in
      _ = conn.replace(by: next)
      return 0
    }
    let peer = bench.open(host)
    peer.feed("a\r\nb")
    #expect(next.events == ["connected", "raw a\\r\\nb"])
    #expect(peer.conn?.isPaused == false)
  }

  @Test(arguments: 1..<4) func pausedInAPart(_ part: Int) {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { conn, messages in
      _ = conn.pause()
      return min(part, messages.count)
    }
    let peer = bench.open(host)
    peer.feed(lines(6))
    var heard = host.heard()
    var turns = 0
    while heard.count < 7, turns < 10 {
      bench.turn { _ = peer.conn?.resume() }
      heard += host.heard()
      turns += 1
    }
    #expect(heard == ["connected"] + numbers(0..<6))
  }

  @Test func partsOfPrefixedStrings() {
    let bytes = (0..<6).flatMap { [0, 2, 120, UInt8(48 + $0)] as [UInt8] }
    for part in 1...6 {
      let bench = Bench()
      let host = Host.strings(2)
      host.onBlock = { _, messages in min(part, messages.count) }
      let peer = bench.open(host)
      for cut in stride(from: 0, to: bytes.count, by: 7) { peer.feed(bytes[cut..<min(cut + 7, bytes.count)]) }
      #expect(host.events == ["connected", "x0", "x1", "x2", "x3", "x4", "x5"])
    }
  }

  @Test func partsOfNetstrings() {
    for part in 1...4 {
      let bench = Bench()
      let host = Host.netstrings()
      host.onBlock = { _, messages in min(part, messages.count) }
      let peer = bench.open(host)
      peer.feed("1:a,0:,3:bcd,1:e,2:f")
      peer.feed("g,")
      #expect(host.events == ["connected", "a", "", "bcd", "e", "fg"])
    }
  }

  // MARK: Clearing

  @Test func clearInsideALine() {
    let bench = Bench()
    let host = Host.lines()
    var dropped: [String] = []
    host.onMessage = { conn, line in
      guard line == "clear" else { return }
      #expect(conn.held == "b\r\nrest".utf8.count)
      dropped.append(conn.clear())
      #expect(conn.held == 0)
    }
    let peer = bench.open(host)
    peer.feed("a\r\nclear\r\nb\r\nrest")
    peer.feed("c\r\n")
    #expect(dropped == ["b\\r\\nrest"])
    #expect(host.events == ["connected", "a", "clear", "c"])
  }

  @Test func clearInsideABlock() {
    let bench = Bench()
    let host = Host.lines()
    var dropped = ""
    host.onBlock = { conn, messages in
      if messages.contains("clear") { dropped = conn.clear() }
      return 1
    }
    let peer = bench.open(host)
    peer.feed("clear\r\nb\r\nrest")
    #expect(dropped == "rest")
    peer.feed("c\r\n")
    // What the callback did not take of its block is dropped too.
    #expect(host.events == ["connected", "clear", "c"])
  }

  @Test func clearTwice() {
    let bench = Bench()
    let host = Host.lines()
    var dropped: [String] = []
    host.onMessage = { conn, _ in
      dropped.append(conn.clear())
      dropped.append(conn.clear())
    }
    let peer = bench.open(host)
    peer.feed("a\r\nrest")
    #expect(dropped == ["rest", ""])
  }

  @Test func clearThenExtra() {
    let bench = Bench()
    let host = Host.lines()
    host.onMessage = { conn, line in
      guard line == "a" else { return }
      _ = conn.clear()
      conn.setLines("x\r\n")
    }
    let peer = bench.open(host)
    peer.feed("a\r\nb\r\nrest")
    peer.feed("c\r\n")
    #expect(host.events == ["connected", "a", "x", "c"])
  }

  @Test func clearBetweenFeeds() {
    let bench = Bench()
    let host = Host.lines()
    let peer = bench.open(host)
    peer.feed("a\r\nhel")
    #expect(peer.conn?.held == 3)
    #expect(peer.conn?.clear() == "hel")
    peer.feed("b\r\n")
    #expect(host.events == ["connected", "a", "b"])
  }

  @Test func clearWhatIsInTwoParts() {
    let bench = Bench()
    let host = Host.lines()
    var dropped = ""
    host.onMessage = { conn, line in
      guard line == "a" else { return }
      conn.setLines("extra")
      dropped = conn.clear()
    }
    let peer = bench.open(host)
    peer.feed("a\r\nb")
    peer.feed("c\r\n")
    #expect(dropped == "bextra")
    #expect(host.events == ["connected", "a", "c"])
  }

  @Test func clearInRawMode() {
    let bench = Bench()
    let host = Host.lines()
    host.onConnected = { $0.setRaw() }
    host.onRaw = { conn, _ in #expect(conn.clear() == "") }
    let peer = bench.open(host)
    peer.feed("abc")
    #expect(host.events == ["connected", "raw abc"])
  }

  /// Inside the hook for a long line that is dropped alone, what is behind it is not yet delivered.
  @Test func clearBehindALongLine() {
    let bench = Bench()
    let host = Host.lines(longest: 4, skips: true)
    var dropped = ""
    host.onTooLong = { conn, _, _ in
      #expect(conn.held == 4)
      dropped = conn.clear()
    }
    let peer = bench.open(host)
    peer.feed("12345\r\nab\r\n")
    peer.feed("cd\r\n")
    #expect(dropped == "ab\\r\\n")
    #expect(host.events == ["connected", "too long 12345", "cd"])
  }
}
