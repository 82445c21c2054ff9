import Bytes
import CPlait
import CSystem
import Wire

// What belongs to no reactor: factories, and whatever else several of them may use. It lives in one process-wide table
// under a lock, counted by the host; never on a hot path.

/// An object with the host's references to it.
final class SharedBox {
  let object: AnyObject
  var count = 1
  init(_ object: AnyObject) { self.object = object }
}
nonisolated(unsafe) private var shared = IdTable(reactor: 0, generation: 0)

/// Gives the host a first reference; 0 when there is no memory or no slot left.
func share(_ object: AnyObject, _ kind: UInt64) -> UInt64 {
  csystem_lock()
  let box = Unmanaged.passRetained(SharedBox(object))
  let id = shared.insert(box.toOpaque(), kind)
  csystem_unlock()
  if id == 0 { box.release() }
  return id
}

func namesShared(_ id: UInt64) -> Bool {
  csystem_lock()
  defer { csystem_unlock() }
  return shared.names(id)
}

/// Runs `body` on the object, with the lock open.
func onShared<T: AnyObject>(_ id: UInt64, _ kind: UInt64, _ body: (T) -> Status) -> Status {
  csystem_lock()
  guard let box = shared.find(id, kind) else {
    csystem_unlock()
    return missedShared(id)
  }
  let found = Unmanaged<SharedBox>.fromOpaque(box).takeUnretainedValue().object
  csystem_unlock()
  return body(unsafeDowncast(found, to: T.self))  // sound: the kind says the class
}

/// The same with the lock held, for what threads may change at once: `body` may neither call the host nor share anything.
func onLocked<T: AnyObject>(_ id: UInt64, _ kind: UInt64, _ body: (T) -> Status) -> Status {
  csystem_lock()
  guard let box = shared.find(id, kind) else {
    csystem_unlock()
    return missedShared(id)
  }
  defer { csystem_unlock() }
  // Sound: the kind says the class.
  return body(unsafeDowncast(Unmanaged<SharedBox>.fromOpaque(box).takeUnretainedValue().object, to: T.self))
}

/// What is not in the table, or of another kind there, may be something else that lives.
@inline(never) func missedShared(_ id: UInt64) -> Status {
  if Id.isShared(id) { return namesShared(id) ? .type : .stale }
  guard let object = csystem_context(Id.reactor(id)) else { return .stale }
  return Unmanaged<Context>.fromOpaque(object)._withUnsafeGuaranteedRef { missed($0, id) }
}

/// Changes an object's count by one; what dies, dies with the lock open: it may call the host's `release`.
func countShared(_ id: UInt64, _ kind: UInt64, _ change: Int) -> Status {
  csystem_lock()
  guard let found = shared.find(id, kind) else {
    csystem_unlock()
    return missedShared(id)
  }
  let box = Unmanaged<SharedBox>.fromOpaque(found).takeUnretainedValue()
  box.count += change
  if box.count == 0, let removed = shared.remove(id) {
    csystem_shared_changed()
    Unmanaged<SharedBox>.fromOpaque(removed).release()
    shared.trim()
  }
  csystem_unlock()
  withExtendedLifetime(box) {}
  return .ok
}

// MARK: Factories

func addFactory(_ out: UnsafeMutablePointer<plait_factory>?, _ factory: Factory) -> Status {
  guard let out else { return .invalid }
  let id = share(factory, Kind.factory)
  guard id != 0 else { return .limit }
  out.pointee.id = id
  return .ok
}

func onFactory(_ factory: plait_factory, _ body: (Factory) -> Status) -> Status {
  onShared(factory.id, Kind.factory, body)
}
