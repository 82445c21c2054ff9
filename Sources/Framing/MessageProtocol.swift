import Bytes
import Wire

/// Any framed protocol: holds the unfinished message, delivers blocks, frames what is sent.
public final class MessageProtocol<F: Framer>: Protocol {
  public internal(set) var isRaw = false
  /// Something was put into `kept` during a delivery: it is framed next.
  var hasExtra = false
  /// What is held was scanned to its end, with nothing whole in it.
  var isBegun = false
  public var framer: F
  public let factory: MessageFactory
  /// What was received and not yet delivered.
  var kept = ByteBuffer()
  /// The messages of the next block: few after a partial take, or alternating modes would cost quadratic time.
  var most: Int32 = .max
  /// So many bytes of a message that was too long are still to come; `.max`: all up to its end.
  var skip: UInt64 = 0

  public init(_ framer: F, _ factory: MessageFactory) {
    self.framer = framer
    self.factory = factory
    super.init(tag: F.tag)
  }

  public override func connected(_ conn: Conn) { factory.connected(conn) }
  public override func readClosed(_ conn: Conn) -> Bool { factory.readClosed(conn) }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }
  public override func disconnected(_ conn: Conn, _ reason: Reason) { factory.disconnected(conn, reason) }

  public override func left(_ conn: Conn, _ why: Reason) { factory.left(self, conn, why) }
  public override func held(_ conn: Conn) -> Int { heldNow(conn) }
  public override func takeHeld() -> ByteBuffer { kept.take() }

  // MARK: Receiving

  // Who makes these protocols may be built for size: this is not.
  @_optimize(speed) public override func received(_ bytes: RawSpan, _ conn: Conn) {
    var at = 0
    while !kept.isEmpty || skip > 0 {  // finish what was begun, then go on in place
      let used = at < bytes.byteCount && conn.isReading ? finish(with: bytes.extracting(droppingFirst: at), conn) : -1
      guard used >= 0 else {
        if at < bytes.byteCount {
          isBegun = false
          keep(bytes.extracting(droppingFirst: at), conn)
        }
        if hasExtra { frameExtra(conn) }
        return
      }
      at += used
    }
    at += deliver(bytes.extracting(droppingFirst: at), conn)
    if at < bytes.byteCount { keepFirst(bytes.extracting(droppingFirst: at), conn) }
    if hasExtra { frameExtra(conn) }
  }

  /// Brings the message that is held to its end; returns the bytes used, or -1 when nothing could be done.
  @inline(never) func finish(with more: RawSpan, _ conn: Conn) -> Int {
    if skip > 0 { return skipOver(more, conn) }
    var needed = isRaw ? 0 : framer.completion(of: kept.bytes, by: more)
    if framer.takesAll(kept.count + needed) { needed = more.byteCount }
    keep(more.extracting(first: needed), conn)
    if isBegun, !isRaw, framer.isUnfinished(kept.bytes) { return needed }
    let before = kept.count
    if lookAhead(more.extracting(droppingFirst: needed), conn) { return more.byteCount }
    return needed == 0 && kept.count == before ? -1 : needed
  }

  /// The host lets go on, or changed the mode between two deliveries.
  public override func resumed(_ conn: Conn) {
    goOn(conn)
    if hasExtra { frameExtra(conn) }
  }

  /// Looks again at what is held.
  func goOn(_ conn: Conn) {
    if skip > 0 {
      let buffer = kept.take()
      received(buffer.bytes, conn)
    } else if !kept.isEmpty {
      deliverKept(conn)
    }
  }

  /// Holds bytes behind those that are held.
  func keep(_ bytes: RawSpan, _ conn: Conn) {
    guard bytes.byteCount > 0, !conn.isClosing else { return }
    if kept.capacity == 0 { kept = conn.context.pool.take() }
    let limit = conn.context.mostHeld
    if !kept.append(bytes, limit: limit) { conn.abort(kept.refusal(of: bytes.byteCount, limit: limit)) }
  }

  /// A host may have put bytes in already: they come behind.
  public override func inherit(_ bytes: RawSpan, _ conn: Conn) {
    guard hasExtra else { return bytes.byteCount > 0 ? received(bytes, conn) : () }
    keepBefore(bytes, conn)
    frameExtra(conn)
  }

  /// Holds bytes in front of what the host put in during their delivery.
  func keepFirst(_ bytes: RawSpan, _ conn: Conn) {
    if kept.isEmpty { keep(bytes, conn) } else { keepBefore(bytes, conn) }
  }

  /// Out of line: a buffer whose bytes are passed on lives in a box of the heap.
  @inline(never) func keepBefore(_ bytes: RawSpan, _ conn: Conn) {
    let extra = kept.take()
    keep(bytes, conn)
    keep(extra.bytes, conn)
  }

  /// The buffer leaves the property for the calls, so that no access is open meanwhile.
  func deliverKept(_ conn: Conn) {
    var buffer = kept.take()
    buffer.dropFirst(deliver(buffer.bytes, conn))
    if conn.isClosing || buffer.isEmpty { return conn.context.pool.give(buffer) }
    // What the host put in meanwhile comes behind.
    let limit = conn.context.mostHeld
    guard buffer.append(kept.bytes, limit: limit) else {
      return conn.abort(buffer.refusal(of: kept.count, limit: limit))
    }
    kept = buffer
  }

  @inline(never) func frameExtra(_ conn: Conn) {
    while hasExtra, conn.isReading {
      hasExtra = false
      goOn(conn)
    }
  }

  /// Frames and delivers until nothing whole is left or the host has stopped it; returns the bytes done with.
  @_optimize(speed) func deliver(_ bytes: RawSpan, _ conn: Conn) -> Int {
    let context = conn.context
    var at = 0
    isBegun = false
    while conn.isReading, at < bytes.byteCount {
      if isRaw {
        factory.takeRaw(bytes.extracting(droppingFirst: at), conn)
        return bytes.byteCount
      }
      if F.steps, let each = factory.each {
        at = step(bytes, from: at, each, conn)
        if conn.mustReframe {
          if context.delivery.isCleared { return clearDelivered(bytes, conn) }
          continue
        }
      }
      if F.handsOver {
        at = handOver(bytes, from: at, conn)
        if conn.mustReframe {
          if context.delivery.isCleared { return clearDelivered(bytes, conn) }
          continue
        }
        if at == bytes.byteCount { break }
      }
      context.table.removeAll()
      guard case .upTo(let end) = framer.scan(bytes, from: at, most: Int(most), into: &context.table) else {
        at += refuse(bytes.extracting(droppingFirst: at), conn)
        if skip > 0 { break }
        continue
      }
      let count = context.table.count
      if count == 0 {
        isBegun = true
        break
      }
      conn.hasSwitched = false
      begin(bytes, from: at, end, conn)
      let taken = factory.take(bytes.extracting(at..<end), conn)
      context.endDelivery()
      if context.delivery.isCleared { return clearDelivered(bytes, conn) }
      if taken >= count {
        at = end
        if most != .max { most = most > 2048 ? .max : most * 2 }
      } else {
        at = partly(taken, at, conn)
      }
    }
    return conn.isClosing ? bytes.byteCount : at
  }

  /// Delivers one by one, and finds each next message as the last one is done with; returns where the first one begins that
  /// is not whole, not right, or not to be delivered now.
  @inline(__always) func step(_ bytes: RawSpan, from start: Int, _ each: HostCallback, _ conn: Conn) -> Int {
    let framer = framer
    let context = conn.context
    let current = context.table.pairs
    var at = start
    conn.hasSwitched = false
    begin(bytes, from: start, start, conn)
    context.delivery.current = UnsafePointer(current)
    // Sound: the bytes, of which there are some, are alive for the call, and a message was found to lie within them.
    bytes.withUnsafeBytes { all in
      let base = all.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
      while case .message(let first, let length) = framer.step(bytes, from: at) {
        at = first &+ length &+ framer.trailer
        current[0] = UInt32(truncatingIfNeeded: first &- start)
        current[1] = UInt32(truncatingIfNeeded: length)
        each(conn, base + first, length)
        if conn.mustReframe { break }
      }
    }
    context.endDelivery()
    return at
  }

  /// The factory may find messages by itself; returns where the first one begins that it leaves.
  @inline(never) func handOver(_ bytes: RawSpan, from start: Int, _ conn: Conn) -> Int {
    conn.hasSwitched = false
    begin(bytes, from: start, start, conn)
    conn.context.delivery.current = UnsafePointer(conn.context.table.pairs)
    let end = factory.takeInPlace(bytes, from: start, conn)
    conn.context.endDelivery()
    return end
  }

  /// Some of a block were taken: the rest is framed again, a message first and then twice as many each time.
  @inline(never) func partly(_ taken: Int, _ at: Int, _ conn: Conn) -> Int {
    most = 1
    let isStuck = taken <= 0 && conn.context.delivery.stuck >= 1000  // it would go on like this for ever
    conn.context.delivery.stuck = taken > 0 || isStuck ? 0 : conn.context.delivery.stuck + 1
    guard taken > 0 else {
      if !conn.hasSwitched || isStuck, conn.isReading { _ = conn.pause() }
      return at
    }
    let table = conn.context.table.pairs
    return at + Int(table[2 * taken - 2]) + Int(table[2 * taken - 1]) + conn.context.delivery.trailer
  }
}
