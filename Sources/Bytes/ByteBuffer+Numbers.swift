import CSystem

// Numbers as text and as prefixes, and words of the library's own.

extension ByteWriter {
  /// How many decimal digits a number has.
  @inline(__always) static func digits(_ value: UInt64) -> Int {
    if value < 10_000 { return value < 100 ? (value < 10 ? 1 : 2) : (value < 1000 ? 3 : 4) }
    var count = 4
    var rest = value / 10_000
    while rest > 0 {
      count &+= 1
      rest /= 10
    }
    return count
  }

  /// The length of a number in decimal, with its sign.
  @inline(__always) public static func length(_ value: Int64) -> Int {
    digits(value.magnitude) &+ (value < 0 ? 1 : 0)
  }

  /// A number in decimal that is so long.
  @inline(__always) public mutating func put(decimal value: Int64, length: Int) {
    let to = advance(length)
    var rest = value.magnitude
    var place = length
    repeat {
      place &-= 1
      // Sound: a number has no more digits than its length, for which the room was checked.
      to.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ rest % 10), toByteOffset: place, as: UInt8.self)
      rest /= 10
    } while rest > 0
    if value < 0 { to.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self) }
  }
  @inline(__always) public mutating func put(decimal value: Int64) {
    put(decimal: value, length: ByteWriter.length(value))
  }

  /// Lowercase, without leading zeros.
  @inline(__always) public mutating func put(hex value: UInt64) {
    var shift = value == 0 ? 0 : (63 - value.leadingZeroBitCount) & ~3
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift) & 15)
      put(digit < 10 ? 48 &+ digit : 87 &+ digit)
      shift -= 4
    }
  }

  @inline(__always) public mutating func put(big16 value: Int) { put(UInt16(truncatingIfNeeded: value).bigEndian) }
  @inline(__always) public mutating func put(big32 value: Int) { put(UInt32(truncatingIfNeeded: value).bigEndian) }

  @inline(__always) public mutating func put(_ text: StaticString) {
    // Sound: a literal's bytes are static.
    put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).bytes)
  }
}

/// The same into room of a buffer that was reserved.
extension ByteBuffer {
  /// The most bytes that a 64-bit number has in decimal, with its sign.
  @inline(__always) public static var longestDecimal: Int { 20 }

  @inline(__always) public mutating func put(decimal value: Int64) { append { $0.put(decimal: value) } }
  @inline(__always) public mutating func put(hex value: UInt64) { append { $0.put(hex: value) } }
  @inline(__always) public mutating func put(big16 value: Int) { append { $0.put(big16: value) } }
  @inline(__always) public mutating func put(big32 value: Int) { append { $0.put(big32: value) } }
  public mutating func put(_ text: StaticString) { append { $0.put(text) } }

  /// Overwrites two bytes at a position counted from the first byte.
  @inline(__always) public mutating func set(big16 value: Int, at position: Int) {
    precondition(position >= 0 && position &+ 2 <= count)
    (base.unsafelyUnwrapped + Int(start) + position)
      .storeBytes(of: UInt16(truncatingIfNeeded: value).bigEndian, as: UInt16.self)
  }
  @inline(__always) public mutating func set(big32 value: Int, at position: Int) {
    precondition(position >= 0 && position &+ 4 <= count)
    (base.unsafelyUnwrapped + Int(start) + position)
      .storeBytes(of: UInt32(truncatingIfNeeded: value).bigEndian, as: UInt32.self)
  }
}

/// The number that a text says, which ends in NUL; in the C locale. What is no number is 0.
public func realNumber(_ text: RawSpan) -> Double {
  guard text.byteCount > 0, text.byte(text.byteCount - 1) == 0 else { return 0 }
  // Sound: strtod reads up to the NUL.
  return text.withUnsafeBytes { csystem_real($0.baseAddress?.assumingMemoryBound(to: CChar.self)) }
}
