import Bytes
import Wire

/// How bytes are shown in a log: what no terminal could be led astray by.
enum TrafficText {
  static func put(_ words: StaticString, _ out: inout ByteBuffer) {
    let bytes = UnsafeRawBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount)
    _ = out.append(bytes.bytes, limit: mostBytes)
  }

  static func put(_ byte: UInt8, _ out: inout ByteBuffer) { if out.reserve(1, limit: mostBytes) { out.put(byte) } }

  static func put(_ number: UInt64, _ out: inout ByteBuffer) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      put(UInt8(truncatingIfNeeded: 48 + number / divisor % 10), &out)
      divisor /= 10
    }
  }

  /// The reactor's time in front of a line, if it is wanted.
  static func begin(_ out: inout ByteBuffer, _ style: TrafficStyle, _ conn: Conn) {
    guard style.showsTime else { return }
    let now = conn.context.now
    put(now / 1000, &out)
    put(UInt8(ascii: "."), &out)
    put(UInt8(truncatingIfNeeded: 48 + now / 100 % 10), &out)
    put(UInt8(truncatingIfNeeded: 48 + now / 10 % 10), &out)
    put(UInt8(truncatingIfNeeded: 48 + now % 10), &out)
    put(" ", &out)
  }

  static func hex(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

  /// As C writes them: printable ASCII as it is, the rest escaped.
  static func putQuoted(_ bytes: RawSpan, _ out: inout ByteBuffer) {
    guard out.reserve(bytes.byteCount * 4, limit: mostBytes) else { return }
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      switch byte {
      case 34, 92: escape(byte, &out)
      case 13: escape(UInt8(ascii: "r"), &out)
      case 10: escape(UInt8(ascii: "n"), &out)
      case 9: escape(UInt8(ascii: "t"), &out)
      case 32..<127: out.put(byte)
      default:
        escape(UInt8(ascii: "x"), &out)
        out.put(hex(byte >> 4))
        out.put(hex(byte & 15))
      }
    }
  }

  static func escape(_ byte: UInt8, _ out: inout ByteBuffer) {
    out.put(UInt8(ascii: "\\"))
    out.put(byte)
  }

  /// At most sixteen bytes: where they stand, in hexadecimal, as characters.
  static func putHexdump(_ bytes: RawSpan, _ offset: Int, _ out: inout ByteBuffer) {
    guard out.reserve(80, limit: mostBytes) else { return }
    out.put(UInt8(32))
    for place in 0..<8 { out.put(hex(UInt8(truncatingIfNeeded: offset >> (28 - 4 * place)) & 15)) }
    out.put(UInt8(32))
    for index in 0..<16 {
      out.put(UInt8(32))
      out.put(index < bytes.byteCount ? hex(bytes.byte(index) >> 4) : 32)
      out.put(index < bytes.byteCount ? hex(bytes.byte(index) & 15) : 32)
    }
    out.put(UInt8(32))
    out.put(UInt8(32))
    out.put(UInt8(ascii: "|"))
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      out.put(byte >= 32 && byte < 127 ? byte : UInt8(ascii: "."))
    }
    out.put(UInt8(ascii: "|"))
  }
}
