import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import Memcache

/// How calls end otherwise than by their answer; quiet ones; who one is.
struct EndTests {
  let bench = Bench()

  func open(_ change: (inout MemcacheOptions) -> Void = { _ in }) -> (Asker, Peer) {
    let asker = Asker.make(change)
    let peer = bench.open(asker)
    bench.turn()
    return (asker, peer)
  }

  func pending(_ peer: Peer) -> (Int, Int) {
    var found = (-1, -1)
    _ = peer.conn?.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      found = spoken.pending
      return .ok
    }
    return found
  }

  @Test func timeLimits() {
    let (asker, peer) = open { $0.callTime = 1000 }
    peer.ask(1, .get, ["a"])
    peer.ask(2, .get, ["b"]) { $0.limit = 100 }
    bench.advance(500)
    peer.ask(3, .get, ["c", "d"])
    #expect(asker.heard() == ["2: \(Status.timeout) none value=there was no answer in time"])
    #expect(pending(peer) == (2, 1))
    peer.feed("VALUE a 0 1\r\na\r\nEND\r\nVALUE b 0 1\r\nb\r\nEND\r\nVALUE c 0 1\r\nc\r\n")
    #expect(asker.heard() == ["1: hit key=a value=a", "3: value key=c value=c"])
    bench.advance(1000)
    #expect(asker.heard() == ["3: \(Status.timeout) none value=there was no answer in time"])
    peer.feed("VALUE d 0 1\r\nd\r\nEND\r\n")
    #expect(asker.heard() == [] && pending(peer) == (0, 0))
    peer.ask(4, .get, ["a"])
    bench.advance(999)
    #expect(asker.heard() == [])
    bench.advance(1)
    #expect(asker.heard().count == 1)
  }

  /// A host that asks again in the moment in which its call's time is up.
  @Test func askingAgain() {
    let (asker, peer) = open { $0.callTime = 10 }
    var left = 3
    asker.onAnswer = { _ in
      left -= 1
      guard left > 0, let conn = peer.conn else { return }
      _ = conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
        spoken.get(Array("k".utf8).span.bytes, Asking(done: 1, user: 9), conn)
      }
    }
    peer.ask(1, .get, ["a"], done: 1)
    bench.advance(100)
    #expect(asker.events.count == 3 && pending(peer) == (0, 3))
  }

  @Test func silence() {
    let (asker, peer) = open { $0.silenceTime = 1000 }
    bench.advance(5000)
    peer.ask(1, .get, ["a"])
    bench.advance(900)
    peer.feed("VALUE a 0 5\r\n")
    bench.advance(900)
    #expect(peer.conn != nil)
    bench.advance(200)
    #expect(peer.conn == nil)
    #expect(
      asker.heard() == [
        "1: \(Status.timeout) none value=the server says nothing", "ended \(Status.timeout) the server says nothing",
      ])
  }

  @Test func cancelling() {
    let (asker, peer) = open()
    var calls: [UInt: MemcacheCall] = [:]
    for user: UInt in 1...3 { peer.ask(user, .get, ["k\(user)"], done: 5, give: { calls[user] = $0 }) }
    let id = calls[2]?.id ?? 0
    bench.turn {
      calls[2]?.cancel()
      #expect(asker.events.isEmpty)  // never before the function has returned
    }
    #expect(asker.heard() == ["f5 2: \(Status.cancelled) none"])
    let isStale = !bench.context.ids.names(id)
    #expect(isStale && pending(peer) == (2, 1))
    peer.feed("END\r\nVALUE k2 0 1\r\nx\r\nEND\r\nEND\r\n")
    #expect(asker.heard() == ["f5 1: miss", "f5 3: miss"])
    #expect(pending(peer) == (0, 0))
    // The object of an answered one serves again, under another id.
    peer.ask(4, .get, ["k"], done: 5, give: { calls[4] = $0 })
    #expect(calls[4] === calls[3] || calls[4] === calls[1])
    bench.turn {
      calls[4]?.cancel()
      peer.conn?.abort(.aborted)
    }
    #expect(asker.heard() == ["f5 4: \(Status.cancelled) none", "ended \(Status.aborted)"])
  }

  @Test func theEnd() {
    let (asker, peer) = open()
    peer.ask(1, .get, ["a", "b"], done: 2)
    peer.ask(2, .set, ["a"])
    peer.feed("VALUE a 0 1\r\na\r\nVALUE b 0 1\r\n")
    peer.end()
    #expect(
      asker.heard() == [
        "f2 1: value key=a value=a", "f2 1: \(Status.closed) none value=the connection has ended",
        "2: \(Status.closed) none value=the connection has ended", "ended 0",
      ])
    #expect(bench.alive == 0)
  }

  /// Calls of a conn that is never connected end, too, and not in the middle of a host's call.
  @Test func neverConnected() {
    let asker = Asker.make()
    let peer = bench.open(asker)
    guard let conn = peer.conn else { return }
    var given: MemcacheCall?
    let status = conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      var asking = Asking(done: 3, user: 1)
      let first = spoken.get(Array("k".utf8).span.bytes, asking, conn)
      asking.give = { given = $0 }
      return first == .ok ? spoken.get(Array("k".utf8).span.bytes, asking, conn) : first
    }
    #expect(status == .ok)
    #expect(conn.replace(by: Host(.raw)) == .ok)
    #expect(asker.events.isEmpty)
    bench.turn()
    #expect(asker.heard().count == 2)
    let isStale = !bench.context.ids.names(given?.id ?? 0)
    #expect(isStale)
  }

  // MARK: Quiet calls

  @Test func quiet() {
    let (asker, peer) = open()
    for user: UInt in 1...4 { peer.ask(user, .metaGet, ["k\(user)"], meta: "v q k") }
    peer.ask(5, .metaSet, ["k"], meta: "q")
    peer.ask(6, .metaDelete, ["k"], meta: "q Omine")
    peer.ask(7, .metaNoop)
    peer.feed("VA 1 kk2 O1\r\nx\r\nVA 1 kk4 O3\r\ny\r\nNF Omine\r\nMN\r\n")
    #expect(
      asker.heard() == [
        "1: miss", "2: hit value=x meta=kk2", "3: miss", "4: hit value=y meta=kk4", "5: stored",
        "6: notFound meta=Omine",
        "7: ok",
      ])
    #expect(pending(peer) == (0, 0))
  }

  /// What follows quiet calls may be of any kind.
  @Test func quietAndThenLoud() {
    let (asker, peer) = open()
    peer.ask(1, .metaGet, ["a"], meta: "q")
    peer.ask(2, .get, ["b"])
    peer.ask(3, .metaSet, ["a"], meta: "q")
    peer.ask(4, .metaGet, ["c"], meta: "v")
    peer.ask(5, .metaArithmetic, ["n"], meta: "q")
    peer.ask(6, .set, ["b"])
    peer.feed("VALUE b 0 1\r\nb\r\nEND\r\nEN\r\nSTORED\r\n")
    #expect(asker.heard() == ["1: miss", "2: hit key=b value=b", "3: stored", "4: miss", "5: ok", "6: stored"])
  }

  @Test func quietErrors() {
    let (asker, peer) = open()
    peer.ask(1, .metaSet, ["a"], meta: "q")
    peer.feed("SERVER_ERROR object too large for cache\r\n")
    #expect(asker.heard() == ["1: \(Status.remote) serverError value=object too large for cache"])
    peer.ask(2, .metaSet, ["a"], meta: "q")
    peer.ask(3, .metaNoop)
    peer.feed("SERVER_ERROR out of memory\r\n")
    #expect(asker.heard().last?.hasPrefix("ended \(Status.malformed) an error that may be any quiet call's") == true)
  }

  /// A pause in the middle of those that end without an answer.
  @Test func quietAndPausing() {
    let (asker, peer) = open()
    asker.onAnswer = { _ in _ = peer.conn?.pause() }
    for user: UInt in 1...2 { peer.ask(user, .metaGet, ["k"], meta: "q", done: 1) }
    peer.ask(3, .metaNoop, done: 1)
    peer.feed("MN\r\n")
    bench.turn { _ = peer.conn?.resume() }
    bench.turn { _ = peer.conn?.resume() }
    #expect(asker.heard() == ["f1 1: miss", "f1 2: miss", "f1 3: ok"])
  }

  // MARK: Who one is

  @Test func authentication() {
    let secret = Text.make(Array("user pw".utf8).span.bytes)
    let (asker, peer) = open { $0.secret = secret }
    peer.ask(1, .get, ["a"])
    #expect(peer.sentNow() == "set auth 0 0 7\\r\\nuser pw\\r\\nget a\\r\\n")
    peer.feed("STORED\r\nEND\r\n")
    #expect(asker.heard() == ["1: miss"])

    let (other, refused) = open { $0.secret = secret }
    refused.ask(1, .get, ["a"])
    refused.feed("CLIENT_ERROR authentication failure\r\n")
    #expect(
      other.heard() == [
        "1: \(Status.refused) none value=CLIENT_ERROR authentication failure",
        "ended \(Status.refused) CLIENT_ERROR authentication failure",
      ])
  }

  // MARK: Limits

  @Test func tooLong() {
    let (asker, peer) = open { $0.longestValue = 10 }
    peer.ask(1, .get, ["a"])
    peer.feed("VALUE a 0 11\r\n")
    #expect(asker.heard().last == "ended \(Status.tooLong) a value is longer than max_value")
    let (other, line) = open()
    line.ask(1, .version)
    line.feed(String(repeating: "x", count: 16385))
    #expect(other.heard().last == "ended \(Status.tooLong) an answer's line is too long")
  }

  /// A large value in small pieces is looked at when it is whole, and its room is made once.
  @Test func largeValue() {
    let (asker, peer) = open()
    peer.ask(1, .get, ["a"])
    let value = String(repeating: "v", count: 300_000)
    let bytes = Array("VALUE a 0 300000\r\n\(value)\r\nEND\r\n".utf8)
    var at = 0
    while at < bytes.count {
      peer.feed(bytes[at..<min(at + 1000, bytes.count)])
      at += 1000
    }
    #expect(asker.events == ["1: hit key=a value=\(value)"])
    #expect(peer.conn?.held == 0)
  }

  @Test func manyCallsInLine() {
    let (asker, peer) = open()
    for round in 0..<5 {
      for user: UInt in 1...700 { peer.ask(user, .get, ["k"]) }
      peer.feed(String(repeating: "END\r\n", count: 350))
      peer.feed(String(repeating: "END\r\n", count: 350))
      #expect(asker.heard().count == 700, "round \(round)")
    }
    #expect(asker.blocks.allSatisfy { $0 <= MemcacheFactory.mostRows })
  }
}
