import Bytes
import CPlait
import Wire

@_optimize(speed) @_cdecl("plait_conn_write") @implementation
public func plait_conn_write(_ conn: plait_conn, _ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let bytes = checked(data, len) else { return .invalid }
  return onConn(conn) { conn in conn.write(len) { $0.put(bytes.bytes) } }
}

@_cdecl("plait_conn_write_many") @implementation
public func plait_conn_write_many(_ conn: plait_conn, _ parts: UnsafePointer<plait_bytes>?, _ count: Int) -> CInt {
  guard count >= 0, count <= mostBytes, parts != nil || count == 0 else { return .invalid }
  let parts = UnsafeBufferPointer(start: parts, count: count)
  var size = 0
  for part in parts {
    guard checked(part.data, part.len) != nil else { return .invalid }
    size += part.len
    if size > mostBytes { return .invalid }
  }
  return onConn(conn) { conn in
    conn.write(size) { out in
      for part in parts { if let bytes = checked(part.data, part.len) { out.put(bytes.bytes) } }
    }
  }
}

@_cdecl("plait_conn_pause") @implementation
public func plait_conn_pause(_ conn: plait_conn) -> CInt { onConn(conn) { $0.pause() } }

@_cdecl("plait_conn_resume") @implementation
public func plait_conn_resume(_ conn: plait_conn) -> CInt { onConn(conn) { $0.resume() } }

@_cdecl("plait_conn_close") @implementation
public func plait_conn_close(_ conn: plait_conn) -> CInt {
  onConn(conn) { conn in
    conn.close(.ok)
    return .ok
  }
}

@_cdecl("plait_conn_close_write") @implementation
public func plait_conn_close_write(_ conn: plait_conn) -> CInt { onConn(conn) { $0.closeWrite() } }

@_cdecl("plait_conn_abort") @implementation
public func plait_conn_abort(_ conn: plait_conn) -> CInt {
  onConn(conn) { conn in
    conn.abort(.aborted)
    return .ok
  }
}

@_cdecl("plait_conn_set_factory") @implementation
public func plait_conn_set_factory(_ conn: plait_conn, _ factory: plait_factory) -> CInt {
  onConn(conn) { conn in onFactory(factory) { conn.replace(by: $0) } }
}

@_cdecl("plait_conn_set_user") @implementation
public func plait_conn_set_user(_ conn: plait_conn, _ user: UnsafeMutableRawPointer?) -> CInt {
  onConn(conn) { conn in
    conn.setUser(user)
    return .ok
  }
}

@_cdecl("plait_conn_get_user") @implementation
public func plait_conn_get_user(_ conn: plait_conn, _ user: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> CInt {
  onConn(conn) { conn in
    guard let user else { return .invalid }
    user.pointee = conn.user
    return .ok
  }
}

/// Asks a conn's transport for an address, and fills the host's struct.
func address(
  _ conn: plait_conn, _ out: UnsafeMutablePointer<plait_address>?, _ ask: (Conn, inout Address) -> Status
) -> Status {
  onConn(conn) { conn in
    var found = Address()
    var status = canTake(out)
    if status == .ok { status = ask(conn, &found) }
    if status == .ok, let out { found.export(out) }
    return status
  }
}

@_cdecl("plait_conn_get_peer") @implementation
public func plait_conn_get_peer(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_address>?) -> CInt {
  address(conn, out) { $0.peer(&$1) }
}

@_cdecl("plait_conn_get_local") @implementation
public func plait_conn_get_local(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_address>?) -> CInt {
  address(conn, out) { $0.local(&$1) }
}

@_cdecl("plait_conn_get_fd") @implementation
public func plait_conn_get_fd(_ conn: plait_conn, _ fd: UnsafeMutablePointer<CInt>?) -> CInt {
  onConn(conn) { conn in
    guard let fd else { return .invalid }
    let found = conn.transport.descriptor
    guard found >= 0 else { return .unsupported }
    fd.pointee = found
    return .ok
  }
}

@_cdecl("plait_conn_get_counters") @implementation
public func plait_conn_get_counters(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_conn_counters>?) -> CInt {
  onConn(conn) { conn in
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    out.pointee.bytes_in = conn.bytesIn
    out.pointee.bytes_out = conn.bytesSent
    out.pointee.waiting = UInt64(conn.waiting)
    out.pointee.held = UInt64(conn.held)
    return .ok
  }
}

@_cdecl("plait_conn_set_limits") @implementation
public func plait_conn_set_limits(_ conn: plait_conn, _ limits: UnsafePointer<plait_conn_limits>?) -> CInt {
  onConn(conn) { conn in
    var wanted = plait_conn_limits()
    let status = read(limits, &wanted)
    guard status == .ok else { return status }
    var made = Limits()
    if wanted.high_water > 0 {
      made.highWater = Int(wanted.high_water)
      made.lowWater = made.highWater / 4
    }
    if wanted.low_water > 0 { made.lowWater = Int(wanted.low_water) }
    if wanted.cap > 0 { made.cap = Int(wanted.cap) }
    if wanted.close_ms > 0 { made.closeTime = wanted.close_ms }
    guard made.lowWater <= made.highWater, made.highWater <= made.cap, made.cap <= mostBytes,
      made.closeTime <= Context.longest
    else {
      return .invalid
    }
    conn.limits = made
    return .ok
  }
}

@_cdecl("plait_conn_set_no_delay") @implementation
public func plait_conn_set_no_delay(_ conn: plait_conn, _ on: CInt) -> CInt {
  onConn(conn) { $0.transport.setNoDelay(on != 0) }
}

@_cdecl("plait_conn_set_keep_alive") @implementation
public func plait_conn_set_keep_alive(_ conn: plait_conn, _ idle_s: CUnsignedInt) -> CInt {
  guard idle_s <= 32767 else { return .invalid }
  return onConn(conn) { $0.transport.setKeepAlive(idle_s) }
}
