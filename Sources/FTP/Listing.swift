import Bytes
import Files

/// How a directory is shown.
public enum ListFormat { case long, names, facts }

/// The facts of MLSD and MLST (RFC 3659 §7.5), as OPTS MLST chooses them.
public struct Facts: OptionSet {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  static var type: Facts { Facts(rawValue: 1) }
  static var size: Facts { Facts(rawValue: 2) }
  static var modify: Facts { Facts(rawValue: 4) }
  static var perm: Facts { Facts(rawValue: 8) }
  static var unique: Facts { Facts(rawValue: 16) }
  static var mode: Facts { Facts(rawValue: 32) }
  static var owner: Facts { Facts(rawValue: 64) }
  static var group: Facts { Facts(rawValue: 128) }
  public static var usual: Facts { [.type, .size, .modify, .perm, .unique, .mode] }

  static func name(_ bit: Int) -> StaticString {
    switch bit {
    case 0: "type"
    case 1: "size"
    case 2: "modify"
    case 3: "perm"
    case 4: "unique"
    case 5: "UNIX.mode"
    case 6: "UNIX.uid"
    default: "UNIX.gid"
    }
  }

  func contains(bit: Int) -> Bool { rawValue & (1 << UInt8(truncatingIfNeeded: bit)) != 0 }
}

extension Words {
  /// `-rw-r--r--   1 0         0                      12 Nov 23 01:17 f.txt`, without a line's end.
  mutating func add(long entry: FileEntry, now: Int64) {
    let stat = entry.stat
    switch stat.kind {
    case .file: add(UInt8(ascii: "-"))
    case .directory: add(UInt8(ascii: "d"))
    case .link: add(UInt8(ascii: "l"))
    case .other: add(UInt8(ascii: "?"))
    }
    for bit in 0..<9 {
      let letter = bit % 3 == 0 ? UInt8(ascii: "r") : bit % 3 == 1 ? UInt8(ascii: "w") : UInt8(ascii: "x")
      add(stat.mode & (0o400 >> UInt32(bit)) != 0 ? letter : UInt8(ascii: "-"))
    }
    add(number: UInt64(stat.links), width: 4)
    add(32)
    add(owner: entry.owner, stat.user)
    add(owner: entry.group, stat.group)
    add(number: stat.size, width: 15)
    add(32)
    add(date: stat.modified, now: now)
    add(32)
    add(name: entry.name)
    if stat.kind == .link, let target = entry.target {
      add(" -> ")
      add(name: target)
    }
  }

  /// By name, as far as there is room, or by number.
  mutating func add(owner name: [UInt8], _ number: UInt32) {
    let before = bytes.count
    if name.isEmpty {
      add(number: UInt64(number))
    } else {
      for byte in name.prefix(8) { bytes.append(byte > 32 ? byte : UInt8(ascii: "_")) }
    }
    pad(32, 10 - (bytes.count - before))
  }

  /// `Nov 23 01:17` for what is of the last half year, else `Jan 01  1970`.
  mutating func add(date: Int64, now: Int64) {
    let time = CivilTime(date)
    add(CivilTime.name(time.month))
    add(32)
    add(number: UInt64(clamping: time.day), width: 2, fill: 48)
    add(32)
    let halfYear: Int64 = 182 * 86400
    if date > now - halfYear, date < now + 86400 {
      add(number: UInt64(clamping: time.hour), width: 2, fill: 48)
      add(UInt8(ascii: ":"))
      add(number: UInt64(clamping: time.minute), width: 2, fill: 48)
    } else {
      add(number: UInt64(clamping: time.year), width: 5)
    }
  }

  /// `type=file;size=12;… name`, without a line's end.
  mutating func add(facts entry: FileEntry, _ wanted: Facts, isReadOnly: Bool, kind: StaticString? = nil) {
    let stat = entry.stat
    for bit in 0..<8 where wanted.contains(bit: bit) {
      if bit == 1, stat.kind == .directory { continue }
      add(Facts.name(bit))
      add(UInt8(ascii: "="))
      switch bit {
      case 0: add(kind ?? Words.type(stat))
      case 1: add(number: stat.size)
      case 2: add(time: stat.modified)
      case 3: addPerm(stat, isReadOnly)
      case 4:
        add(hex: stat.device)
        add(UInt8(ascii: "g"))
        add(hex: stat.inode)
      case 5: add(octal: stat.mode & 0o7777)
      case 6: add(number: UInt64(stat.user))
      default: add(number: UInt64(stat.group))
      }
      add(UInt8(ascii: ";"))
    }
    add(32)
    add(name: entry.name)
  }

  static func type(_ stat: FileStat) -> StaticString {
    switch stat.kind {
    case .file: "file"
    case .directory: "dir"
    case .link: "OS.unix=slink"
    case .other: "OS.unix=other"
    }
  }

  /// What may be done with it (RFC 3659 §7.5.5), as far as its mode tells.
  mutating func addPerm(_ stat: FileStat, _ isReadOnly: Bool) {
    let (canRead, canWrite) = (stat.mode & 0o444 != 0, stat.mode & 0o222 != 0 && !isReadOnly)
    if stat.kind == .directory {
      if canWrite { add("c") }
      if !isReadOnly { add("d") }
      add("e")
      if !isReadOnly { add("f") }
      if canRead { add("l") }
      if canWrite { add("mp") }
    } else {
      if canWrite { add("a") }
      if !isReadOnly { add("df") }
      if canRead { add("r") }
      if canWrite { add("w") }
    }
  }

  mutating func add(hex value: UInt64) {
    var shift = value == 0 ? 0 : (63 - value.leadingZeroBitCount) & ~3
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift) & 15)
      add(digit < 10 ? 48 + digit : 87 + digit)
      shift -= 4
    }
  }

  mutating func add(octal value: UInt32) {
    for shift in [9, 6, 3, 0] { add(48 + UInt8(truncatingIfNeeded: value >> UInt32(shift) & 7)) }
  }
}

extension CivilTime {
  static func name(_ month: Int) -> StaticString {
    switch month {
    case 1: "Jan"
    case 2: "Feb"
    case 3: "Mar"
    case 4: "Apr"
    case 5: "May"
    case 6: "Jun"
    case 7: "Jul"
    case 8: "Aug"
    case 9: "Sep"
    case 10: "Oct"
    case 11: "Nov"
    default: "Dec"
    }
  }
}
