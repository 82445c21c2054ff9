import Bytes
import Files

/// Text that is put together: a reply, a line of a listing.
struct Words {
  var bytes: [UInt8] = []
  init() {}
  init(_ text: StaticString) { add(text) }

  mutating func add(_ text: StaticString) {
    let start = text.utf8Start
    for index in 0..<text.utf8CodeUnitCount { bytes.append(start[index]) }  // sound: a literal's bytes are static
  }
  mutating func add(_ more: [UInt8]) { bytes.append(contentsOf: more) }
  mutating func add(_ byte: UInt8) { bytes.append(byte) }

  mutating func add(number: UInt64) { add(number: number, width: 0) }
  /// Behind blanks, or zeros, up to that width.
  mutating func add(number: UInt64, width: Int, fill: UInt8 = 32) {
    var digits: [UInt8] = []
    var rest = number
    repeat {
      digits.append(48 + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    pad(fill, width - digits.count)
    for digit in digits.reversed() { bytes.append(digit) }
  }
  mutating func pad(_ fill: UInt8, _ count: Int) { for _ in 0..<max(0, count) { bytes.append(fill) } }

  /// A name, with what would begin another line shown as people write it.
  mutating func add(name: [UInt8]) {
    for byte in name {
      switch byte {
      case 10: add("\\n")
      case 13: add("\\r")
      case 0: add("\\0")
      default: bytes.append(byte)
      }
    }
  }

  /// Within quotes, which are doubled inside (RFC 959, appendix II).
  mutating func add(quoted name: [UInt8]) {
    add(34)
    var doubled: [UInt8] = []
    for byte in name {
      doubled.append(byte)
      if byte == 34 { doubled.append(34) }
    }
    add(name: doubled)
    add(34)
  }

  /// YYYYMMDDHHMMSS, in UTC (RFC 3659 §2.3).
  mutating func add(time seconds: Int64) {
    let time = CivilTime(seconds)
    add(number: UInt64(clamping: time.year), width: 4, fill: 48)
    for part in [time.month, time.day, time.hour, time.minute, time.second] {
      add(number: UInt64(clamping: part), width: 2, fill: 48)
    }
  }
}

/// A time in UTC, by parts.
struct CivilTime {
  var year = 1970
  var month = 1
  var day = 1
  var hour = 0
  var minute = 0
  var second = 0

  init(_ seconds: Int64) {
    let longest: Int64 = 253_402_300_799  // the end of the year 9999
    let time = min(max(seconds, 0), longest)
    let days = Int(time / 86400) + 719_468
    let rest = Int(time % 86400)
    (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
    // From days to a date, with years that begin in March (Hinnant, "chrono-compatible low-level date algorithms").
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// What YYYYMMDDHHMMSS says, in seconds; a fraction behind a point is left out.
  static func parse(_ text: RawSpan) -> Int64? {
    guard text.byteCount >= 14 else { return nil }
    var numbers: [Int] = []
    for index in 0..<14 {
      guard let digit = text.byte(index).digit else { return nil }
      numbers.append(digit)
    }
    if text.byteCount > 14 {
      guard text.byte(14) == UInt8(ascii: "."), text.byteCount > 15, text.byteCount <= 32 else { return nil }
      for index in 15..<text.byteCount where text.byte(index).digit == nil { return nil }
    }
    func pair(_ at: Int) -> Int { numbers[at] * 10 + numbers[at + 1] }
    let year = pair(0) * 100 + pair(2)
    let (month, day) = (pair(4), pair(6))
    guard year >= 1970, (1...12).contains(month), day >= 1, pair(8) < 24, pair(10) < 60, pair(12) <= 60 else {
      return nil
    }
    let before = month <= 2 ? year - 1 : year
    let era = before / 400
    let yearOfEra = before - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    let seconds = Int64(days * 86400 + pair(8) * 3600 + pair(10) * 60 + min(pair(12), 59))
    let again = CivilTime(seconds)
    return again.day == day && again.month == month ? seconds : nil
  }
}
