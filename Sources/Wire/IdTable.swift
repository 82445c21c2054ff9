import CSystem

/// What a handle names: the upper four bits of every id.
public enum Kind {
  @inline(__always) public static var reactor: UInt64 { 1 }
  @inline(__always) public static var factory: UInt64 { 2 }
  @inline(__always) public static var listener: UInt64 { 3 }
  @inline(__always) public static var conn: UInt64 { 4 }
  @inline(__always) public static var timer: UInt64 { 5 }
  @inline(__always) public static var call: UInt64 { 6 }
  @inline(__always) public static var connector: UInt64 { 7 }
  @inline(__always) public static var command: UInt64 { 8 }
  @inline(__always) public static var box: UInt64 { 9 }
  @inline(__always) public static var tlsConfig: UInt64 { 10 }
  @inline(__always) public static var wrapper: UInt64 { 11 }
  @inline(__always) public static var stringTransport: UInt64 { 12 }
  @inline(__always) public static var element: UInt64 { 13 }
  @inline(__always) public static var ftpRequest: UInt64 { 14 }
  /// Is it of those that belong to no reactor?
  @inline(__always) public static func isShared(_ kind: UInt64) -> Bool {
    kind == factory || kind == command || kind == tlsConfig || kind == element
  }
}

/// The parts of an id: kind 4 bits, reactor 10, slot 24, generation 26.
public enum Id {
  @inline(__always) public static func kind(_ id: UInt64) -> UInt64 { id >> 60 }
  @inline(__always) public static func reactor(_ id: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: id >> 50) & 1023 }
  @inline(__always) public static func slot(_ id: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: id >> 26) & 0xff_ffff }
  @inline(__always) public static func generation(_ id: UInt64) -> UInt64 { id & newest }
  /// Does it name what belongs to no reactor? (Elements of callbacks belong to one.)
  @inline(__always) public static func isShared(_ id: UInt64) -> Bool { reactor(id) == 0 && Kind.isShared(kind(id)) }
  @inline(__always) static var newest: UInt64 { 0x3ff_ffff }
  @inline(__always) static var mostSlots: UInt32 { 0xff_ffff }
}

/// The owner of everything that has an id. An entry holds the whole id, so that one comparison
/// checks kind, reactor, slot and generation.
public struct IdTable: ~Copyable {
  struct Entry {
    var id: UInt64  // kind 0: free, with the generation to come
    var object: UInt  // free: the next free slot
  }
  var entries: UnsafeMutablePointer<Entry>?
  /// How many slots there have ever been.
  public private(set) var count: UInt32 = 0
  /// How many objects there are.
  public private(set) var alive = 0
  var capacity: UInt32 = 0
  var free: UInt32 = .max
  let prefix: UInt64
  var firstGeneration: UInt64
  public private(set) var newestGeneration: UInt64

  /// `generation` is the newest that an earlier table of this reactor's number has used.
  public init(reactor: UInt32, generation: UInt32) {
    prefix = UInt64(reactor) << 50
    firstGeneration = UInt64(generation) + 1
    newestGeneration = firstGeneration
  }
  deinit { CSystem.free(entries) }

  /// Takes over a retained object; 0 when there is no memory or no slot left.
  public mutating func insert(_ object: UnsafeMutableRawPointer, _ kind: UInt64) -> UInt64 {
    if free == .max {
      guard count < Id.mostSlots, count < capacity || grow(), let entries, firstGeneration <= Id.newest else {
        return 0
      }
      (entries + Int(count)).initialize(to: Entry(id: firstGeneration, object: UInt(UInt32.max)))
      free = count
      count += 1
    }
    guard let entries else { return 0 }
    let slot = free
    let generation = Id.generation(entries[Int(slot)].id)
    free = UInt32(truncatingIfNeeded: entries[Int(slot)].object)
    let id = kind << 60 | prefix | UInt64(slot) << 26 | generation
    entries[Int(slot)] = Entry(id: id, object: UInt(bitPattern: object))
    alive &+= 1
    return id
  }

  mutating func grow() -> Bool {
    let wanted = max(capacity * 2, 16)
    guard let moved = realloc(entries, Int(wanted) * MemoryLayout<Entry>.stride) else { return false }
    entries = moved.assumingMemoryBound(to: Entry.self)
    capacity = wanted
    return true
  }

  /// The object, still owned by the table; nil when the id is zero, stale or of another kind.
  @inline(__always) public func find(_ id: UInt64, _ kind: UInt64) -> UnsafeRawPointer? {
    let slot = Id.slot(id)
    guard slot < count, let entries, entries[Int(slot)].id == id, Id.kind(id) == kind else { return nil }
    return UnsafeRawPointer(bitPattern: entries[Int(slot)].object)
  }

  /// Does the id name something, of whatever kind?
  public func names(_ id: UInt64) -> Bool {
    let slot = Id.slot(id)
    guard slot < count, let entries else { return false }
    return entries[Int(slot)].id == id && Id.kind(id) != 0
  }

  /// Gives the object up to the caller, who now has its retain.
  public mutating func remove(_ id: UInt64) -> UnsafeRawPointer? {
    guard names(id), let object = find(id, Id.kind(id)), let entries else { return nil }
    let slot = Id.slot(id)
    let next = Id.generation(id) + 1
    newestGeneration = max(newestGeneration, next)
    if next > Id.newest {  // the slot's generations are used up: it is retired
      entries[Int(slot)] = Entry(id: 0, object: 0)
    } else {
      entries[Int(slot)] = Entry(id: next, object: UInt(free))
      free = slot
    }
    alive &-= 1
    return object
  }

  /// The same object under a new id, the former one is stale at once; 0 where the slot's generations are used up. (`remove` is where
  /// the newest generation is learnt.)
  @inline(__always) public mutating func renew(_ id: UInt64) -> UInt64 {
    let slot = Id.slot(id)
    guard slot < count, let entries, entries[Int(slot)].id == id, Id.generation(id) < Id.newest &- 1 else { return 0 }
    let next = id &+ 1
    entries[Int(slot)].id = next
    return next
  }

  /// Gives the memory of an empty table back; ids go on with newer generations. (Not where that could use them up.)
  public mutating func trim() {
    guard alive == 0, newestGeneration < Id.newest / 2 else { return }
    CSystem.free(entries)
    entries = nil
    firstGeneration = newestGeneration + 1
    newestGeneration = firstGeneration
    count = 0
    capacity = 0
    free = .max
  }

  /// The id in a slot, or 0.
  public func id(at slot: UInt32) -> UInt64 {
    guard slot < count, let entries, Id.kind(entries[Int(slot)].id) != 0 else { return 0 }
    return entries[Int(slot)].id
  }
}
