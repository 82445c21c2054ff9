import Bytes
import CSystem

/// Where an end of a connection is: a socket's address, or a name in memory.
public struct Address {
  public var socket = csystem_address()
  /// The name of a `memory:` endpoint, valid as long as its listener or transport.
  public var memory: UnsafePointer<CChar>?
  public init() {}

  @inline(__always) public static var unix: UInt32 { UInt32(CSYSTEM_UNIX) }
  @inline(__always) public static var ipv4: UInt32 { UInt32(CSYSTEM_INET) }
  @inline(__always) public static var ipv6: UInt32 { UInt32(CSYSTEM_INET6) }
}
