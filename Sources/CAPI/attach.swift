import Bytes
import CPlait
import Wire

/// A transport that the host supplies; the bottom of an attached conn.
final class HostTransport: Transport {
  let ops: plait_transport_ops
  let user: UnsafeMutableRawPointer?
  var id = plait_conn()
  var rest = ByteBuffer()
  var conn: Unmanaged<Conn>?  // not owned: the conn owns this; cleared by close
  /// What the host was told last, and what it is to be told in the next turn's end.
  var isReading = true
  var wantsReading = true
  /// The addresses that the host knows, if it does.
  let ends: (peer: Address, local: Address)?
  init(_ ops: plait_transport_ops, _ user: UnsafeMutableRawPointer?, _ ends: (Address, Address)?) {
    self.ops = ops
    self.user = user
    self.ends = ends
    super.init()
  }

  override func peer(_ address: inout Address) -> Status {
    if let ends { address = ends.peer }
    return .ok
  }
  override func local(_ address: inout Address) -> Status {
    if let ends { address = ends.local }
    return .ok
  }

  override var isFed: Bool { true }
  override func attach(_ conn: Conn) {
    id.id = conn.id
    self.conn = Unmanaged.passUnretained(conn)
  }

  override func setReading(_ reading: Bool) {
    wantsReading = reading
    if reading != isReading { conn?._withUnsafeGuaranteedRef { $0.list() } }
  }

  override func pump(_ conn: Conn) {
    guard wantsReading != isReading else { return }
    isReading = wantsReading
    ops.set_reading?(user, id, isReading ? 1 : 0)
  }

  override var isBusy: Bool { !rest.isEmpty }
  override var waiting: Int { rest.count }

  /// How many bytes the host took.
  func offer(_ bytes: RawSpan) -> Int {
    let taken = bytes.withUnsafeBytes {
      ops.write?(user, id, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) ?? 0
    }
    return taken < 0 || taken > bytes.byteCount ? bytes.byteCount : taken
  }

  override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    buffer.dropFirst(offer(buffer.bytes))
    if !buffer.isEmpty { rest = buffer.take() }
  }

  func writable(_ conn: Conn) {
    guard !rest.isEmpty else { return }
    var buffer = rest.take()
    buffer.dropFirst(offer(buffer.bytes))
    if buffer.isEmpty { conn.drained() } else { rest = buffer }
  }

  override var canCloseWrite: Bool { ops.close_write != nil }
  override func closeWrite() -> Status {
    guard let close = ops.close_write else { return .unsupported }
    close(user, id)
    return .ok
  }

  override func close(_ status: Status) {
    conn = nil
    ops.close?(user, id, status)
    ops.release?(user)
  }
}

@_cdecl("plait_conn_attach") @implementation
public func plait_conn_attach(
  _ reactor: plait_reactor, _ factory: plait_factory, _ ops: UnsafePointer<plait_transport_ops>?,
  _ user: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<plait_conn>?
) -> CInt {
  onReactor(reactor) { context, _ in
    onFactory(factory) { factory in
      var table = plait_transport_ops()
      var status = unused(readNeeded(ops, &table), table.reserved)
      guard status == .ok else { return status }
      guard let out, table.write != nil else { return .invalid }
      var ends = (Address(), Address())
      status = read(table.peer, &ends.0)
      if status == .ok { status = read(table.local, &ends.1) }
      guard status == .ok else { return status }
      let transport = HostTransport(table, user, table.peer == nil && table.local == nil ? nil : ends)
      switch Conn.open(context, transport, factory, Origin(.attached)) {
      case .failed(let status): return status
      case .conn(let conn):
        transport.attach(conn)
        conn.list()
        out.pointee.id = conn.id
        return .ok
      }
    }
  }
}

/// A driving call on a conn that does not read by itself.
func driveFed(_ conn: plait_conn, _ body: (Conn) -> Status) -> Status {
  drive(conn.id, Kind.conn) { _ in
    onConn(conn) { conn in conn.transport.isFed ? body(conn) : .unsupported }
  }
}

@_cdecl("plait_conn_feed") @implementation
public func plait_conn_feed(_ conn: plait_conn, _ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let bytes = checked(data, len) else { return .invalid }
  return driveFed(conn) { conn in
    guard !conn.hasEnded else { return .closed }
    if bytes.count > 0 { conn.received(bytes.bytes) }
    return .ok
  }
}

@_cdecl("plait_conn_eof") @implementation
public func plait_conn_eof(_ conn: plait_conn, _ status: CInt) -> CInt {
  guard status <= 0 else { return .invalid }
  return driveFed(conn) { conn in
    guard !conn.hasEnded else { return .closed }
    conn.ended(status)
    return .ok
  }
}

@_cdecl("plait_conn_writable") @implementation
public func plait_conn_writable(_ conn: plait_conn) -> CInt {
  driveFed(conn) { conn in
    guard let transport = conn.transport as? HostTransport else { return .unsupported }
    transport.writable(conn)
    return .ok
  }
}
