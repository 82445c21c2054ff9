import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import Memcache

/// A conversation of every kind of answer, however its bytes are cut.
struct AnswerTests {
  static let stream: [UInt8] = Array(
    ("VALUE a 5 9\r\n\r\nEND\r\n\r\n\r\nEND\r\n" + "END\r\n"
      + "VALUE c 0 2 77\r\ncc\r\nVALUE e 1 0 4294967296\r\n\r\nEND\r\n"
      + "STORED\r\nNOT_STORED\r\nEXISTS\r\nNOT_FOUND\r\n" + "18446744073709551615\r\n5   \r\nNOT_FOUND\r\n"
      + "TOUCHED\r\nDELETED\r\nNOT_FOUND\r\n" + "STAT pid 12\r\nSTAT empty \r\nSTAT rusage 1 2\r\nEND\r\nRESET\r\n"
      + "VERSION 1.6.18\r\nOK\r\n" + "ERROR\r\nCLIENT_ERROR bad key\r\nSERVER_ERROR out of memory\r\nERROR Too many\r\n"
      + "VA 3 t-1 f0 c12\r\nabc\r\nHD s4\r\nEN\r\nHD c9\r\nNS\r\nEX\r\nNF\r\nHD\r\nVA 2\r\n41\r\nHD O1\r\nMN\r\nME k exp=-1 la=0\r\n"
      + "VALUE z 0 1\r\nz\r\nEND\r\n").utf8)

  static let events = [
    "1: hit flags=5 key=a value=\\r\\nEND\\r\\n\\r\\n", "2: miss", "3: value index=1 number=77 key=c value=cc",
    "3: value flags=1 index=3 number=4294967296 key=e", "3: end", "4: stored", "5: notStored", "6: exists",
    "7: notFound",
    "8: number number=18446744073709551615", "9: number number=5", "10: notFound", "11: touched", "12: deleted",
    "13: notFound", "14: stat key=pid value=12", "14: stat key=empty", "14: stat key=rusage value=1 2", "14: end",
    "15: ok",
    "16: version value=1.6.18", "17: ok", "18: \(Status.unhandled) none value=ERROR",
    "19: \(Status.remote) clientError value=bad key", "20: \(Status.remote) serverError value=out of memory",
    "21: \(Status.unhandled) none value=ERROR Too many", "22: hit value=abc meta=t-1 f0 c12", "23: hit meta=s4",
    "24: miss",
    "25: stored meta=c9", "26: notStored", "27: exists", "28: notFound", "29: deleted", "30: number number=41 value=41",
    "31: ok meta=O1", "32: ok", "33: hit meta=exp=-1 la=0", "34: hit key=z value=z",
  ]

  static func ask(_ peer: Peer, done: UInt) {
    peer.ask(1, .get, ["a"], done: done)
    peer.ask(2, .get, ["b"], done: done)
    peer.ask(3, .gets, ["b", "c", "d", "e", "f"], done: done)
    peer.ask(4, .set, ["a"], value: "x", done: done)
    peer.ask(5, .add, ["a"], done: done)
    peer.ask(6, .cas, ["a"], done: done) { $0.number = 5 }
    peer.ask(7, .append, ["a"], done: done)
    peer.ask(8, .incr, ["n"], done: done) { $0.number = 1 }
    peer.ask(9, .decr, ["n"], done: done) { $0.number = 1 }
    peer.ask(10, .decr, ["n"], done: done) { $0.number = 1 }
    peer.ask(11, .touch, ["a"], done: done)
    peer.ask(12, .delete, ["a"], done: done)
    peer.ask(13, .delete, ["a"], done: done)
    peer.ask(14, .stats, done: done)
    peer.ask(15, .stats, ["reset"], done: done)
    peer.ask(16, .version, done: done)
    peer.ask(17, .flushAll, done: done)
    for user: UInt in 18...20 { peer.ask(user, .get, ["a", "b"], done: done) }
    peer.ask(21, .set, ["a"], done: done)
    for user: UInt in 22...24 { peer.ask(user, .metaGet, ["a"], meta: "v", done: done) }
    for user: UInt in 25...28 { peer.ask(user, .metaSet, ["a"], done: done) }
    peer.ask(29, .metaDelete, ["a"], done: done)
    for user: UInt in 30...31 { peer.ask(user, .metaArithmetic, ["a"], done: done) }
    peer.ask(32, .metaNoop, done: done)
    peer.ask(33, .metaDebug, ["k"], done: done)
    peer.ask(34, .get, ["z"], done: done)
  }

  func hear(_ cuts: [Int], done: UInt = 0) -> (events: [String], blocks: [Int]) {
    let bench = Bench()
    let asker = Asker.make()
    let peer = bench.open(asker)
    bench.turn()
    AnswerTests.ask(peer, done: done)
    var at = 0
    for cut in cuts + [AnswerTests.stream.count] {
      peer.feed(AnswerTests.stream[at..<cut])
      at = cut
    }
    _ = peer.conn?.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      #expect(spoken.pending == (0, 0) && spoken.keys.count == 0)
      return .ok
    }
    return (asker.heard(), asker.blocks)
  }

  @Test func everySplit() {
    let wrong = (0...AnswerTests.stream.count).filter { hear([$0]).events != AnswerTests.events }
    #expect(wrong == [])
  }

  @Test func byteByByte() { #expect(hear(Array(0..<AnswerTests.stream.count)).events == AnswerTests.events) }

  @Test func byFunctions() {
    let asker = hear([], done: 7)
    #expect(asker.events == AnswerTests.events.map { "f7 " + $0 })
    #expect(asker.blocks.reduce(0, +) == asker.events.count)
    #expect(asker.blocks.count == 34)  // each call is told once, where all of it is at hand
  }

  @Test func oneBlock() { #expect(hear([]).blocks == [AnswerTests.events.count]) }

  /// A host that pauses in each answer gets one at a time, and all of them.
  @Test func pausing() {
    let bench = Bench()
    let asker = Asker.make()
    let peer = bench.open(asker)
    bench.turn()
    AnswerTests.ask(peer, done: 1)
    asker.onAnswer = { _ in _ = peer.conn?.pause() }
    peer.feed(AnswerTests.stream)
    var turns = 0
    while asker.events.count < AnswerTests.events.count, turns < 100 {
      turns += 1
      bench.turn { _ = peer.conn?.resume() }
    }
    #expect(asker.events == AnswerTests.events.map { "f1 " + $0 })
    #expect(turns == 29)
  }

  /// What no server says ends the conversation, and all calls with it.
  @Test(arguments: [
    ("VALUE b 0 1\r\nx\r\nEND\r\n", Command.get), ("VALUE a 0 1\r\nxEND\r\n\r\n", .get), ("STORED\r\n", .get),
    ("END\r\n", .set),
    ("VALUE a 0\r\n", .get), ("VALUE a 0 -1\r\n", .get), ("VALUE a 4294967296 1\r\nx\r\nEND\r\n", .get),
    ("VALUE a 0 1 18446744073709551616\r\nx\r\nEND\r\n", .get), ("VALUE  0 1\r\nx\r\nEND\r\n", .get),
    ("VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n", .get), ("VALUE a 0 1 2 3\r\nx\r\nEND\r\n", .gets),
    ("\r\n", .get),
    ("END\n", .get), ("-5\r\n", .incr), ("5x\r\n", .incr), ("18446744073709551616\r\n", .incr), ("OK\r\n", .delete),
    ("VA 1\r\nxyz\r\n", .metaGet), ("VA\r\n", .metaGet), ("VA x\r\n", .metaGet), ("HDx\r\n", .metaGet),
    ("NS\r\n", .metaGet),
    ("VERSION 1\r\n", .stats), ("MN\r\n", .metaSet),
  ])
  func nonsense(_ words: String, _ command: Command) {
    let bench = Bench()
    let asker = Asker.make()
    let peer = bench.open(asker)
    bench.turn()
    peer.ask(1, command, command.keys.contains(1) && command != .stats ? ["a"] : [])
    peer.ask(2, .get, ["later"])
    peer.feed(words)
    #expect(peer.conn == nil)
    #expect(asker.events.count == 3)
    #expect(asker.events.last?.hasPrefix("ended \(Status.malformed) ") == true, "\(asker.events)")
    #expect(asker.events.first?.hasPrefix("1: \(Status.malformed) none value=") == true)
  }

  @Test func nobodyAsked() {
    let bench = Bench()
    let asker = Asker.make()
    let peer = bench.open(asker)
    peer.feed("ERROR Too many open connections\r\n")
    #expect(
      asker.heard() == ["ended \(Status.malformed) an answer that nobody waits for: ERROR Too many open connections?"])
  }
}
