import Bytes
import Wire

/// One end of a loopback. What it is given lies in its queue until the loopback delivers it: never inside a write.
public final class LoopbackTransport: Transport {
  let isServer: Bool
  var call: Unmanaged<Loopback>?  // not owned: the id table owns it, and it outlives its ends
  var conn: Unmanaged<Conn>?  // not owned: the conn owns this
  /// Written, and not yet delivered.
  var queue = ByteBuffer()
  /// The lengths of the writes in it, and when they were made.
  var writes: [(length: Int, time: UInt64)] = []
  /// What of the queue is being delivered, outside of it.
  var delivering = 0
  var isReading = false
  var endpoint: Text?

  init(isServer: Bool) { self.isServer = isServer }

  public override func attach(_ conn: Conn) { self.conn = Unmanaged.passUnretained(conn) }
  var open: Conn? { conn?.takeUnretainedValue() }

  // MARK: Out

  public override var keepsWritesApart: Bool { true }
  public override var waiting: Int { queue.count + delivering }
  public override var isUnderway: Bool { waiting > 0 }

  public override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    let count = buffer.count
    guard let call, count > 0 else { return buffer.removeAll() }
    guard queue.append(buffer.bytes, limit: mostBytes) else { return conn.abort(.noMemory) }
    buffer.removeAll()
    call._withUnsafeGuaranteedRef { loopback in
      writes.append((count, conn.context.now))
      loopback.list()
    }
  }

  /// So many bytes were delivered.
  func delivered(_ count: Int) {
    var left = count
    var done = 0
    while left > 0, done < writes.count {
      let taken = min(left, writes[done].length)
      writes[done].length -= taken
      left -= taken
      if writes[done].length > 0 { break }
      done += 1
    }
    writes.removeFirst(done)
  }

  public override var canCloseWrite: Bool { true }
  public override func closeWrite() -> Status {
    call?._withUnsafeGuaranteedRef { $0.other(of: self).open?.ended(.ok) }
    return .ok
  }

  // MARK: The end

  public override func ending(_ reason: Reason) { call?._withUnsafeGuaranteedRef { $0.ending(self, reason) } }

  public override func close(_ status: Status) {
    conn = nil
    queue.removeAll()
    writes = []
    guard let call else { return }
    self.call = nil
    call._withUnsafeGuaranteedRef { $0.ended(self) }
  }

  // MARK: In

  /// Also called when a close begins to wait: then nothing is held back any more.
  public override func setReading(_ reading: Bool) {
    isReading = reading
    call?._withUnsafeGuaranteedRef { $0.list() }
  }
  /// A closing conn reads nothing, and what comes for it is dropped.
  var takes: Bool { isReading || open?.isClosing == true }

  public override func peer(_ address: inout Address) -> Status { local(&address) }
  public override func local(_ address: inout Address) -> Status {
    if let endpoint { address.memory = UnsafePointer(endpoint.pointer) }
    return .ok
  }
}
