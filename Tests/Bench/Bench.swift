import Bytes
import Loopback
import Wire

/// A reactor in memory with a manual clock, made as the C border makes one. It ends with the test that holds it.
public final class Bench {
  final class Anchor {}
  public let context: Context
  let id: UInt64

  public init(_ environment: Environment = MemoryEnvironment(), seed: UInt64 = 1) {
    guard let context = Context.make(environment, seed: seed) else { fatalError("no reactor is left") }
    self.context = context
    id = context.ids.insert(Unmanaged.passRetained(Anchor()).toOpaque(), Kind.reactor)
    context.open(id, wake: nil, argument: nil)
  }

  deinit { end() }

  /// Frees the reactor: everything on it ends.
  public func end() {
    guard context.ids.names(id) else { return }
    _ = context.drive {
      context.abandonAll()
      return .ok
    }
    context.environment.leave()
    if let anchor = context.ids.remove(id) { Unmanaged<Anchor>.fromOpaque(anchor).release() }
  }

  /// What lives on the reactor, beside itself.
  public var alive: Int { context.ids.alive - (context.ids.names(id) ? 1 : 0) }

  /// One turn: what is listed is serviced, and `body` runs as a callback would.
  @discardableResult public func turn(_ body: () -> Void = {}) -> Status {
    context.drive {
      body()
      return .ok
    }
  }

  @discardableResult public func advance(_ time: UInt64) -> Status { context.drive { context.advance(time) } }

  /// A conn over input and output that the test supplies.
  public func open(_ factory: Factory, _ output: Output = Output()) -> Peer {
    guard case .conn(let conn) = Conn.open(context, output, factory, Origin(.attached)) else {
      fatalError("the factory refused")
    }
    output.attach(conn)
    conn.list()
    return Peer(self, conn.id, output)
  }
}

/// The other side of a conn: feeds it, and sees what it sends.
public final class Peer {
  public let bench: Bench
  public let id: UInt64
  public let output: Output

  public init(_ bench: Bench, _ id: UInt64, _ output: Output) {
    self.bench = bench
    self.id = id
    self.output = output
  }

  /// Nil once it has ended.
  public var conn: Conn? {
    bench.context.ids.find(id, Kind.conn).map { Unmanaged<Conn>.fromOpaque($0).takeUnretainedValue() }
  }

  /// A driving call, as `plait_conn_feed` is.
  @discardableResult public func feed(_ bytes: ArraySlice<UInt8>) -> Status {
    bench.context.drive {
      guard let conn else { return .stale }
      if !bytes.isEmpty { conn.received(bytes.span.bytes) }
      return .ok
    }
  }
  @discardableResult public func feed(_ bytes: [UInt8]) -> Status { feed(bytes[...]) }
  @discardableResult public func feed(_ text: String) -> Status { feed(Array(text.utf8)) }

  /// The peer's end, or the loss of the connection.
  public func end(_ status: Status = .ok) { bench.turn { conn?.ended(status) } }

  public var sent: String { text(output.sent) }
}

/// A transport that keeps what it is given. `room` is how much it takes at once before it is busy.
public final class Output: Transport {
  public var sent: [UInt8] = []
  public var writes = 0
  public var room = Int.max
  public var readings: [Bool] = []
  public var closedWith: Status?
  public var closedWrite = 0
  public var halfCloses = true
  public var halfCloseStatus = Status.ok
  /// What `write` fails with.
  public var fault: Status?
  var rest = ByteBuffer()
  var conn: UInt64 = 0

  /// Where the other end is, if it is anywhere.
  public var address: Address?

  public override var isFed: Bool { true }
  public override func peer(_ address: inout Address) -> Status {
    if let known = self.address { address = known }
    return .ok
  }
  public override func attach(_ conn: Conn) { self.conn = conn.id }
  public override var isBusy: Bool { !rest.isEmpty }
  public override var waiting: Int { rest.count }
  public override func setReading(_ reading: Bool) { readings.append(reading) }
  public override var canCloseWrite: Bool { halfCloses }
  public override func closeWrite() -> Status {
    closedWrite += 1
    return halfCloseStatus
  }
  public override func close(_ status: Status) { closedWith = status }

  public override func write(_ buffer: inout ByteBuffer, _ conn: Conn) {
    writes += 1
    if let fault {
      buffer.removeAll()
      return conn.abort(fault)
    }
    take(&buffer)
    if !buffer.isEmpty { rest = buffer.take() }
  }

  func take(_ buffer: inout ByteBuffer) {
    let count = min(room, buffer.count)
    buffer.bytes.withUnsafeBytes { sent.append(contentsOf: $0[..<count]) }
    buffer.dropFirst(count)
    if room != .max { room -= count }
  }

  /// The peer reads on: so many more bytes are taken.
  public func drain(_ more: Int, _ peer: Peer) {
    peer.bench.turn {
      room = room == .max || more == .max ? .max : room + more
      take(&rest)
      if rest.isEmpty { peer.conn?.drained() }
    }
  }
}

/// Bytes as a test writes them: what is not printable ASCII is escaped.
public func text(_ bytes: RawSpan) -> String {
  var out = ""
  for index in 0..<bytes.byteCount {
    let byte = bytes.byte(index)
    switch byte {
    case 13: out += "\\r"
    case 10: out += "\\n"
    case 32..<127: out.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16)
      out += digits.count == 1 ? "\\x0" + digits : "\\x" + digits
    }
  }
  return out
}
public func text(_ bytes: [UInt8]) -> String { text(bytes.span.bytes) }
