import Bytes

/// How a run of text looks.
public struct Look: Equatable {
  /// PLAIT_IRC_BOLD and so on.
  public var flags: UInt32 = 0
  public var foreground: Int32 = Look.none
  public var background: Int32 = Look.none
  public init() {}

  @inline(__always) public static var none: Int32 { -1 }
  /// A colour is a number of the palette, 0 to 98, or this and three bytes of red, green, blue.
  @inline(__always) public static var hex: Int32 { 0x100_0000 }
  @inline(__always) public static var allFlags: UInt32 { 63 }

  public static func isColour(_ colour: Int32) -> Bool {
    colour >= none && (colour <= 98 || (colour >= hex && colour < hex * 2))
  }
  /// Can one code say both? Each code has colours of its own kind, and a foreground; that of the palette may be none.
  var isSayable: Bool {
    guard Look.isColour(foreground), Look.isColour(background) else { return false }
    return background == Look.none || (background >= Look.hex) == (foreground >= Look.hex)
  }

  /// The flag that a byte turns on or off, or 0.
  @inline(__always) static func flag(_ byte: UInt8) -> UInt32 {
    switch byte {
    case 0x02: return 1
    case 0x1d: return 2
    case 0x1f: return 4
    case 0x1e: return 8
    case 0x11: return 16
    case 0x16: return 32
    default: return 0
    }
  }
  static func byte(_ flag: UInt32) -> UInt8 {
    switch flag {
    case 1: return 0x02
    case 2: return 0x1d
    case 4: return 0x1f
    case 8: return 0x1e
    case 16: return 0x11
    default: return 0x16
    }
  }
}

/// Cuts a text with mIRC's codes into runs that look the same.
public struct Runs: ~Escapable {
  let text: RawSpan
  var at = 0
  var look = Look()

  @_lifetime(copy text)
  public init(_ text: RawSpan) { self.text = text }

  /// The next run that has something in it, without its codes.
  public mutating func next() -> (part: Part, look: Look)? {
    while at < text.byteCount, readCode() {}
    guard at < text.byteCount else { return nil }
    let start = at
    while at < text.byteCount, !Runs.isCode(text.byte(at)) { at += 1 }
    return (Part(start, at), look)
  }

  static func isCode(_ byte: UInt8) -> Bool {
    byte < 32 && (byte == 0x0f || byte == 0x03 || byte == 0x04 || Look.flag(byte) != 0)
  }

  /// Reads one code, if there is one.
  private mutating func readCode() -> Bool {
    let byte = text.byte(at)
    guard Runs.isCode(byte) else { return false }
    at += 1
    switch byte {
    case 0x0f: look = Look()
    case 0x03: readColours { $0.readDecimal() }
    case 0x04: readColours { $0.readHex() }
    default: look.flags ^= Look.flag(byte)
    }
    return true
  }

  private mutating func readColours(_ read: (inout Runs) -> Int32?) {
    guard let foreground = read(&self) else {
      look.foreground = Look.none
      look.background = Look.none
      return
    }
    look.foreground = foreground
    guard at < text.byteCount, text.byte(at) == UInt8(ascii: ",") else { return }
    at += 1
    if let background = read(&self) { look.background = background } else { at -= 1 }
  }

  /// One or two digits; 99 is the colour that it would have without.
  private mutating func readDecimal() -> Int32? {
    guard at < text.byteCount, let first = text.byte(at).digit else { return nil }
    at += 1
    var value = first
    if at < text.byteCount, let second = text.byte(at).digit {
      value = value * 10 + second
      at += 1
    }
    return value == 99 ? Look.none : Int32(truncatingIfNeeded: value)
  }

  private mutating func readHex() -> Int32? {
    guard text.byteCount - at >= 6 else { return nil }
    var value: Int32 = 0
    for index in at..<at + 6 {
      guard let digit = Runs.hexDigit(text.byte(index)) else { return nil }
      value = value << 4 | digit
    }
    at += 6
    return Look.hex | value
  }

  static func hexDigit(_ byte: UInt8) -> Int32? {
    if let digit = byte.digit { return Int32(truncatingIfNeeded: digit) }
    let letter = byte | 32
    return letter >= 97 && letter <= 102 ? Int32(letter) - 87 : nil
  }
}

/// Puts codes between runs.
public struct FormatBuilder {
  public private(set) var bytes: [UInt8] = []
  private var look = Look()
  public init() {}

  /// False: a flag, a colour or a byte that can't be.
  public mutating func add(_ text: RawSpan, _ wanted: Look) -> Bool {
    guard wanted.flags & ~Look.allFlags == 0, wanted.isSayable else { return false }
    for index in 0..<text.byteCount where Runs.isCode(text.byte(index)) { return false }
    if text.byteCount == 0 { return true }
    let mayContinue = change(to: wanted)
    // A text that begins as a colour's number goes on would become part of it.
    if !mayContinue,
      text.byte(0).digit != nil || text.byte(0) == UInt8(ascii: ",") || Runs.hexDigit(text.byte(0)) != nil
    {
      bytes.append(0x02)
      bytes.append(0x02)
    }
    bytes.append(text)
    return true
  }

  /// Writes what makes the one look the other; false when a colour's code is the last of it.
  private mutating func change(to wanted: Look) -> Bool {
    defer { look = wanted }
    if wanted == look { return true }
    if wanted == Look() {
      bytes.append(0x0f)
      return true
    }
    // Colours that go or change are simplest from nothing.
    if (look.foreground != wanted.foreground || look.background != wanted.background),
      look.foreground != Look.none || look.background != Look.none
    {
      bytes.append(0x0f)
      look = Look()
    }
    var flag: UInt32 = 1
    while flag <= 32 {
      if (look.flags ^ wanted.flags) & flag != 0 { bytes.append(Look.byte(flag)) }
      flag <<= 1
    }
    if look.foreground == wanted.foreground, look.background == wanted.background { return true }
    bytes.append(wanted.foreground >= Look.hex ? 0x04 : 0x03)
    add(colour: wanted.foreground)
    if wanted.background != Look.none {
      bytes.append(UInt8(ascii: ","))
      add(colour: wanted.background)
    }
    return false
  }

  private mutating func add(colour: Int32) {
    if colour >= Look.hex {
      var shift: Int32 = 20
      while shift >= 0 {
        let digit = UInt8(truncatingIfNeeded: (colour >> shift) & 15)
        bytes.append(digit < 10 ? 48 + digit : 55 + digit)
        shift -= 4
      }
    } else {
      let number = UInt8(truncatingIfNeeded: colour == Look.none ? 99 : colour)
      bytes.append(48 + number / 10)
      bytes.append(48 + number % 10)
    }
  }
}
