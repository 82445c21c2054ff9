import Bytes
import CPlait

/// The host's callback for one message: called where it is found, without a detour through a factory's method.
public struct HostCallback {
  public typealias Function =
    @convention(c) (UnsafeMutableRawPointer?, plait_conn, UnsafePointer<UInt8>?, Int) -> Void
  let function: Function
  public init(_ function: @escaping Function) { self.function = function }

  /// Gives it the message: not empty memory, though maybe no bytes.
  @inline(__always) public func callAsFunction(_ conn: Conn, _ start: UnsafePointer<UInt8>, _ count: Int) {
    function(conn.user, plait_conn(id: conn.id), start, count)
  }
}
