import Bytes
import Wire

/// One of the two conns of a tunnel: what comes here goes to the other one.
public class SOCKSEnd: Protocol {
  final let factory: SOCKSServerFactory
  /// The other conn's id, or 0.
  final var other: UInt64 = 0
  final var kept = ByteBuffer()
  /// Are bytes passed on?
  final var isOpen = false
  /// Does the other one rest, since this one takes no more?
  final var holdsOther = false
  /// How many bytes came here and were passed on, and when the last did.
  public final var passed: UInt64 = 0
  final var lastTime: UInt64 = 0

  init(_ tag: UInt8, _ factory: SOCKSServerFactory) {
    self.factory = factory
    super.init(tag: tag)
  }

  final func onOther(_ conn: Conn, _ body: (Conn) -> Void) {
    guard let object = conn.context.ids.find(other, Kind.conn) else { return }
    // Sound: the table says that it is a conn.
    Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
  }

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    if isOpen, kept.isEmpty, conn.isReading { return pass(bytes, conn) }
    guard !conn.isClosing else { return }
    guard kept.append(bytes, limit: conn.context.mostHeld) else { return conn.abort(.noMemory) }
    resumed(conn)
  }

  final func pass(_ bytes: RawSpan, _ conn: Conn) {
    passed &+= UInt64(truncatingIfNeeded: bytes.byteCount)
    if factory.options.idleTime > 0 { lastTime = conn.context.now }
    if factory.hears { show(bytes, conn) }
    onOther(conn) { if $0.writeThrough(bytes) == .ok, $0.waiting > 0 { $0.watchWater() } }
  }

  public override func passedOn(_ count: Int, _ conn: Conn) {
    passed &+= UInt64(truncatingIfNeeded: count)
    if factory.options.idleTime > 0 { lastTime = conn.context.now }
  }

  final func show(_ bytes: RawSpan, _ conn: Conn) {
    if tag == Tag.socksServer { return factory.heard(conn, bytes, toClient: false) }
    onOther(conn) { factory.heard($0, bytes, toClient: true) }
  }

  /// What was kept is passed on, once that is possible.
  public override func resumed(_ conn: Conn) {
    guard isOpen, conn.isReading, !kept.isEmpty else { return }
    let before = kept.take()
    pass(before.bytes, conn)
  }

  public override func held(_ conn: Conn) -> Int { kept.count }
  public override func takeHeld() -> ByteBuffer { kept.take() }

  // MARK: Flow

  public override func writePaused(_ conn: Conn) {
    guard isOpen, !holdsOther else { return }
    onOther(conn) {
      holdsOther = true
      $0.restrain()
    }
  }

  public override func writeResumed(_ conn: Conn) {
    guard holdsOther else { return }
    holdsOther = false
    onOther(conn) { $0.unrestrain() }
  }

  /// What has no more to come here, has no more to go there; the other direction goes on.
  public override func readClosed(_ conn: Conn) -> Bool {
    guard isOpen else { return false }
    onOther(conn) { if $0.closeWrite() == .unsupported { $0.close(.ok) } }
    return true
  }

  /// One has ended: so does the other, when it has sent what there is; or it is cut off as this one was.
  final func endOther(_ conn: Conn, _ reason: Reason) {
    conn.transport.relay(to: nil)
    onOther(conn) { other in
      other.transport.relay(to: nil)
      if reason.status == .ok || other.waiting > 0 { other.close(.ok) } else { other.abort(.aborted) }
    }
    other = 0
  }

  public override func disconnected(_ conn: Conn, _ reason: Reason) { endOther(conn, reason) }
  public override func left(_ conn: Conn, _ why: Reason) { endOther(conn, Reason(.ok)) }
}

/// The end that a client has asked for.
final class SOCKSTarget: SOCKSEnd {
  override func connected(_ conn: Conn) {
    var isTaken = false
    onOther(conn) { client in
      _ = client.speaking(Tag.socksServer) { (server: SOCKSServer) in
        isTaken = server.join(client, self, conn)
        return .ok
      }
    }
    if !isTaken { conn.close(.closed) }
  }

  override func disconnected(_ conn: Conn, _ reason: Reason) {
    onOther(conn) { client in
      _ = client.speaking(Tag.socksServer) { (server: SOCKSServer) in
        server.returned = passed
        return .ok
      }
    }
    endOther(conn, reason)
  }
}

/// A time limit of a client's: whoever ends it, the conn finds it by its id.
final class SOCKSTimer: TimerEntry {
  var conn: UInt64 = 0
  override func fired(_ context: Context) {
    guard let conn = context.conn(conn) else { return }
    _ = conn.speaking(Tag.socksServer) { (server: SOCKSServer) in
      server.timeIsUp(conn)
      return .ok
    }
  }
}
