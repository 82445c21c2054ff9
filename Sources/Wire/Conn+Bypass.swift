import Bytes

extension Conn {
  /// The descriptor below, where bytes go over it as they are: no layer stands in between, and nothing waits to be sent. Else -1.
  /// Who reads or writes it elsewhere has a duplicate of it, pauses the conn, and says afterwards what went by.
  public var bareDescriptor: CInt {
    guard layers.isEmpty, out.isEmpty, !transport.isBusy, state.isDisjoint(with: .unusual) else { return -1 }
    return transport.descriptor
  }

  /// So many bytes have gone over the descriptor without the conn.
  public func wentBy(received: UInt64, sent: UInt64) {
    bytesIn &+= received
    bytesOut &+= sent
  }
}
