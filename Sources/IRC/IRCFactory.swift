import Bytes
import Framing
import Wire

/// Builds conns that speak IRC as a client, and is their way out to the host: a subclass says what that is.
open class IRCFactory: MessageFactory {
  public final let options: IRCOptions
  private final let delimiter: Delimiter
  /// Does the host want events as a table of numbers?
  public final let wantsRows: Bool
  public final var rows = PlainList<UInt32>()
  final var rowCount = 0
  /// Where the conn that ended last was in, to be joined again: names and keys.
  final var former: [(name: [UInt8], key: [UInt8])] = []

  public init(_ options: IRCOptions, _ delimiter: Delimiter, wantsRows: Bool, user: UnsafeMutableRawPointer?) {
    self.options = options
    self.delimiter = delimiter
    self.wantsRows = wantsRows
    super.init(user: user)
  }

  /// Does the host keep policies of strict transport security? And the port that a server has just named, to whoever spoke without TLS.
  public final var isStrict = false
  final var upgrade: (name: [UInt8], port: Int) = ([], 0)

  // MARK: The host

  /// The port for TLS that a host is to be connected to at, or 0; and that it is to be so for that many seconds, or no longer.
  open func policy(_ name: RawSpan) -> Int { 0 }
  open func keepPolicy(_ name: RawSpan, _ port: Int, _ seconds: UInt64) {}

  open func opened(_ conn: Conn) {}
  open func ended(_ conn: Conn, _ reason: Reason) {}
  /// Something happened; `line` is the message that said so.
  open func happened(_ event: Event, _ message: borrowing Message, _ line: RawSpan, _ conn: Conn) {}
  /// The rows of `block`.
  open func takeRows(_ block: RawSpan, _ count: Int, _ conn: Conn) {}

  // MARK: The conn

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    let session = IRCSession(self)
    if isStrict, let endpoint = origin.endpoint {
      session.strictName = endpoint.strictName
      session.strictPort = endpoint.number
    }
    conn.keep(session)
    return IRCProtocol(IRCFramer(session, delimiter, longest: options.longestLine), self)
  }

  public final override func connected(_ conn: Conn) {
    opened(conn)
    guard !conn.isClosing else { return }
    _ = conn.withIRC { session, _ in
      session.begin(conn)
      return .ok
    }
  }

  public final override func disconnected(_ conn: Conn, _ reason: Reason) {
    _ = conn.withIRC { session, _ in
      session.end(conn, reason, isNow: true)
      return .ok
    }
    ended(conn, reason)
  }

  public final override func left(_ former: Protocol, _ conn: Conn, _ why: Reason) {
    guard let lines = former as? IRCProtocol else { return }
    lines.framer.session._withUnsafeGuaranteedRef { $0.end(conn, why, isNow: false) }
  }

  /// One that is too long is dropped alone: whoever can make a server send such a line shall not end a conversation.
  public final override func tooLong(_ bytes: RawSpan, _ length: UInt64, _ conn: Conn) -> Bool {
    let shown = bytes.extracting(first: min(bytes.byteCount, options.longestLine))
    var event = Event(.tooLong)
    event.text = Part(0, shown.byteCount)
    tell(event, Message(), shown, 0, conn)
    giveRows(shown, conn)
    return true
  }

  public final override func take(_ block: RawSpan, _ conn: Conn) -> Int {
    let table = conn.context.table.pairs
    let count = conn.context.table.count
    var taken = 0
    _ = conn.withIRC { session, _ in
      while taken < count {
        let (start, length) = (Int(table[2 * taken]), Int(table[2 * taken + 1]))
        taken += 1
        session.take(block.extracting(start..<start + length), at: start, conn)
        if conn.mustReframe { break }
      }
      return .ok
    }
    giveRows(block, conn)
    return taken
  }

  private final func giveRows(_ block: RawSpan, _ conn: Conn) {
    guard rowCount > 0 else { return }
    let count = rowCount
    rowCount = 0
    takeRows(block, count, conn)
    rows.removeAll()
  }

  /// How many numbers an event's row has.
  @inline(__always) public static var rowLength: Int { 15 }

  final func tell(_ event: Event, _ message: borrowing Message, _ line: RawSpan, _ start: Int, _ conn: Conn) {
    guard wantsRows else { return happened(event, message, line, conn) }
    let base = UInt32(truncatingIfNeeded: start)
    guard rows.append(event.kind.rawValue), rows.append(event.flags), rows.append(event.number),
      rows.append(event.nick.count), add(event.source, base), add(event.target, base), add(event.text, base),
      add(event.argument, base), rows.append(base), rows.append(UInt32(truncatingIfNeeded: line.byteCount)),
      rows.append(event.batch)
    else {
      rows.removeAll()
      rowCount = 0
      return conn.abort(.noMemory)
    }
    rowCount += 1
  }
  private final func add(_ part: Part, _ base: UInt32) -> Bool {
    rows.append(part.start &+ base) && rows.append(part.count)
  }
}
