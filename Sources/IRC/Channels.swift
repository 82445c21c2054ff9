import Bytes

/// Who is in a channel: which user, and what stands before the nick there. Eight bytes each, hashed by the user's number.
struct Members: ~Copyable {
  /// User's number plus 1 in the upper half, or 0: free; `gone` where one was.
  private var slots = PlainList<UInt64>()
  private(set) var count = 0
  private var used = 0
  private static var gone: UInt64 { 1 }

  @inline(__always) private func start(_ user: UInt32) -> Int {
    Int(truncatingIfNeeded: UInt64(user) &* 0x9e37_79b9_7f4a_7c15 >> 32) & (slots.count - 1)
  }

  private func find(_ user: UInt32) -> Int {
    guard slots.count > 0 else { return -1 }
    var place = start(user)
    while slots[place] != 0 {
      if slots[place] >> 32 == UInt64(user) + 1 { return place }
      place = (place + 1) & (slots.count - 1)
    }
    return -1
  }

  func contains(_ user: UInt32) -> Bool { find(user) >= 0 }
  func flags(_ user: UInt32) -> UInt32 {
    let place = find(user)
    return place < 0 ? 0 : UInt32(truncatingIfNeeded: slots[place] >> 8) & 0xffff
  }

  /// True: it is new.
  mutating func set(_ user: UInt32, _ flags: UInt32) -> Bool {
    let entry = (UInt64(user) + 1) << 32 | UInt64(flags & 0xffff) << 8
    let place = find(user)
    if place >= 0 {
      slots[place] = entry
      return false
    }
    if (used + 1) * 4 > slots.count * 3, !grow() { return false }
    insert(entry, user)
    count += 1
    return true
  }

  private mutating func insert(_ entry: UInt64, _ user: UInt32) {
    var place = start(user)
    while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
    slots[place] = entry
    used += 1
  }

  private mutating func grow() -> Bool {
    var room = 8
    while room * 3 < (count + 1) * 4 + room { room *= 2 }
    var wider = Members()
    guard wider.slots.resize(room, 0) else { return false }
    for index in 0..<slots.count where slots[index] > Members.gone {
      wider.insert(slots[index], UInt32(truncatingIfNeeded: slots[index] >> 32) &- 1)
    }
    wider.count = count
    self = wider
    return true
  }

  mutating func remove(_ user: UInt32) -> Bool {
    let place = find(user)
    guard place >= 0 else { return false }
    slots[place] = Members.gone
    count -= 1
    return true
  }

  func forEach(_ body: (UInt32, UInt32) -> Void) {
    for index in 0..<slots.count where slots[index] > Members.gone {
      body(UInt32(truncatingIfNeeded: slots[index] >> 32) &- 1, UInt32(truncatingIfNeeded: slots[index] >> 8) & 0xffff)
    }
  }
}

/// A channel that this side is in.
final class Channel {
  var name: [UInt8]
  var topic: [UInt8] = []
  var key: [UInt8] = []
  /// Without those of members, and without lists.
  private(set) var modes: [(letter: UInt8, parameter: [UInt8])] = []
  var members = Members()
  init(_ name: [UInt8]) { self.name = name }

  func setMode(_ letter: UInt8, _ parameter: [UInt8], _ isSet: Bool) {
    modes.removeAll { $0.letter == letter }
    if isSet, modes.count < 64 { modes.append((letter, parameter)) }
  }
  func forgetModes() { modes.removeAll() }
}

/// Somebody who shares a channel with this side.
struct User {
  var nick: [UInt8] = []
  var channels: UInt32 = 0
}

/// The channels of a session, and who is in them. Nobody is kept who is in none.
struct World {
  private(set) var channels: [Channel] = []
  private var places: [[UInt8]: UInt32] = [:]  // of the same type: its code is there once
  private var users: [User] = []
  private var numbers: [[UInt8]: UInt32] = [:]
  private var free: [UInt32] = []

  static func fold(_ name: RawSpan, _ mapping: CaseMapping) -> [UInt8] {
    var made: [UInt8] = []
    made.reserveCapacity(name.byteCount)
    for index in 0..<name.byteCount { made.append(mapping.lower(name.byte(index))) }
    return made
  }

  func channel(_ name: RawSpan, _ mapping: CaseMapping) -> Channel? {
    guard !channels.isEmpty, let place = places[World.fold(name, mapping)] else { return nil }
    return channels[Int(place)]
  }

  mutating func enter(_ name: RawSpan, _ mapping: CaseMapping) -> Channel {
    if let known = channel(name, mapping) { return known }
    var bytes: [UInt8] = []
    bytes.append(name)
    let made = Channel(bytes)
    places[World.fold(name, mapping)] = UInt32(truncatingIfNeeded: channels.count)
    channels.append(made)
    return made
  }

  mutating func leave(_ name: RawSpan, _ mapping: CaseMapping) {
    guard let found = places.removeValue(forKey: World.fold(name, mapping)) else { return }
    let place = Int(found)
    let channel = channels[place]
    var gone: [UInt32] = []
    channel.members.forEach { user, _ in gone.append(user) }
    let last = channels.count - 1
    if place != last {
      channels[place] = channels[last]
      let name = channels[place].name
      places[World.fold(name.span.bytes, mapping)] = UInt32(truncatingIfNeeded: place)
    }
    channels.removeLast()
    for user in gone { letGo(user, mapping) }
  }

  func user(_ nick: RawSpan, _ mapping: CaseMapping) -> UInt32? { numbers[World.fold(nick, mapping)] }
  func nick(_ user: UInt32) -> [UInt8] { users[Int(user)].nick }

  mutating func add(_ nick: RawSpan, to channel: Channel, _ flags: UInt32, _ mapping: CaseMapping) {
    let folded = World.fold(nick, mapping)
    var number: UInt32
    if let known = numbers[folded] {
      number = known
    } else {
      var made = User()
      made.nick.append(nick)
      if let spare = free.popLast() {
        number = spare
        users[Int(number)] = made
      } else {
        number = UInt32(truncatingIfNeeded: users.count)
        users.append(made)
      }
      numbers[folded] = number
    }
    if channel.members.set(number, flags) { users[Int(number)].channels += 1 }
    if users[Int(number)].channels == 0 { forget(number, folded) }  // there was no memory for a member
  }

  mutating func remove(_ nick: RawSpan, from channel: Channel, _ mapping: CaseMapping) {
    guard let number = user(nick, mapping), channel.members.remove(number) else { return }
    letGo(number, mapping)
  }

  mutating func quit(_ nick: RawSpan, _ mapping: CaseMapping) {
    guard let number = user(nick, mapping) else { return }
    for channel in channels where channel.members.remove(number) { letGo(number, mapping) }
  }

  mutating func rename(_ nick: RawSpan, to name: RawSpan, _ mapping: CaseMapping) {
    guard let number = numbers.removeValue(forKey: World.fold(nick, mapping)) else { return }
    users[Int(number)].nick = []
    users[Int(number)].nick.append(name)
    numbers[World.fold(name, mapping)] = number
  }

  private mutating func letGo(_ number: UInt32, _ mapping: CaseMapping) {
    users[Int(number)].channels -= 1
    let nick = users[Int(number)].nick
    if users[Int(number)].channels == 0 { forget(number, World.fold(nick.span.bytes, mapping)) }
  }

  private mutating func forget(_ number: UInt32, _ folded: [UInt8]) {
    if numbers[folded] == number { numbers[folded] = nil }
    users[Int(number)].nick = []
    free.append(number)
  }

  /// Names mean something else from now on.
  mutating func refold(_ mapping: CaseMapping) {
    places.removeAll()
    numbers.removeAll()
    for index in 0..<channels.count {
      let name = channels[index].name
      places[World.fold(name.span.bytes, mapping)] = UInt32(truncatingIfNeeded: index)
    }
    for index in 0..<users.count where users[index].channels > 0 {
      let nick = users[index].nick
      numbers[World.fold(nick.span.bytes, mapping)] = UInt32(truncatingIfNeeded: index)
    }
  }
}
