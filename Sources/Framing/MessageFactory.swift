import Bytes
import Wire

/// Builds framed protocols, and is their way out to the host. A subclass says what the host is.
open class MessageFactory: Factory {
  /// Who is called for each message, if the host wants them one by one.
  public final var each: HostCallback?

  open func connected(_ conn: Conn) {}
  open func disconnected(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) -> Bool { false }
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  /// A protocol that this factory built hears nothing more.
  open func left(_ former: Protocol, _ conn: Conn, _ why: Reason) {}

  /// The messages of `conn.context.table`, measured from the start of `block`; returns how many it took.
  open func take(_ block: RawSpan, _ conn: Conn) -> Int { conn.context.table.count }
  /// Messages that it has found by itself from `start` on; where the first one begins that it leaves. Each is put into the first row
  /// of `conn.context.table` while the host has it.
  open func takeInPlace(_ bytes: RawSpan, from start: Int, _ conn: Conn) -> Int { start }
  open func takeRaw(_ bytes: RawSpan, _ conn: Conn) {}
  /// A message is too long: the bytes at hand, and its length as far as it is known. False: the host has nothing to say to it.
  open func tooLong(_ bytes: RawSpan, _ length: UInt64, _ conn: Conn) -> Bool { false }
}

/// Bytes as they come.
public final class RawProtocol: Protocol {
  let factory: MessageFactory
  var kept = ByteBuffer()

  public init(_ factory: MessageFactory) {
    self.factory = factory
    super.init(tag: Tag.raw)
  }

  public override func connected(_ conn: Conn) { factory.connected(conn) }
  public override func readClosed(_ conn: Conn) -> Bool { factory.readClosed(conn) }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }
  public override func disconnected(_ conn: Conn, _ reason: Reason) { factory.disconnected(conn, reason) }

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    if conn.isReading, kept.isEmpty { return factory.takeRaw(bytes, conn) }
    let limit = conn.context.mostHeld
    guard kept.append(bytes, limit: limit) else { return conn.abort(kept.refusal(of: bytes.byteCount, limit: limit)) }
    resumed(conn)
  }

  public override func resumed(_ conn: Conn) {
    guard conn.isReading, !kept.isEmpty else { return }
    let bytes = kept.take()
    factory.takeRaw(bytes.bytes, conn)
  }

  public override func held(_ conn: Conn) -> Int { kept.count }
  public override func takeHeld() -> ByteBuffer { kept.take() }
}
