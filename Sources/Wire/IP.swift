import Bytes
import CSystem

/// An IP address; one of IPv4 is mapped into IPv6 (RFC 4291 §2.5.5.2), so that there is one way to write it.
public struct IP: Hashable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Sixteen bytes in network order.
  public init(_ bytes: RawSpan, at start: Int) {
    high = UInt64(bytes.bigEndian32(start)) << 32 | UInt64(bytes.bigEndian32(start + 4))
    low = UInt64(bytes.bigEndian32(start + 8)) << 32 | UInt64(bytes.bigEndian32(start + 12))
  }

  public init(ipv4: UInt32) {
    high = 0
    low = 0xffff_0000_0000 | UInt64(ipv4)
  }

  public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Its first so many bits of 128, and zeros behind them.
  public func first(_ bits: Int) -> IP {
    if bits >= 128 { return self }
    if bits >= 64 { return IP(high: high, low: bits == 64 ? 0 : low & ~(UInt64.max >> UInt64(bits - 64))) }
    return IP(high: bits <= 0 ? 0 : high & ~(UInt64.max >> UInt64(bits)), low: 0)
  }

  /// A numeric address without a link; nil when it is none.
  public static func parse(_ text: RawSpan) -> IP? {
    guard text.byteCount > 0, text.byteCount <= 45, text.position(of: 0, from: 0) < 0 else { return nil }
    guard text.position(of: UInt8(ascii: "%"), from: 0) < 0, let words = Text.make(text) else { return nil }
    var address = Address()
    guard csystem_address_parse(&address.socket, words.pointer, 0, 0) == 0 else { return nil }
    return address.ip
  }
}

extension Address {
  public init(_ ip: IP, port: UInt16) {
    let bytes = [ip.high.bigEndian, ip.low.bigEndian]
    bytes.withUnsafeBytes {
      csystem_address_make(&socket, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), port)
    }
  }

  /// Of a UNIX socket; nil when the path is too long or empty.
  public init?(unix path: RawSpan) {
    guard let words = Text.make(path), csystem_address_unix(&socket, words.pointer) == 0 else { return nil }
  }

  /// Nil when it is none of IP.
  public var ip: IP? { end?.ip }

  /// The same with its port.
  public var end: (ip: IP, port: UInt16)? {
    var words = (UInt64(0), UInt64(0))
    var port: UInt16 = 0
    var address = socket
    let isIP = withUnsafeMutableBytes(of: &words) {
      csystem_address_ip(&address, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), &port)
    }
    return isIP != 0 ? (IP(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1)), port) : nil
  }

  /// As a person writes it: with brackets around what has colons, and the port behind it; nothing where it is unknown.
  public func write(to out: inout ByteBuffer) {
    let room = 160
    guard out.reserve(room, limit: mostBytes) else { return }
    var words = [UInt8](repeating: 0, count: room)
    var address = socket
    let length = words.withUnsafeMutableBytes { (bytes) -> Int in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
      guard let memory else { return csystem_address_print(&address, start) }
      let length = min(strlen(memory), room)
      memcpy(start, memory, length)
      return length
    }
    out.put(words.span.bytes.extracting(first: length))
  }
}
