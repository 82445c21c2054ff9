import CSystem

/// What stands around a short message: up to four bytes in front of it and up to two behind, as they lie in memory.
public struct ShortFrame {
  let head: UInt32
  let headCount: Int
  let tail: UInt16
  let tailCount: Int
  @inline(__always) static var most: Int { 6 }

  @inline(__always) public init(head: UInt32 = 0, _ headCount: Int = 0, tail: UInt16 = 0, _ tailCount: Int = 0) {
    self.head = head
    self.headCount = min(headCount, 4)
    self.tail = tail
    self.tailCount = min(tailCount, 2)
  }

  /// That of a netstring.
  @inline(__always) public init(netstring length: Int) {
    self.init(
      head: csystem_head(UInt32(truncatingIfNeeded: length)), length >= 100 ? 4 : length >= 10 ? 3 : 2,
      tail: UInt16(littleEndian: 44), 1)
  }
}
