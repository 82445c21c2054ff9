import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import Memcache

/// What goes out, and what does not.
struct RequestTests {
  let bench = Bench()
  let asker: Asker
  let peer: Peer

  init() {
    asker = Asker.make { options in
      options.longestValue = 100
      options.mostCalls = 60
    }
    peer = bench.open(asker)
    bench.turn()
  }

  func sends(
    _ wanted: String, _ command: Command, _ keys: [String] = [], value: String = "", meta: String = "",
    _ change: (inout Request) -> Void = { _ in }
  ) {
    #expect(peer.ask(1, command, keys, value: value, meta: meta, change) == .ok)
    #expect(peer.sentNow() == wanted)
  }

  @Test func asWritten() {
    sends("get k\\r\\n", .get, ["k"])
    sends("gets a bc\\r\\n", .gets, ["a", "bc"])
    sends("gat 60 a b\\r\\n", .gat, ["a", "b"]) { $0.expiry = 60 }
    sends("gats -1 a\\r\\n", .gats, ["a"]) { $0.expiry = -1 }
    sends("set k 5 100 2\\r\\n\\r\\n\\r\\n", .set, ["k"], value: "\r\n") {
      $0.flags = 5
      $0.expiry = 100
    }
    sends("add k 4294967295 0 0 noreply\\r\\n\\r\\n", .add, ["k"]) {
      $0.flags = .max
      $0.isSilent = true
    }
    sends("replace k 0 -9223372036854775808 1\\r\\nx\\r\\n", .replace, ["k"], value: "x") { $0.expiry = .min }
    sends("append k 0 0 1\\r\\nx\\r\\n", .append, ["k"], value: "x")
    sends("prepend k 0 0 1 noreply\\r\\nx\\r\\n", .prepend, ["k"], value: "x") { $0.isSilent = true }
    sends("cas k 0 0 1 18446744073709551615\\r\\nx\\r\\n", .cas, ["k"], value: "x") { $0.number = .max }
    sends("incr k 18446744073709551615\\r\\n", .incr, ["k"]) { $0.number = .max }
    sends("decr k 9223372036854775808 noreply\\r\\n", .decr, ["k"]) {
      $0.number = 1 << 63
      $0.isSilent = true
    }
    sends("touch k 30\\r\\n", .touch, ["k"]) { $0.expiry = 30 }
    sends("delete k\\r\\n", .delete, ["k"])
    sends("stats\\r\\n", .stats)
    sends("stats items\\r\\n", .stats, ["items"])
    sends("version\\r\\n", .version)
    sends("flush_all\\r\\n", .flushAll)
    sends("flush_all 30 noreply\\r\\n", .flushAll) {
      $0.expiry = 30
      $0.isSilent = true
    }
    sends("mg k v t f\\r\\n", .metaGet, ["k"], meta: "v t f")
    sends("ms k 2 T60\\r\\nhi\\r\\n", .metaSet, ["k"], value: "hi", meta: "T60")
    sends("ms k 0\\r\\n\\r\\n", .metaSet, ["k"])
    sends("md k I T30\\r\\n", .metaDelete, ["k"], meta: "I T30")
    sends("ma k D5 v\\r\\n", .metaArithmetic, ["k"], meta: "D5 v")
    sends("mn\\r\\n", .metaNoop)
    sends("me k\\r\\n", .metaDebug, ["k"])
    sends("mg k v q O16\\r\\n", .metaGet, ["k"], meta: "v q")
    sends("mg k q Omine v\\r\\n", .metaGet, ["k"], meta: "q Omine v")
  }

  @Test func refused() {
    for key in ["", " ", "a b", "a\r\nflush_all", "a\t", "a\0", "\u{7f}"] {
      #expect(peer.ask(1, .get, [key]) == .invalid, "\(key)")
      #expect(peer.ask(1, .get, ["fine", key]) == .invalid)
      #expect(peer.ask(1, .delete, [key]) == .invalid)
      #expect(peer.ask(1, .metaGet, [key]) == .invalid)
    }
    let longest = String(repeating: "k", count: 250)
    #expect(peer.ask(1, .get, [longest + "k"]) == .tooLong)
    #expect(peer.ask(1, .get, [longest]) == .ok)
    #expect(peer.ask(1, .set, ["k"], value: String(repeating: "v", count: 101)) == .tooLong)
    #expect(peer.ask(1, .metaSet, ["k"], value: String(repeating: "v", count: 101)) == .tooLong)
    #expect(peer.ask(1, .set, ["k"], value: String(repeating: "v", count: 100)) == .ok)
    for meta in ["v ", " v", "v  t", "v\r\n", "v\0", String(repeating: "v", count: 1025), "q O" + longest.prefix(33)] {
      #expect(peer.ask(1, .metaGet, ["k"], meta: meta) == .invalid, "\(meta)")
    }
    // Nothing that a command has no use for.
    #expect(peer.ask(1, .get) == .invalid)
    #expect(peer.ask(1, .set, ["a", "b"]) == .invalid)
    #expect(peer.ask(1, .version, ["a"]) == .invalid)
    #expect(peer.ask(1, .stats, ["a", "b"]) == .invalid)
    #expect(peer.ask(1, .get, ["k"], value: "x") == .invalid)
    #expect(peer.ask(1, .get, ["k"], meta: "v") == .invalid)
    #expect(peer.ask(1, .metaNoop, meta: "v") == .invalid)
    #expect(peer.ask(1, .get, ["k"]) { $0.isSilent = true } == .invalid)
    #expect(peer.ask(1, .get, ["k"]) { $0.expiry = 1 } == .invalid)
    #expect(peer.ask(1, .append, ["k"]) { $0.flags = 1 } == .invalid)
    #expect(peer.ask(1, .append, ["k"]) { $0.expiry = 1 } == .invalid)
    #expect(peer.ask(1, .set, ["k"]) { $0.number = 1 } == .invalid)
    #expect(peer.ask(1, .flushAll) { $0.expiry = -1 } == .invalid)
    _ = peer.conn?.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      #expect(spoken.pending.calls == 2)
      return .ok
    }
  }

  @Test func notTooMany() {
    for _ in 0..<60 { #expect(peer.ask(1, .get, ["k"]) == .ok) }
    #expect(peer.ask(1, .get, ["k"]) == .limit)
    #expect(peer.ask(1, .set, ["k"]) { $0.isSilent = true } == .ok)
    peer.feed("END\r\n")
    #expect(peer.ask(1, .get, ["k"]) == .ok)
  }

  @Test func closing() {
    bench.turn { peer.conn?.close(.ok) }
    #expect(peer.ask(1, .get, ["k"]) == .stale)
    let other = bench.open(asker)
    bench.turn {
      other.conn?.close(.ok)
      guard let conn = other.conn else { return }
      let status = conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
        spoken.get(Array("k".utf8).span.bytes, Asking(done: 0, user: 0), conn)
      }
      #expect(status == .closed)
    }
  }

  /// What does not fit into the output is undone: the calls before it are answered.
  @Test func overflow() {
    bench.turn {
      var limits = Limits()
      limits.highWater = 16
      limits.lowWater = 1
      limits.cap = 64
      peer.conn?.limits = limits
    }
    #expect(peer.ask(1, .get, ["key"]) == .ok)
    #expect(peer.ask(2, .set, ["k"], value: String(repeating: "v", count: 100)) == .overflow)
    #expect(asker.heard().first == "1: \(Status.overflow) none")
  }

  @Test func prefix() {
    let asker = Asker.make { $0.prefix = Text.make(Array("app:".utf8).span.bytes) }
    let peer = bench.open(asker)
    bench.turn()
    peer.ask(1, .gets, ["a", "b"])
    peer.ask(2, .get, ["a"])
    peer.ask(3, .set, ["a"], value: "x")
    peer.ask(4, .metaGet, ["a"], meta: "v")
    peer.ask(5, .stats, ["items"])
    #expect(
      peer.sentNow()
        == "gets app:a app:b\\r\\nget app:a\\r\\nset app:a 0 0 1\\r\\nx\\r\\nmg app:a v\\r\\nstats items\\r\\n")
    #expect(peer.ask(6, .get, [String(repeating: "k", count: 247)]) == .tooLong)
    peer.feed("VALUE app:b 0 1 9\r\nb\r\nEND\r\nVALUE a 0 1\r\na\r\nEND\r\n")
    #expect(asker.heard().prefix(2) == ["1: value index=1 number=9 key=b value=b", "1: end"])
    #expect(peer.conn == nil)  // a key without the prefix is not one that was asked for
  }
}
