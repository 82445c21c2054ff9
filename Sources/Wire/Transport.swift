import Bytes

/// The bottom of a conn: where bytes come from and go to. What a kind of transport can't do stays
/// `unsupported`.
open class Transport {
  public init() {}
  /// The conn that it is the bottom of, until `close`.
  open func attach(_ conn: Conn) {}
  /// The conn has a turn's end: what a transport that is not driven by a loop has to do.
  open func pump(_ conn: Conn) {}
  /// Takes the buffer's bytes and leaves it empty, or keeps taking them later and is busy meanwhile.
  open func write(_ buffer: inout ByteBuffer, _ conn: Conn) {}
  /// Takes what goes at once, and how many bytes that was; it is not busy.
  open func writeNow(_ bytes: RawSpan, _ conn: Conn) -> Int { 0 }
  /// From now on what comes goes to the other transport inside the kernel, as long as nothing else has to see it; nil: no more.
  /// The protocol hears how much, by `passedOn`. Where that is not possible, all comes as ever.
  open func relay(to other: Transport?) {}
  /// Is it still sending what it took? Nothing more is written then, until it calls `conn.drained()`.
  open var isBusy: Bool { false }
  /// How many bytes it took and has not sent.
  open var waiting: Int { 0 }
  /// Should each write of the host's come by itself? (For tests: it costs.)
  open var keepsWritesApart: Bool { false }
  /// Is something that it took still on its way to the other end? A close waits for that.
  open var isUnderway: Bool { false }
  /// Can it send open files, which go with the next bytes that are written? Then it takes them over.
  open var canSendDescriptors: Bool { false }
  open func send(descriptor: CInt) {}
  /// What lies below it, where bytes are sent and received as they are; -1: nothing that others could use.
  open var descriptor: CInt { -1 }
  /// Urgent bytes are to come in their place among the others.
  open func setUrgentInline() {}
  open func setReading(_ reading: Bool) {}
  open var canCloseWrite: Bool { false }
  /// Everything is sent: tells the peer that nothing more will come.
  open func closeWrite() -> Status { .unsupported }
  /// The conn ends, and nobody was told yet.
  open func ending(_ reason: Reason) {}
  /// The conn has ended: cleanly, or (`aborted`) at once.
  open func close(_ status: Status) {}
  /// No conn came of it: its peer is to see an end in good order.
  open func refuse(_ context: Context) { close(.ok) }

  open func peer(_ address: inout Address) -> Status { .ok }
  open func local(_ address: inout Address) -> Status { .ok }
  open func setNoDelay(_ on: Bool) -> Status { .unsupported }
  open func setKeepAlive(_ seconds: UInt32) -> Status { .unsupported }
  /// Is it fed by the host, or does it read by itself?
  open var isFed: Bool { false }
}
