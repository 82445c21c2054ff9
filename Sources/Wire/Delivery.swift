/// The block that a framer is delivering: what lies behind the message that the host is looking at.
/// One serves a whole reactor, since only one block is under delivery at a time.
public struct Delivery {
  /// Whose block it is, or 0.
  public internal(set) var conn: UInt64 = 0
  public var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Where the bytes behind the whole block begin.
  public var end = 0
  /// How long the framing behind a message was when the block was framed.
  public var trailer = 0
  /// The message under delivery, one by one: its place in the table; nil: the block as a whole.
  public var current: UnsafePointer<UInt32>?
  /// What the same read brought behind these bytes, when they were begun by an earlier one.
  public var ahead = UnsafeRawBufferPointer(start: nil, count: 0)
  /// ...and that is to be dropped.
  public var isAheadCleared = false
  /// How often in a row a host took nothing and changed the mode instead.
  public var stuck = 0
  /// Everything behind what is taken is to be dropped.
  public var isCleared = false
  public init() {}
}
