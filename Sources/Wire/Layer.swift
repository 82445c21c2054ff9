import Bytes

/// Between transport and protocol: what a policy, or encryption, does to a conversation. `place` is where it stands in
/// the conn at this call, counted from the transport.
///
/// Going up, each call is passed on by the conn's function of that name. Going down, a layer changes the block of a whole
/// flush in place, so that it costs per flush and not per message. One that sends by itself, or later, puts
/// that into the block too, and asks for the flush by `conn.needFlush()`.
open class Layer {
  public init() {}

  // MARK: Up

  /// What is below is ready. Passed on later, nothing is delivered before; passed on never, the protocol has never heard of
  /// the connection, and a connect fails with the reason for which the conn ends.
  open func connected(_ conn: Conn, _ place: Int) { conn.passConnected(above: place) }
  open func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) { conn.pass(bytes, above: place) }
  /// The peer will send no more.
  open func ended(_ conn: Conn, _ place: Int) { conn.passEnd(above: place) }

  /// It has come below a conversation that is under way (`Conn.insert`): nobody above waits for `connected`. The protocol
  /// holds so many bytes that came before it was there.
  open func inserted(_ conn: Conn, _ place: Int, held: Int) {}

  // MARK: Down

  /// What is left in the block goes further down. While it is busy, the block comes empty.
  open func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {}
  /// Can it take nothing more from above? Then that waits in the conn, and the layer asks for a flush when it can.
  open var isBusy: Bool { false }
  /// Is it busy for want of the peer's bytes alone? A close with nothing to send does not wait for these.
  open var awaitsPeer: Bool { false }
  /// How many bytes it took and has not passed on.
  open var waiting: Int { 0 }
  /// The transport, which was busy, has sent what it kept.
  open func drained(_ conn: Conn) {}
  /// All that will be written was written: its last words go into the block of the next flush.
  open func closing(_ conn: Conn, _ place: Int) {}

  // MARK: The rest

  /// Does it hide what is said from whoever is in between, by now?
  open var isSecure: Bool { false }
  open func channelBinding(_ kind: ChannelBinding, into bytes: inout [UInt8]) -> Status { .unsupported }

  /// Once, last; for a conn that was refused after this layer was added, too.
  open func disconnected(_ conn: Conn, _ reason: Reason) {}
  /// Its conn's protocol opens a connection of its own: what holds for the one holds for the other, as far as this
  /// layer adds one to the child.
  open func inherited(by child: Conn) {}
}
