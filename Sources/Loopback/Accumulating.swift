import Bytes
import Wire

/// Builds protocols that keep what they receive, and keeps those.
public final class AccumulatingFactory: Factory {
  public private(set) var built: [Accumulating] = []
  public init() { super.init(user: nil) }
  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    let made = Accumulating(conn.id)
    built.append(made)
    return made
  }
}

/// Keeps what it receives.
public final class Accumulating: Protocol {
  var data = ByteBuffer()
  public let conn: UInt64
  public private(set) var isConnected = false
  public private(set) var hasEnded = false
  public private(set) var end: Status?

  init(_ conn: UInt64) {
    self.conn = conn
    super.init(tag: Tag.accumulating)
  }

  /// Has `body` look at what was received.
  public func look(_ body: (RawSpan) -> Void) {
    var taken = data.take()
    body(taken.bytes)
    data = taken.take()
  }

  public override func connected(_ conn: Conn) { isConnected = true }
  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    if !data.append(bytes, limit: mostBytes) { conn.abort(.overflow) }
  }
  public override func readClosed(_ conn: Conn) -> Bool {
    hasEnded = true
    return false
  }
  public override func disconnected(_ conn: Conn, _ reason: Reason) { end = reason.status }
}
