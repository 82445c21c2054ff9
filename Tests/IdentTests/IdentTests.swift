import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import Ident

/// A host that answers, and writes down what it is asked.
final class Answerer: IdentServerFactory {
  var events: [String] = []
  var isHost = true
  var known: String?
  var fault: IdentFault = .noUser

  static func make(_ change: (inout IdentServerOptions) -> Void = { _ in }) -> Answerer {
    var options = IdentServerOptions()
    change(&options)
    return Answerer(options, user: nil)
  }

  override var asksHost: Bool { isHost }
  override func ended(_ conn: Conn, _ reason: Reason) { events.append("ended \(reason.status)") }
  override func ask(_ conn: Conn, _ query: UInt64, local: Int, remote: Int) {
    events.append("\(query): \(local) \(remote)")
    guard local < 100 else { return }
    _ = conn.speaking(Tag.identServer) { (spoken: IdentServer) in
      spoken.answer(query, Array("user\(local)".utf8).span.bytes, conn)
    }
  }
  override func owner(_ local: Address, _ remote: Address, _ name: inout ByteBuffer) -> IdentFault? {
    guard let known else { return fault }
    return name.append(Array(known.utf8).span.bytes, limit: 100) ? nil : .unknownError
  }
}

struct IdentServerTests {
  let bench = Bench()
  static let stream = Array("1,2\r\n  3 ,\t4 \r\n0, 5\n-1 , 5\r\n65536,1\r\n6, +7\r\n".utf8)
  static let answers =
    "1, 2 : USERID : UNIX : user1\\r\\n3, 4 : USERID : UNIX : user3\\r\\n0, 5 : ERROR : INVALID-PORT\\r\\n"
    + "-1, 5 : ERROR : INVALID-PORT\\r\\n65536, 1 : ERROR : INVALID-PORT\\r\\n6, 7 : USERID : UNIX : user6\\r\\n"

  @Test func everySplit() {
    let stream = IdentServerTests.stream
    for cut in 0...stream.count {
      let peer = bench.open(Answerer.make())
      peer.feed(stream[..<cut])
      peer.feed(stream[cut...])
      #expect(peer.sent == IdentServerTests.answers, "cut at \(cut)")
    }
    let peer = bench.open(Answerer.make())
    for byte in stream { peer.feed([byte]) }
    #expect(peer.sent == IdentServerTests.answers)
  }

  @Test(arguments: ["hello", "1", "1,2,3", "a,b", "1 2", "", ",", "1,", "9999999999,1", "1:2"])
  func noQuery(_ line: String) {
    let peer = bench.open(Answerer.make())
    peer.feed(line + "\r\n1,2\r\n")
    #expect(peer.conn == nil && peer.sent == "")
  }

  @Test func tooLong() {
    let answerer = Answerer.make()
    let peer = bench.open(answerer)
    peer.feed(String(repeating: " ", count: 1001))
    #expect(answerer.events == ["ended \(Status.tooLong)"])
  }

  @Test func later() {
    let answerer = Answerer.make { $0.system = Text.make(Array("OTHER".utf8).span.bytes) }
    let peer = bench.open(answerer)
    peer.feed("100,1\r\n200,2\r\n")
    #expect(answerer.events == ["1: 100 1", "2: 200 2"] && peer.sent == "")
    func answer(_ number: UInt64, _ user: String?) -> Status {
      var status = Status.stale
      bench.turn {
        guard let conn = peer.conn else { return }
        status = conn.speaking(Tag.identServer) { (spoken: IdentServer) in
          guard let user else { return spoken.answer(number, .hiddenUser, conn) }
          return spoken.answer(number, Array(user.utf8).span.bytes, conn)
        }
      }
      return status
    }
    #expect(answer(2, nil) == .ok)
    #expect(answer(2, "x") == .absent)
    #expect(answer(1, "a\nb") == .invalid)
    peer.end()  // who has asked hears the answer
    #expect(peer.conn != nil)
    #expect(answer(1, "a : b") == .ok)
    #expect(peer.sent == "200, 2 : ERROR : HIDDEN-USER\\r\\n100, 1 : USERID : OTHER : a : b\\r\\n")
    #expect(peer.conn == nil)
  }

  @Test func notTooMany() {
    let answerer = Answerer.make()
    let peer = bench.open(answerer)
    peer.feed(String(repeating: "100,1\r\n", count: 200))
    #expect(peer.output.readings.last == false)
    let asked = answerer.events.count
    #expect(asked >= 64)
    bench.turn {
      guard let conn = peer.conn else { return }
      _ = conn.speaking(Tag.identServer) { (spoken: IdentServer) in
        for number in 1...UInt64(asked) { _ = spoken.answer(number, .noUser, conn) }
        return .ok
      }
    }
    bench.turn()
    #expect(peer.conn != nil)
  }

  @Test func theKernelAndRules() {
    let answerer = Answerer.make { $0.rate = 2 }
    answerer.isHost = false
    var address = Address()
    address = Address(IP(ipv4: 0x7f00_0001), port: 113)
    let output = Output()
    output.address = address
    let peer = bench.open(answerer, output)
    peer.feed("1,2\r\n")
    #expect(peer.sent.hasSuffix("ERROR : UNKNOWN-ERROR\\r\\n"))  // this end has no address
    bench.advance(1000)
    let other = Answerer.make { $0.fixed = Text.make(Array("fixed".utf8).span.bytes) }
    other.isHost = false
    let fixed = bench.open(other)
    fixed.feed("1,2\r\n")
    #expect(fixed.sent == "1, 2 : USERID : UNIX : fixed\\r\\n")
    let limited = Answerer.make {
      $0.rate = 2
      $0.fixed = Text.make(Array("f".utf8).span.bytes)
    }
    limited.isHost = false
    let many = bench.open(limited)
    many.feed("1,2\r\n1,2\r\n1,2\r\n")
    #expect(many.sent.components("USERID") == 2 && many.sent.components("UNKNOWN-ERROR") == 1)
    bench.advance(1000)
    many.feed("1,2\r\n")
    #expect(many.sent.components("USERID") == 3)
  }
}

extension String {
  /// How often a word is in it.
  func components(_ word: String) -> Int {
    var (count, rest) = (0, self[...])
    while let found = rest.range(of: word) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }
  func range(of word: String) -> Range<Index>? { self[...].range(of: word) }
}
extension Substring {
  func range(of word: String) -> Range<Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(word) { return at..<index(at, offsetBy: word.count) }
      at = index(after: at)
    }
    return nil
  }
}

/// A host that asks.
final class Asking: IdentClientFactory {
  var events: [String] = []

  final class Query: IdentCall {
    var asking: Asking?
    override func told(system: RawSpan, charset: RawSpan, user: RawSpan, _ fault: IdentFault?) {
      let fault = fault.map { " \($0)" } ?? ""
      asking?.events.append("\(remote)\(fault) \(text(system))/\(text(charset))/\(text(user))")
    }
    override func failed(_ reason: Reason) { asking?.events.append("\(remote) \(reason.status)") }
  }

  override func makeCall(_ context: Context) -> IdentCall {
    let made = Query(context)
    made.asking = self
    return made
  }
  override func ended(_ conn: Conn, _ reason: Reason) { events.append("ended \(reason.status)") }
}

struct IdentClientTests {
  let bench = Bench()

  func ask(_ peer: Peer, _ remotes: [Int], limit: UInt64 = 0, _ give: (IdentCall) -> Void = { _ in }) {
    bench.turn {
      guard let conn = peer.conn else { return }
      _ = conn.speaking(Tag.identClient) { (spoken: IdentClient) in
        for remote in remotes { #expect(spoken.ask(remote: remote, local: 9, limit: limit, conn, give) == .ok) }
        return .ok
      }
    }
  }

  static let stream = Array(
    ("2, 9 : USERID : UNIX : root\r\n7, 9 : USERID : UNIX : nobody asked\r\n 1 ,9:USERID:OTHER , UTF-8: a:b \n"
      + "3,9 : ERROR : NO-USER\r\n4,9:ERROR:X-MINE\r\n5 , 9 : ERROR : HIDDEN-USER\r\n").utf8)
  static let events = [
    "2 UNIX//root", "1 OTHER/UTF-8/a:b", "3 noUser //NO-USER", "4 other //X-MINE", "5 hiddenUser //HIDDEN-USER",
  ]

  @Test func everySplit() {
    let stream = IdentClientTests.stream
    for cut in 0...stream.count {
      let asking = Asking(IdentOptions(), user: nil)
      let peer = bench.open(asking)
      ask(peer, [1, 2, 3, 4, 5])
      #expect(peer.sent == "1, 9\\r\\n2, 9\\r\\n3, 9\\r\\n4, 9\\r\\n5, 9\\r\\n")
      peer.feed(stream[..<cut])
      peer.feed(stream[cut...])
      #expect(asking.events == IdentClientTests.events, "cut at \(cut)")
    }
  }

  @Test func endings() {
    var options = IdentOptions()
    options.queryTime = 1000
    options.mostQueries = 3
    let asking = Asking(options, user: nil)
    let peer = bench.open(asking)
    ask(peer, [1])
    ask(peer, [2], limit: 100)
    var call: IdentCall?
    ask(peer, [3]) { call = $0 }
    bench.turn {
      call?.cancel()
      #expect(asking.events.isEmpty)
    }
    bench.advance(100)
    #expect(asking.events == ["3 \(Status.cancelled)", "2 \(Status.timeout)"])
    peer.feed("2,9:USERID:UNIX:late\r\n")
    ask(peer, [4])
    peer.feed("what?\r\n")
    #expect(
      asking.events.dropFirst(2) == ["1 \(Status.malformed)", "4 \(Status.malformed)", "ended \(Status.malformed)"])
    #expect(bench.alive == 0)
  }

  @Test func refused() {
    let asking = Asking(IdentOptions(), user: nil)
    let peer = bench.open(asking)
    bench.turn {
      guard let conn = peer.conn else { return }
      _ = conn.speaking(Tag.identClient) { (spoken: IdentClient) in
        for ports in [(0, 1), (1, 0), (65536, 1), (1, -1)] {
          #expect(spoken.ask(remote: ports.0, local: ports.1, limit: 0, conn) { _ in } == .invalid)
        }
        return .ok
      }
    }
  }
}
