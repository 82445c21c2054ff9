import Bytes
import Wire

/// Requests: who answers, with which arguments.
extension AMPFactory {
  final func request(
    _ block: RawSpan, _ at: Int, _ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session
  ) {
    let name = found.command.of(box)
    if session.isHolding, name.isEqual("StartTLS") { return refuseTLS(box, width, found, conn, session) }
    let number = find(name)
    if wantsRequests {
      return addRow(number, block, at, box, width, found, conn, session)
    }
    guard number >= 0 else { return requestOther(box, width, found, conn, session) }
    respond(responders[number], box, width, found, conn, session)
  }

  /// A command that no responder is for: it may be the library's, or a locator knows who answers.
  @inline(never)
  final func requestOther(_ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session) {
    if session.takeOwn(box, found, self, conn) { return }
    let isFound = locate(found.command.of(box), conn) { respond($0, box, width, found, conn, session) }
    if !isFound { unhandled(box, width, found, conn, session) }
  }

  @_optimize(speed) @inline(never)
  final func respond(
    _ responder: Responder, _ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session
  ) {
    scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      shown.show(box, width, conn, ask: found.ask)
      shown.isRequest = true
      shown.command = responder.command
      shown.schema = .arguments
      shown.due = nil
      if !found.deadline.isAbsent { shown.readDeadline(found.deadline) }
      if let command = responder.command {
        let bad = command._withUnsafeGuaranteedRef { command -> Int in
          guard command.locate(box, width: width, command.arguments, 0, command.arguments.count, &shown.slots) else {
            return -2
          }
          return command.checkAll(box, command.arguments, 0, command.arguments.count, &shown.slots)
        }
        if bad != -1 { return refuse(shown, bad, conn, session) }
      } else {
        shown.slots.removeAll()
        shown.asksForTLS = found.command.of(box).isEqual("StartTLS")
      }
      ask(responder, shown, conn, session)
    }
  }

  /// The host has the request.
  @inline(__always) final func ask(_ responder: Responder, _ shown: Box, _ conn: Conn, _ session: Session) {
    guard shown.id != 0 else { return conn.abort(.limit) }
    shown.isOpen = true
    conn.context.show(shown)
    respond(shown, responder.function, responder.number, conn)
    if shown.isOpen { keep(shown, conn, session) } else { shown.isReadable = false }
  }

  /// A request as nearly all are: for the command that was called before, its fields in their order, its arguments all there, and
  /// right. Its length, with its end; 0: nothing was done. `row` learns how long it is before the host has it.
  @inline(__always)
  final func quick(
    _ bytes: RawSpan, _ at: Int, _ row: UnsafeMutablePointer<UInt32>, _ conn: Conn, _ session: Session
  ) -> Int {
    guard latest < responders.count else { return 0 }
    let responder = responders[latest]
    guard let command = responder.command else { return 0 }
    return scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      command._withUnsafeGuaranteedRef { command in
        guard command.request.isUsable, shown.prepare(command.arguments.count) else { return 0 }
        let found = command.request.match(
          bytes, from: at, most: options.maxBox &+ 2, &requestShape, &shown.slots)
        guard found.length > 0 else { return 0 }
        let length = found.length &- 2
        if found.isOdd {
          let box = bytes.extracting(at..<at &+ length)
          if command.checkAll(box, command.arguments, 0, command.arguments.count, &shown.slots) >= 0 { return 0 }
        }
        row[1] = UInt32(truncatingIfNeeded: length)
        shown.show(bytes, at, length, conn, ask: Part(found.tag, found.tagLength))
        shown.isRequest = true
        shown.command = responder.command
        shown.schema = .arguments
        shown.due = nil
        ask(responder, shown, conn, session)
        return found.length
      }
    }
  }

  /// The request is answered later: it keeps the box, and the next one gets another.
  @inline(never) final func keep(_ shown: Box, _ conn: Conn, _ session: Session) {
    conn.context.hide()
    guard shown.stay(session) else {
      shown.finish(session, conn)
      return conn.abort(.noMemory)
    }
    box?.release()
    box = nil
    if session.isExtended { session.rememberTag(shown) }
    if session.requestCount >= session.options.maxRequests, !conn.isPaused, conn.pause() == .ok {
      session.isChoked = true
    }
  }

  /// An argument is missing, or bad: that is the caller's fault, and of this request alone.
  @inline(never) final func refuse(_ shown: Box, _ bad: Int, _ conn: Conn, _ session: Session) {
    guard bad >= 0, let command = shown.command else { return conn.abort(.noMemory) }
    guard shown.isAsked else { return conn.close(Reason(.value, text: "an argument is missing or bad")) }
    var text = ByteBuffer()
    command._withUnsafeGuaranteedRef { command in
      let name = command.text(command.arguments.fields[bad].name)
      guard text.reserve(name.byteCount + 40, limit: mostBytes) else { return }
      text.put(shown.slots[bad].part.isAbsent ? "a missing argument: " : "a bad argument: ")
      text.put(name)
    }
    conn.context.log(.info, "amp", "a request with a bad or missing argument")
    _ = shown.sendError("UNKNOWN", text.bytes, session, conn)
    shown.isReadable = false
  }

  /// Nobody answers that command.
  @inline(never)
  final func unhandled(_ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session) {
    guard !found.ask.isAbsent else { return conn.close(Reason(.unhandled, text: "a command that nobody answers")) }
    let name = found.command.of(box)
    if name.isEqual("StartTLS") { return acceptTLS(box, width, found, conn, session) }
    var text = ByteBuffer()
    guard text.reserve(name.byteCount + 40, limit: mostBytes) else { return conn.abort(.noMemory) }
    text.put("Unhandled Command: ")
    text.put(name.extracting(first: min(name.byteCount, 60_000)))
    scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      shown.show(box, width, conn, ask: found.ask)
      shown.command = nil
      _ = shown.sendError("UNHANDLED", text.bytes, session, conn)
      shown.isReadable = false
    }
  }

  // MARK: As numbers

  /// Appends a row to the table: amp.h, plait_amp_handler::requests.
  @inline(never)
  final func addRow(
    _ number: Int, _ block: RawSpan, _ at: Int, _ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn,
    _ session: Session
  ) {
    if number < 0 {
      if session.takeOwn(box, found, self, conn) { return }
      guard options.wantsAllRequests else { return unhandled(box, width, found, conn, session) }
    }
    scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      var count = 0
      var switches = number < 0
      if number >= 0, let command = responders[number].command {
        command._withUnsafeGuaranteedRef { command in
          switches = command.flags.contains(.switches)
          count = command.arguments.count
          if !command.locate(box, width: width, command.arguments, 0, count, &shown.slots) { count = -1 }
        }
      }
      let size = 10 + 2 * count
      guard count >= 0, rows.reserve(size * 4, limit: mostBytes) else { return conn.abort(.noMemory) }
      func put(_ part: Part) {
        rows.put(part.isAbsent ? part.offset : part.offset &+ UInt32(truncatingIfNeeded: at))
        rows.put(part.length)
      }
      rows.put(UInt32(truncatingIfNeeded: size))
      rows.put(number < 0 ? UInt32.max : UInt32(truncatingIfNeeded: number))
      put(found.ask)
      put(Part(0, box.byteCount))
      put(found.command)
      var deadline: UInt32 = .max
      if !found.deadline.isAbsent, case .value(let time) = integer(found.deadline.of(box)), time >= 0 {
        deadline = UInt32(truncatingIfNeeded: min(time, Int64(UInt32.max) - 1))
      }
      rows.put(deadline)
      rows.put(UInt32(truncatingIfNeeded: width))
      for index in 0..<count { put(shown.slots[index].part) }
      rowCount += 1
      if switches || rowCount >= 4096 { giveRows(block, conn) }
    }
  }

  /// The host has nothing of the table open while it is called.
  @inline(never) final func giveRows(_ block: RawSpan, _ conn: Conn) {
    let count = rowCount
    var table = rows.take()
    rowCount = 0
    takeRequests(block, table.bytes, count, conn)
    table.removeAll()
    if rows.capacity == 0 { rows = table }
  }
}
