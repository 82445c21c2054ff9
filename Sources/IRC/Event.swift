import Bytes

/// What happened: irc.h, plait_irc_event. Parts are those of the line.
public struct Event {
  /// In the order of the callbacks in the host's table.
  public enum Kind: UInt32 {
    case signedOn, privmsg, noticed, action, ctcpQuery, ctcpReply, joined, left, kickedFrom, nickChanged, modeChanged
    case topicUpdated, userJoined, userLeft, userQuit, userKicked, userRenamed, invited, names, changed, pong, numeric
    case other, batch, tooLong
  }
  public var kind: Kind
  public var flags: UInt32 = 0
  /// The numeric; of a pong, the milliseconds.
  public var number: UInt32 = 0
  public var source = Part()
  public var nick = Part()
  public var target = Part()
  public var text = Part()
  public var argument = Part()
  /// The number of the batch that it is part of, or 0.
  public var batch: UInt32 = 0

  @inline(__always) public static var fromMe: UInt32 { 1 }
  @inline(__always) public static var toMe: UInt32 { 2 }
  /// It is the answer to a question, and no news.
  @inline(__always) public static var reply: UInt32 { 4 }
  /// It is part of a netsplit, or of what mends one; or a batch has ended.
  static var split: UInt32 { 8 }
  static var rejoined: UInt32 { 16 }
  static var ended: UInt32 { 32 }

  init(_ kind: Kind) { self.kind = kind }
}
