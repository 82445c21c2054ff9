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
    precondition(count < FrameTable.capacity)
    pairs[count &* 2] = UInt32(truncatingIfNeeded: offset)
    pairs[count &* 2 &+ 1] = UInt32(truncatingIfNeeded: length)
    count &+= 1
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
