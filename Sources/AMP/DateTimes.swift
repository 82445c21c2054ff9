import Bytes

/// A moment, as 32 characters: `2012-01-23T12:34:56.054321-00:00`. What separates the numbers is not looked at, as Twisted does
/// not; the zone's sign is. Zones of any two digits are read, since Twisted reads them.
struct DateTimeText {
  /// Microseconds since 1970-01-01 00:00 UTC.
  var time: Int64
  /// East of UTC.
  var offsetMinutes: Int32

  static var length: Int { 32 }
  static var second: Int64 { 1_000_000 }

  init(time: Int64, offsetMinutes: Int32) {
    self.time = time
    self.offsetMinutes = offsetMinutes
  }

  /// Nil when the text is none.
  init?(_ text: RawSpan) {
    guard text.byteCount == DateTimeText.length else { return nil }
    func number(_ at: Int, _ count: Int) -> Int {
      var value = 0
      for index in at..<at + count {
        guard let digit = text.byte(index).digit else { return -1 }
        value = value * 10 + digit
      }
      return value
    }
    let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
    let (hour, minute, whole, part) = (number(11, 2), number(14, 2), number(17, 2), number(20, 6))
    let (zoneHours, zoneMinutes) = (number(27, 2), number(30, 2))
    let sign = text.byte(26)
    guard year >= 1, month >= 1, month <= 12, day >= 1, day <= DateTimeText.days(year, month), hour >= 0, hour < 24,
      minute >= 0, minute < 60, whole >= 0, whole < 60, part >= 0, zoneHours >= 0, zoneMinutes >= 0,
      sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
    else { return nil }
    let zone = (zoneHours * 60 + zoneMinutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    let seconds = (DateTimeText.dayNumber(year, month, day) * 24 + hour) * 3600 + (minute - zone) * 60 + whole
    time = Int64(seconds) * DateTimeText.second + Int64(part)
    offsetMinutes = Int32(zone)
  }

  static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  static func days(_ year: Int, _ month: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01 in the Gregorian calendar. March comes first, so that a leap day is the last of its year.
  static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let years = month > 2 ? year : year - 1
    let months = month > 2 ? month - 3 : month + 9
    return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 - 719_468
  }

  /// The year, month and day of a day number from year 1 on.
  static func date(_ dayNumber: Int) -> (Int, Int, Int) {
    let days = dayNumber + 719_468
    let era = days / 146_097
    let inEra = days - era * 146_097
    let year = (inEra - inEra / 1460 + inEra / 36524 - inEra / 146_096) / 365
    let inYear = inEra - (365 * year + year / 4 - year / 100)
    let month = (5 * inYear + 2) / 153
    let day = inYear - (153 * month + 2) / 5 + 1
    return (era * 400 + year + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day)
  }

  /// Appends the text; false when the moment is outside of the years 1 to 9999 in its zone.
  func write(_ out: inout ByteBuffer) -> Status {
    let zone = Int(offsetMinutes)
    let (shift, _) = Int64(zone).multipliedReportingOverflow(by: 60 * DateTimeText.second)
    let (local, isOver) = time.addingReportingOverflow(shift)
    // The first and the last microsecond that four digits of a year can say.
    guard zone.magnitude < 6040, !isOver, local >= -62_135_596_800_000_000, local < 253_402_300_800_000_000 else {
      return .value
    }
    guard out.reserve(DateTimeText.length, limit: mostBytes) else { return .noMemory }
    let part = Int((local % DateTimeText.second + DateTimeText.second) % DateTimeText.second)
    let seconds = (Int(local) - part) / Int(DateTimeText.second)
    let inDay = ((seconds % 86_400) + 86_400) % 86_400
    let (year, month, day) = DateTimeText.date((seconds - inDay) / 86_400)
    func put(_ value: Int, _ count: Int) {
      var power = 1
      for _ in 1..<count { power *= 10 }
      while power > 0 {
        out.put(UInt8(truncatingIfNeeded: 48 + value / power % 10))
        power /= 10
      }
    }
    put(year, 4); out.put(UInt8(ascii: "-")); put(month, 2); out.put(UInt8(ascii: "-")); put(day, 2)
    out.put(UInt8(ascii: "T"))
    put(inDay / 3600, 2); out.put(UInt8(ascii: ":")); put(inDay / 60 % 60, 2); out.put(UInt8(ascii: ":"))
    put(inDay % 60, 2); out.put(UInt8(ascii: ".")); put(part, 6)
    out.put(UInt8(ascii: zone > 0 ? "+" : "-"))  // UTC has a minus, as Twisted writes it
    put(abs(zone) / 60, 2); out.put(UInt8(ascii: ":")); put(abs(zone) % 60, 2)
    return .ok
  }
}
