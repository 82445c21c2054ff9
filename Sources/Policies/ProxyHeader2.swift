import Bytes
import Wire

/// Version 2 of the PROXY protocol's header: binary.
extension ProxyHeader {
  static func signature(_ place: Int) -> UInt8 {
    switch place {
    case 0, 2, 5: 0x0d
    case 1, 3, 6, 11: 0x0a
    case 4: 0x00
    case 7: 0x51
    case 8: 0x55
    case 9: 0x49
    default: 0x54
    }
  }

  static func parseBinary(_ bytes: RawSpan, _ longest: Int) -> Parsed {
    for place in 0..<min(12, bytes.byteCount) where bytes.byte(place) != signature(place) {
      return bad(place, "no PROXY header")
    }
    guard bytes.byteCount > 12 else { return .unfinished }
    let command = bytes.byte(12)
    guard command >> 4 == 2 else { return bad(12, "an unknown version of the PROXY protocol") }
    guard command & 15 <= 1 else { return bad(12, "an unknown command of the PROXY protocol") }
    guard bytes.byteCount > 13 else { return .unfinished }
    let family = bytes.byte(13)
    guard family >> 4 <= 3, family & 15 <= 2 else { return bad(13, "an unknown family") }
    guard bytes.byteCount >= 16 else { return .unfinished }
    let length = 16 + Int(bytes.byte(14)) << 8 + Int(bytes.byte(15))
    guard length <= longest else { return .failed(Reason(.tooLong, text: "the PROXY header is too long")) }
    var size = 0
    switch family >> 4 {
    case 1: size = 12
    case 2: size = 36
    case 3: size = 216
    default: size = 0
    }
    guard length >= 16 + size || command & 15 == 0 else { return bad(14, "too short for its addresses") }
    guard bytes.byteCount >= length else { return .unfinished }
    var header = ProxyHeader()
    header.length = length
    guard command & 15 == 1 else { return .header(header) }
    if family & 15 == 1 { header.ends = addresses(bytes, family >> 4) }
    if let fault = checkFields(bytes.extracting(first: length), 16 + size) { return fault }
    return .header(header)
  }

  static func addresses(_ bytes: RawSpan, _ family: UInt8) -> (Address, Address)? {
    func port(_ at: Int) -> UInt16 { UInt16(bytes.byte(at)) << 8 | UInt16(bytes.byte(at + 1)) }
    switch family {
    case 1:
      let (source, target) = (IP(ipv4: bytes.bigEndian32(16)), IP(ipv4: bytes.bigEndian32(20)))
      return (Address(source, port: port(24)), Address(target, port: port(26)))
    case 2:
      return (Address(IP(bytes, at: 16), port: port(48)), Address(IP(bytes, at: 32), port: port(50)))
    case 3:
      return (path(bytes.extracting(16..<124)), path(bytes.extracting(124..<232)))
    default: return nil
    }
  }

  /// Of a UNIX socket; an empty or odd one is no name.
  static func path(_ bytes: RawSpan) -> Address {
    let end = bytes.position(of: 0, from: 0)
    var address = Address()
    if let found = Address(unix: end < 0 ? bytes : bytes.extracting(first: end)) {
      address = found
    } else {
      address.socket.family = Address.unix
    }
    return address
  }

  /// Type, length, value; the checksum must be right where there is one (§2.2.3).
  static func checkFields(_ header: RawSpan, _ start: Int) -> Parsed? {
    var at = start
    while at < header.byteCount {
      guard header.byteCount - at >= 3 else { return bad(at, "a field is cut off") }
      let length = Int(header.byte(at + 1)) << 8 + Int(header.byte(at + 2))
      guard header.byteCount - at - 3 >= length else { return bad(at, "a field is cut off") }
      if header.byte(at) == 3 {
        guard length == 4 else { return bad(at, "a checksum has four bytes") }
        guard header.bigEndian32(at + 3) == checksum(header, zeroAt: at + 3) else {
          return bad(at, "the checksum is wrong")
        }
      }
      at += 3 + length
    }
    return nil
  }

  /// CRC-32C (Castagnoli; RFC 4960, appendix B), with the checksum's own four bytes as zeros.
  static func checksum(_ bytes: RawSpan, zeroAt zero: Int) -> UInt32 {
    var crc = UInt32.max
    for index in 0..<bytes.byteCount {
      crc ^= index >= zero && index < zero + 4 ? 0 : UInt32(bytes.byte(index))
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
    return ~crc
  }
}
