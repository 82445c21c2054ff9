/// Finds the blanks between the words of a line, many at a time.
public struct Blanks: ~Escapable {
  let line: RawSpan
  public let end: Int
  /// Where the bytes begin that were looked at last, and which of them are blanks.
  var base = 0
  var mask: UInt32 = 0

  /// What is behind `end` is no part of the line.
  @_lifetime(copy line)
  @inline(__always) public init(_ line: RawSpan, end: Int) {
    self.line = line
    self.end = end
    if end > 0 { mask = line.blanks(from: 0, to: end) }
  }

  /// The first blank at or behind `start`, which is not before the one that was asked for last; or the end.
  @inline(__always) public mutating func next(from start: Int) -> Int {
    let passed = start &- base
    if passed < 32 {
      let left = mask >> UInt32(truncatingIfNeeded: passed)
      if left != 0 { return start &+ left.trailingZeroBitCount }
      base = base &+ 32
    } else {
      base = start
    }
    while base < end {
      mask = line.blanks(from: base, to: end)
      if mask != 0 { return base &+ mask.trailingZeroBitCount }
      base = base &+ 32
    }
    mask = 0
    return end
  }
}
