import Bytes

/// The protocols, so that a conn's can be told without a cast.
public enum Tag {
  @inline(__always) public static var raw: UInt8 { 1 }
  @inline(__always) public static var line: UInt8 { 2 }
  @inline(__always) public static var string32: UInt8 { 3 }
  @inline(__always) public static var string: UInt8 { 4 }
  @inline(__always) public static var netstring: UInt8 { 5 }
  @inline(__always) public static var box: UInt8 { 6 }
  @inline(__always) public static var stateful: UInt8 { 7 }
  @inline(__always) public static var accumulating: UInt8 { 8 }
  @inline(__always) public static var memcache: UInt8 { 20 }
  @inline(__always) public static var memcachePool: UInt8 { 21 }
  @inline(__always) public static var identServer: UInt8 { 22 }
  @inline(__always) public static var identClient: UInt8 { 23 }
  @inline(__always) public static var socksServer: UInt8 { 24 }
  @inline(__always) public static var socksTarget: UInt8 { 25 }
  @inline(__always) public static var xmpp: UInt8 { 30 }
  @inline(__always) public static var irc: UInt8 { 16 }
  @inline(__always) public static var ftpServer: UInt8 { 40 }
  @inline(__always) public static var ftpData: UInt8 { 41 }
  @inline(__always) public static var ftpClient: UInt8 { 42 }
  @inline(__always) public static var ftpClientData: UInt8 { 43 }
}

/// What is spoken on a connection: the top of a conn. The conn is passed in, so that no back
/// reference is loaded (and retained) per event. It keeps what it needs of its factory. A class and not a Swift protocol: one word instead
/// of two in each conn, and borrowed without a retain.
open class Protocol {
  /// Names the final class: unique to it.
  public final let tag: UInt8
  /// The number of the state that its factory has it in, where that knows states.
  public final var mark: UInt32 = 0
  public init(tag: UInt8) { self.tag = tag }

  open func connected(_ conn: Conn) {}
  /// Takes every byte: what it can't use yet, it holds.
  open func received(_ bytes: RawSpan, _ conn: Conn) {}
  /// So many bytes went to where its transport relays them, and were not received.
  open func passedOn(_ count: Int, _ conn: Conn) {}
  /// Reading goes on after a pause, or the mode was changed between two deliveries: what was held may be delivered now.
  open func resumed(_ conn: Conn) {}
  /// The peer will send no more. True: the conversation goes on in the other direction.
  open func readClosed(_ conn: Conn) -> Bool { false }
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  /// Once, last.
  open func disconnected(_ conn: Conn, _ reason: Reason) {}

  /// What was received and not yet delivered.
  open func held(_ conn: Conn) -> Int { 0 }
  /// What the protocol before this one held: in front of everything else.
  open func inherit(_ bytes: RawSpan, _ conn: Conn) { if bytes.byteCount > 0 { received(bytes, conn) } }
  /// It hears nothing more: another protocol follows on the conn, or the conn has ended before `connected`.
  open func left(_ conn: Conn, _ why: Reason) {}
  /// Gives it up, to the protocol that follows on this conn.
  open func takeHeld() -> ByteBuffer { ByteBuffer() }
}
