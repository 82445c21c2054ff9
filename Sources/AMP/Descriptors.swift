import Bytes
import Wire

extension Session {
  /// Sends an open file, for a box that mentions its number.
  public func sendDescriptor(_ fd: CInt, _ number: inout UInt64, _ conn: Conn) -> Status {
    guard fault == .ok else { return fault }
    return conn.isClosing ? .closed : conn.send(descriptor: fd, &number)
  }
}
