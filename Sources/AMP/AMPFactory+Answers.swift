import Bytes
import Wire

/// Answers to this side's calls.
extension AMPFactory {
  @_optimize(speed) @inline(never)
  final func answered(_ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session) {
    var found = found
    if !found.answer.isAbsent { found.error = .absent }  // an answer comes first
    let isError = found.answer.isAbsent
    let serial = session.serial(of: (isError ? found.error : found.answer).of(box))
    guard let value = session.calls.find(serial) else {
      return conn.close(Reason(.malformed, text: "an answer to a call that was not made"))
    }
    guard !isError || (!found.code.isAbsent && !found.description.isAbsent) else {
      return conn.close(Reason(.malformed, text: "an error without its code or description"))
    }
    session.calls.remove(serial)
    if value == Session.announcement { return isError ? () : session.agreed(box, self, conn) }
    guard value >= Session.marks else { return }
    session.callCount -= 1
    guard let object = UnsafeRawPointer(bitPattern: value) else { return }
    let call = Unmanaged<AMPCall>.fromOpaque(object).takeUnretainedValue()
    if let tls = call.tls {
      guard isError else { return session.agreedToTLS(call, tls, conn) }
      session.endHolding(conn)
    }
    if !isError, let command = call.command, expectedNow?.toOpaque() != Unmanaged.passUnretained(command).toOpaque() {
      expect(command)
    }
    call.connEnded()
    // The table's reference is this function's from here on.
    if let owned = conn.context.ids.remove(call.id) { Unmanaged<AMPCall>.fromOpaque(owned).release() }
    tell(call, box, width, found, conn, session)
    spare(call)
  }

  /// It can be used again.
  @inline(__always) final func spare(_ call: AMPCall) {
    call.clear()
    call.command = nil
    call.successor = nil
    call.tls = nil
    if spareCalls.count < 1024 { spareCalls.append(call) }
  }

  /// An answer as nearly all are: to a call of the command that was answered before, of Integers alone, all there and nothing else.
  /// Its length, with its end; 0: nothing was done. `row` learns how long it is before the host has it.
  @_optimize(speed) @inline(never)
  final func quickAnswer(
    _ bytes: RawSpan, _ at: Int, _ row: UnsafeMutablePointer<UInt32>, _ conn: Conn, _ session: Session
  ) -> Int {
    guard let expectedNow else { return 0 }
    return scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      expectedNow._withUnsafeGuaranteedRef { command in
        guard command.answer.isUsable, shown.prepare(command.response.count) else { return 0 }
        let found = command.answer.match(
          bytes, from: at, most: options.maxBox &+ 2, &answerShape, &shown.slots)
        guard found.length > 0, !found.isOdd else { return 0 }
        let box = bytes.extracting(at..<at &+ found.length &- 2)
        let serial = session.serial(of: Part(found.tag, found.tagLength).of(box))
        guard let value = session.calls.find(serial), value >= Session.marks, shown.id != 0,
          let object = UnsafeRawPointer(bitPattern: value)
        else { return 0 }
        // Sound: what is in the session's table is owned by the id table.
        let call = Unmanaged<AMPCall>.fromOpaque(object).takeUnretainedValue()
        guard call.tls == nil, call.successor == nil, call.command === command else { return 0 }
        session.calls.remove(serial)
        session.callCount -= 1
        row[1] = UInt32(truncatingIfNeeded: found.length &- 2)
        call.connEnded()
        if let owned = conn.context.ids.remove(call.id) { Unmanaged<AMPCall>.fromOpaque(owned).release() }
        shown.show(box, 2, conn, ask: .absent)
        shown.isRequest = false
        shown.command = expectedNow
        shown.schema = .response
        conn.context.show(shown)
        call.told(Reason(.ok), shown, conn.id)
        shown.isReadable = false
        shown.renew(Kind.box)
        spare(call)
        return found.length
      }
    }
  }

  @_optimize(speed)
  final func tell(
    _ call: AMPCall, _ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session
  ) {
    scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      shown.show(box, width, conn, ask: .absent)
      if found.answer.isAbsent {
        shown.code = found.code
        shown.details = found.description
      }
      shown.isRequest = false
      shown.command = nil
      shown.schema = .response
      shown.slots.removeAll()
      var reason = Reason(.ok)
      if found.answer.isAbsent {
        reason = self.reason(call.command, found.code.of(box))
        let words = found.description.length > 0 ? found.description : found.code  // some text there must be
        if words.length > 0 { reason.detail = Text.make(words.of(box)) }
      } else if let command = call.command {
        shown.command = Unmanaged.passUnretained(command)
        if !command.locate(box, width: width, command.response, 0, command.response.count, &shown.slots)
          || command.checkAll(box, command.response, 0, command.response.count, &shown.slots) >= 0
        {
          reason = Reason(.value, text: "the answer misses a value, or has one that is none")
        }
      }
      if call.successor != nil { session.isLocked = false }
      guard shown.id != 0 else { return conn.abort(.limit) }
      conn.context.show(shown)
      call.told(reason, reason.status == .value ? nil : shown, conn.id)
      shown.isReadable = false
      shown.renew(Kind.box)
      if let successor = call.successor, reason.status == .ok, !conn.isClosing {
        let status = conn.replace(by: successor)
        if status != .ok { conn.abort(status) }
      }
    }
  }

  /// What the code of an error means to the caller.
  final func reason(_ command: Command?, _ code: RawSpan) -> Reason {
    if let command {
      let index = command.error(code)
      if index >= 0 { return Reason(.remote, code: command.declared(index).number) }
    }
    return Reason(code.isEqual("UNHANDLED") ? .unhandled : .remote)
  }
}
