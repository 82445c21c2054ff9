import Bench
import Testing
import Wire

@testable import Framing

/// Lines and raw bytes in turn, switched inside callbacks.
struct LineModeTests {
  @Test func rawBehindALine() {
    let bench = Bench()
    let host = Host.lines()
    host.onMessage = { conn, line in if line == "raw" { conn.setRaw() } }
    let peer = bench.open(host)
    peer.feed("a\r\nraw\r\nb\r\nc")
    peer.feed("d\r\n")
    #expect(host.events == ["connected", "a", "raw", "raw b\\r\\nc", "raw d\\r\\n"])
  }

  @Test func noRawCallWithoutBytes() {
    let bench = Bench()
    let host = Host.lines()
    host.onMessage = { conn, _ in conn.setRaw() }
    let peer = bench.open(host)
    peer.feed("raw\r\n")
    #expect(host.events == ["connected", "raw"])
    peer.feed("")
    #expect(host.events == ["connected", "raw"])
  }

  @Test func switchedFromTheStart() {
    let bench = Bench()
    let host = Host.lines()
    host.onConnected = { $0.setRaw() }
    let peer = bench.open(host)
    peer.feed("a\r\n")
    #expect(host.events == ["connected", "raw a\\r\\n"])
    peer.lines { lines, _ in #expect(lines.isRaw) }
  }

  /// A number says how many raw bytes follow its line: the classic mixed stream.
  @Test(arguments: 1...9) func mixed(_ size: Int) {
    let bench = Bench()
    let host = Host.lines(";")
    var left = 0
    var body = ""
    host.onMessage = { conn, line in
      if let count = Int(line) {
        left = count
        conn.setRaw()
      }
    }
    host.onRaw = { conn, bytes in
      let mine = bytes.prefix(left)
      body += mine
      left -= mine.count
      if left == 0 {
        body += "|"
        conn.setLines(String(bytes.dropFirst(mine.count)))
      }
    }
    let peer = bench.open(host)
    let stream = Array("x;5;helloy;3;abc2;de;z;".utf8)
    for at in stride(from: 0, to: stream.count, by: size) { peer.feed(stream[at..<min(at + size, stream.count)]) }
    #expect(body == "hello|abc|de|")
    #expect(host.events.filter { !$0.hasPrefix("raw") } == ["connected", "x", "5", "y", "3", "2", "", "z"])
  }

  /// Thousands of switches in one feed neither recurse nor cost more than a look at each byte or two.
  @Test(arguments: [false, true]) func manySwitches(_ inBlocks: Bool) {
    let bench = Bench()
    let host = Host.lines()
    host.isCounting = true
    var raws = 0
    host.onMessage = { conn, _ in conn.setRaw() }
    if inBlocks {
      host.onBlock = { conn, _ in
        conn.setRaw()
        return 1
      }
    }
    host.onRaw = { conn, _ in
      raws += 1
      conn.setLines(raws < 10_000 ? "line\r\nrest" : "")
    }
    let peer = bench.open(host)
    peer.feed("line\r\nrest")
    #expect(raws == 10_000)
    #expect(host.count == 20_001)
  }

  @Test func extraInsideALineComesBehind() {
    let bench = Bench()
    let host = Host.lines()
    host.onMessage = { conn, line in if line == "a" { conn.setLines("extra\r\n") } }
    let peer = bench.open(host)
    peer.feed("a\r\nb\r\nc")
    #expect(host.heard() == ["connected", "a", "b", "cextra"])
    peer.feed("d\r\n")
    #expect(host.heard() == ["d"])
  }

  @Test func extraOutsideADelivery() {
    let bench = Bench()
    let host = Host.lines()
    let peer = bench.open(host)
    peer.feed("a")
    peer.conn?.setLines("b\r\nc\r\n")
    #expect(host.heard() == ["connected"])  // callbacks run in turns only
    bench.turn()
    #expect(host.heard() == ["ab", "c"])
  }

  @Test func extraWhilePaused() {
    let bench = Bench()
    let host = Host.lines()
    let peer = bench.open(host)
    peer.feed("")
    bench.turn { _ = peer.conn?.pause() }
    peer.feed("a\r\nb")
    peer.conn?.setLines("c\r\n")
    bench.turn()
    #expect(host.heard() == ["connected"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["a", "bc"])
  }

  @Test func modeChangedOutside() {
    let bench = Bench()
    let host = Host.lines()
    let peer = bench.open(host)
    peer.feed("a\r\nbc")
    peer.conn?.setRaw()
    peer.conn?.setRaw()
    bench.turn()
    #expect(host.heard() == ["connected", "a", "raw bc"])
    peer.conn?.setLines()
    peer.feed("d\r\n")
    #expect(host.heard() == ["d"])
  }

  @Test func nothingAfterCloseInRawMode() {
    let bench = Bench()
    let host = Host.lines()
    host.onConnected = { $0.setRaw() }
    host.onRaw = { conn, _ in
      conn.close(.ok)
      conn.setLines("x\r\n")
    }
    let peer = bench.open(host)
    peer.feed("go")
    peer.feed("on")
    #expect(host.events == ["connected", "raw go", "disconnected 0"])
  }

  @Test func rawInTheMiddleOfABlock() {
    let bench = Bench()
    let host = Host.lines()
    host.onBlock = { conn, messages in
      guard let place = messages.firstIndex(of: "raw") else { return messages.count }
      conn.setRaw()
      return place + 1
    }
    let peer = bench.open(host)
    peer.feed("a\r\nraw\r\nb\r\n")
    peer.feed("c\r\n")
    #expect(host.events == ["connected", "a", "raw", "raw b\\r\\n", "raw c\\r\\n"])
  }

  // MARK: Delimiter and limit

  @Test(arguments: [("\r\n", ";"), ("\n", "\r\n"), (";", "aab")]) func delimiterChanged(
    _ before: String, _ after: String
  ) {
    for inBlocks in [false, true] {
      let bench = Bench()
      let host = Host.lines(before)
      host.onMessage = { conn, line in if line == "change" { conn.setDelimiter(after) } }
      if inBlocks {
        host.onBlock = { conn, messages in
          guard let place = messages.firstIndex(of: "change") else { return messages.count }
          conn.setDelimiter(after)
          return place + 1
        }
      }
      let stream = Array("a\(before)change\(before)b\(before)\(after)c\(after)".utf8)
      for cut in 0...stream.count {
        let peer = bench.open(host)
        peer.feed(stream[..<cut])
        peer.feed(stream[cut...])
        #expect(host.heard() == ["connected", "a", "change", "b" + text(Array(before.utf8)), "c"], "cut at \(cut)")
      }
    }
  }

  @Test func limitChanged() {
    let bench = Bench()
    let host = Host.lines(longest: 8)
    host.onTooLong = { _, _, _ in }
    host.onMessage = { conn, line in
      if let limit = Int(line) { conn.lines { lines, conn in #expect(lines.setLongest(limit, conn) == .ok) } }
    }
    let peer = bench.open(host)
    peer.feed("3\r\nabc\r\n2\r\nab\r\nabc\r\n")
    peer.feed("9\r\n123456789\r\n")
    #expect(host.events == ["connected", "3", "abc", "2", "ab", "too long abc\\r\\n", "9", "123456789"])
  }
}
