import Bytes
import Wire

/// Messages that are too long, or none; and what a host takes back.
extension MessageProtocol {
  /// The bytes begin with a message that is refused; returns how many of them are dropped.
  @inline(never) func refuse(_ bytes: RawSpan, _ conn: Conn) -> Int {
    conn.context.table.removeAll()
    guard case .tooLong(let length) = framer.scan(bytes, from: 0, most: 1, into: &conn.context.table) else {
      conn.close(.malformed)
      return bytes.byteCount
    }
    let excess = framer.excess(bytes, length)
    var dropped = 0
    var shown = bytes.byteCount
    switch excess {
    case .drop(let count, let rest, let part):
      dropped = count
      skip = rest
      shown = part
    case .resync(let count):
      dropped = count
      skip = .max
    }
    begin(bytes, from: 0, dropped, conn)
    if !factory.tooLong(bytes.extracting(first: shown), length, conn) { conn.close(.tooLong) }
    conn.context.endDelivery()
    return conn.context.delivery.isCleared ? clearDelivered(bytes, conn) : dropped
  }

  /// Bytes of a message that was too long go by; returns how many, or -1 when there were none.
  func skipOver(_ more: RawSpan, _ conn: Conn) -> Int {
    if isRaw || skip == .max { return resync(more, conn) }
    let count = Int(min(skip, UInt64(more.byteCount)))
    skip -= UInt64(count)
    return count
  }

  /// Looks for the end of the message; keeps what may be the beginning of its delimiter.
  func resync(_ more: RawSpan, _ conn: Conn) -> Int {
    if isRaw {
      skip = 0
      return 0
    }
    keep(more, conn)
    let end = framer.end(in: kept.bytes)
    if end >= 0 {
      skip = 0
      kept.dropFirst(end)
      if !kept.isEmpty { deliverKept(conn) }
    } else {
      kept.dropFirst(kept.count - min(kept.count, framer.trailer - 1))
    }
    return more.byteCount
  }

  // MARK: Modes

  public func setRaw(_ conn: Conn) {
    guard !isRaw else { return }
    isRaw = true
    switchMode(conn)
  }

  /// Back to messages; `extra` comes behind what is held.
  public func setFramed(_ extra: RawSpan, _ conn: Conn) -> Status {
    let limit = conn.context.mostHeld
    guard kept.append(extra, limit: limit) else { return kept.refusal(of: extra.byteCount, limit: limit) }
    isRaw = false
    isBegun = false
    if extra.byteCount > 0 { hasExtra = true }
    switchMode(conn)
    return .ok
  }

  /// What is left of the block under delivery is framed anew; what is held, at the turn's end.
  func switchMode(_ conn: Conn) {
    conn.hasSwitched = true
    if conn.context.delivery.conn != conn.id, !kept.isEmpty, !conn.isPaused { conn.reframe() }
  }

  /// For the next message: what is left of the block under delivery is framed anew.
  public func setLongest(_ length: Int, _ conn: Conn) -> Status {
    framer.longest = length
    isBegun = false
    conn.hasSwitched = true
    return .ok
  }

  // MARK: What is held

  func begin(_ bytes: RawSpan, from start: Int, _ end: Int, _ conn: Conn) {
    let context = conn.context
    context.beginDelivery(conn)
    context.delivery.end = end - start
    context.delivery.trailer = framer.trailer
    context.delivery.current = nil
    context.delivery.isCleared = false
    // Sound: the delivery is looked at only until `take` returns, and the span is alive as long.
    bytes.withUnsafeBytes { context.delivery.bytes = UnsafeRawBufferPointer(rebasing: $0[start...]) }
  }

  /// Where, in the delivery's bytes, what is behind the message under delivery begins.
  func behind(_ context: Context) -> Int {
    guard let current = context.delivery.current else { return context.delivery.end }
    // Sound: it points into the table, which nobody fills during a delivery.
    return Int(current[0]) + Int(current[1]) + context.delivery.trailer
  }

  /// Delivers what is held, while the host can see (and clear) what came behind it. True: it was cleared.
  func lookAhead(_ ahead: RawSpan, _ conn: Conn) -> Bool {
    let context = conn.context
    // Sound: it is looked at only until the delivery is done, and the span is alive as long.
    ahead.withUnsafeBytes { context.delivery.ahead = $0 }
    context.delivery.isAheadCleared = false
    deliverKept(conn)
    context.delivery.ahead = UnsafeRawBufferPointer(start: nil, count: 0)
    return context.delivery.isAheadCleared
  }

  /// How many bytes there are behind the message under delivery.
  public func heldNow(_ conn: Conn) -> Int {
    let delivery = conn.context.delivery
    guard delivery.conn == conn.id, !delivery.isCleared else { return kept.count }
    return kept.count + delivery.bytes.count - behind(conn.context) + delivery.ahead.count
  }

  /// Drops them; `body` sees each part first.
  public func clear(_ conn: Conn, _ body: (RawSpan) -> Void) {
    let context = conn.context
    if context.delivery.conn == conn.id, !context.delivery.isCleared {
      body(UnsafeRawBufferPointer(rebasing: context.delivery.bytes[behind(context)...]).bytes)
      body(context.delivery.ahead.bytes)
      context.delivery.isCleared = true
      context.delivery.isAheadCleared = true
      context.delivery.ahead = UnsafeRawBufferPointer(start: nil, count: 0)
      conn.hasSwitched = true
    }
    body(kept.bytes)
    kept.removeAll()
    hasExtra = false
  }

  func clearDelivered(_ bytes: RawSpan, _ conn: Conn) -> Int {
    conn.context.delivery.isCleared = false
    return bytes.byteCount
  }
}

extension MessageProtocol where F == LineFramer {
  public func setDelimiter(_ delimiter: Delimiter, _ conn: Conn) {
    conn.keep(delimiter)
    isBegun = false
    framer.delimiter = BorrowedDelimiter(delimiter)
    conn.hasSwitched = true
  }
}
