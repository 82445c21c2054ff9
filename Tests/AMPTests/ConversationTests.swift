import Bench
import Bytes
import Framing
import Loopback
import Testing
import Wire

@testable import AMP

/// A host: answers Sum, and writes down what it hears.
final class Adder: AMPFactory {
  var events: [String] = []

  init(_ options: AMPOptions = AMPOptions()) {
    super.init(options, user: nil)
    _ = add(command("Sum(a: Integer, b: Integer) -> (total: Integer) raises MY_ERR"), nil)
    _ = add(command("Wait()"), nil)
  }

  override func makeCall(_ context: Context) -> AMPCall { NotedCall(context) }
  override func ended(_ conn: Conn, _ reason: Reason) { events.append("ended \(reason.status)") }

  override func respond(_ box: Box, _ function: UnsafeRawPointer?, _ number: Int, _ conn: Conn) {
    guard number == 0 else { return events.append("waits") }
    var values = [Int64(0), Int64(0)]
    _ = box.number(0, &values[0])
    _ = box.number(1, &values[1])
    events.append("sum \(values[0]) \(values[1])")
    if values[0] == 666 {
      let (code, text) = (Array("MY_ERR".utf8), Array("desc".utf8))
      _ = box.answer(error: code.span.bytes, text.span.bytes, isFatal: false)
    } else {
      var total = Value()
      total.integer = values[0] &+ values[1]
      withUnsafePointer(to: total) { _ = box.answer(UnsafeBufferPointer(start: $0, count: 1)) }
    }
  }
}

/// A call that notes how it ends; the calls of `Adder` are such.
final class NotedCall: AMPCall {
  var ends: [Status] = []
  override func told(_ reason: Reason, _ box: Box?, _ conn: UInt64) { ends.append(reason.status) }
}

/// TLS that never encrypts anything.
final class FakeTLS: StartingTLS {
  var call: NotedCall?
  var begun = 0
  var done: ((Conn, Reason) -> Void)?
  override func fault(_ conn: Conn) -> Status { .ok }
  override func start(_ conn: Conn, isAgreed: Bool, _ done: @escaping (Conn, Reason) -> Void) -> Status {
    begun += 1
    self.done = done
    return .ok
  }
}

/// A conversation over boxes, however its bytes are cut.
struct ConversationTests {
  static let stream: [UInt8] =
    Array("\0\u{4}_ask\0\u{1}1\0\u{8}_command\0\u{3}Sum\0\u{1}a\0\u{1}1\0\u{1}b\0\u{1}2\0\0".utf8)
    + box("_ask=2 _command=Sum a=666 b=0") + box("_command=Sum a=5 b=6") + box("_ask=3 _command=Nope")
    + box("b=-8 _command=Sum _ask=ff a=10 x=1") + box("_ask=4 _command=Sum a=+1 b=")
  static let events = ["sum 1 2", "sum 666 0", "sum 5 6", "sum 10 -8"]
  static let answers =
    Array("\0\u{7}_answer\0\u{1}1\0\u{5}total\0\u{1}3\0\0".utf8)
    + Array("\0\u{6}_error\0\u{1}2\0\u{b}_error_code\0\u{6}MY_ERR\0\u{12}_error_description\0\u{4}desc\0\0".utf8)
    + described("_error=3 _error_code=UNHANDLED", "Unhandled Command: Nope") + box("_answer=ff total=2")
    + described("_error=4 _error_code=UNKNOWN", "a bad argument: b")

  /// A box whose last field is `_error_description`.
  static func described(_ fields: String, _ text: String) -> [UInt8] {
    let key = Array("_error_description".utf8)
    var out = box(fields)
    out.removeLast(2)
    return out + [0, UInt8(key.count)] + key + [0, UInt8(text.utf8.count)] + Array(text.utf8) + [0, 0]
  }

  func hear(_ cuts: [Int]) -> ([String], [UInt8]) {
    let bench = Bench()
    let adder = Adder()
    let peer = bench.open(adder)
    var at = 0
    for cut in cuts + [ConversationTests.stream.count] {
      peer.feed(ConversationTests.stream[at..<cut])
      at = cut
    }
    return (adder.events, peer.output.sent)
  }

  @Test func everySplit() {
    for cut in 0...ConversationTests.stream.count {
      let (events, sent) = hear([cut])
      #expect(events == ConversationTests.events)
      #expect(sent == ConversationTests.answers)
    }
  }

  @Test func byteByByte() {
    let (events, sent) = hear(Array(0..<ConversationTests.stream.count))
    #expect(events == ConversationTests.events)
    #expect(sent == ConversationTests.answers)
  }

  @Test func everySplitOfALargeBox() {
    var options = AMPOptions()
    options.understandsMore = true
    let long: [UInt8] =
      [0, 4] + Array("_ask".utf8) + [0, 0, 0, 1, 57] + [0, 8] + Array("_command".utf8) + [0, 0, 0, 3]
      + Array("Sum".utf8) + [0, 1, 97, 0, 0, 0, 1, 49, 0, 1, 98, 0, 0, 0, 1, 50, 0, 0]
    for cut in 0...long.count {
      let bench = Bench()
      let adder = Adder(options)
      let peer = bench.open(adder)
      peer.feed(box("_ask=1 _command=plait.extend large=1000 version=1"))
      let head: [UInt8] = [0, 5] + Array("_data".utf8)
      let first = head + [0, UInt8(cut)] + long[..<cut] + Array("\0\u{5}_more\0\0\0\u{5}_part\0\u{1}1\0\0".utf8)
      let second = head + [0, UInt8(long.count - cut)] + long[cut...] + Array("\0\u{5}_part\0\u{1}1\0\0".utf8)
      peer.feed(first)
      peer.feed(second)
      #expect(adder.events == ["sum 1 2"])
      let answer = box("_answer=9 total=3")
      #expect(Array(peer.output.sent.suffix(answer.count)) == answer)
    }
  }

  @Test func whatWaitsIsBounded() {
    var options = AMPOptions()
    options.maxRequests = 2
    let bench = Bench()
    let adder = Adder(options)
    let peer = bench.open(adder)
    let requests = (1...4).flatMap { box("_ask=\($0) _command=Wait") }
    peer.feed(requests)
    #expect(adder.events == ["waits", "waits"])
    #expect(peer.conn?.isPaused == true)
    _ = peer.conn?.withSession { session in
      #expect(session.requestCount == 2)
      let nothing = UnsafeBufferPointer<Value>(start: nil, count: 0)
      return session.kept?._withUnsafeGuaranteedRef { $0.answer(nothing) } ?? .stale
    }
    bench.turn()
    #expect(adder.events == ["waits", "waits", "waits"])
    #expect(peer.output.sent == box("_answer=2"))
  }

  /// What is sent behind the question leaves behind the answer, whatever that is.
  @Test(arguments: [
    ("_answer=1", 1, [Status.ok]), ("_error=1 _error_code=NO _error_description=", 0, [.remote]), ("", 0, [.closed]),
  ])
  func holdingBack(_ answer: String, _ begun: Int, _ ends: [Status]) {
    let bench = Bench()
    let peer = bench.open(Adder())
    let tls = FakeTLS()
    bench.turn {
      _ = peer.conn?.withSession { session in
        guard let conn = peer.conn else { return .stale }
        #expect(session.startTLS(tls, 0, conn) { tls.call = $0 as? NotedCall } == .ok)
        #expect(session.startTLS(tls, 0, conn) { _ in } == .invalid)
        #expect(session.send(boxes: box("a=1").span.bytes, conn) == 1)
        return session.send(boxes: box("b=2").span.bytes, conn)
      }
    }
    #expect(peer.output.sent == box("_ask=1 _command=StartTLS"))
    if answer.isEmpty { peer.end() } else { peer.feed(box(answer)) }
    #expect(tls.begun == begun)
    if let done = tls.done, let conn = peer.conn { bench.turn { done(conn, Reason(.ok)) } }
    #expect(tls.call?.ends == ends)
    let held = answer.isEmpty ? [] : box("a=1") + box("b=2")
    #expect(peer.output.sent == box("_ask=1 _command=StartTLS") + held)
  }

  /// A box of many small fields that comes in small pieces is walked once.
  @Test func manyFieldsInPieces() {
    var field: [UInt8] = [0, 1, 107, 0, 1, 118]
    field = Array(repeatElement(field, count: 20_000).joined())
    var whole = box("_ask=1 _command=Sum a=1 b=2")
    whole.removeLast(2)
    whole += field + [0, 0]
    let bench = Bench()
    let adder = Adder()
    let peer = bench.open(adder)
    var at = 0
    while at < whole.count {
      peer.feed(whole[at..<min(at + 7, whole.count)])
      at += 7
    }
    #expect(adder.events == ["sum 1 2"])
  }
}
