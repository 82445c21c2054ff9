import Bytes
import Testing

@testable import AMP

/// Lists, nested, and rows.
struct ListTests {
  /// Elements of a list given as bytes, as Twisted has them.
  func items(_ codec: Codec, _ text: [UInt8]) -> [Int64]? {
    guard let list = codec.read(text) else { return nil }
    return text.withUnsafeBufferPointer { bytes in
      var list = list
      list.data = bytes.baseAddress
      var values = [Value](repeating: Value(), count: Int(list.count))
      let count = values.withUnsafeMutableBufferPointer { codec.command.items(of: list, $0) }
      return count == CInt(list.count) ? values.map(\.integer) : nil
    }
  }

  @Test func integers() {
    let codec = Codec("ListOf(Integer)")
    #expect(items(codec, Array("\0\u{1}1\0\u{2}20\0\u{3}500".utf8)) == [1, 20, 500])
    #expect(items(codec, []) == [])
    #expect(items(codec, Array("\0\u{1}1\0\u{2}2".utf8)) == [1])  // what is cut off is passed over
    #expect(items(codec, Array("\0\u{1}1\0".utf8)) == [1])
    #expect(items(codec, Array("\0\u{1}x".utf8)) == nil)
    var values = [Value(), Value(), Value()]
    values[0].integer = 1
    values[1].integer = 20
    values[2].integer = 500
    values.withUnsafeBufferPointer { items in
      var list = Value()
      list.items = items.baseAddress
      list.count = 3
      #expect(codec.text(list) == "\0\u{1}1\0\u{2}20\0\u{3}500")
      list.count = 0
      #expect(codec.text(list) == "")
    }
    values[1].form = Value.absent
    values.withUnsafeBufferPointer { items in
      var list = Value()
      list.items = items.baseAddress
      list.count = 3
      #expect(codec.write(list) == .failure(Fault(status: .value)))
    }
  }

  @Test func nested() {
    let codec = Codec("ListOf(ListOf(Unicode))")
    let text: [UInt8] = [0, 6, 0, 1, 97, 0, 1, 98, 0, 0]
    let list = codec.read(text)
    #expect(list?.count == 2)
    #expect(codec.read([0, 3, 0, 1, 0xff]) == nil)
  }

  @Test func rows() {
    let codec = Codec("AmpList(b: Unicode, a: Integer, c: Boolean?)")
    let text = box("a=1 b=x") + box("a=2 b=y c=True z=unknown")
    let list = codec.read(text)
    #expect(list?.count == 6)
    text.withUnsafeBufferPointer { bytes in
      guard var list else { return }
      list.data = bytes.baseAddress
      var values = [Value](repeating: Value(), count: 6)
      #expect(values.withUnsafeMutableBufferPointer { codec.command.items(of: list, $0) } == 6)
      #expect(values[1].integer == 1 && values[4].integer == 2)
      #expect(values[2].form == Value.absent && values[5].integer == 1)
      #expect(values.withUnsafeBufferPointer { _ in codec.command.items(of: Value(), .init(start: nil, count: 0)) } < 0)
    }
    #expect(codec.read(Array(text.dropLast()))?.count == 3)  // the row that is cut off is passed over
    #expect(codec.read(box("a=1")) == nil)
    #expect(codec.read(box("a=x b=y")) == nil)
    #expect(codec.read([])?.count == 0)
  }

  @Test func writtenRows() {
    let codec = Codec("AmpList(b: String, a: Integer)")
    var cells = [Value(), Value()]
    let x: [UInt8] = [120]
    x.withUnsafeBufferPointer { x in
      cells[0].data = x.baseAddress
      cells[0].length = 1
      cells[1].integer = 1
      cells.withUnsafeBufferPointer { cells in
        var list = Value()
        list.items = cells.baseAddress
        list.count = 2
        #expect(codec.write(list) == .success(box("a=1 b=x")))
        list.count = 1
        #expect(codec.write(list) == .failure(Fault(status: .invalid)))
      }
    }
  }

  @Test func whatIsTooLong() {
    let codec = Codec("ListOf(String)")
    let long = [UInt8](repeating: 97, count: 65533)
    long.withUnsafeBufferPointer { long in
      var item = Value()
      item.data = long.baseAddress
      item.length = long.count
      withUnsafePointer(to: item) { item in
        var list = Value()
        list.items = item
        list.count = 1
        if case .success(let bytes) = codec.write(list) {
          #expect(bytes.count == 65535)
        } else {
          Issue.record("refused")
        }
      }
    }
    let longer = [UInt8](repeating: 97, count: 65534)
    longer.withUnsafeBufferPointer { long in
      var item = Value()
      item.data = long.baseAddress
      item.length = long.count
      withUnsafePointer(to: item) { item in
        var list = Value()
        list.items = item
        list.count = 1
        #expect(codec.write(list) == .failure(Fault(status: .tooLong)))
      }
    }
  }
}
