import Bytes
import Wire

/// The client's side of a conversation with memcached: requests go out, and the answers, which come in the same order, find
/// their calls.
public final class MemcacheProtocol: Protocol {
  let factory: MemcacheFactory
  var line = WaitingLine()
  var keys = KeyLine()
  /// What was received of an answer that is not whole.
  var kept = ByteBuffer()
  /// How long that is as a whole; 0: up to the end of its line.
  var needed = 0
  /// So many of those in line have ended.
  var late = 0
  var isConnected = false
  /// When something came last, or was awaited first.
  var heardAt: UInt64 = 0
  var clock: MemcacheClock?
  /// Calls that were cancelled, and may not have been told yet.
  var cancelled: [UInt64] = []

  /// How many calls have not ended, and how many answers to others are still to come.
  public var pending: (calls: Int, late: Int) { (line.count - late, late) }

  /// The longest line of an answer.
  static var longestLine: Int { 16384 }

  init(_ factory: MemcacheFactory) {
    self.factory = factory
    super.init(tag: Tag.memcache)
  }

  public override func connected(_ conn: Conn) {
    isConnected = true
    factory.began()
    factory.opened(conn)
  }
  public override func readClosed(_ conn: Conn) -> Bool { factory.readClosed(conn) }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    endAll(reason, conn)
    factory.left()
    factory.ended(conn, reason)
  }

  public override func left(_ conn: Conn, _ why: Reason) {
    endAll(why, conn)
    if isConnected { factory.left() }
  }

  public override func held(_ conn: Conn) -> Int { kept.count }
  public override func takeHeld() -> ByteBuffer { kept.take() }

  // MARK: Receiving

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    if factory.options.silenceTime > 0 { heardAt = conn.context.now }
    var at = 0
    if !kept.isEmpty {
      at = finish(with: bytes, conn)
      if at < 0 { return }
    }
    guard conn.isReading else { return keep(bytes.extracting(droppingFirst: at), conn) }
    let rest = bytes.extracting(droppingFirst: at)
    let used = take(rest, conn)
    if used < rest.byteCount { keep(rest.extracting(droppingFirst: used), conn) }
  }

  public override func resumed(_ conn: Conn) {
    guard conn.isReading, !kept.isEmpty else { return }
    takeKept(conn)
  }

  /// Brings what is kept to its end; how many bytes that took, or -1 when all of them are kept.
  @inline(never) func finish(with bytes: RawSpan, _ conn: Conn) -> Int {
    var at = 0
    while !kept.isEmpty {
      let rest = bytes.extracting(droppingFirst: at)
      guard conn.isReading, rest.byteCount > 0 else {
        keep(rest, conn)
        return -1
      }
      var more = needed &- kept.count
      if more <= 0 {
        let end = rest.position(of: 10, from: 0)
        more = end < 0 ? rest.byteCount : end &+ 1
      }
      more = min(more, rest.byteCount)
      keep(rest.extracting(first: more), conn)
      at += more
      if needed <= kept.count { takeKept(conn) }
    }
    return at
  }

  /// The buffer leaves the property for the calls, so that no access is open meanwhile.
  func takeKept(_ conn: Conn) {
    var buffer = kept.take()
    needed = 0
    buffer.dropFirst(take(buffer.bytes, conn))
    if buffer.isEmpty { return conn.context.pool.give(buffer) }
    kept = buffer
  }

  func keep(_ bytes: RawSpan, _ conn: Conn) {
    guard !conn.isClosing, bytes.byteCount > 0 else { return }
    if kept.capacity == 0 { kept = conn.context.pool.take() }
    let limit = conn.context.mostHeld
    let isRoom = needed <= kept.count || kept.reserve(needed - kept.count, limit: limit)
    guard isRoom, kept.append(bytes, limit: limit) else {
      return conn.abort(kept.refusal(of: bytes.byteCount, limit: limit))
    }
  }

  /// Takes whole answers, until one is not or the host has stopped it; how many bytes they had.
  func take(_ bytes: RawSpan, _ conn: Conn) -> Int {
    var at = 0
    while at < bytes.byteCount, conn.isReading {
      let used = takeOne(bytes.extracting(droppingFirst: at), conn)
      if used == 0 { break }
      at &+= used
    }
    factory.tellRows(conn)
    return conn.isClosing ? bytes.byteCount : at
  }

  /// Takes an answer, or a part of one that is told by itself; 0: it is not whole.
  @inline(__always) func takeOne(_ bytes: RawSpan, _ conn: Conn) -> Int {
    let end = bytes.position(of: 10, from: 0)
    guard end >= 0, end <= MemcacheProtocol.longestLine else {
      if end >= 0 || bytes.byteCount > MemcacheProtocol.longestLine {
        breakOff(.tooLong, "an answer's line is too long", conn)
      }
      return 0
    }
    guard line.count > 0 else { return breakOff("an answer that nobody waits for", bytes.extracting(first: end), conn) }
    guard end > 0, bytes.byte(end &- 1) == 13 else {
      return breakOff("an answer's line without CR", bytes.extracting(first: end), conn)
    }
    let words = bytes.extracting(first: end &- 1)
    let command = line[0].command
    if command.isRetrieval { return takeValue(words, bytes, conn) }
    if command.isMeta { return takeMeta(words, bytes, conn) }
    return takeLine(words, command, conn) ? end &+ 1 : 0
  }

  // MARK: The end

  /// The peer has sent what no server does: the conversation is over. Always 0.
  @discardableResult func breakOff(_ what: StaticString, _ words: RawSpan, _ conn: Conn) -> Int {
    var text = ByteBuffer()
    if text.reserve(what.utf8CodeUnitCount + 210, limit: mostBytes) {
      text.put(what)
      text.put(": ")
      for index in 0..<min(words.byteCount, 200) {  // as text, whatever it is
        let byte = words.byte(index)
        text.put(byte >= 32 && byte < 127 ? byte : UInt8(ascii: "?"))
      }
    }
    conn.close(Reason(.malformed, text: what, detail: Text.make(text.bytes)))
    return 0
  }

  @discardableResult func breakOff(_ status: Status, _ what: StaticString, _ conn: Conn) -> Int {
    conn.close(Reason(status, text: what))
    return 0
  }
}
