import Bytes
import Wire

/// Answers to this side's calls.
extension AMPFactory {
  @inline(never)
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
    call.connEnded()
    // The table's reference is this function's from here on.
    if let owned = conn.context.ids.remove(call.id) { Unmanaged<AMPCall>.fromOpaque(owned).release() }
    tell(call, box, width, found, conn, session)
    call.clear()
    call.command = nil
    call.successor = nil
    call.tls = nil
    if spareCalls.count < 1024 { spareCalls.append(call) }
  }

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
