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

/// What is found where a message should begin.
public enum Step {
  /// A whole message of so many bytes, and where they begin.
  case message(at: Int, length: Int)
  case unfinished
  case tooLong(UInt64)
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
  /// Does a look at its header tell where a message ends? Then the next one is found while the host has this one.
  static var steps: Bool { get }
  /// The message at `start`, if `steps`.
  func step(_ bytes: RawSpan, from start: Int) -> Step
  /// May the factory find messages by itself, and be done with them?
  static var handsOver: Bool { get }
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
  /// Does the message lie framed at `end` of the block? (`framing`, looked at from the other side.)
  func follows(_ block: RawSpan, _ end: Int, _ start: Int, _ length: Int) -> Bool
  /// Appends a framed message into room that was reserved.
  func frame(_ message: RawSpan, into out: inout ByteWriter)
  /// Has it short frames?
  var isQuick: Bool { get }
  /// What stands around a message of at most `ByteBuffer.short` bytes, if it has.
  func frame(ofShort length: Int) -> ShortFrame
}

extension Framer {
  @inline(__always) public var isQuick: Bool { false }
  @inline(__always) public func frame(ofShort length: Int) -> ShortFrame { ShortFrame() }
  @inline(__always) public static var steps: Bool { false }
  @inline(__always) public static var handsOver: Bool { false }
  @inline(__always) public func step(_ bytes: RawSpan, from start: Int) -> Step { .unfinished }
  public func isUnfinished(_ held: RawSpan) -> Bool { false }
  @inline(__always) public func follows(_ block: RawSpan, _ end: Int, _ start: Int, _ length: Int) -> Bool {
    let front = framing(block, start, length)
    return front >= 0 && start &- front == end
  }
  public func takesAll(_ count: Int) -> Bool { false }
  public func end(in bytes: RawSpan) -> Int { 0 }
}

/// A framer that goes from message to message.
public protocol SteppingFramer: Framer {}

extension SteppingFramer {
  @inline(__always) public static var steps: Bool { true }

  @_optimize(speed)
  public func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
    table.fill(most) { found in
      var at = start
      while !found.isFull {
        switch step(bytes, from: at) {
        case .message(let first, let length):
          found.append(first &- start, length)
          at = first &+ length &+ trailer
        case .unfinished: return .upTo(at)
        case .tooLong(let length): return found.count > 0 ? .upTo(at) : .tooLong(length)
        case .malformed: return found.count > 0 ? .upTo(at) : .malformed
        }
      }
      return .upTo(at)
    }
  }
}
