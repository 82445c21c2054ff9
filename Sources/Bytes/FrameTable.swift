import CSystem

/// The messages found in one block: a flat table of `uint32` pairs of offset and length (bytes.h).
/// One table serves a whole reactor, since only one block is under delivery at a time.
public struct FrameTable: ~Copyable {
  public let pairs: UnsafeMutablePointer<UInt32>
  public private(set) var count = 0
  @inline(__always) public static var capacity: Int { 4096 }

  /// Nil when there is no memory.
  public init?() {
    guard let memory = malloc(FrameTable.capacity * 8) else { return nil }
    pairs = memory.assumingMemoryBound(to: UInt32.self)
  }
  deinit { free(pairs) }

  @inline(__always) public mutating func removeAll() { count = 0 }

  @inline(__always) public mutating func append(_ offset: Int, _ length: Int) {
    fill(FrameTable.capacity) { $0.append(offset, length) }
  }

  /// Appends what `body` finds, until there are `most`.
  @inline(__always) public mutating func fill<T>(_ most: Int, _ body: (inout FrameWriter) -> T) -> T {
    var writer = FrameWriter(pairs, from: count, to: min(most, FrameTable.capacity))
    let answer = body(&writer)
    count = writer.count
    return answer
  }

  /// Appends the lines of bytes[start...] that end with `last`, behind a CR if `isPair`, until there are `most`.
  /// Returns where the first begins that is not whole or was not taken; and its length if it is too long, else 0.
  @inline(__always) public mutating func appendLines(
    of bytes: RawSpan, from start: Int, last: UInt8, isPair: Bool, longest: Int, most: Int
  ) -> (end: Int, excess: Int) {
    precondition(start >= 0 && start <= bytes.byteCount && longest >= 0 && most >= 0 && most <= FrameTable.capacity)
    var lines = csystem_lines(
      last: last, is_pair: isPair ? 1 : 0, longest: longest, pairs: pairs, count: count, most: most, line: 0, excess: 0)
    // Sound: it reads bytes[start...] of a span that is alive for the call, and writes pairs below `most`.
    bytes.withUnsafeBytes { all in
      if let base = all.baseAddress {
        csystem_find_lines(&lines, base.assumingMemoryBound(to: UInt8.self) + start, all.count - start)
      }
    }
    count = lines.count
    return (start &+ lines.line, lines.excess)
  }

  @inline(__always) public func offset(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    return Int(pairs[index &* 2])
  }

  @inline(__always) public func length(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    return Int(pairs[index &* 2 &+ 1])
  }
}

/// The end of a table while messages are found, in registers.
public struct FrameWriter: ~Copyable {
  let pairs: UnsafeMutablePointer<UInt32>
  public private(set) var count: Int
  let most: Int

  @inline(__always) init(_ pairs: UnsafeMutablePointer<UInt32>, from count: Int, to most: Int) {
    self.pairs = pairs
    self.count = count
    self.most = most
  }

  @inline(__always) public var isFull: Bool { count >= most }

  @inline(__always) public mutating func append(_ offset: Int, _ length: Int) {
    precondition(!isFull)
    pairs[count &* 2] = UInt32(truncatingIfNeeded: offset)  // sound: `most` is at most the table's capacity
    pairs[count &* 2 &+ 1] = UInt32(truncatingIfNeeded: length)
    count &+= 1
  }
}
