import CSystem

/// What can be scheduled: a subclass says what happens when it falls due. The heap keeps it alive
/// while it is scheduled.
open class TimerEntry {
  public internal(set) final var due: UInt64 = 0
  final var place: Int32 = -1
  public init() {}
  @inline(__always) public final var isScheduled: Bool { place >= 0 }
  open func fired(_ context: Context) {}
}

/// The timers of a reactor: a binary heap by time and, within one time, by order of scheduling.
/// The keys lie in the heap, so that moving an entry touches no other object.
public struct TimerHeap: ~Copyable {
  struct Slot {
    var due: UInt64
    var order: UInt64
    var entry: Unmanaged<TimerEntry>
    func isBefore(_ other: Slot) -> Bool { due < other.due || (due == other.due && order < other.order) }
  }
  var slots: UnsafeMutablePointer<Slot>?
  public private(set) var count = 0
  var capacity = 0
  /// What the next entry gets: entries of one time fire in this order.
  public private(set) var order: UInt64 = 0

  init() {}
  deinit {
    for index in 0..<count { slots?[index].entry.release() }
    free(slots)
  }

  /// When the earliest falls due, or nil.
  @inline(__always) public var earliest: UInt64? { count > 0 ? slots?[0].due : nil }

  /// Schedules an entry, or moves one that is scheduled; false when there is no memory.
  public mutating func schedule(_ entry: TimerEntry, at due: UInt64) -> Bool {
    if entry.isScheduled { remove(entry) }
    guard count < capacity || grow(), let slots else { return false }
    order += 1
    entry.due = due
    (slots + count).initialize(to: Slot(due: due, order: order, entry: Unmanaged.passRetained(entry)))
    count += 1
    rise(count - 1)
    return true
  }

  public mutating func remove(_ entry: TimerEntry) {
    guard let slots, entry.place >= 0, Int(entry.place) < count else { return }
    let hole = Int(entry.place)
    let owned = slots[hole].entry
    entry.place = -1
    count -= 1
    if hole < count {
      slots[hole] = slots[count]
      slots[hole].entry._withUnsafeGuaranteedRef { $0.place = Int32(hole) }
      rise(hole)
      sink(hole)
    }
    owned.release()
  }

  /// Takes the earliest out if it is due by `now` and was scheduled before `limit`.
  mutating func pop(dueBy now: UInt64, before limit: UInt64) -> TimerEntry? {
    guard count > 0, let slots, slots[0].due <= now, slots[0].order <= limit else { return nil }
    let entry = slots[0].entry.takeUnretainedValue()
    remove(entry)
    return entry
  }

  mutating func grow() -> Bool {
    let wanted = max(capacity * 2, 8)
    guard let moved = realloc(slots, wanted * MemoryLayout<Slot>.stride) else { return false }
    slots = moved.assumingMemoryBound(to: Slot.self)
    capacity = wanted
    return true
  }

  mutating func rise(_ start: Int) {
    guard let slots else { return }
    var place = start
    let moving = slots[place]
    while place > 0, moving.isBefore(slots[(place - 1) / 2]) {
      put(slots[(place - 1) / 2], place)
      place = (place - 1) / 2
    }
    put(moving, place)
  }

  mutating func sink(_ start: Int) {
    guard let slots else { return }
    var place = start
    let moving = slots[place]
    while place * 2 + 1 < count {
      var child = place * 2 + 1
      if child + 1 < count, slots[child + 1].isBefore(slots[child]) { child += 1 }
      guard slots[child].isBefore(moving) else { break }
      put(slots[child], place)
      place = child
    }
    put(moving, place)
  }

  func put(_ slot: Slot, _ place: Int) {
    slots?[place] = slot
    slot.entry._withUnsafeGuaranteedRef { $0.place = Int32(place) }
  }
}
