import Bytes

/// Why a scan stopped. Whole messages in front of a bad one are found first.
public enum Scan {
  /// All whole messages up to this position are in the table.
  case upTo(Int)
  /// The first message is longer than allowed: so long, as far as is known.
  case tooLong(UInt64)
  /// The first message is none.
  case malformed
}

/// What becomes of a message that is too long.
public enum Excess {
  /// So many of the bytes at hand are dropped, and so many that are still to come; the host is shown the first of them.
  case drop(Int, thenSkip: UInt64, shown: Int)
  /// So many are dropped, and all that follows up to the end of the message.
  case resync(Int)
}

/// An engine: finds whole messages in bytes and frames messages for sending. It knows no conn,
/// no host and no time, and holds offsets, never copies.
public protocol Framer {
  static var tag: UInt8 { get }
  /// The longest message, without its framing.
  var longest: Int { get set }
  /// The most bytes of framing in front of a message, and those behind it.
  var header: Int { get }
  var trailer: Int { get }
  /// Can a message of this length be framed?
  func fits(_ length: Int) -> Bool

  /// Appends the messages of bytes[start...] to the table, until it has `most`; offsets are measured from `start`.
  func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan
  /// How many bytes of `more` belong to the message that `held` begins.
  func completion(of held: RawSpan, by more: RawSpan) -> Int
  /// Is a message that was begun, and was not whole before the last bytes came, still not? (So that a long one in
  /// small pieces is not scanned again for each.)
  func isUnfinished(_ held: RawSpan) -> Bool
  /// Is a message that takes so many bytes refused together with all that is at hand?
  func takesAll(_ count: Int) -> Bool
  /// What to drop when `bytes` begin with a message that is too long.
  func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess
  /// Where the message ends whose middle `bytes` are, or -1. Only after `Excess.resync`.
  func end(in bytes: RawSpan) -> Int

  /// How long the framing in front is, if the message at `start` of a host's block is already framed
  /// there, as in a block that was received; else -1.
  func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int
  /// Appends a framed message into room that was reserved.
  func frame(_ message: RawSpan, into out: inout ByteBuffer)
}

extension Framer {
  public func isUnfinished(_ held: RawSpan) -> Bool { false }
  public func takesAll(_ count: Int) -> Bool { false }
  public func end(in bytes: RawSpan) -> Int { 0 }
}
