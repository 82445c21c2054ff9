import Bench
import Testing
import Wire

@testable import Framing

/// Pausing, closing and changing protocols while a block is under delivery.
struct PauseTests {
  static let hosts: [@Sendable () -> Host] = [{ .lines() }, { .netstrings() }, { .strings(2) }, { .strings32() }]
  static let framed: [@Sendable (String) -> [UInt8]] = [
    { Array("\($0)\r\n".utf8) }, { Array("\($0.utf8.count):\($0),".utf8) },
    { [0, UInt8($0.utf8.count)] + Array($0.utf8) },
    { [0, 0, 0, UInt8($0.utf8.count)] + Array($0.utf8) },
  ]
  func stream(_ kind: Int, _ messages: [String]) -> [UInt8] { messages.flatMap(Self.framed[kind]) }

  @Test(arguments: 0..<4) func pausedByAMessage(_ kind: Int) {
    let bytes = stream(kind, ["a", "pause", "b", "", "c"])
    for cut in 0...bytes.count {
      let bench = Bench()
      let host = Self.hosts[kind]()
      host.onMessage = { conn, message in if message == "pause" { _ = conn.pause() } }
      let peer = bench.open(host)
      peer.feed(bytes[..<cut])
      peer.feed(bytes[cut...])
      #expect(host.heard() == ["connected", "a", "pause"], "cut at \(cut)")
      #expect(peer.conn?.held == bytes.count - stream(kind, ["a", "pause"]).count)
      bench.turn { #expect(peer.conn?.resume() == .ok) }
      #expect(host.heard() == ["b", "", "c"], "cut at \(cut)")
      #expect(peer.conn?.held == 0)
    }
  }

  @Test(arguments: 0..<4) func pausedAndResumedByAMessage(_ kind: Int) {
    let bench = Bench()
    let host = Self.hosts[kind]()
    host.onMessage = { conn, _ in
      _ = conn.pause()
      _ = conn.resume()
    }
    let peer = bench.open(host)
    peer.feed(stream(kind, ["a", "b", "c"]))
    #expect(host.events == ["connected", "a", "b", "c"])
  }

  @Test(arguments: 0..<4) func pausedAtEachMessage(_ kind: Int) {
    let bench = Bench()
    let host = Self.hosts[kind]()
    host.onMessage = { conn, _ in _ = conn.pause() }
    let peer = bench.open(host)
    peer.feed(stream(kind, ["a", "b"]))
    for wanted in [["connected", "a"], ["b"], ["c"], []] {
      #expect(host.heard() == wanted)
      if wanted.first == "connected" { peer.feed(stream(kind, ["c"])) }
      bench.turn { _ = peer.conn?.resume() }
    }
  }

  /// Nothing is delivered once a close was asked for, in this feed or a later one.
  @Test(arguments: 0..<4, [false, true]) func closedByAMessage(_ kind: Int, _ aborts: Bool) {
    let bytes = stream(kind, ["a", "close", "b", "c"])
    for cut in 0...bytes.count {
      let bench = Bench()
      let host = Self.hosts[kind]()
      host.onMessage = { conn, message in
        if message == "close" { aborts ? conn.abort(.aborted) : conn.close(.ok) }
      }
      let peer = bench.open(host)
      peer.feed(bytes[..<cut])
      peer.feed(bytes[cut...])
      #expect(
        host.events == ["connected", "a", "close", aborts ? "disconnected -31" : "disconnected 0"], "cut at \(cut)")
      #expect(bench.alive == 0)
    }
  }

  @Test(arguments: 0..<4) func replacedByAMessage(_ kind: Int) {
    let bytes = stream(kind, ["a", "switch"]) + Array("raw".utf8)
    for cut in 0...bytes.count {
      for inBlocks in [false, true] {
        let bench = Bench()
        let host = Self.hosts[kind]()
        let next = Host(.raw)
        host.onMessage = { conn, message in if message == "switch" { #expect(conn.replace(by: next) == .ok) } }
        if inBlocks {
          host.onBlock = { conn, messages in
            guard messages.last == "switch" else { return messages.count }
            #expect(conn.replace(by: next) == .ok)
            return messages.count
          }
        }
        let peer = bench.open(host)
        peer.feed(bytes[..<cut])
        peer.feed(bytes[cut...])
        peer.feed("more")
        #expect(host.events == ["connected", "a", "switch"], "cut at \(cut)")
        #expect(next.events.first == "connected")
        #expect(next.events.dropFirst().map { $0.dropFirst(4) }.joined() == "rawmore", "cut at \(cut)")
        peer.end()
        #expect(host.events.count == 3)
        #expect(next.events.last == "disconnected 0")
      }
    }
  }

  @Test func replacedTwiceInOneCallback() {
    let bench = Bench()
    let host = Host.lines()
    let between = Host.lines(";")
    let last = Host(.raw)
    host.onMessage = { conn, _ in
      #expect(conn.replace(by: between) == .ok)
      #expect(conn.replace(by: last) == .ok)
    }
    let peer = bench.open(host)
    peer.feed("switch\r\nrest")
    #expect(host.events == ["connected", "switch"])
    #expect(last.events == ["connected", "raw rest"])
  }

  @Test func replacedTwiceOutsideATurn() {
    let bench = Bench()
    let host = Host.lines()
    let between = Host.lines(";")
    let last = Host(.raw)
    let peer = bench.open(host)
    peer.feed("held")
    #expect(peer.conn?.replace(by: between) == .ok)
    #expect(peer.conn?.replace(by: last) == .ok)
    #expect(between.events == [], "callbacks run in driving calls only")
    bench.turn()
    #expect(last.events == ["connected", "raw held"])
  }

  @Test func replacedByWhatTakesItsPlace() {
    let bench = Bench()
    let host = Host.lines()
    let between = Host.lines(";")
    let last = Host(.raw)
    host.onMessage = { conn, _ in _ = conn.replace(by: between) }
    between.onConnected = { conn in _ = conn.replace(by: last) }
    let peer = bench.open(host)
    peer.feed("switch\r\nrest")
    #expect(between.events == ["connected"])
    #expect(last.events == ["connected", "raw rest"])
  }

  @Test func replacementThatPauses() {
    let bench = Bench()
    let host = Host.lines()
    let next = Host.lines(";")
    host.onMessage = { conn, _ in _ = conn.replace(by: next) }
    next.onConnected = { conn in _ = conn.pause() }
    let peer = bench.open(host)
    peer.feed("switch\r\na;b")
    peer.feed(";")
    #expect(next.heard() == ["connected"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(next.heard() == ["a", "b"])
  }
}

/// The protocol without messages.
struct RawTests {
  @Test func bytesAsTheyCome() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("a")
    peer.feed("")
    peer.feed("\r\n")
    #expect(host.events == ["connected", "raw a", "raw \\r\\n"])
  }

  @Test func heldWhilePaused() {
    let bench = Bench()
    let host = Host(.raw)
    host.onRaw = { conn, _ in _ = conn.pause() }
    let peer = bench.open(host)
    peer.feed("a")
    peer.feed("b")
    peer.feed("c")
    #expect(host.heard() == ["connected", "raw a"])
    #expect(peer.conn?.held == 2)
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["raw bc"])
    #expect(peer.conn?.held == 0)
  }

  @Test func water() {
    let bench = Bench()
    let host = Host(.raw)
    let output = Output()
    output.room = 0
    let peer = bench.open(host, output)
    host.onReadClosed = { _ in }
    bench.turn { peer.conn?.write(String(repeating: "x", count: 70_000)) }
    #expect(host.heard() == ["connected", "write paused"])
    output.drain(.max, peer)
    peer.end()
    #expect(host.heard() == ["write resumed", "read closed"])
  }

  @Test func replacedWithWhatItHolds() {
    let bench = Bench()
    let host = Host(.raw)
    let next = Host.lines()
    let peer = bench.open(host)
    peer.feed("x")
    bench.turn { _ = peer.conn?.pause() }
    peer.feed("a\r\nb")
    bench.turn {
      _ = peer.conn?.replace(by: next)
      _ = peer.conn?.resume()
    }
    peer.feed("\r\n")
    #expect(host.heard() == ["connected", "raw x"])
    #expect(next.heard() == ["connected", "a", "b"])
  }
}
