/// Random numbers for jitter: SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.
public struct Random {
  var state: UInt64
  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Evenly between 0 and 1.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Close to normal, mean 0 and standard deviation 1: the sum of twelve even ones, within ±6.
  public mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += unit() }
    return sum
  }
}
