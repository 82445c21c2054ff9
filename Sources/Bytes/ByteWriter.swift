import CSystem

/// The end of a buffer while it is being written, in registers. Every `put` is checked against the room
/// that is left, so that a wrong sum traps instead of corrupting.
public struct ByteWriter: ~Copyable {
  let start: UnsafeMutableRawPointer
  let room: Int
  /// How much has been written.
  var count = 0

  /// Where nothing may be written: there is no room.
  @inline(__always) public static var nowhere: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
  }

  @inline(__always) init(at start: UnsafeMutableRawPointer, room: Int) {
    self.start = start
    self.room = room
  }

  /// Where the next so many bytes go, if there is room.
  @inline(__always) mutating func advance(_ more: Int) -> UnsafeMutableRawPointer {
    precondition(more >= 0 && more <= room &- count)
    count &+= more
    return start + (count &- more)
  }

  @inline(__always) public mutating func put(_ bytes: RawSpan) {
    let to = advance(bytes.byteCount)
    // Sound: the room was checked, and the span's bytes are initialized.
    bytes.withUnsafeBytes { csystem_copy(to, $0.baseAddress, $0.count) }
  }

  /// The same, by a call: for what is seldom appended.
  @inline(__always) public mutating func put(rare bytes: RawSpan) {
    let to = advance(bytes.byteCount)
    bytes.withUnsafeBytes { csystem_copy_rare(to, $0.baseAddress, $0.count) }  // sound: as above
  }

  /// A number in this machine's byte order.
  @inline(__always) public mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    advance(MemoryLayout<T>.size).storeBytes(of: value, as: T.self)  // sound: the room was checked
  }

  /// A number in decimal digits.
  @inline(__always) public mutating func put(decimal value: UInt32) {
    var place = decimalDigits(Int(value))
    let to = advance(place)
    var rest = value
    repeat {
      place &-= 1
      // Sound: `place` runs from the last of the checked digits down to the first.
      to.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ rest % 10), toByteOffset: place, as: UInt8.self)
      rest /= 10
    } while rest > 0
  }
}
