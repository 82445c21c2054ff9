import Bytes
import Wire

/// Asks a silent peer for a sign of life: a command that nobody has is one, since every peer answers it.
final class KeepAlive: TimerEntry {
  let conn: UInt64
  let time: UInt64
  /// How much had come when it was set.
  var seen: UInt64
  var hasAsked = false

  init(_ conn: Conn, _ time: UInt64) {
    self.conn = conn.id
    self.time = time
    seen = conn.bytesIn
  }

  override func fired(_ context: Context) {
    guard let object = context.ids.find(conn, Kind.conn) else { return }
    let conn = Unmanaged<Conn>.fromOpaque(object).takeUnretainedValue()
    guard !conn.isClosing else { return }
    let isSilent = conn.bytesIn == seen && !conn.isPaused  // who does not read hears nothing
    seen = conn.bytesIn
    if isSilent, hasAsked { return conn.abort(.timeout) }
    hasAsked = isSilent
    if isSilent { _ = conn.withSession { $0.askForLife(conn) } }
    if !context.schedule(self, after: time) { conn.abort(.noMemory) }
  }
}

extension Session {
  func keepAlive(_ conn: Conn) {
    let timer = KeepAlive(conn, options.keepAliveTime)
    needRare().keepAlive = timer
    if !conn.context.schedule(timer, after: options.keepAliveTime) { conn.abort(.noMemory) }
  }

  func askForLife(_ conn: Conn) -> Status {
    guard fault == .ok else { return fault }
    serial &+= 1
    guard calls.set(serial, Session.swallow) else { return .noMemory }
    var writer = BoxWriter(conn.context.pool.take())
    var status = writer.put("_ask", hex: serial)
    if status == .ok { status = writer.put("_command", literal: "plait.alive") }
    if status == .ok { status = writer.end() }
    if status == .ok { status = send(writer.out.bytes, conn) }
    conn.context.pool.give(writer.out.take())
    return status
  }
}
