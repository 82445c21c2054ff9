import Bytes
import CPlait
import CSystem
import Memcache
import Wire

/// A factory of memcached's clients that calls the host.
final class HostMemcacheFactory: MemcacheFactory, Tellable {
  let calls: Calls
  let answers: plait_memcache_handler
  var isGiven = false

  init(_ options: MemcacheOptions, _ handler: plait_memcache_handler, _ user: UnsafeMutableRawPointer?) {
    calls = Calls(front: handler)
    answers = handler
    super.init(options, user: user)
  }
  deinit { if isGiven { calls.release?(user) } }

  override func opened(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func ended(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }

  override func describe(_ status: Status) -> UnsafeRawBufferPointer {
    guard let text = CPlait.plait_strerror(status) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: text, count: strlen(text))
  }

  override var takesAnswers: Bool { answers.answers != nil }

  override func tell(_ done: UInt, _ user: UInt, _ rows: UnsafePointer<Answer>, _ count: Int, _ place: Place) {
    // Sound: an Answer is laid out as the header's struct (asserted by the C tests), and `done` came from such a function.
    let rows = UnsafeRawPointer(rows).assumingMemoryBound(to: plait_memcache_answer.self)
    if done == 0 {
      answers.answers?(place.user, plait_conn(id: place.conn), rows, count)
    } else {
      unsafeBitCast(done, to: plait_memcache_answer_fn.self)(
        UnsafeMutableRawPointer(bitPattern: user), plait_conn(id: place.conn), rows, count)
    }
  }
}

/// A name or a password; nil where it can't be one.
private func word(_ text: UnsafePointer<CChar>) -> Text? {
  let length = strnlen(text, 251)
  guard length > 0, length < 251 else { return nil }
  guard MemcacheOptions.isKey(UnsafeRawBufferPointer(start: text, count: length).bytes) else { return nil }
  return Text.make(UnsafeRawBufferPointer(start: text, count: length).bytes)
}

func memcache(_ wanted: plait_memcache_options, _ options: inout MemcacheOptions) -> Status {
  guard wanted.max_value <= UInt64(PLAIT_BYTES_MAX), let call = checkedTime(wanted.call_ms),
    let silence = checkedTime(wanted.silence_ms), let prefix = checked(wanted.prefix.data, wanted.prefix.len),
    prefix.count < Int(PLAIT_MEMCACHE_KEY_MAX), (wanted.username == nil) == (wanted.password == nil)
  else { return .invalid }
  if wanted.max_calls > 0 { options.mostCalls = Int(wanted.max_calls) }
  if wanted.max_value > 0 { options.longestValue = Int(truncatingIfNeeded: wanted.max_value) }
  options.callTime = call
  options.silenceTime = silence
  if prefix.count > 0 {
    guard MemcacheOptions.isKey(prefix.bytes) else { return .invalid }
    options.prefix = Text.make(prefix.bytes)
    guard options.prefix != nil else { return .noMemory }
  }
  if let username = wanted.username, let password = wanted.password {
    guard let name = word(username), let secret = word(password) else { return .invalid }
    options.secret = MemcacheOptions.secret(name.bytes, secret.bytes)
    guard options.secret != nil else { return .noMemory }
  }
  return .ok
}

@_cdecl("plait_memcache_factory_new") @implementation
public func plait_memcache_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_memcache_options>?,
  _ handler: UnsafePointer<plait_memcache_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_memcache_handler()
  var wanted = plait_memcache_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  var chosen = MemcacheOptions()
  status = memcache(wanted, &chosen)
  return status == .ok ? give(out, HostMemcacheFactory(chosen, table, user)) : status
}

/// What the host wants to hear, and whether it wants a handle.
@inline(__always) func asking(
  _ done: plait_memcache_answer_fn?, _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?,
  _ body: (Asking) -> Status
) -> Status {
  var asking = Asking(done: done.map { unsafeBitCast($0, to: UInt.self) } ?? 0, user: UInt(bitPattern: user))
  guard let call else { return body(asking) }
  asking.give = { call.pointee.id = $0.id }
  return body(asking)
}

/// A host's request; nil when it can't be one.
func request(_ given: plait_memcache_request) -> Request? {
  guard given.command <= UInt32(PLAIT_MEMCACHE_META_DEBUG),
    let command = Command(rawValue: UInt8(truncatingIfNeeded: given.command)),
    given.flags & ~UInt32(PLAIT_MEMCACHE_NOREPLY) == 0, given.count <= 65536, given.keys != nil || given.count == 0,
    checked(given.value.data, given.value.len) != nil, checked(given.meta.data, given.meta.len) != nil,
    checked(given.hash_key.data, given.hash_key.len) != nil, let limit = checkedTime(given.limit_ms)
  else { return nil }
  var request = Request(command)
  request.isSilent = given.flags != 0
  request.flags = given.value_flags
  request.keys = UnsafeBufferPointer(start: given.keys, count: given.count)
  request.value = UnsafeRawBufferPointer(start: given.value.data, count: given.value.len)
  request.meta = UnsafeRawBufferPointer(start: given.meta.data, count: given.meta.len)
  request.expiry = given.expiry
  request.number = given.number
  request.limit = limit
  return request
}

/// Runs one of them: on a conn to a server, or on a pool.
@inline(__always) func onAsker(
  _ conn: plait_conn, _ one: (Conn, MemcacheProtocol) -> Status, _ pool: (Conn, MemcachePool) -> Status
) -> Status {
  onConn(conn) { conn in
    if conn.tag == Tag.memcachePool {
      return conn.speaking(Tag.memcachePool) { (spoken: MemcachePool) in pool(conn, spoken) }
    }
    return conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in one(conn, spoken) }
  }
}

@_cdecl("plait_memcache_call") @implementation
public func plait_memcache_call(
  _ conn: plait_conn, _ given: UnsafePointer<plait_memcache_request>?, _ done: plait_memcache_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  var wanted = plait_memcache_request()
  let status = readNeeded(given, &wanted)
  guard status == .ok else { return status }
  guard let request = request(wanted) else { return .invalid }
  return asking(done, user, request.isSilent ? nil : call) { asking in
    onAsker(
      conn, { conn, spoken in spoken.call(request, asking, conn) },
      { conn, pool in
        // Sound: checked when the request was read.
        pool.call(
          request, UnsafeRawBufferPointer(start: wanted.hash_key.data, count: wanted.hash_key.len).bytes, asking, conn)
      })
  }
}

@_cdecl("plait_memcache_get") @implementation
public func plait_memcache_get(
  _ conn: plait_conn, _ key: UnsafePointer<UInt8>?, _ len: Int, _ done: plait_memcache_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let key = checked(key, len) else { return .invalid }
  return asking(done, user, call) { asking in
    onAsker(
      conn, { conn, spoken in spoken.get(key.bytes, asking, conn) },
      { conn, pool in pool.get(key.bytes, asking, conn) })
  }
}

@_cdecl("plait_memcache_get_many") @implementation
public func plait_memcache_get_many(
  _ conn: plait_conn, _ keys: UnsafePointer<UInt8>?, _ len: Int, _ done: plait_memcache_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard checked(keys, len) != nil, let keys, len > 0 else { return .invalid }
  var listed = PlainList<plait_bytes>()
  var at = 0
  while at <= len {
    // Sound: within the bytes that were checked, which live for the call.
    let end = memchr(keys + at, 32, len - at).map { keys.distance(to: $0.assumingMemoryBound(to: UInt8.self)) } ?? len
    guard listed.append(plait_bytes(data: keys + at, len: end - at)) else { return .noMemory }
    at = end + 1
  }
  var request = plait_memcache_request()
  request.struct_size = UInt32(MemoryLayout<plait_memcache_request>.size)
  request.command = UInt32(PLAIT_MEMCACHE_GET)
  request.keys = listed.pointer.map { UnsafePointer($0) }
  request.count = listed.count
  return plait_memcache_call(conn, &request, done, user, call)
}

@_cdecl("plait_memcache_set") @implementation
public func plait_memcache_set(
  _ conn: plait_conn, _ key: UnsafePointer<UInt8>?, _ len: Int, _ value: UnsafePointer<UInt8>?, _ value_len: Int,
  _ value_flags: UInt32, _ expiry: Int64, _ done: plait_memcache_answer_fn?, _ user: UnsafeMutableRawPointer?,
  _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let key = checked(key, len), let value = checked(value, value_len) else { return .invalid }
  return asking(done, user, call) { asking in
    onAsker(
      conn, { conn, spoken in spoken.set(key.bytes, value.bytes, value_flags, expiry, asking, conn) },
      { conn, pool in pool.set(key.bytes, value.bytes, value_flags, expiry, asking, conn) })
  }
}

@_cdecl("plait_memcache_get_pending") @implementation
public func plait_memcache_get_pending(
  _ conn: plait_conn, _ calls: UnsafeMutablePointer<Int>?, _ late: UnsafeMutablePointer<Int>?
) -> CInt {
  func tell(_ pending: (calls: Int, late: Int)) -> Status {
    calls?.pointee = pending.calls
    late?.pointee = pending.late
    return .ok
  }
  return onAsker(conn, { _, spoken in tell(spoken.pending) }, { _, pool in tell(pool.pending) })
}

@_cdecl("plait_memcache_parse_flag") @implementation
public func plait_memcache_parse_flag(
  _ meta: UnsafePointer<UInt8>?, _ len: Int, _ letter: CInt, _ token: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  guard let meta = checked(meta, len), letter > 32, letter < 127 else { return .invalid }
  guard let found = MetaFlags.find(UInt8(truncatingIfNeeded: letter), meta.bytes) else { return .absent }
  guard let token else { return .ok }
  meta.bytes.extracting(found).withUnsafeBytes {
    token.pointee.data = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
    token.pointee.len = $0.count
  }
  return .ok
}
