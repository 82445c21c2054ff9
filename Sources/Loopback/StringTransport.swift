import Bytes
import Wire

/// The bottom of a conn that a test feeds: keeps what is written, as long as the test looks at it.
public final class StringTransport: Transport {
  var value = ByteBuffer()
  /// For which there was no room.
  var rest = ByteBuffer()
  /// How many more bytes are taken.
  public private(set) var room = Int.max
  public private(set) var conn: UInt64 = 0
  var holder: Unmanaged<Conn>?  // not owned: the conn owns this
  /// Is it somebody's already?
  public var isTaken = false
  public private(set) var isReading = false
  public private(set) var hasClosedWrite = false
  public private(set) var end: Status?
  public private(set) var writes: UInt64 = 0
  /// Does nobody look any more?
  var isForgotten = false
  public var peerAddress = Address()
  public var localAddress = Address()

  public override var isFed: Bool { true }
  public override func attach(_ conn: Conn) {
    self.conn = conn.id
    holder = Unmanaged.passUnretained(conn)
  }
  public override func setReading(_ reading: Bool) { isReading = reading }
  public var isClosing: Bool { holder?.takeUnretainedValue().isClosing ?? false }

  public override var isBusy: Bool { !rest.isEmpty }
  public override var waiting: Int { rest.count }

  public override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    writes += 1
    keep(&buffer, conn)
    if !buffer.isEmpty { rest = buffer.take() }
  }

  func keep(_ buffer: inout ByteBuffer, _ conn: Conn) {
    let count = min(room, buffer.count)
    if room != .max { room -= count }
    if !isForgotten, !value.append(buffer.bytes.extracting(first: count), limit: mostBytes) {
      return conn.abort(.noMemory)
    }
    buffer.dropFirst(count)
  }

  public override func pump(_ conn: Conn) {
    guard !rest.isEmpty, room > 0 else { return }
    var waiting = rest.take()
    keep(&waiting, conn)
    rest = waiting.take()
  }

  /// Has `body` look at what was written.
  public func look(_ body: (RawSpan) -> Void) {
    var taken = value.take()
    body(taken.bytes)
    value = taken.take()
  }
  public func clear() { value.removeAll() }
  public func setRoom(_ more: Int) {
    room = more
    holder?._withUnsafeGuaranteedRef { $0.list() }
  }
  public func forget() {
    isForgotten = true
    value = ByteBuffer()
    setRoom(.max)
  }

  public override var canCloseWrite: Bool { true }
  public override func closeWrite() -> Status {
    hasClosedWrite = true
    return .ok
  }
  public override func close(_ status: Status) {
    end = status
    isReading = false
    holder = nil
    rest.removeAll()
  }

  public override func peer(_ address: inout Address) -> Status {
    address = peerAddress
    return .ok
  }
  public override func local(_ address: inout Address) -> Status {
    address = localAddress
    return .ok
  }
}

/// What a test's handle names. The conn owns the transport, too.
public final class StringTransportHandle: Entity {
  public let transport = StringTransport()
  public override func abandon() { free() }
  public func free() {
    transport.forget()
    unregister()
  }
}
