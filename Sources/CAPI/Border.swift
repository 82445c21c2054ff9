import Bytes
import CPlait
import CSystem
import Wire

// The border: every handle of the host's passes through this file.

/// Runs `body` on the reactor's context, which the calling thread must own.
@inline(__always) func onContext(_ id: UInt64, _ body: (Context) -> Status) -> Status {
  guard let context = csystem_context(Id.reactor(id)) else { return notOwned(id) }
  return Unmanaged<Context>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
}

/// Runs `body` on the conn. Borrowed, not retained: what ends during a call is buried and lives until the turn's end.
@inline(__always) func onConn(_ conn: plait_conn, _ body: (Conn) -> Status) -> Status {
  onContext(conn.id) { context in
    guard let object = context.ids.find(conn.id, Kind.conn) else { return missed(context, conn.id) }
    return Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
  }
}

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
  if Id.kind(id) == Kind.factory { return namesFactory(id) ? .type : .stale }
  guard Id.kind(id) != 0 else { return .stale }
  let owner = csystem_owner(Id.reactor(id))
  // Of an earlier reactor with this number.
  if Id.generation(id) <= UInt64(csystem_record_generation(Id.reactor(id))) { return .stale }
  if owner == UInt(CSYSTEM_FREE) || owner == UInt(CSYSTEM_RETIRED) { return .stale }
  if owner == UInt(CSYSTEM_FORKED) { return .forked }
  return owner == csystem_thread() ? .stale : .thread
}

@inline(never) func missed(_ context: Context, _ id: UInt64) -> Status { context.ids.names(id) ? .type : .stale }

// MARK: Factories

/// Factories live in a process-wide table under a lock, counted.
final class FactoryBox {
  let factory: Factory
  var count = 1
  init(_ factory: Factory) { self.factory = factory }
}
nonisolated(unsafe) var factories = IdTable(reactor: 0, generation: 0)

func addFactory(_ out: UnsafeMutablePointer<plait_factory>?, _ factory: Factory) -> Status {
  guard let out else { return .invalid }
  csystem_lock()
  let box = Unmanaged.passRetained(FactoryBox(factory))
  let id = factories.insert(box.toOpaque(), Kind.factory)
  csystem_unlock()
  guard id != 0 else {
    box.release()
    return .limit
  }
  out.pointee.id = id
  return .ok
}

func namesFactory(_ id: UInt64) -> Bool {
  csystem_lock()
  defer { csystem_unlock() }
  return factories.names(id)
}

/// Runs `body` on the factory, with the lock open.
func onFactory(_ factory: plait_factory, _ body: (Factory) -> Status) -> Status {
  csystem_lock()
  guard let object = factories.find(factory.id, Kind.factory) else {
    csystem_unlock()
    return missedFactory(factory.id)
  }
  let found = Unmanaged<FactoryBox>.fromOpaque(object).takeUnretainedValue().factory
  csystem_unlock()
  return body(found)
}

/// What is no factory may be something else that lives.
@inline(never) func missedFactory(_ id: UInt64) -> Status {
  guard Id.kind(id) != Kind.factory, let object = csystem_context(Id.reactor(id)) else { return .stale }
  return Unmanaged<Context>.fromOpaque(object)._withUnsafeGuaranteedRef { missed($0, id) }
}

/// Changes a factory's count by one; what dies, dies with the lock open: it calls the host's `release`.
func count(_ factory: plait_factory, _ change: Int) -> Status {
  csystem_lock()
  guard let object = factories.find(factory.id, Kind.factory) else {
    csystem_unlock()
    return missedFactory(factory.id)
  }
  let box = Unmanaged<FactoryBox>.fromOpaque(object).takeUnretainedValue()
  box.count += change
  if box.count == 0, let removed = factories.remove(factory.id) {
    Unmanaged<FactoryBox>.fromOpaque(removed).release()
    factories.trim()
  }
  csystem_unlock()
  withExtendedLifetime(box) {}
  return .ok
}
