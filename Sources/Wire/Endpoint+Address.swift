import Bytes
import CSystem

/// Endpoints that no string says: what a protocol listens at, or connects to, beside the conn that it has.
extension Endpoint {
  /// At the address of this machine that the peer has reached, on a port of its own; nil where there is none.
  public static func listening(beside address: Address, port: UInt16) -> Endpoint? {
    guard address.memory == nil else { return memory(port, .listen) }
    guard let ip = address.ip, let host = address.host else { return nil }
    let endpoint = Endpoint(ip.isIPv4 ? .tcp : .tcp6, .listen)
    endpoint.interface = host
    endpoint.number = Int(port)
    return endpoint
  }

  /// To an address, from the one that the peer has reached.
  public static func connecting(to ip: IP, port: UInt16, from address: Address) -> Endpoint? {
    guard address.memory == nil else { return memory(port, .connect) }
    guard let own = address.ip, own.isIPv4 == ip.isIPv4, let host = Address(ip, port: port).host else { return nil }
    let endpoint = Endpoint(.tcp, .connect)
    endpoint.name = host
    endpoint.interface = address.host
    endpoint.number = Int(port)
    return endpoint
  }

  /// `memory:ftp-data-PORT`.
  static func memory(_ port: UInt16, _ use: Use) -> Endpoint? {
    var name = ByteBuffer()
    guard name.reserve(32, limit: 32) else { return nil }
    name.put("ftp-data-")
    name.append { $0.put(decimal: UInt32(port)) }
    let endpoint = Endpoint(.memory, use)
    endpoint.name = Text.make(name.bytes)
    return endpoint.name == nil ? nil : endpoint
  }
}

extension Address {
  /// As endpoints write it, with the link behind it where it has one; one of IPv4 that is mapped into IPv6 as what it is.
  public var host: Text? {
    guard let ip else { return nil }
    var plain = ip.isIPv4 ? Address(ip, port: 0).socket : socket
    var port: UInt32 = 0
    var scope: UInt32 = 0
    guard let memory = malloc(112) else { return nil }
    defer { free(memory) }
    let room = memory.assumingMemoryBound(to: CChar.self)
    csystem_address_text(&plain, room, &port, &scope)
    return Text.make(UnsafeRawBufferPointer(start: room, count: strnlen(room, 112)).bytes)
  }

  /// 0 where there is none.
  public var port: UInt16 {
    var words = (UInt64(0), UInt64(0))
    var port: UInt16 = 0
    var address = socket
    _ = withUnsafeMutableBytes(of: &words) {
      csystem_address_ip(&address, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), &port)
    }
    return port
  }
}
