import Bench
import Bytes
import Testing

@testable import Wire

/// What is rarer in the life of a conn: half-closing, other protocols, the reactor's end.
struct ConnEndTests {
  // MARK: Half-close

  @Test func halfCloses() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 2
    peer.feed("")
    bench.turn {
      peer.conn?.write("last words")
      #expect(peer.conn?.closeWrite() == .ok)
      #expect(peer.conn?.closeWrite() == .closed)
      #expect(peer.conn?.write("x") == .closed)
    }
    #expect(peer.output.closedWrite == 0, "not before everything has left")
    peer.output.drain(.max, peer)
    #expect(peer.sent == "last words" && peer.output.closedWrite == 1)
    peer.feed("still reading")
    #expect(host.heard() == ["connected", "raw still reading"])
    #expect(peer.conn?.closeWrite() == .closed)
    peer.end()
    #expect(host.heard() == ["read closed", "disconnected 0"])
    #expect(peer.output.closedWrite == 1)
  }

  @Test func bothHalves() {
    for firstEnd in [false, true] {
      let bench = Bench()
      let host = Host(.raw)
      host.onReadClosed = { _ in }
      let peer = bench.open(host)
      peer.feed("")
      if firstEnd { peer.end() }
      bench.turn { #expect(peer.conn?.closeWrite() == .ok) }
      if !firstEnd { peer.end() }
      #expect(host.events == ["connected", "read closed", "disconnected 0"])
    }
  }

  @Test func halfCloseThatFails() {
    let bench = Bench()
    let host = Host(.raw)
    let output = Output()
    output.halfCloseStatus = .system(-107)
    let peer = bench.open(host, output)
    bench.turn { #expect(peer.conn?.closeWrite() == .ok) }
    #expect(host.events == ["connected", "disconnected -1107"])
  }

  @Test func halfCloseIsNotEverywhere() {
    let bench = Bench()
    let output = Output()
    output.halfCloses = false
    let peer = bench.open(Host(.raw), output)
    #expect(peer.conn?.closeWrite() == .unsupported)
    #expect(peer.conn?.write("x") == .ok)
  }

  // MARK: The rest

  @Test func user() {
    let bench = Bench()
    let mine = UnsafeMutableRawPointer(bitPattern: 16)
    let (first, second) = (Host(.raw), Host(.raw))
    let peer = bench.open(first)
    #expect(peer.conn?.user == first.user)
    bench.turn { _ = peer.conn?.replace(by: second) }
    #expect(peer.conn?.user == second.user, "the factory's")
    peer.conn?.setUser(mine)
    bench.turn { _ = peer.conn?.replace(by: Host(.raw)) }
    #expect(peer.conn?.user == mine, "its own user stays")
  }

  @Test func aReplacementThatIsRefused() {
    let bench = Bench()
    let host = Host(.raw)
    let never = Host(.raw)
    never.isWilling = false
    let peer = bench.open(host)
    peer.feed("")
    bench.turn { #expect(peer.conn?.replace(by: never) == .refused) }
    let foreign = Host(.raw)
    let other = Bench()
    _ = other.open(foreign)
    bench.turn { #expect(peer.conn?.replace(by: foreign) == .bound) }
    peer.feed("a")
    #expect(host.events == ["connected", "raw a"])
  }

  @Test func replacedAndClosed() {
    let bench = Bench()
    let host = Host(.raw)
    let next = Host(.raw)
    host.onRaw = { conn, _ in
      _ = conn.replace(by: next)
      conn.close(.ok)
    }
    let peer = bench.open(host)
    peer.feed("a")
    #expect(host.events == ["connected", "raw a"])
    #expect(next.events == ["connected", "disconnected 0"])
  }

  @Test func replacedWhenConnected() {
    let bench = Bench()
    let host = Host(.raw)
    let next = Host(.raw)
    host.onConnected = { conn in _ = conn.replace(by: next) }
    let peer = bench.open(host)
    bench.turn()
    #expect(next.events == ["connected"])
    #expect(peer.output.readings.last == true)
    peer.feed("a")
    #expect(next.events == ["connected", "raw a"])
  }

  @Test func tags() {
    let bench = Bench()
    let peer = bench.open(Host(.raw))
    #expect(peer.conn?.tag == Tag.raw)
    #expect(peer.conn?.speaking(Tag.line) { (_: Protocol) in .ok } == .type)
    #expect(peer.conn?.speaking(Tag.raw) { (_: Protocol) in .limit } == .limit)
  }

  @Test func endsWithItsReactor() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    host.onDisconnected = { conn in #expect(conn.write("x") == .closed) }
    peer.output.room = 0
    peer.feed("")
    bench.turn { peer.conn?.write("stuck") }
    bench.end()
    #expect(host.events == ["connected", "disconnected -31"])
    #expect(peer.output.closedWith == .aborted)
  }
}
