import Bytes

/// How what one end of a loopback has written reaches the other: in which pieces, and when.
public struct PumpPolicy {
  public enum Cut {
    /// One piece for each write.
    case identity
    /// All that is there, in one piece.
    case collapsing
    case byteByByte
    case fixed(Int)
    /// Up to so many bytes, at random.
    case random(Int)
    /// A host says how many bytes come next, of those at hand; 0: none now.
    case host((_ toClient: Bool, _ bytes: RawSpan, _ first: Int) -> Int)
  }

  public var cut: Cut
  /// How long each write is under way, in milliseconds.
  public var delay: UInt64
  var random: Random

  public init(_ cut: Cut = .identity, delay: UInt64 = 0, seed: UInt64 = 1) {
    self.cut = cut
    self.delay = delay
    random = Random(seed: seed)
  }

  /// The length of the next piece of bytes that are there, of which `first` are what is left of one write.
  mutating func next(_ toClient: Bool, _ bytes: RawSpan, _ first: Int) -> Int {
    let all = bytes.byteCount
    switch cut {
    case .identity: return min(first, all)
    case .collapsing: return all
    case .byteByByte: return 1
    case .fixed(let size): return min(size, all)
    case .random(let most): return min(1 + Int(random.next() % UInt64(max(most, 1))), all)
    case .host(let choose): return min(max(choose(toClient, bytes, first), 0), all)
    }
  }
}
