import Testing

@testable import Bytes

struct ByteBufferTests {
  func array(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }
  func add(_ buffer: inout ByteBuffer, _ bytes: [UInt8], limit: Int = 1 << 20) -> Bool {
    buffer.append(bytes.span.bytes, limit: limit)
  }

  @Test func beginsWithNothing() {
    var buffer = ByteBuffer()
    #expect(buffer.isEmpty && buffer.count == 0 && buffer.capacity == 0)
    #expect(buffer.bytes.byteCount == 0)
    #expect(add(&buffer, []))
    #expect(buffer.capacity == 0)
  }

  @Test func grows() {
    var buffer = ByteBuffer()
    var wanted: [UInt8] = []
    var capacities: Set<Int> = []
    for round in 0..<2000 {
      let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: round % 7)
      #expect(add(&buffer, bytes))
      wanted += bytes
      capacities.insert(buffer.capacity)
    }
    #expect(array(buffer.bytes) == wanted)
    #expect(capacities.count < 8, "it doubles")
  }

  @Test func aRefusalChangesNothing() {
    var buffer = ByteBuffer()
    #expect(add(&buffer, [1, 2, 3], limit: 3))
    #expect(!add(&buffer, [UInt8](repeating: 4, count: 254), limit: 256))
    #expect((buffer.reserve(1 << 40, limit: .max)) == false)
    #expect((buffer.reserve(.max, limit: .max)) == false)
    #expect(array(buffer.bytes) == [1, 2, 3])
  }

  @Test func dropsFromBothEnds() {
    var buffer = ByteBuffer()
    #expect(add(&buffer, [1, 2, 3, 4, 5]))
    buffer.dropFirst(0)
    buffer.dropFirst(2)
    #expect(array(buffer.bytes) == [3, 4, 5])
    buffer.dropLast(1)
    #expect(array(buffer.bytes) == [3, 4])
    #expect(add(&buffer, [6]))
    #expect(array(buffer.bytes) == [3, 4, 6])
    buffer.dropFirst(3)
    #expect(buffer.isEmpty && buffer.start == 0)
    #expect(add(&buffer, [7, 8]))
    buffer.dropFirst(1)
    buffer.dropLast(1)
    #expect(buffer.isEmpty && buffer.start == 0)
    #expect(add(&buffer, [9]))
    buffer.removeAll()
    #expect(buffer.isEmpty && buffer.capacity == 256)
  }

  /// What was dropped from the front is used again instead of more memory, once it is half of it.
  @Test func movesUp() {
    var buffer = ByteBuffer()
    #expect(add(&buffer, [UInt8](repeating: 1, count: 256)))
    buffer.dropFirst(200)
    #expect(add(&buffer, [UInt8](repeating: 2, count: 200)))
    #expect(buffer.capacity == 256 && buffer.start == 0)
    #expect(array(buffer.bytes) == [UInt8](repeating: 1, count: 56) + [UInt8](repeating: 2, count: 200))
    // Little was dropped: moving all the rest would not be worth it.
    buffer.dropFirst(10)
    #expect(add(&buffer, [3]))
    #expect(buffer.capacity == 512)
  }

  @Test func movesUpAtTheLimit() {
    var buffer = ByteBuffer()
    #expect(add(&buffer, [UInt8](repeating: 1, count: 256), limit: 256))
    buffer.dropFirst(10)
    #expect(add(&buffer, [2, 3], limit: 256))
    #expect(buffer.count == 248 && buffer.capacity == 256)
  }

  @Test func aMovingWindowStaysSmall() {
    var buffer = ByteBuffer()
    for _ in 0..<10_000 {
      #expect(add(&buffer, [1, 2, 3, 4, 5, 6, 7]))
      buffer.dropFirst(buffer.count > 100 ? 7 : 0)
    }
    #expect(buffer.capacity <= 512)
  }

  @Test func numbers() {
    var buffer = ByteBuffer()
    #expect((buffer.reserve(7, limit: 100)) == true)
    buffer.put(UInt8(1))
    buffer.put(UInt16(0x0302).littleEndian)
    buffer.put(UInt32(0x0405_0607).bigEndian)
    #expect(array(buffer.bytes) == [1, 2, 3, 4, 5, 6, 7])
  }

  @Test func taken() {
    var buffer = ByteBuffer()
    #expect(add(&buffer, [1, 2, 3]))
    buffer.dropFirst(1)
    let taken = buffer.take()
    #expect(array(taken.bytes) == [2, 3])
    #expect(buffer.isEmpty && buffer.capacity == 0)
    #expect(add(&buffer, [9]))
    #expect(array(taken.bytes) == [2, 3])
  }

  @Test func randomOperations() {
    var random = Random(seed: 7)
    var buffer = ByteBuffer()
    var model: [UInt8] = []
    for _ in 0..<5000 {
      let count = Int(random.next() % 300)
      switch random.next() % 4 {
      case 0:
        buffer.dropFirst(min(count, model.count))
        model.removeFirst(min(count, model.count))
      case 1:
        buffer.dropLast(min(count / 4, model.count))
        model.removeLast(min(count / 4, model.count))
      default:
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        // The limit is that of growth: room that is there is used.
        if add(&buffer, bytes, limit: 2000) { model += bytes } else { #expect(model.count + count > 2000) }
      }
      #expect(buffer.count == model.count)
    }
    #expect(array(buffer.bytes) == model)
    #expect(buffer.capacity <= 8192)
  }
}

struct BufferPoolTests {
  func buffer(_ size: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    #expect((buffer.reserve(size, limit: 1 << 20)) == true)
    return buffer
  }

  @Test func lastInFirstOut() {
    guard var pool = BufferPool() else { return }
    #expect(pool.take().capacity == 0)
    pool.give(buffer(1000))
    pool.give(buffer(2000))
    #expect(pool.take().capacity == 2000)
    #expect(pool.take().capacity == 1000)
    #expect(pool.take().capacity == 0)
  }

  @Test func whatItDoesNotKeep() {
    guard var pool = BufferPool() else { return }
    pool.give(ByteBuffer())
    pool.give(buffer(BufferPool.largest + 1))
    #expect(pool.count == 0)
    for _ in 0..<BufferPool.most + 3 { pool.give(buffer(300)) }
    #expect(pool.count == BufferPool.most)
  }

  @Test func givesThemEmpty() {
    guard var pool = BufferPool() else { return }
    var used = buffer(300)
    used.put(UInt8(1))
    pool.give(used)
    #expect((pool.take().isEmpty) == true)
  }
}

/// Why bytes were not appended.
@Test func refusals() {
  var buffer = ByteBuffer()
  let bytes: [UInt8] = [1, 2, 3]
  #expect(buffer.append(bytes.span.bytes, limit: 4) && !buffer.append(bytes.span.bytes, limit: 4))
  #expect(buffer.refusal(of: 3, limit: 4) == .overflow)
  #expect(buffer.refusal(of: 1, limit: 4) == .noMemory)
}

struct FrameTableTests {
  @Test func pairs() {
    guard var table = FrameTable() else { return }
    #expect(table.count == 0)
    for index in 0..<FrameTable.capacity { table.append(index, index * 2) }
    #expect(table.count == FrameTable.capacity)
    #expect(table.offset(7) == 7 && table.length(7) == 14)
    #expect(table.pairs[2 * 4095] == 4095 && table.pairs[2 * 4095 + 1] == 8190)
    table.removeAll()
    #expect(table.count == 0)
  }
}
