import Bytes
import Wire

/// One end of a connection in memory. What one end writes, the other gets at a turn's end: never
/// inside the write.
public final class MemoryTransport: Transport {
  let endpoint: Endpoint
  var other: MemoryTransport?  // a cycle, which `close` ends
  var conn: Unmanaged<Conn>?  // not owned: the conn owns this
  var inbox = ByteBuffer()
  var isReading = false
  /// How the other end has ended, once it has.
  var end: Status?
  static var room: Int { 256 * 1024 }

  init(_ endpoint: Endpoint) { self.endpoint = endpoint }

  public static func pair(_ endpoint: Endpoint) -> (MemoryTransport, MemoryTransport) {
    let first = MemoryTransport(endpoint)
    let second = MemoryTransport(endpoint)
    first.other = second
    second.other = first
    return (first, second)
  }

  public override func attach(_ conn: Conn) { self.conn = Unmanaged.passUnretained(conn) }
  func wake() { conn?._withUnsafeGuaranteedRef { $0.list() } }

  // MARK: Out

  public override var isBusy: Bool { (other?.inbox.count ?? 0) >= MemoryTransport.room }

  public override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    guard let other else { return buffer.removeAll() }  // nobody is there to read it
    if other.inbox.isEmpty {
      let empty = other.inbox.take()
      other.inbox = buffer.take()
      buffer = empty
    } else if other.inbox.append(buffer.bytes, limit: mostBytes) {
      buffer.removeAll()
    } else {
      return conn.abort(.noMemory)
    }
    other.wake()
  }

  public override var canCloseWrite: Bool { true }
  public override func closeWrite() -> Status {
    other?.endOther(.ok)
    return .ok
  }

  public override func close(_ status: Status) {
    conn = nil
    inbox.removeAll()
    guard let other else { return }
    self.other = nil
    other.endOther(status == .ok ? .ok : .system(-104))  // ECONNRESET
    other.other = nil
  }

  func endOther(_ status: Status) {
    if end == nil || status != .ok { end = status }
    wake()
  }

  // MARK: In

  public override func setReading(_ reading: Bool) {
    isReading = reading
    if reading, !inbox.isEmpty || end != nil { wake() }
  }

  public override func pump(_ conn: Conn) {
    if let end, end != .ok { return conn.ended(end) }
    if isReading, !inbox.isEmpty {
      let wasFull = inbox.count >= MemoryTransport.room
      var bytes = inbox.take()
      if wasFull { other?.wake() }
      conn.received(bytes.bytes)
      bytes.removeAll()
      conn.context.pool.give(bytes)
    }
    if isReading, inbox.isEmpty, end != nil { conn.ended(.ok) }
  }

  public override func peer(_ address: inout Address) -> Status { local(&address) }
  public override func local(_ address: inout Address) -> Status {
    if let name = endpoint.name { address.memory = UnsafePointer(name.pointer) }
    return .ok
  }
}
