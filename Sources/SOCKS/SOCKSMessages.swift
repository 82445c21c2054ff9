import Bytes
import Wire

/// How a request ends (RFC 1928 §6): PLAIT_SOCKS_GRANTED, ... of socks.h.
public enum SOCKSReply: UInt8 {
  case granted = 0
  case failed, denied, noNetwork, noHost, refused, expired, badCommand, badAddress

  /// The same in SOCKS 4, which tells nothing but yes or no.
  var four: UInt8 { self == .granted ? 90 : 91 }

  var words: StaticString {
    switch self {
    case .granted: "granted"
    case .failed: "the proxy could not do it"
    case .denied: "the proxy's rules do not allow it"
    case .noNetwork: "the proxy does not reach the network"
    case .noHost: "the proxy does not reach the host"
    case .refused: "nobody listens there"
    case .expired: "it took too long"
    case .badCommand: "the proxy does not know the command"
    case .badAddress: "the proxy does not know this kind of address"
    }
  }

  /// Why connecting failed.
  static func of(_ reason: Reason, isBarred: Bool) -> SOCKSReply {
    if isBarred { return .denied }
    switch reason.status {
    case .refused: return .refused
    case .noName, .nameAgain, .timeout: return .noHost
    default:
      switch reason.osError {
      case 101: return .noNetwork  // ENETUNREACH
      case 110, 113: return .noHost  // ETIMEDOUT, EHOSTUNREACH
      default: return .failed
      }
    }
  }
}

/// A request as it came: where its parts lie.
struct SOCKSRequest {
  enum Parsed {
    case unfinished
    case refused(SOCKSReply)
    case request(SOCKSRequest)
  }

  var command: UInt8 = 0
  var port = 0
  /// Nil: a name, which is `host`.
  var ip: IP?
  var host = 0..<0
  var user = 0..<0
  /// Of the whole message.
  var length = 0
  static var longest: Int { 255 }

  /// SOCKS 4 and 4a: version, command, port, address, user, NUL, and where the address is 0.0.0.x a name and a NUL.
  static func parse4(_ bytes: RawSpan) -> Parsed {
    guard bytes.byteCount > 8 else { return .unfinished }
    var made = SOCKSRequest()
    made.command = bytes.byte(1)
    made.port = bytes.bigEndian16(2)
    let address = bytes.bigEndian32(4)
    guard let user = text(bytes, 8) else { return .refused(.failed) }
    guard user.upperBound < bytes.byteCount else { return .unfinished }
    made.user = user
    made.length = user.upperBound + 1
    if address == 0 || address > 255 {
      made.ip = IP(ipv4: address)
    } else {
      guard let host = text(bytes, made.length) else { return .refused(.failed) }
      guard host.upperBound < bytes.byteCount else { return .unfinished }
      made.host = host
      made.length = host.upperBound + 1
    }
    return made.checked(bytes)
  }

  /// What lies between here and a NUL, or the end of what is there; nil when it is too long.
  static func text(_ bytes: RawSpan, _ start: Int) -> Range<Int>? {
    let end = bytes.position(of: 0, from: start)
    let last = end < 0 ? bytes.byteCount : end
    return last - start <= longest ? start..<last : nil
  }

  /// SOCKS 5 (RFC 1928 §4): version, command, 0, kind of address, address, port.
  static func parse5(_ bytes: RawSpan) -> Parsed {
    guard bytes.byteCount > 4 else { return .unfinished }
    guard bytes.byte(0) == 5 else { return .refused(.failed) }
    var made = SOCKSRequest()
    made.command = bytes.byte(1)
    var end: Int
    switch bytes.byte(3) {
    case 1: end = 8
    case 4: end = 20
    case 3:
      end = 5 + Int(bytes.byte(4))
      made.host = 5..<end
    default: return .refused(.badAddress)
    }
    guard bytes.byteCount >= end + 2 else { return .unfinished }
    if bytes.byte(3) == 1 { made.ip = IP(ipv4: bytes.bigEndian32(4)) }
    if bytes.byte(3) == 4 { made.ip = IP(bytes, at: 4) }
    made.port = bytes.bigEndian16(end)
    end += 2
    made.length = end
    return made.checked(bytes)
  }

  func checked(_ bytes: RawSpan) -> Parsed {
    guard command == 1 || command == 2 else { return .refused(.badCommand) }
    guard ip == nil else { return .request(self) }
    for at in host where bytes.byte(at) <= 32 || bytes.byte(at) == 127 { return .refused(.failed) }
    return host.isEmpty ? .refused(.failed) : .request(self)
  }
}

extension IP {
  /// As a person writes it, without brackets.
  var text: Text? {
    var out = ByteBuffer()
    Address(self, port: 0).write(to: &out)
    // "[::1]:0" or "127.0.0.1:0"
    guard out.count > 4 else { return nil }
    let bytes = out.bytes
    let isBracketed = bytes.byte(0) == UInt8(ascii: "[")
    return Text.make(bytes.extracting((isBracketed ? 1 : 0)..<bytes.byteCount - (isBracketed ? 3 : 2)))
  }

  /// The address of IPv4 that NAT64 (RFC 6052) or 6to4 (RFC 3056) takes it to.
  var carried: IP? {
    if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return IP(ipv4: UInt32(truncatingIfNeeded: low)) }
    return high >> 48 == 0x2002 ? IP(ipv4: UInt32(truncatingIfNeeded: high >> 16)) : nil
  }
}

extension Conn {
  /// A reply of the proxy's, with the address that belongs to it.
  func reply(_ version: UInt8, _ reply: SOCKSReply, _ address: Address) -> Status {
    let (ip, port) = address.end.map { (Optional($0.ip), $0.port) } ?? (nil, 0)
    let four = UInt32(truncatingIfNeeded: ip?.isIPv4 == true ? ip?.low ?? 0 : 0)
    return write(22) { out in
      if version == 4 {
        out.put(UInt8(0))
        out.put(reply.four)
        out.put(port.bigEndian)
        out.put(four.bigEndian)
        return
      }
      out.put(UInt8(5))
      out.put(reply.rawValue)
      out.put(UInt8(0))
      if let ip, !ip.isIPv4 {
        out.put(UInt8(4))
        out.put(ip.high.bigEndian)
        out.put(ip.low.bigEndian)
      } else {
        out.put(UInt8(1))
        out.put(four.bigEndian)
      }
      out.put(port.bigEndian)
    }
  }
}
