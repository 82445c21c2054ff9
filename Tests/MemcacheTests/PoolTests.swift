import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import Memcache

/// Hashes beside published examples; the rest is compared with libmemcached and pymemcache themselves.
struct HashTests {
  func hex(_ text: String) -> String {
    let words = Hashes.md5(Array(text.utf8).span.bytes)
    return [words.0, words.1, words.2, words.3].map { word in
      (0..<4).map { byte in
        let value = UInt8(truncatingIfNeeded: word >> UInt32(8 * byte))
        return (value < 16 ? "0" : "") + String(value, radix: 16)
      }.joined()
    }.joined()
  }

  @Test func md5() {
    #expect(hex("") == "d41d8cd98f00b204e9800998ecf8427e")
    #expect(hex("abc") == "900150983cd24fb0d6963f7d28e17f72")
    #expect(hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0")
    #expect(
      hex("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == "d174ab98d277d9f5a5611c2c9f419d9f")
    #expect(
      hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890")
        == "57edf4a22be3c955ac49da2e2107b67a")
  }

  @Test func oneAtATime() {
    func hash(_ text: String) -> UInt32 { Hashes.oneAtATime(Array(text.utf8).span.bytes) }
    #expect(hash("") == 0)
    #expect(hash("a") == 0xca2e_9442)
    #expect(hash("The quick brown fox jumps over the lazy dog") == 0x519e_91f5)
  }

  @Test func murmur3() {
    func hash(_ text: String) -> UInt32 { Hashes.murmur3(Array(text.utf8).span.bytes) }
    #expect(hash("") == 0)
    #expect(hash("test") == 0xba6b_d213)
    #expect(hash("Hello, world!") == 0xc036_3e43)
    #expect(hash("The quick brown fox jumps over the lazy dog") == 0x2e4f_f723)
  }
}

/// Three servers in memory, and a pool of them.
final class Cluster {
  let bench = Bench()
  let asker: Asker
  let pool: MemcachePool
  var hosts: [Host] = []
  var listeners: [Listener] = []
  var changes: [String] = []
  var conn: Conn?
  /// What each server was asked, a line each, and what it answers to a line.
  var asked: [[String]] = [[], [], []]
  var answers: [String: String] = [:]

  init(_ count: Int = 3, listening: [Int] = [0, 1, 2], change: (inout PoolOptions) -> Void = { _ in }) {
    asker = Asker.make()
    var options = PoolOptions()
    options.reconnecting.jitter = 0
    options.reconnecting.initial = 100
    options.reconnecting.maximum = 100
    change(&options)
    var note: (String) -> Void = { _ in }
    options.changed = { _, number, isUp, reason in note("\(number) \(isUp ? "up" : "down \(reason.status)")") }
    pool = MemcachePool(asker, options, bench.context)
    note = { [unowned self] in changes.append($0) }
    for number in 0..<count {
      let host = Host.lines()
      host.onMessage = { [unowned self] conn, line in
        asked[number].append(line)
        if let answer = answers[line] { conn.write(answer) }
      }
      hosts.append(host)
      if listening.contains(number) { listen(number) }
      let name = Array("s\(number)".utf8)
      if let name = Text.make(name.span.bytes) { _ = pool.add(place(number, .connect), name, UInt32(number + 1)) }
    }
    bench.turn {
      if case .conn(let made) = pool.open() { conn = made }
    }
    settle()
  }
  deinit { bench.end() }

  func settle() { for _ in 0..<6 { bench.turn() } }

  func place(_ number: Int, _ use: Endpoint.Use) -> Endpoint {
    let text = Array("memory:s\(number)".utf8)
    guard case .endpoint(let made) = Endpoint.parse(text.span.bytes, for: use) else { fatalError("no endpoint") }
    return made
  }

  func listen(_ number: Int) {
    let listening = bench.context.listen(place(number, .listen), ListenOptions(), hosts[number])
    if case .listener(let listener) = listening { listeners.append(listener) }
  }

  /// A key of each server's.
  func key(_ number: Int, _ nth: Int = 0) -> String {
    var left = nth
    for index in 0..<10_000 {
      let bytes = Array("k\(index)".utf8)
      if pool.find(bytes.span.bytes) == number {
        if left == 0 { return "k\(index)" }
        left -= 1
      }
    }
    fatalError("no key belongs to \(number)")
  }

  @discardableResult
  func ask(
    _ user: UInt, _ command: Command, _ keys: [String] = [], value: String = "", meta: String = "", hash: String = "",
    done: UInt = 0, give: ((MemcacheCall) -> Void)? = nil
  ) -> Status {
    let kept = keys.map { Array($0.utf8) }
    let (value, meta, hash) = (Array(value.utf8), Array(meta.utf8), Array(hash.utf8))
    var status = Status.stale
    func with(_ rest: [[UInt8]], _ made: [HostBytes]) {
      if let first = rest.first {
        return first.withUnsafeBufferPointer {
          with(Array(rest.dropFirst()), made + [HostBytes(data: $0.baseAddress, len: $0.count)])
        }
      }
      made.withUnsafeBufferPointer { keys in
        value.withUnsafeBytes { value in
          meta.withUnsafeBytes { meta in
            var request = Request(command)
            (request.keys, request.value, request.meta) = (keys, value, meta)
            bench.turn {
              guard let conn, !conn.state.contains(.closed) else { return }
              status = pool.call(request, hash.span.bytes, Asking(done: done, user: user, give: give), conn)
            }
          }
        }
      }
    }
    with(kept, [])
    settle()
    return status
  }
}

struct PoolTests {
  @Test func toWhomItBelongs() {
    let cluster = Cluster()
    #expect(cluster.changes.sorted() == ["0 up", "1 up", "2 up"])
    for number in 0..<3 {
      let key = cluster.key(number)
      cluster.answers["get \(key)"] = "VALUE \(key) 0 1\r\n\(number)\r\nEND\r\n"
      #expect(cluster.ask(UInt(number), .get, [key], done: number == 1 ? 7 : 0) == .ok)
    }
    #expect(
      cluster.asker.heard() == [
        "0: hit key=\(cluster.key(0)) value=0", "f7 1: hit key=\(cluster.key(1)) value=1",
        "2: hit key=\(cluster.key(2)) value=2",
      ])
    // By another key than its own.
    cluster.ask(9, .delete, [cluster.key(0)], hash: cluster.key(2))
    #expect(cluster.asked[2].last == "delete \(cluster.key(0))")
    #expect(cluster.pool.pending == (1, 0))
  }

  @Test func severalKeys() {
    let cluster = Cluster()
    let (a, b, c) = (cluster.key(0), cluster.key(1), cluster.key(1, 1))
    cluster.answers["get \(a)"] = "VALUE \(a) 0 1\r\na\r\nEND\r\n"
    cluster.answers["get \(b) \(c)"] = "VALUE \(c) 3 1\r\nc\r\nEND\r\n"
    cluster.ask(5, .get, [b, a, c])
    #expect(
      cluster.asker.heard().sorted() == [
        "5: end", "5: value flags=3 index=2 key=\(c) value=c", "5: value index=1 key=\(a) value=a",
      ])
    #expect(cluster.asked == [["get \(a)"], ["get \(b) \(c)"], []])

    // One server fails: the others' values come, and the end says so.
    cluster.answers["get \(b) \(c)"] = "SERVER_ERROR busy\r\n"
    cluster.ask(6, .get, [b, a, c], done: 3)
    #expect(cluster.asker.heard() == ["f3 6: value index=1 key=\(a) value=a", "f3 6: \(Status.remote) end value=busy"])
    #expect(cluster.pool.pending == (0, 0))
  }

  @Test func everywhere() {
    let cluster = Cluster()
    cluster.answers["flush_all"] = "OK\r\n"
    cluster.answers["mn"] = "MN\r\n"
    cluster.ask(1, .flushAll)
    #expect(cluster.asker.heard() == ["1: ok"])
    let (a, b) = (cluster.key(0), cluster.key(1))
    cluster.ask(2, .metaGet, [a], meta: "v q")
    cluster.ask(3, .metaGet, [b], meta: "v q")
    cluster.ask(4, .metaNoop)
    #expect(cluster.asker.heard().sorted() == ["2: miss", "3: miss", "4: ok"])
    #expect(cluster.ask(5, .stats) == .invalid && cluster.ask(5, .version) == .invalid)
    #expect(cluster.ask(5, .get, ["a b"]) == .invalid)
    #expect(cluster.ask(5, .get, ["a", String(repeating: "k", count: 251)]) == .tooLong)
  }

  @Test func aServerThatIsNotThere() {
    let cluster = Cluster(listening: [0, 1])
    let (a, c) = (cluster.key(0), cluster.key(2))
    cluster.answers["get \(a)"] = "END\r\n"
    #expect(cluster.changes.contains("2 down \(Status.refused)"))
    cluster.ask(1, .get, [c])
    cluster.ask(2, .get, [a, c])
    #expect(
      cluster.asker.heard() == [
        "1: \(Status.closed) none value=there is no connection to its server", "2: \(Status.closed) end",
      ])
    cluster.listen(2)
    cluster.bench.advance(150)
    cluster.settle()
    #expect(cluster.changes.last == "2 up")
    cluster.answers["get \(c)"] = "END\r\n"
    cluster.ask(3, .get, [c])
    #expect(cluster.asker.heard() == ["3: miss"])
  }

  @Test func leftOut() {
    let cluster = Cluster(listening: [0, 1]) { $0.mostFailures = 2 }
    let key = cluster.key(2)
    cluster.bench.advance(150)
    cluster.settle()
    #expect(cluster.pool.find(Array(key.utf8).span.bytes) != 2)
    cluster.answers["get \(key)"] = "END\r\n"
    cluster.ask(1, .get, [key])
    #expect(cluster.asker.heard() == ["1: miss"])
    cluster.listen(2)
    cluster.bench.advance(150)
    cluster.settle()
    #expect(cluster.pool.find(Array(key.utf8).span.bytes) == 2)
  }

  @Test func endings() {
    let cluster = Cluster()
    let (a, b) = (cluster.key(0), cluster.key(1))
    var call: MemcacheCall?
    cluster.ask(1, .get, [a, b], done: 2, give: { call = $0 })
    cluster.bench.turn { call?.cancel() }
    #expect(cluster.asker.heard() == ["f2 1: \(Status.cancelled) none"])
    cluster.ask(2, .get, [a], give: { call = $0 })
    cluster.ask(3, .get, [a, b])
    cluster.bench.turn { cluster.conn?.close(.ok) }
    let heard = cluster.asker.heard()
    #expect(heard.count == 3 && heard.last == "ended 0")
    #expect(heard.first == "2: \(Status.closed) none value=the connection has ended")
    cluster.settle()
    cluster.conn = nil
    cluster.listeners.forEach { listener in cluster.bench.turn { listener.close() } }
    cluster.settle()
    #expect(cluster.bench.alive == 0)
  }

  /// Of a pool that is closed before its servers have been reached.
  @Test func closedAtOnce() {
    let cluster = Cluster(listening: [])
    #expect(cluster.asker.heard() == [])
    cluster.bench.turn { cluster.conn?.close(.ok) }
    cluster.settle()
    #expect(cluster.asker.heard() == ["ended 0"])
    cluster.conn = nil
    #expect(cluster.bench.alive == 0)
  }
}
