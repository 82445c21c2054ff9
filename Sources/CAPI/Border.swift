import Bytes
import CPlait
import CSystem
import Framing
import Wire

// The border: every handle of the host's passes through this file.

/// Runs `body` on the reactor's context, which the calling thread must own.
@inline(__always) func onContext(_ id: UInt64, _ body: (Context) -> Status) -> Status {
  guard let context = csystem_context(Id.reactor(id)) else { return notOwned(id) }
  return Unmanaged<Context>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
}

/// Runs `body` on the conn. Borrowed, not retained: what ends during a call is buried and lives until the turn's end.
@inline(__always) func onConn(_ conn: plait_conn, _ body: (Conn) -> Status) -> Status {
  var object = UnsafeRawPointer(csystem_speaker(conn.id))
  if object == nil {
    guard let context = csystem_context(Id.reactor(conn.id)) else { return notOwned(conn.id) }
    object = Unmanaged<Context>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.ids.find(conn.id, Kind.conn) }
  }
  guard let object else { return missedConn(conn.id) }
  return Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
}

/// A conn whose messages are under delivery, with its protocol, which is the one of that tag.
struct Speaker {
  let conn: UnsafeMutableRawPointer
  let spoken: UnsafeMutableRawPointer
  let tag: UInt8

  @inline(__always) init?(_ id: UInt64) {
    let found = csystem_speaks(id)
    guard let conn = found.speaker, let spoken = found.spoken else { return nil }
    (self.conn, self.spoken, self.tag) = (conn, spoken, UInt8(truncatingIfNeeded: found.tag))
  }

  /// Sends a short message from inside the delivery, as most are sent: no call, and each thing looked at once. False: nothing
  /// was done, and whatever the reason is, the long way finds it.
  @inline(__always) func send<F: Framer>(
    by framer: F.Type, _ data: UnsafePointer<UInt8>, _ len: Int
  ) -> Bool {
    Unmanaged<Conn>.fromOpaque(conn)._withUnsafeGuaranteedRef { conn in
      // Sound: a tag is unique to one final class, and a protocol that was replaced has none here.
      Unmanaged<MessageProtocol<F>>.fromOpaque(spoken)._withUnsafeGuaranteedRef { messages in
        messages.sendShort(UnsafeRawBufferPointer(start: data, count: len).bytes, conn)
      }
    }
  }
}

/// Is it a message of those that are sent without further ado?
@inline(__always) func isShort(_ len: Int) -> Bool { UInt(bitPattern: len) <= UInt(ByteBuffer.short) }

/// The same for anything else in a reactor's table; not on a hot path.
func onObject<T: AnyObject>(_ id: UInt64, _ kind: UInt64, _ body: (Context, T) -> Status) -> Status {
  onContext(id) { context in
    guard let object = context.ids.find(id, kind) else { return missed(context, id) }
    return body(context, Unmanaged<T>.fromOpaque(object).takeUnretainedValue())
  }
}

func onReactor(_ reactor: plait_reactor, _ body: (Context, ReactorBox) -> Status) -> Status {
  onObject(reactor.id, Kind.reactor, body)
}

/// Runs `body` as a driving call.
func drive(_ id: UInt64, _ kind: UInt64, _ body: (Context) -> Status) -> Status {
  onContext(id) { context in
    guard context.ids.find(id, kind) != nil else { return missed(context, id) }
    return context.drive { body(context) }
  }
}

@inline(never) func notOwned(_ id: UInt64) -> Status {
  if Id.isShared(id) { return namesShared(id) ? .type : .stale }
  guard Id.kind(id) != 0 else { return .stale }
  let owner = csystem_owner(Id.reactor(id))
  // Of an earlier reactor with this number.
  if Id.generation(id) <= UInt64(csystem_record_generation(Id.reactor(id))) { return .stale }
  if owner == UInt(CSYSTEM_FREE) || owner == UInt(CSYSTEM_RETIRED) { return .stale }
  if owner == UInt(CSYSTEM_FORKED) { return .forked }
  return owner == csystem_thread() ? .stale : .thread
}

@inline(never) func missedConn(_ id: UInt64) -> Status { onContext(id) { missed($0, id) } }
@inline(never) func missed(_ context: Context, _ id: UInt64) -> Status { context.ids.names(id) ? .type : .stale }

/// Copies bytes into a host's room, and tells how many there are; without room only that. Where they do not fit nothing is
/// written: OVERFLOW.
func give(_ bytes: RawSpan, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?)
  -> Status
{
  if let out {
    guard cap >= 0, cap <= mostBytes else { return .invalid }
    guard cap >= bytes.byteCount else { return .overflow }
    // Sound: the host's room was just compared.
    bytes.withUnsafeBytes { if let base = $0.baseAddress { memcpy(out, base, $0.count) } }
  }
  len?.pointee = bytes.byteCount
  return .ok
}

/// The same for those that must tell the number.
func give(_ bytes: [UInt8], _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?)
  -> Status
{
  len == nil || cap < 0 ? .invalid : give(bytes.span.bytes, out, cap, len)
}
