import Bytes
import Wire

extension Conn {
  /// The number that stands for the next descriptor which is sent; -1 where the transport can't send any.
  @inline(__always) var nextDescriptor: Int64 { -1 }

  public func sendDescriptor(_ fd: CInt, _ number: inout UInt64) -> Status { .unsupported }

  public func takeDescriptor(_ number: Int64, _ fd: inout CInt) -> Status { .absent }
}

extension Session {
  public func sendDescriptor(_ fd: CInt, _ number: inout UInt64, _ conn: Conn) -> Status {
    guard fault == .ok else { return fault }
    return conn.isClosing ? .closed : conn.sendDescriptor(fd, &number)
  }
}
