import Bytes
import Testing

@testable import AMP

/// Commands by their signatures.
struct SignatureTests {
  func fault(_ text: String) -> (Status, Int?)? {
    let bytes = Array(text.utf8)
    switch Command.parse(bytes.span.bytes, base: nil) {
    case .command: return nil
    case .failed(let reason): return (reason.status, reason.offset)
    }
  }

  @Test func whole() {
    let made = command(" Sum(a: Integer, b:Integer?)->(total: ListOf( Unicode )) raises ZERO, GONE fatal,X oneway ")
    #expect(String(decoding: made.nameBytes.withUnsafeBytes { Array($0) }, as: UTF8.self) == "Sum")
    #expect(made.arguments.count == 2 && made.response.count == 1 && made.errors.count == 3)
    #expect(!made.arguments.fields[0].isOptional && made.arguments.fields[1].isOptional)
    #expect(made.flags == .oneway)
    let codes = (0..<3).map { made.errors[$0] }
    #expect(codes.map(\.isFatal) == [false, true, false])
    #expect(codes.map(\.number) == [1, 2, 3])
  }

  @Test func short() {
    #expect(fault("Ping()") == nil)
    #expect(fault("Ping() switch") == nil)
    #expect(fault("Ping() raises A") == nil)
    #expect(fault("with-dash_and_Case(a-b: String, A_B: String, async: String)") == nil)
    #expect(fault("Rows(r: AmpList(a: Integer, b: AmpList(c: Float?)))") == nil)
    #expect(fault("N(\u{e4}: Integer)") == nil)
  }

  @Test(arguments: [
    ("", 0), ("(a: Integer)", 0), ("Sum", 3), ("Sum(", 4), ("Sum(a)", 5), ("Sum(a:)", 6), ("Sum(a: Int)", 7),
    ("Sum(a: Integer", 14), ("Sum(a: Integer,)", 15), ("Sum(a: Integer, a: Integer)", 16), ("Sum(_ask: Integer)", 4),
    ("Sum() ->", 8), ("Sum() -> a", 9), ("Sum() raises", 12), ("Sum() what", 6), ("Sum() oneway more", 13),
    ("Sum(a: ListOf)", 13), ("Sum(a: ListOf(AmpList(a: Integer)))", 33), ("Sum(a: ListOf(Descriptor))", 24),
    ("Sum(a: ListOf(Integer)", 22), ("Sum(a: AmpList(d: Descriptor))", 15), ("Sum() ->x", 6),
  ])
  func faults(_ text: String, _ offset: Int) {
    let found = fault(text)
    #expect(found?.0 == .invalid)
    #expect(found?.1 == offset)
  }

  @Test func deep() {
    func nested(_ depth: Int) -> String {
      "D(a: " + String(repeating: "ListOf(", count: depth) + "Integer" + String(repeating: ")", count: depth) + ")"
    }
    #expect(fault(nested(15)) == nil)
    #expect(fault(nested(16))?.0 == .invalid)
    #expect(fault(nested(20000))?.0 == .invalid)
  }

  @Test func inherited() {
    let base = command("Base() raises A, B")
    let made = command("More() raises B fatal, C", base: base)
    #expect(made.errors.count == 3)
    #expect(made.errors[0].number == 1 && made.errors[1].number == 3 && made.errors[2].number == 4)
    #expect(made.errors[1].isFatal)
  }

  @Test func ownTypes() {
    let text: [UInt8] = Array("Even".utf8)
    let name: [UInt8] = Array("T".utf8)
    let made = Command.make(name.span.bytes, [], base: nil)
    #expect(made?.addType(text.span.bytes, { _, data, len in len > 0 && data?[len - 1] == 50 ? 0 : -1 }, nil) == .ok)
    #expect(made?.addType(text.span.bytes, nil, nil) == .invalid)
    guard let made else { return }
    let derived = command("T(v: Even)", base: made)
    var values = [Value()]
    #expect(values.withUnsafeMutableBufferPointer { derived.parse(box("v=12").span.bytes, .arguments, $0) } == 1)
    #expect(values.withUnsafeMutableBufferPointer { derived.parse(box("v=13").span.bytes, .arguments, $0) } == .value)
  }

  @Test func theOrderOnTheWire() {
    let made = command("S(b: Integer, Z: Integer, a: Integer, _x: Integer, _a: Integer)")
    var values = (0..<5).map { number in
      var value = Value()
      value.integer = Int64(number)
      return value
    }
    var out = ByteBuffer()
    #expect(values.withUnsafeMutableBufferPointer { made.make(UnsafeBufferPointer($0), .arguments, &out) } == .ok)
    #expect(out.bytes.withUnsafeBytes { Array($0) } == box("Z=1 _a=4 _x=3 a=2 b=0"))
    #expect(made.askPlace == 2 && made.commandPlace == 2 && made.deadlinePlace == 2)
    values.removeLast(3)
    #expect(values.withUnsafeMutableBufferPointer { made.make(UnsafeBufferPointer($0), .arguments, &out) } == .value)
  }
}
