import Bytes

/// A line of a listing, by places in the text: ftp_client.h, plait_ftp_entry.
public struct FTPEntry {
  public enum Kind: UInt32 { case none, file, directory, link, other, current, parent }
  public var kind = Kind.none
  public var size: UInt64?
  public var modified: Int64?
  public var mode: UInt32?
  public var links: UInt32 = 0
  public var name = 0..<0
  public var target = 0..<0
  public var owner = 0..<0
  public var group = 0..<0
  public var date = 0..<0
  public var facts = 0..<0
  public init() {}
}

/// Listings as servers write them: for machines (RFC 3659 §7), like ls, like Windows' dir.
public struct FTPListing {
  let line: [UInt8]
  let now: Int64
  var entry = FTPEntry()
  /// What stands between blanks.
  var words: [Range<Int>] = []

  /// Reads the first line; how many bytes that takes with its end.
  public static func parse(_ text: RawSpan, now: Int64, _ entry: inout FTPEntry) -> Int {
    let cut = text.position(of: 10, from: 0)
    var end = cut < 0 ? text.byteCount : cut
    if end > 0, text.byte(end - 1) == 13 { end -= 1 }
    var made = FTPListing(line: text.extracting(0..<end).copied, now: now)
    if !made.readFacts() {
      made.split()
      if !made.readUnix(), !made.readDOS() {
        made.entry = FTPEntry()
        made.entry.name = 0..<end
      }
    }
    entry = made.entry
    return cut < 0 ? text.byteCount : cut + 1
  }

  init(line: [UInt8], now: Int64) {
    self.line = line
    self.now = now
  }

  /// Names have blanks, too; but no more words than these are looked at.
  mutating func split() {
    var at = 0
    while at < line.count, words.count < 14 {
      while at < line.count, line[at] == 32 || line[at] == 9 { at += 1 }
      let start = at
      while at < line.count, line[at] != 32, line[at] != 9 { at += 1 }
      if at > start { words.append(start..<at) }
    }
  }

  func number(_ range: Range<Int>) -> UInt64? { FTPSession.number(Array(line[range])) }

  func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
    range.count == text.utf8CodeUnitCount && line[range].map(Verb.upper) == Words(text).bytes
  }

  func time(_ year: UInt64, _ month: UInt64, _ day: UInt64, _ hour: UInt64, _ minute: UInt64) -> Int64? {
    var digits = Words()
    digits.add(number: year, width: 4, fill: 48)
    for part in [month, day, hour, minute, 0] { digits.add(number: part, width: 2, fill: 48) }
    return digits.bytes.count == 14 ? CivilTime.parse(digits.bytes.span.bytes) : nil
  }

  // MARK: MLSD

  /// "type=file;size=1; name"
  mutating func readFacts() -> Bool {
    guard let cut = line.firstIndex(of: 32), cut > 0, line[cut - 1] == UInt8(ascii: ";"), cut + 1 < line.count else {
      return false
    }
    var made = FTPEntry()
    made.kind = .other
    made.facts = 0..<cut
    made.name = cut + 1..<line.count
    var at = 0
    while at < cut {
      guard let end = line[at..<cut].firstIndex(of: UInt8(ascii: ";")),
        let sign = line[at..<end].firstIndex(of: UInt8(ascii: "="))
      else { return false }
      read(at..<sign, sign + 1..<end, &made)
      at = end + 1
    }
    entry = made
    return true
  }

  func read(_ fact: Range<Int>, _ value: Range<Int>, _ made: inout FTPEntry) {
    if isEqual(fact, "SIZE") || isEqual(fact, "SIZD") { made.size = number(value) }
    if isEqual(fact, "MODIFY") {
      made.date = value
      made.modified = CivilTime.parse(Array(line[value]).span.bytes)
    }
    if isEqual(fact, "UNIX.MODE") { made.mode = octal(value) }
    if isEqual(fact, "UNIX.OWNERNAME") || isEqual(fact, "UNIX.OWNER") { made.owner = value }
    if isEqual(fact, "UNIX.GROUPNAME") || isEqual(fact, "UNIX.GROUP") { made.group = value }
    if isEqual(fact, "UNIX.UID"), made.owner.isEmpty { made.owner = value }
    if isEqual(fact, "UNIX.GID"), made.group.isEmpty { made.group = value }
    guard isEqual(fact, "TYPE") else { return }
    if isEqual(value, "FILE") { made.kind = .file }
    if isEqual(value, "DIR") { made.kind = .directory }
    if isEqual(value, "CDIR") { made.kind = .current }
    if isEqual(value, "PDIR") { made.kind = .parent }
    let colon = line[value].firstIndex(of: UInt8(ascii: ":")) ?? value.upperBound
    let head = value.lowerBound..<colon
    if isEqual(head, "OS.UNIX=SLINK") || isEqual(head, "OS.UNIX=SYMLINK") {
      made.kind = .link
      if colon < value.upperBound { made.target = colon + 1..<value.upperBound }
    }
  }

  func octal(_ range: Range<Int>) -> UInt32? {
    guard !range.isEmpty, range.count <= 7 else { return nil }
    var mode: UInt32 = 0
    for byte in line[range] {
      guard let digit = byte.digit, digit < 8 else { return nil }
      mode = mode << 3 | UInt32(digit)
    }
    return mode & 0o7777
  }

  // MARK: ls

  /// "-rw-r--r--   1 root  wheel   12 Nov 23 01:17 name": what stands between the permissions and the date differs.
  mutating func readUnix() -> Bool {
    guard words.count >= 4, let mode = permissions(words[0]) else { return false }
    var at = 2
    while at + 2 < words.count {
      if let last = date(at) {
        entry.mode = mode
        fill(upTo: at)
        return readName(behind: last)
      }
      at += 1
    }
    return false
  }

  mutating func permissions(_ range: Range<Int>) -> UInt32? {
    guard range.count == 10 || range.count == 11 else { return nil }
    let letters = Array(line[range])
    switch letters[0] {
    case UInt8(ascii: "-"): entry.kind = .file
    case UInt8(ascii: "d"): entry.kind = .directory
    case UInt8(ascii: "l"): entry.kind = .link
    case UInt8(ascii: "b"), UInt8(ascii: "c"), UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "D"):
      entry.kind = .other
    default: return nil
    }
    var mode: UInt32 = 0
    for letter in letters[1..<10] {
      switch letter {
      case UInt8(ascii: "r"), UInt8(ascii: "w"), UInt8(ascii: "x"), UInt8(ascii: "s"), UInt8(ascii: "t"):
        mode = mode << 1 | 1
      case UInt8(ascii: "-"), UInt8(ascii: "S"), UInt8(ascii: "T"), UInt8(ascii: "l"), UInt8(ascii: "L"): mode <<= 1
      default: return nil
      }
    }
    for (place, bit) in [(3, UInt32(0o4000)), (6, 0o2000), (9, 0o1000)] {
      let letter = Verb.upper(letters[place])
      if letter == UInt8(ascii: "S") || letter == UInt8(ascii: "T") || letter == UInt8(ascii: "L") { mode |= bit }
    }
    return mode
  }

  static func month(_ word: [UInt8]) -> UInt64? {
    let months: StaticString = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
    guard word.count == 3 else { return nil }
    let letters = word.map(Verb.upper)
    let names = Words(months).bytes
    for month in 0..<12 where letters == Array(names[month * 3..<month * 3 + 3]) { return UInt64(month) + 1 }
    return nil
  }

  /// A date that begins with this word; nil: none does. Its last word.
  mutating func date(_ at: Int) -> Int? {
    if let clock = clock(at + 1), let day = day(words[at]) {
      entry.modified = time(day.0, day.1, day.2, clock.0, clock.1)
      let hasZone = at + 2 < words.count && isZone(words[at + 2])
      return isDated(at, hasZone ? at + 2 : at + 1)
    }
    let first = FTPListing.month(Array(line[words[at]]))
    guard let month = first ?? FTPListing.month(Array(line[words[at + 1]])),
      let day = number(words[first == nil ? at : at + 1]), day >= 1, day <= 31
    else { return nil }
    if let clock = clock(at + 2) {
      entry.modified = recent(month, day, clock.0, clock.1)
    } else {
      guard words[at + 2].count == 4, let year = number(words[at + 2]) else { return nil }
      entry.modified = time(year, month, day, 0, 0)
    }
    return isDated(at, at + 2)
  }

  mutating func isDated(_ first: Int, _ last: Int) -> Int {
    entry.date = words[first].lowerBound..<words[last].upperBound
    return last
  }

  /// "2026-11-23"
  func day(_ range: Range<Int>) -> (UInt64, UInt64, UInt64)? {
    let parts = line[range].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, let year = FTPSession.number(Array(parts[0])),
      let month = FTPSession.number(Array(parts[1])), let day = FTPSession.number(Array(parts[2])), month <= 12,
      day <= 31
    else { return nil }
    return (year, month, day)
  }

  /// "01:17", "01:17:02.123"
  func clock(_ at: Int) -> (UInt64, UInt64)? {
    guard at < words.count else { return nil }
    let parts = line[words[at]].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let hour = FTPSession.number(Array(parts[0])), hour < 24,
      let minute = FTPSession.number(Array(parts[1])), minute < 60
    else { return nil }
    return (hour, minute)
  }

  func isZone(_ range: Range<Int>) -> Bool {
    let sign = line[range.lowerBound]
    return range.count == 5 && (sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"))
      && number(range.lowerBound + 1..<range.upperBound) != nil
  }

  /// A day of the last twelve months, or tomorrow, for clocks differ.
  func recent(_ month: UInt64, _ day: UInt64, _ hour: UInt64, _ minute: UInt64) -> Int64? {
    guard now > 0 else { return nil }
    let year = UInt64(clamping: CivilTime(now).year)
    if let found = time(year, month, day, hour, minute), found <= now + 86_400 { return found }
    return time(year - 1, month, day, hour, minute)
  }

  /// Between the permissions and the date: links, owner, group, size, as far as they are there.
  mutating func fill(upTo date: Int) {
    var rest = Array(words[1..<date])
    if let last = rest.last, let size = number(last) {
      entry.size = size
      rest.removeLast()
    }
    if let first = rest.first, let links = number(first) {
      entry.links = UInt32(clamping: links)
      rest.removeFirst()
    }
    if rest.count > 0 { entry.owner = rest[0] }
    if rest.count > 1 { entry.group = rest[1] }
    if entry.kind == .other { entry.size = nil }  // two numbers of a device
  }

  /// One blank, and then the name, which may begin with others.
  mutating func readName(behind last: Int) -> Bool {
    let start = words[last].upperBound + 1
    guard start < line.count else { return false }
    entry.name = start..<line.count
    guard entry.kind == .link else { return true }
    var at = start + 1
    while at + 4 < line.count {
      if line[at] == 32, line[at + 1] == UInt8(ascii: "-"), line[at + 2] == UInt8(ascii: ">"), line[at + 3] == 32 {
        entry.name = start..<at
        entry.target = at + 4..<line.count
        return true
      }
      at += 1
    }
    return true
  }

  // MARK: dir

  /// "11-23-26  01:17AM       <DIR>          name"
  mutating func readDOS() -> Bool {
    entry = FTPEntry()
    guard words.count >= 4 else { return false }
    let parts = line[words[0]].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 3, let month = FTPSession.number(Array(parts[0])),
      let day = FTPSession.number(Array(parts[1])),
      var year = FTPSession.number(Array(parts[2])), month <= 12, day <= 31, year <= 9999,
      let (hour, minute) = noon(words[1])
    else { return false }
    if parts[2].count == 2 { year += year < 70 ? 2000 : 1900 }
    entry.date = words[0].lowerBound..<words[1].upperBound
    entry.modified = time(year, month, day, hour, minute)
    var start = words[2].upperBound + 1
    if isEqual(words[2], "<DIR>") {
      entry.kind = .directory
      start = words[3].lowerBound
    } else {
      guard let size = number(words[2]) else { return false }
      entry.kind = .file
      entry.size = size
    }
    entry.name = start..<line.count
    return start < line.count
  }

  /// "01:17AM", "13:17"
  func noon(_ range: Range<Int>) -> (UInt64, UInt64)? {
    var letters = line[range].map(Verb.upper)
    var isLate: Bool?
    if letters.last == UInt8(ascii: "M"), letters.count > 2 {
      isLate = letters[letters.count - 2] == UInt8(ascii: "P")
      letters.removeLast(2)
    }
    let parts = letters.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, var hour = FTPSession.number(Array(parts[0])), hour < 24,
      let minute = FTPSession.number(Array(parts[1])), minute < 60
    else { return nil }
    if let isLate { hour = hour % 12 + (isLate ? 12 : 0) }
    return (hour, minute)
  }
}
