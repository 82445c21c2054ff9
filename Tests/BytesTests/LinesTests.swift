import Testing

@testable import Bytes

/// The lines of a block, found many bytes at once, beside the same found byte by byte.
struct LinesTests {
  struct Found: Equatable {
    var pairs: [UInt32] = []
    var end = 0
    var excess = 0
  }

  func byByte(_ bytes: [UInt8], _ start: Int, _ last: UInt8, _ isPair: Bool, _ longest: Int, _ most: Int) -> Found {
    var found = Found(end: start)
    for (at, byte) in bytes.enumerated().dropFirst(start) where byte == last {
      if isPair, at == found.end || bytes[at - 1] != 13 { continue }
      let length = at - found.end - (isPair ? 1 : 0)
      if found.pairs.count == 2 * most { break }
      if length > longest {
        found.excess = length
        break
      }
      found.pairs += [UInt32(found.end - start), UInt32(length)]
      found.end = at + 1
    }
    return found
  }

  func atOnce(_ bytes: [UInt8], _ start: Int, _ last: UInt8, _ isPair: Bool, _ longest: Int, _ most: Int) -> Found {
    guard var table = FrameTable() else { return Found() }
    let (end, excess) = table.appendLines(
      of: bytes.span.bytes, from: start, last: last, isPair: isPair, longest: longest, most: most)
    let pairs = (0..<table.count).flatMap { [UInt32(table.offset($0)), UInt32(table.length($0))] }
    return Found(pairs: pairs, end: end, excess: excess)
  }

  /// A line of every length around the widths that are looked at in one step, alone and behind another.
  @Test(arguments: [true, false]) func lengths(_ isPair: Bool) {
    let end: [UInt8] = isPair ? [13, 10] : [10]
    for length in 0...300 {
      let line = [UInt8](repeating: 97, count: length) + end
      for bytes in [line, line + line, [98] + end + line + [99]] {
        #expect(
          atOnce(bytes, 0, 10, isPair, 16384, 4096) == byByte(bytes, 0, 10, isPair, 16384, 4096), "length \(length)")
      }
    }
  }

  @Test(arguments: [true, false]) func random(_ isPair: Bool) {
    var random = Random(seed: 20_261_125)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    for round in 0..<20_000 {
      let rarity = [2, 5, 40, 400][below(4)]
      let bytes = (0..<below(700)).map { _ in below(rarity) == 0 ? [UInt8(10), 13][below(2)] : UInt8(97 + below(3)) }
      let start = below(min(bytes.count, 70) + 1)
      let longest = below(2) == 0 ? 16384 : below(100)
      let most = below(3) == 0 ? 1 + below(4) : 4096
      let found = atOnce(bytes, start, 10, isPair, longest, most)
      #expect(found == byByte(bytes, start, 10, isPair, longest, most), "round \(round): \(bytes), from \(start)")
    }
  }

  @Test func nothing() {
    #expect(atOnce([], 0, 10, true, 0, 4096) == Found())
    #expect(atOnce([97, 13, 10], 3, 10, true, 0, 4096) == Found(end: 3))
    #expect(atOnce([13, 10], 0, 10, true, 0, 0) == Found())
  }

  /// A table that is full already takes no more.
  @Test func full() {
    guard var table = FrameTable() else { return }
    let bytes = [UInt8](repeating: 10, count: 5000)
    for _ in 0..<2 {
      let (end, excess) = table.appendLines(
        of: bytes.span.bytes, from: 0, last: 10, isPair: false, longest: 9, most: FrameTable.capacity)
      #expect(excess == 0 && (end == FrameTable.capacity || end == 0))
    }
    #expect(table.count == FrameTable.capacity)
  }
}

/// Bytes appended in moves of every width.
struct ByteWriterTests {
  func array(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }

  @Test func lengths() {
    let all = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
    for length in 0...300 {
      var buffer = ByteBuffer()
      #expect((buffer.reserve(length + 2, limit: 1000)) == true)
      buffer.append { out in
        out.put(UInt8(254))
        out.put(all.span.bytes.extracting(3..<3 + length))
        out.put(UInt8(255))
      }
      #expect(array(buffer.bytes) == [254] + all[3..<3 + length] + [255], "length \(length)")
    }
  }

  @Test func rare() {
    var buffer = ByteBuffer()
    let delimiter = Array("--boundary--".utf8)
    #expect((buffer.reserve(12, limit: 100)) == true)
    buffer.append { out in
      out.put(rare: delimiter.span.bytes)
      out.put(rare: [UInt8]().span.bytes)
    }
    #expect(array(buffer.bytes) == delimiter)
  }

  @Test func decimal() {
    var numbers: [UInt32] = [0, UInt32.max]
    var power: UInt32 = 1
    for _ in 0..<9 {
      power *= 10
      numbers += [power - 1, power, power + 1]
    }
    for number in numbers {
      var buffer = ByteBuffer()
      #expect((buffer.reserve(10, limit: 100)) == true)
      buffer.append { $0.put(decimal: number) }
      #expect(array(buffer.bytes) == Array("\(number)".utf8))
      #expect(decimalDigits(Int(number)) == "\(number)".count)
    }
  }

  /// Nothing was reserved, and nothing is written.
  @Test func emptyHanded() {
    var buffer = ByteBuffer()
    buffer.append { $0.put([UInt8]().span.bytes) }
    #expect(buffer.isEmpty && buffer.capacity == 0)
  }
}
