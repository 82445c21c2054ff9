import Bytes

/// One way of cutting bytes: testing.h, PLAIT_SPLITS_.
public struct Chunking {
  public enum Cut: UInt32 {
    case whole = 1
    case bytes = 2
    case two = 3
    case fixed = 4
    case random = 5
  }
  public let cut: Cut
  /// Where it is cut, or how long the pieces are, or the seed.
  public let parameter: UInt64
  var random: Random

  init(_ cut: Cut, _ parameter: UInt64) {
    self.cut = cut
    self.parameter = parameter
    random = Random(seed: parameter)
  }

  /// How long the piece behind the first `at` of `count` bytes is.
  public mutating func next(_ at: Int, _ count: Int) -> Int {
    let rest = count - at
    let parameter = Int(truncatingIfNeeded: min(self.parameter, UInt64(mostBytes)))
    switch cut {
    case .whole: return rest
    case .bytes: return 1
    case .two: return at < parameter ? parameter - at : rest
    case .fixed: return min(max(parameter, 1), rest)
    case .random:
      // Short pieces and long ones, evenly by their order of magnitude.
      let most = UInt64(1) << (random.next() % 8)
      return min(1 + Int(random.next() % most), rest)
    }
  }

  static var sizes: Int { 16 }

  /// The way number `index` of those for `count` bytes; nil behind the last.
  public static func at(_ index: Int, _ count: Int, mostTwo: Int, randoms: Int, seed: UInt64) -> Chunking? {
    let twos = mostTwo > 0 ? min(mostTwo, count - 1) : count - 1
    var left = index
    if left == 0 { return Chunking(.whole, 0) }
    if left == 1 { return Chunking(.bytes, 1) }
    left -= 2
    if left < twos { return Chunking(.two, UInt64(1 + (twos > 1 ? left * (count - 2) / (twos - 1) : 0))) }
    left -= twos
    if left < sizes { return Chunking(.fixed, UInt64(left + 2)) }
    left -= sizes
    return left < randoms ? Chunking(.random, seed &+ UInt64(left)) : nil
  }
}
