import Bench
import Bytes
import Framing
import Testing
import Wire

@testable import AMP

/// Says what it was asked, and answers with as many Integers as the command has.
final class Teller: AMPFactory {
  var events: [String] = []
  let results: Int
  init(_ signature: String, results: Int) {
    self.results = results
    super.init(AMPOptions(), user: nil)
    _ = add(command(signature), nil)
    _ = add(command("Other()"), nil)
  }

  override func respond(_ box: Box, _ function: UnsafeRawPointer?, _ number: Int, _ conn: Conn) {
    guard number == 0 else {
      _ = box.answer(UnsafeBufferPointer<Value>(start: nil, count: 0))
      return
    }
    var words = ["asked"]
    for index in 0..<UInt32(box.slots.count) {
      var number = Int64(0)
      let isNumber = box.number(index, &number) == .ok
      if !isNumber, box.text(index, { $0.withUnsafeBytes { words.append(String(decoding: $0, as: UTF8.self)) } }) != .ok
      {
        words.append("-")
      }
      if isNumber { words.append("\(number)") }
    }
    events.append(words.joined(separator: " "))
    let values = (0..<results).map { index in
      var value = Value()
      value.integer = [Int64(0), .min, .max, -7, 100, 123_456_789_012][index]
      return value
    }
    values.withUnsafeBufferPointer { #expect(box.answer($0) == .ok) }
  }
}

/// Boxes that are as expected are found as a whole; all others by their fields. Both are the same to the host.
struct PatternTests {
  static let signatures = [
    "T(a: Integer, b: Integer) -> (total: Integer)", "T(A: Integer) -> (A: Integer)",
    "T(Ab: Integer, z: Integer) -> (x: Integer, X: Integer)",
    "T()", "T(v: Unicode, w: Integer) -> (a: Integer, b: Integer, c: Integer, d: Integer, e: Integer, f: Integer)",
    "T(_d: Integer)",
    "T(_b: Integer)", "T(a: Integer?)",
    "T(long_name_of_an_argument: Integer, and_another_one: Boolean) -> (long_name_of_a_result: Integer)",
    "T(a: Integer) oneway", "T(l: ListOf(Integer))",
  ]
  static let texts = [
    "0", "7", "-7", "12345678", "123456789", "-12345678", "999999999999999999", "9223372036854775807",
    "9223372036854775808", "+5", "",
    "x", "1x", "12345678x", "True", "-", "0012", "1_0",
  ]

  @Test(arguments: signatures)
  func inOrderAndNot(_ signature: String) {
    let made = command(signature)
    let names = (0..<made.arguments.count).map { index in
      made.text(made.arguments.fields[Int(made.arguments.order[index])].name).withUnsafeBytes {
        String(decoding: $0, as: UTF8.self)
      }
    }
    let isOneway = made.flags.contains(.oneway)
    for text in Self.texts {
      var fields = names.map { "\($0)=\(text)" } + ["_command=T"] + (isOneway ? [] : ["_ask=1f"])
      fields.sort {
        Array($0.split(separator: "=")[0].utf8).lexicographicallyPrecedes(Array($1.split(separator: "=")[0].utf8))
      }
      let (tidy, turned) = (fields.joined(separator: " "), fields.reversed().joined(separator: " "))
      var heard: [[String]] = []
      var sent: [[UInt8]] = []
      for boxes in [box(tidy), box(turned), box(tidy + " zz=1"), box("_ask=9 _command=Other") + box(tidy)] {
        let teller = Teller(signature, results: made.response.count)
        let bench = Bench()
        let peer = bench.open(teller)
        peer.feed(boxes + box("_ask=2 _command=Other"))
        heard.append(teller.events)
        sent.append(peer.output.sent.filter { $0 != 57 })
      }
      for other in 1..<3 {
        #expect(heard[other] == heard[0], "\(signature) \(text)")
        #expect(sent[other] == sent[0], "\(signature) \(text)")
      }
      #expect(heard[3] == heard[0])
    }
  }

  /// However it is cut, and however the tag looks.
  @Test func everyCut() {
    for tag in ["", "1", "1f", "0123456789abcdef0123456789abcdef"] {
      let stream =
        box("_ask=\(tag) _command=T a=12 b=-3") + box("_ask=\(tag) _command=T a=1 b=2")
        + box("b=5 a=4 _command=T _ask=\(tag)")
      for cut in 0...stream.count {
        let teller = Teller(Self.signatures[0], results: 1)
        let bench = Bench()
        let peer = bench.open(teller)
        // In memory of their own: what is read beyond their ends is found by the address sanitizer.
        peer.feed(Array(stream[..<cut]))
        peer.feed(Array(stream[cut...]))
        #expect(teller.events == ["asked 12 -3", "asked 1 2", "asked 4 5"])
        #expect(
          peer.output.sent
            == Array(
              [box("_answer=\(tag) total=0"), box("_answer=\(tag) total=0"), box("_answer=\(tag) total=0")].joined()))
      }
    }
  }

  /// Boxes that are as long as those before are compared as a whole. Each is answered as it is alone.
  @Test(arguments: [
    "_ask=10 _command=T a=56 b=78", "_ask=10 _command=T a=-6 b=78", "_ask=10 _command=T a=5x b=78",
    "_ask=10 _command=T a=+6 b=78", "_ask=10 _command=T a=56 c=78", "_ask=10 _command=U a=56 b=78",
    "_ask=10 _command=T a=5 b=678", "_ask=1 _command=T a=456 b=78", "_ask=10 _command=T a=56 b=78 zz=1",
    "_ask=1010 _command=T a=1 b=7", "_ask= _command=T a=0012 b=78", "_command=T a=12 b=34",
    "_ask=10 _command=Other", "_ask=10 _command=T a= b=5678", "_ask=10 _command=T a=12345678 b=78",
  ])
  func asLongAsTheOnes(before other: String) {
    let signature = Self.signatures[0]
    func alone(_ text: String) -> (events: [String], sent: [UInt8]) {
      let teller = Teller(signature, results: 1)
      let bench = Bench()
      let peer = bench.open(teller)
      peer.feed(box(text))
      return (teller.events, peer.output.sent)
    }
    let usual = "_ask=10 _command=T a=12 b=34"
    let texts = [usual, usual, usual, other, usual, other, other, other, other, usual, usual, usual]
    let teller = Teller(signature, results: 1)
    let bench = Bench()
    let peer = bench.open(teller)
    peer.feed(Array(texts.map { box($0) }.joined()))
    #expect(teller.events == texts.flatMap { alone($0).events })
    #expect(peer.output.sent == texts.flatMap { alone($0).sent })
  }
}
