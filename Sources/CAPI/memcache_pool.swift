import Bytes
import CPlait
import CSystem
import Memcache
import Wire

/// What stands for a server where keys are placed, if the host says nothing: as libmemcached or pymemcache has it.
private func placedName(_ endpoint: Endpoint, _ distribution: Distribution) -> Text? {
  guard let name = endpoint.name else { return nil }
  var out = ByteBuffer()
  guard out.reserve(name.count + 24, limit: mostBytes) else { return nil }
  out.put(name.bytes)
  let isKetama = distribution != .rendezvous
  if endpoint.kind == .tcp ? !(isKetama && endpoint.number == 11211) : isKetama {
    out.put(UInt8(ascii: ":"))
    out.put(decimal: Int64(endpoint.kind == .tcp ? endpoint.number : 0))
  }
  return Text.make(out.bytes)
}

private func poolOptions(_ wanted: plait_memcache_pool_options) -> PoolOptions? {
  guard let distribution = Distribution(rawValue: wanted.distribution), let initial = checkedTime(wanted.initial_ms),
    let maximum = checkedTime(wanted.maximum_ms), let time = checkedTime(wanted.timeout_ms)
  else { return nil }
  var options = PoolOptions()
  options.distribution = distribution
  options.mostFailures = wanted.eject_after
  options.reconnecting.maximum = maximum > 0 ? maximum : max(60_000, initial)
  if initial > 0 { options.reconnecting.initial = initial }
  if time > 0 { options.reconnecting.time = time }
  options.reconnecting.initial = min(options.reconnecting.initial, options.reconnecting.maximum)
  guard maximum == 0 || initial <= maximum else { return nil }
  if let server = wanted.server {
    let user = wanted.user
    options.changed = { conn, number, isUp, reason in
      reason.export { server(user, plait_conn(id: conn.id), UInt32(truncatingIfNeeded: number), isUp ? 1 : 0, &$0) }
    }
  }
  return options
}

/// Adds a host's server to a pool.
private func add(_ given: UnsafePointer<plait_memcache_server>, _ pool: MemcachePool, _ box: ReactorBox) -> Status {
  var wanted = plait_memcache_server()
  let status = read(given, &wanted)
  guard status == .ok else { return status }
  guard wanted.endpoint != nil, wanted.weight <= 1 << 20 else { return .invalid }
  switch endpoint(wanted.endpoint, .connect) {
  case .failed(let fault): return fault.status
  case .endpoint(let parsed):
    guard parsed.kind != .fd else { return .invalid }
    var name: Text?
    if let words = wanted.name {
      let length = strnlen(words, 256)
      guard length > 0, length < 256 else { return .invalid }
      name = Text.make(UnsafeRawBufferPointer(start: words, count: length).bytes)
    } else {
      name = placedName(parsed, pool.distribution)
    }
    guard let name else { return .noMemory }
    let server = pool.add(parsed, name, max(1, wanted.weight))
    return onSecured(parsed, .connect, box, server.factory, nil) { factory in
      server.spoken = factory
      return .ok
    }
  }
}

@_cdecl("plait_memcache_pool_open") @implementation
public func plait_memcache_pool_open(
  _ reactor: plait_reactor, _ factory: plait_factory, _ servers: UnsafePointer<plait_memcache_server>?, _ count: Int,
  _ options: UnsafePointer<plait_memcache_pool_options>?, _ conn: UnsafeMutablePointer<plait_conn>?
) -> CInt {
  onReactor(reactor) { context, box in
    onFactory(factory) { factory in
      guard let outer = factory as? HostMemcacheFactory else { return .type }
      var wanted = plait_memcache_pool_options()
      var status = unused(read(options, &wanted), wanted.reserved)
      guard status == .ok else { return status }
      guard let conn, let servers, count > 0, count <= Int(PLAIT_MEMCACHE_SERVERS_MAX), let chosen = poolOptions(wanted)
      else { return .invalid }
      guard !context.isEnding else { return .aborted }
      let pool = MemcachePool(outer, chosen, context)
      for index in 0..<count where status == .ok { status = add(servers + index, pool, box) }
      guard status == .ok else { return status }
      switch pool.open() {
      case .failed(let status): return status
      case .conn(let made):
        conn.pointee.id = made.id
        return .ok
      }
    }
  }
}

/// Runs `body` on a pool.
func onPool(_ conn: plait_conn, _ body: (Conn, MemcachePool) -> Status) -> Status {
  onConn(conn) { conn in conn.speaking(Tag.memcachePool) { (pool: MemcachePool) in body(conn, pool) } }
}

@_cdecl("plait_memcache_pool_get_server") @implementation
public func plait_memcache_pool_get_server(
  _ conn: plait_conn, _ key: UnsafePointer<UInt8>?, _ len: Int, _ index: UnsafeMutablePointer<UInt32>?
) -> CInt {
  guard let key = checked(key, len) else { return .invalid }
  return onPool(conn) { _, pool in
    guard let index else { return .invalid }
    let found = pool.find(key.bytes)
    guard found >= 0 else { return .absent }
    index.pointee = UInt32(truncatingIfNeeded: found)
    return .ok
  }
}

@_cdecl("plait_memcache_pool_get_conn") @implementation
public func plait_memcache_pool_get_conn(
  _ conn: plait_conn, _ index: UInt32, _ server: UnsafeMutablePointer<plait_conn>?
) -> CInt {
  onPool(conn) { _, pool in
    guard let server, Int(index) < pool.servers.count else { return .invalid }  // checked: of 32 bits
    let found = pool.conn(Int(index))
    guard found != 0 else { return .closed }
    server.pointee.id = found
    return .ok
  }
}
