import Bytes
import Testing

@testable import AMP

/// Each type's texts, as Python reads and writes them.
struct TypeTests {
  @Test(arguments: [
    ("0", 0), ("-1", -1), ("+7", 7), (" 12 ", 12), ("0012", 12), ("1_000", 1000), ("-0", 0), ("12\n", 12),
    ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("000000000000000000000000005", 5),
  ])
  func integers(_ text: String, _ number: Int64) {
    #expect(Codec("Integer").read(text)?.integer == number)
    #expect(Codec("Integer").read(text)?.form == Value.natural)
  }

  @Test(arguments: [
    "", "-", "0x10", "1.5", "1__0", "_1", "1_", "- 1", "1 1", "٣", "a", "+", "1-", String(repeating: "1", count: 4301),
  ])
  func notIntegers(_ text: String) { #expect(Codec("Integer").read(text) == nil) }

  @Test func largeIntegers() {
    for text in ["9223372036854775808", "-9223372036854775809", "1180591620717411303424"] {
      #expect(Codec("Integer").read(text)?.form == Value.text)
      #expect(Codec("Integer").text(text) == text)
    }
    #expect(Codec("Integer").read(String(repeating: "9", count: 4300))?.form == Value.text)
  }

  @Test func writtenIntegers() {
    for number in [0, 1, -1, 9, 10, 99, 100, -100, 12345, Int64.max, Int64.min] {
      var value = Value()
      value.integer = number
      #expect(Codec("Integer").text(value) == String(number))
    }
  }

  @Test(arguments: [
    (0.0, "0.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e-5, "1e-05"), (0.0001, "0.0001"), (1e15, "1000000000000000.0"),
    (1e16, "1e+16"), (12_000_000_000_000_000.0, "1.2e+16"), (1e22, "1e+22"), (.leastNonzeroMagnitude, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"), (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"),
    (123.456, "123.456"), (100.0, "100.0"), (9007199254740993.0, "9007199254740992.0"), (1.5e-7, "1.5e-07"),
    (9999999999999998.0, "9999999999999998.0"), (1e100, "1e+100"), (-2.5, "-2.5"),
    (1.0e-4 * 3, "0.00030000000000000003"),
    (2.2250738585072014e-308, "2.2250738585072014e-308"), (1_234_567.0, "1234567.0"),
  ])
  func floats(_ number: Double, _ text: String) {
    var value = Value()
    value.real = number
    #expect(Codec("Float").text(value) == text)
    let back = Codec("Float").read(text)?.real
    #expect(number.isNaN ? back?.isNaN == true : back == number)
  }

  @Test(arguments: [
    ("1", 1.0), ("1.", 1), (".5", 0.5), ("1e5", 100000), (" 1 ", 1), ("NaN", .nan), ("INF", .infinity),
    ("Infinity", .infinity), ("+nan", .nan), ("1_0.5", 10.5), ("1e400", .infinity), ("-1E-2", -0.01),
    ("-infinity", -.infinity),
  ])
  func readFloats(_ text: String, _ number: Double) {
    let back = Codec("Float").read(text)?.real
    #expect(number.isNaN ? back?.isNaN == true : back == number)
  }

  @Test(arguments: ["", "1,5", "0x1p3", "e5", ".", "1e", "1_", "_1", "1__0", "1._5", "nanx", "in", "--1", "1 2"])
  func notFloats(_ text: String) { #expect(Codec("Float").read(text) == nil) }

  @Test(arguments: [
    ("0", "0"), ("-0", "-0"), ("1.0", "1.0"), ("10", "10"), ("1E+2", "1E+2"), ("1E-1", "0.1"), ("150", "150"),
    ("1.5E+2", "1.5E+2"), ("0.000001", "0.000001"), ("1E-7", "1E-7"), ("0E+3", "0E+3"), ("0E-10", "0E-10"),
    ("-0.00", "-0.00"), ("100E-2", "1.00"), ("5E-324", "5E-324"), ("1E+1000", "1E+1000"), ("NaN", "NaN"),
    ("-NaN", "-NaN"),
    ("NaN123", "NaN123"), ("sNaN", "sNaN"), ("-sNaN", "-sNaN"), ("sNaN5", "sNaN5"), ("Infinity", "Infinity"),
    ("-Infinity", "-Infinity"), ("inf", "Infinity"), ("snan", "sNaN"), ("+1", "1"), (" 1 ", "1"), ("1_0", "10"),
    (".5", "0.5"),
    ("5.", "5"), ("1e5", "1E+5"), ("00.100", "0.100"), ("nan0012", "NaN12"), ("123.456e-10", "1.23456E-8"),
    ("0.0000010", "0.0000010"), ("0e5", "0E+5"), ("000", "0"),
  ])
  func decimals(_ text: String, _ written: String) {
    #expect(Codec("Decimal").text(text) == written)
    #expect(Codec("Decimal").read(text) != nil)
  }

  @Test(arguments: ["", "abc", "1e", "1.2.3", "--1", "nanx", "infx", "1e+", ".", "0x1", "1E9999999999999999999"])
  func notDecimals(_ text: String) {
    #expect(Codec("Decimal").read(text) == nil)
    #expect(Codec("Decimal").text(text) == nil)
  }

  @Test func booleans() {
    #expect(Codec("Boolean").read("True")?.integer == 1)
    #expect(Codec("Boolean").read("False")?.integer == 0)
    for text in ["true", "1", "", "TRUE", " True"] { #expect(Codec("Boolean").read(text) == nil) }
    var value = Value()
    #expect(Codec("Boolean").text(value) == "False")
    value.integer = -5
    #expect(Codec("Boolean").text(value) == "True")
  }

  @Test func unicode() {
    let bad: [[UInt8]] = [
      [0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80],
      [0xc3], [0xe2, 0x82], [0x80], [0xf5, 0x80, 0x80, 0x80],
    ]
    for text in bad {
      #expect(Codec("Unicode").read(text) == nil)
      #expect(Codec("String").read(text) != nil)
      #expect(Codec("Path").read(text) == nil)
    }
    for text in ["", "ä€😀", "\u{feff}x", "\u{10ffff}", "\0"] {
      #expect(Codec("Unicode").read(text)?.length == text.utf8.count)
      #expect(Codec("Unicode").text(text) == text)
    }
  }

  @Test(arguments: [
    ("2012-01-23T12:34:56.054321-00:00", 1_327_322_096_054_321, 0, "2012-01-23T12:34:56.054321-00:00"),
    ("2012-01-23T12:34:56.054321+00:00", 1_327_322_096_054_321, 0, "2012-01-23T12:34:56.054321-00:00"),
    ("2024-02-29T00:00:00.000000+05:30", 1_709_145_000_000_000, 330, "2024-02-29T00:00:00.000000+05:30"),
    ("0001-01-01T00:00:00.000000-08:00", -62_135_568_000_000_000, -480, "0001-01-01T00:00:00.000000-08:00"),
    ("9999-12-31T23:59:59.999999-00:00", 253_402_300_799_999_999, 0, "9999-12-31T23:59:59.999999-00:00"),
    ("1970x01x01x00x00x00x000000-00x00", 0, 0, "1970-01-01T00:00:00.000000-00:00"),
    ("1969-12-31T23:59:59.999999-00:00", -1, 0, "1969-12-31T23:59:59.999999-00:00"),
    ("2000-03-01T00:00:00.000000+25:00", 951_782_400_000_000 - 3_600_000_000, 1500, "2000-03-01T00:00:00.000000+25:00"),
    ("2000-03-01T00:00:00.000000+00:99", 951_868_800_000_000 - 5_940_000_000, 99, "2000-03-01T00:00:00.000000+01:39"),
  ])
  func dates(_ text: String, _ time: Int64, _ zone: Int32, _ written: String) {
    let value = Codec("DateTime").read(text)
    #expect(value?.integer == time)
    #expect(value?.offsetMinutes == zone)
    if let value {
      var plain = Value()
      plain.integer = value.integer
      plain.offsetMinutes = value.offsetMinutes
      #expect(Codec("DateTime").text(plain) == written)
    }
  }

  @Test(arguments: [
    "2012-01-23T12:34:60.054321-00:00", "2012-13-23T12:34:56.054321-00:00", "2011-02-29T12:34:56.054321-00:00",
    "2012-01-23T24:34:56.054321-00:00", "2012-01-23T12:34:56.054321Z00:00", "2012-01-23T12:34:56.054321-00:0",
    "2012-01-23T12:34:56.054321-00:000", "0000-01-23T12:34:56.054321-00:00", "", "2012-01-2aT12:34:56.054321-00:00",
  ])
  func notDates(_ text: String) { #expect(Codec("DateTime").read(text) == nil) }

  @Test func everyDayOfFourCenturies() {
    for day in -150_000..<150_000 {
      let (year, month, date) = DateTimeText.date(day)
      #expect(DateTimeText.dayNumber(year, month, date) == day)
    }
  }

  @Test func timesThatNoYearHas() {
    var value = Value()
    for time in [Int64.max, Int64.min, 253_402_300_800_000_000, -62_135_596_800_000_001] {
      value.integer = time
      #expect(Codec("DateTime").write(value) == .failure(Fault(status: .value)))
    }
    value.integer = 0
    for zone in [Int32.max, Int32.min, 6040] {
      value.offsetMinutes = zone
      #expect(Codec("DateTime").write(value) == .failure(Fault(status: .value)))
    }
  }

  @Test func paths() {
    // As os.path.abspath makes them.
    for (given, made) in [
      ("/tmp/x", "/tmp/x"), ("/", "/"), ("//", "//"), ("///", "/"), ("/a//b/", "/a/b"), ("/a/./b/../c", "/a/c"),
      ("/..", "/"), ("/../../a", "/a"), ("//a/..", "//"), ("//a/../../b", "//b"), ("/...", "/..."),
      ("/a/..b", "/a/..b"),
    ] {
      #expect(Codec("Path").text(given) == made)
    }
    let here = Codec("Path").text("") ?? ""
    #expect(here.hasPrefix("/"))
    #expect(Codec("Path").text(".") == here)
    #expect(Codec("Path").text("x/../y") == (here == "/" ? "/y" : here + "/y"))
  }
}
