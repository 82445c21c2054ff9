import Bytes
import Wire

/// So many bytes, then so many more: each state is a count, and what the host knows it by.
public final class StatefulProtocol: Protocol {
  let factory: MessageFactory
  /// What the host knows the state by.
  public private(set) var label: UInt
  /// How many bytes it gets.
  var wanted: Int
  /// What was received and not yet delivered.
  var kept = ByteBuffer()
  /// How often in a row nothing was delivered, which would go on for ever.
  var idle = 0
  static var mostIdle: Int { 1000 }

  public init(_ factory: MessageFactory, _ label: UInt, _ wanted: Int) {
    self.factory = factory
    self.label = label
    self.wanted = wanted
    super.init(tag: Tag.stateful)
  }

  public override func connected(_ conn: Conn) { factory.connected(conn) }
  public override func readClosed(_ conn: Conn) -> Bool { factory.readClosed(conn) }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }
  public override func disconnected(_ conn: Conn, _ reason: Reason) { factory.disconnected(conn, reason) }

  public override func held(_ conn: Conn) -> Int { kept.count }
  public override func takeHeld() -> ByteBuffer { kept.take() }

  /// The next state. What is held may be enough for it.
  public func set(_ label: UInt, _ wanted: Int, _ conn: Conn) {
    self.label = label
    self.wanted = wanted
    if !conn.isPaused { conn.reframe() }
  }

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    var at = 0
    while !kept.isEmpty, conn.isReading {  // finish what was begun, then go on in place
      let more = min(max(wanted - kept.count, 0), bytes.byteCount - at)
      keep(bytes.extracting(at..<at + more), conn)
      at += more
      if kept.count < wanted { break }
      deliverKept(conn)
    }
    if kept.isEmpty { at += deliver(bytes.extracting(droppingFirst: at), conn) }
    keep(bytes.extracting(droppingFirst: at), conn)
  }

  public override func resumed(_ conn: Conn) { deliverKept(conn) }

  func keep(_ bytes: RawSpan, _ conn: Conn) {
    guard bytes.byteCount > 0, !conn.isClosing else { return }
    if kept.capacity == 0 { kept = conn.context.pool.take() }
    let limit = conn.context.mostHeld
    if !kept.append(bytes, limit: limit) { conn.abort(kept.refusal(of: bytes.byteCount, limit: limit)) }
  }

  /// The buffer leaves the property for the calls, so that no access is open meanwhile. Nothing is added to it then.
  func deliverKept(_ conn: Conn) {
    var buffer = kept.take()
    buffer.dropFirst(deliver(buffer.bytes, conn))
    if conn.isClosing || buffer.isEmpty { conn.context.pool.give(buffer) } else { kept = buffer }
  }

  /// Delivers until there is too little, or the host has stopped it; returns the bytes done with.
  func deliver(_ bytes: RawSpan, _ conn: Conn) -> Int {
    var at = 0
    while conn.isReading, bytes.byteCount - at >= wanted {
      let end = at + wanted
      idle = end > at ? 0 : idle + 1
      if idle > StatefulProtocol.mostIdle {
        conn.close(Reason(.invalid, text: "states of no bytes follow each other without end"))
        break
      }
      factory.takeRaw(bytes.extracting(at..<end), conn)
      at = end
    }
    return conn.isClosing ? bytes.byteCount : at
  }
}
