import Bytes

/// What is looked up by a number: calls by their serial, requests by their tag's hash. Open addressing; numbers that follow
/// each other never meet.
struct SerialTable: ~Copyable {
  struct Entry: BitwiseCopyable {
    var key: UInt64  // 0: free
    var value: UInt
  }
  var entries = PlainList<Entry>()
  private(set) var count = 0

  @inline(__always) var mask: Int { entries.count &- 1 }

  /// The value, or nil.
  @inline(__always) func find(_ key: UInt64) -> UInt? {
    let place = place(of: key)
    return place >= 0 ? entries[place].value : nil
  }

  @inline(__always) func place(of key: UInt64) -> Int {
    guard count > 0, key != 0 else { return -1 }
    var place = Int(truncatingIfNeeded: key) & mask
    while entries[place].key != 0 {
      if entries[place].key == key { return place }
      place = (place &+ 1) & mask
    }
    return -1
  }

  /// Adds or replaces; false when there is no memory.
  mutating func set(_ key: UInt64, _ value: UInt) -> Bool {
    let found = place(of: key)
    if found >= 0 {
      entries[found].value = value
      return true
    }
    guard (count + 1) * 2 <= entries.count || grow() else { return false }
    put(Entry(key: key, value: value))
    return true
  }

  mutating func put(_ entry: Entry) {
    var place = Int(truncatingIfNeeded: entry.key) & mask
    while entries[place].key != 0 { place = (place &+ 1) & mask }
    entries[place] = entry
    count += 1
  }

  @inline(never) mutating func grow() -> Bool { resize(max(entries.count * 2, 8)) }

  mutating func resize(_ size: Int) -> Bool {
    var former = SerialTable()
    swap(&self, &former)
    guard entries.resize(size, Entry(key: 0, value: 0)) else {
      swap(&self, &former)
      return false
    }
    for index in 0..<former.entries.count where former.entries[index].key != 0 { put(former.entries[index]) }
    return true
  }

  /// What comes behind moves up, so that no mark of a removed entry is left. An empty table gives large memory back.
  mutating func remove(_ key: UInt64) {
    var hole = place(of: key)
    guard hole >= 0 else { return }
    count -= 1
    if count == 0, entries.count > 4096 {
      self = SerialTable()
      return
    }
    var place = (hole &+ 1) & mask
    while entries[place].key != 0 {
      let home = Int(truncatingIfNeeded: entries[place].key) & mask
      if (place &- home) & mask >= (place &- hole) & mask {
        entries[hole] = entries[place]
        hole = place
      }
      place = (place &+ 1) & mask
    }
    entries[hole] = Entry(key: 0, value: 0)
  }

  /// Calls `body` with all values.
  func each(_ body: (UInt) -> Void) {
    for index in 0..<entries.count where entries[index].key != 0 { body(entries[index].value) }
  }
}
