import Bytes
import Wire

// What goes beyond AMP between two sides that both know it: docs/amp-extension.md.

/// A large box in the making.
final class Partial {
  let id: UInt64
  var bytes = ByteBuffer()
  init(_ id: UInt64) { self.id = id }
}

extension Session {
  /// Says that this side knows more, and asks whether the peer does.
  func announce(_ conn: Conn) {
    serial &+= 1
    guard calls.set(serial, Session.announcement) else { return conn.abort(.noMemory) }
    var writer = BoxWriter(conn.context.pool.take())
    var status = writer.put("_ask", hex: serial)
    if status == .ok { status = writer.put("_command", literal: "plait.extend") }
    if status == .ok { status = putAbilities(&writer) }
    if status == .ok { status = send(writer.out.bytes, conn) }
    conn.context.pool.give(writer.out.take())
    if status != .ok { conn.abort(status) }
  }

  /// What this side takes, and the end of the box.
  func putAbilities(_ writer: inout BoxWriter) -> Status {
    var status = writer.put("large", decimal: Int64(options.maxLarge))
    if status == .ok { status = writer.put("version", literal: "1") }
    return status == .ok ? writer.end() : status
  }

  /// A command of the library's own?
  func takeOwn(_ box: RawSpan, _ found: Reserved, _ factory: AMPFactory, _ conn: Conn) -> Bool {
    guard options.understandsMore, !found.ask.isAbsent, found.command.of(box).isEqual("plait.extend") else {
      return false
    }
    var writer = BoxWriter(conn.context.pool.take())
    var status = writer.put("_answer", found.ask.of(box))
    if status == .ok { status = putAbilities(&writer) }
    if status == .ok { status = send(writer.out.bytes, conn) }
    conn.context.pool.give(writer.out.take())
    if status == .ok { agreed(box, factory, conn) }
    return true
  }

  /// The peer knows more, too: its announcement, or its answer to ours.
  func agreed(_ box: RawSpan, _ factory: AMPFactory, _ conn: Conn) {
    var fields = Fields(width: 2)
    var large: Int64 = 0
    while fields.next(box) {
      if fields.keyIn(box).isEqual("large"), case .value(let bytes) = integer(fields.valueIn(box)) { large = bytes }
    }
    let isNew = !isExtended
    isExtended = true
    peerLarge = Int(max(0, min(large, Int64(mostBytes))))
    if isNew { factory.extended(conn, peerLarge) }
  }

  // MARK: Large boxes

  /// The most bytes of a part's data.
  static var part: Int { 60_000 }

  /// Sends a box whose values have 32-bit lengths, in parts.
  func sendLarge(_ box: RawSpan, _ conn: Conn) -> Status {
    guard box.byteCount <= peerLarge else { return .tooLong }
    let rare = needRare()
    let count = (box.byteCount + Session.part - 1) / Session.part
    // Each part has at most 70 bytes around its data.
    guard box.byteCount + count * 70 <= conn.limits.cap - conn.waiting - rare.held.count else {
      conn.abort(.overflow)
      return .overflow
    }
    rare.nextPart += 1
    var at = 0
    while at < box.byteCount {
      let end = min(at + Session.part, box.byteCount)
      var writer = BoxWriter(conn.context.pool.take())
      var status = writer.put("_data", box.extracting(at..<end))
      if status == .ok, end < box.byteCount { status = writer.put("_more", literal: "") }
      if status == .ok { status = writer.put("_part", hex: rare.nextPart) }
      if status == .ok { status = writer.end() }
      if status == .ok { status = send(writer.out.bytes, conn) }
      conn.context.pool.give(writer.out.take())
      guard status == .ok else {
        if at > 0 { conn.abort(status) }  // a part without the rest means nothing
        return status
      }
      at = end
    }
    return .ok
  }

  /// A part of a large box has come.
  func take(part found: Reserved, _ box: RawSpan, _ factory: AMPFactory, _ conn: Conn) {
    let id = serial(of: found.part.of(box))
    guard id > 0, !found.data.isAbsent else { return conn.close(Reason(.malformed, text: "a part of nothing")) }
    let rare = needRare()
    let data = found.data.of(box)
    var place = rare.partials.firstIndex { $0.id == id } ?? -1
    if place < 0 {
      guard rare.partials.count < 64 else { return conn.close(Reason(.tooLong, text: "too many large boxes at once")) }
      rare.partials.append(Partial(id))
      place = rare.partials.count - 1
    }
    guard data.byteCount <= options.maxLarge - rare.partialBytes else {
      return conn.close(Reason(.tooLong, text: "a large box is too large"))
    }
    let partial = rare.partials[place]
    guard partial.bytes.append(data, limit: options.maxLarge) else { return conn.abort(.noMemory) }
    rare.partialBytes += data.byteCount
    guard found.more.isAbsent else { return }
    rare.partials.remove(at: place)
    rare.partialBytes -= partial.bytes.count
    takeLarge(partial, factory, conn)
  }

  /// It is whole: a box like any other, with longer lengths.
  func takeLarge(_ partial: Partial, _ factory: AMPFactory, _ conn: Conn) {
    let whole = partial.bytes.take()
    let block = whole.bytes
    var fields = Fields(width: 4)
    guard block.byteCount >= 2 else { return conn.close(.malformed) }
    let box = block.extracting(0..<block.byteCount - 2)
    while fields.next(box) {}
    guard fields.isWhole(box), block.bigEndian16(block.byteCount - 2) == 0 else {
      return conn.close(Reason(.malformed, text: "a large box is none"))
    }
    let found = Reserved(box, width: 4, isExtended: true)
    guard found.part.isAbsent else { return conn.close(Reason(.malformed, text: "a part in a part")) }
    factory.receive(block, 0, box.byteCount, 4, conn, self)
    if factory.rowCount > 0 { factory.giveRows(block, conn) }
  }

  // MARK: Cancelling

  func hash(_ tag: RawSpan, _ rare: Rare, _ conn: Conn) -> UInt64 {
    if rare.tagSeed == 0 { rare.tagSeed = conn.context.random.next() | 1 }
    var random = Random(seed: AMPFactory.hash(tag) ^ rare.tagSeed)
    return random.next() | 1
  }

  func rememberTag(_ box: Box) {
    guard box.isAsked, let conn = box.conn?.takeUnretainedValue() else { return }
    let rare = needRare()
    let key = hash(box.ask.of(box.bytes), rare, conn)
    if !rare.byTag.set(key, UInt(bitPattern: Unmanaged.passUnretained(box).toOpaque())) { conn.abort(.noMemory) }
  }

  func forgetTag(_ box: Box) {
    guard box.isAsked, let rare, let conn = box.conn?.takeUnretainedValue() else { return }
    let key = hash(box.ask.of(box.bytes), rare, conn)
    if rare.byTag.find(key) == UInt(bitPattern: Unmanaged.passUnretained(box).toOpaque()) { rare.byTag.remove(key) }
  }

  /// The peer's call was cancelled.
  func cancelled(_ tag: RawSpan, _ factory: AMPFactory, _ conn: Conn) {
    if factory.wantsRequests { return factory.cancelled(nil, tag, conn) }
    guard let rare, let value = rare.byTag.find(hash(tag, rare, conn)), let object = UnsafeRawPointer(bitPattern: value)
    else { return }
    // Sound: what is in the table is kept by the id table.
    let box = Unmanaged<Box>.fromOpaque(object).takeUnretainedValue()
    if box.ask.of(box.bytes).isEqual(tag) { factory.cancelled(box, tag, conn) }
  }
}
