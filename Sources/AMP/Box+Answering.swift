import Bytes
import Wire

/// An answer to a request that is under its callback: of Integers alone, mostly. (A function that ends in the other one takes
/// nothing from its caller's registers.)
@_optimize(speed) @inline(never)
func answerAtOnce(_ box: Box, _ values: UnsafeBufferPointer<Value>, _ command: Command, _ conn: Conn) -> Status {
  guard command.answer.isUsable, values.count == command.response.count, let base = values.baseAddress,
    let session = conn.session, session._withUnsafeGuaranteedRef({ !$0.isHolding && !$0.isLocked })
  else { return box.answerOther(values) }
  var index = 0
  while index < values.count {
    if base[index].form != Value.natural { return box.answerOther(values) }
    index &+= 1
  }
  let (tag, tagLength) = (Int(box.ask.offset), Int(box.ask.length))
  let room = command.integersRoom &+ tagLength
  guard conn.isReady(room) else { return answerFirst(box, values, command, conn, room) }
  conn.appendReady {
    command.answer.write(
      &$0, room: room, box.bytes, tag: tag, tagLength, UnsafeRawPointer(base) + Value.placeOfInteger)
  }
  box.isOpen = false
  box.isReadable = false
  box.renew(Kind.box)
  return .ok
}

/// The first answer of a turn, or one that the buffer has no room for.
@inline(never)
func answerFirst(_ box: Box, _ values: UnsafeBufferPointer<Value>, _ command: Command, _ conn: Conn, _ room: Int)
  -> Status
{
  guard conn.prepare(room) == .ok, conn.isReady(room) else { return box.answerOther(values) }
  return answerAtOnce(box, values, command, conn)
}

/// How a request ends.
extension Box {
  /// Runs `body` if the request can still be answered and its conn can be written to.
  func answering(_ body: (Session, Conn) -> Status) -> Status {
    guard isOpen, let conn else { return isRequest ? .stale : .type }
    return conn._withUnsafeGuaranteedRef { conn in
      if conn.isClosing { return .closed }
      return conn.withSession { session in session.fault == .ok ? body(session, conn) : session.fault }
    }
  }

  @inline(__always) public func answer(_ values: UnsafeBufferPointer<Value>) -> Status {
    if isOpen, !isKept, isAsked, let command, let conn {
      // Sound: a box that is open has a conn.
      return conn._withUnsafeGuaranteedRef { conn in
        command._withUnsafeGuaranteedRef { answerAtOnce(self, values, $0, conn) }
      }
    }
    return answerOther(values)
  }

  @inline(never) func answerOther(_ values: UnsafeBufferPointer<Value>) -> Status {
    answering { session, conn in
      guard !isAnsweredOtherwise else { return .invalid }
      let status = isAsked ? sendAnswer(values, session, conn) : check(values)
      if status == .ok { finish(session, conn) }
      return status
    }
  }

  /// Nobody will see the values, but they have to be some.
  @inline(never) func check(_ values: UnsafeBufferPointer<Value>) -> Status {
    guard let command else { return values.count == 0 ? .ok : .invalid }
    var out = ByteBuffer()
    return command._withUnsafeGuaranteedRef { $0.make(values, .response, &out) }
  }

  @_optimize(speed) @inline(never)
  func sendAnswer(_ values: UnsafeBufferPointer<Value>, _ session: Session, _ conn: Conn) -> Status {
    var writer = BoxWriter(conn.context.pool.take())
    writer.nextDescriptor = conn.nextDescriptor
    var status = write(values, &writer, session, conn)
    if status == .tooLong, session.isExtended {
      writer.restart()
      status = write(values, &writer, session, conn)
    }
    if status == .ok { status = session.send(&writer, conn) }
    conn.context.pool.give(writer.out.take())
    return status
  }

  @_optimize(speed) @inline(never)
  func write(_ values: UnsafeBufferPointer<Value>, _ writer: inout BoxWriter, _ session: Session, _ conn: Conn)
    -> Status
  {
    let tag = ask.of(bytes)
    guard let command else {
      guard values.count == 0 else { return .invalid }
      let status = writer.put("_answer", tag)
      return status == .ok ? writer.end() : status
    }
    return command._withUnsafeGuaranteedRef { command in
      guard values.count <= command.response.count else { return .invalid }
      var place = 0
      while place <= command.response.count {
        if place == command.answerPlace {
          let status = writer.put("_answer", tag)
          if status != .ok { return status }
        }
        if place < command.response.count {
          let status = writer.put(values, place, command.response, 0, command)
          if status != .ok { return status }
        }
        place &+= 1
      }
      return writer.end()
    }
  }

  /// The same with fields as they are.
  public func answer(_ pairs: UnsafeBufferPointer<HostBytes>) -> Status {
    answering { session, conn in
      guard !isAnsweredOtherwise else { return .invalid }
      let own = OwnFields(answer: ask.of(bytes), isAsked: isAsked)
      let status = session.send(pairs, own, conn, mayReserve: false, isSent: isAsked)
      if status == .ok { finish(session, conn) }
      return status
    }
  }

  /// An error. One that the command does not list is the end of the conversation, and so is a fatal one.
  public func answer(error code: RawSpan, _ description: RawSpan, isFatal: Bool) -> Status {
    answering { session, conn in
      guard description.byteCount <= 65535, code.byteCount <= 65535 else { return .tooLong }
      var ends = true
      if let command {
        command._withUnsafeGuaranteedRef { command in
          let index = command.error(code)
          if index >= 0 { ends = command.declared(index).isFatal }
        }
      } else {
        ends = false  // who answers without a command says himself what is fatal
      }
      if isAsked {
        let status = sendError(code, description, session, conn)
        guard status == .ok else { return status }
      }
      finish(session, conn)
      if ends || isFatal || !isAsked { conn.close(isAsked ? .ok : .remote) }
      return .ok
    }
  }

  /// An error that hides what it was, unless that is said: the end of the conversation.
  public func answerUnknown(_ description: RawSpan) -> Status {
    var words = ByteBuffer()
    guard words.reserve(32, limit: 64) else { return .noMemory }
    words.put("UNKNOWNUnknown Error")
    let text = words.bytes
    let shown = description.byteCount > 0 ? description : text.extracting(7..<20)
    return answer(error: text.extracting(0..<7), shown, isFatal: true)
  }

  func sendError(_ code: StaticString, _ description: RawSpan, _ session: Session, _ conn: Conn) -> Status {
    var text = ByteBuffer()
    guard text.reserve(code.utf8CodeUnitCount, limit: 256) else { return .noMemory }
    text.put(code)
    return sendError(text.bytes, description, session, conn)
  }

  func sendError(_ code: RawSpan, _ description: RawSpan, _ session: Session, _ conn: Conn) -> Status {
    guard session.fault == .ok else { return session.fault }
    var writer = BoxWriter(conn.context.pool.take())
    var status = writer.put("_error", ask.of(bytes))
    if status == .ok { status = writer.put("_error_code", code) }
    if status == .ok { status = writer.put("_error_description", description) }
    if status == .ok { status = writer.end() }
    if status == .ok { status = session.send(&writer, conn) }
    conn.context.pool.give(writer.out.take())
    return status
  }

  /// The last box; then the conn speaks what the factory builds.
  public func answer(switchTo factory: Factory) -> Status {
    answering { session, conn in
      guard let command, command._withUnsafeGuaranteedRef({ $0.flags.contains(.switches) }) else { return .invalid }
      var status = conn.replace(by: factory)
      guard status == .ok else { return status }
      if isAsked { status = sendAnswer(UnsafeBufferPointer(start: nil, count: 0), session, conn) }
      if status != .ok { conn.abort(status) }
      finish(session, conn)
      session.isLocked = true
      return .ok
    }
  }

  func readDeadline(_ deadline: Part) {
    if case .value(let time) = integer(deadline.of(bytes)), time >= 0 {
      due = context.now &+ UInt64(min(time, 1 << 50))
    }
  }
}
