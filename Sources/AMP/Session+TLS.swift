import Bytes
import Wire

/// TLS that may begin on a conn: all that AMP knows of it.
open class StartingTLS {
  public init() {}
  /// Why it could not begin now, or `ok`.
  open func fault(_ conn: Conn) -> Status { .unsupported }
  /// Begins it. `done` is told once how the handshake ends, if this answers `ok`. `isAgreed`: the peer has just agreed, so its
  /// handshake may lie right behind that.
  open func start(_ conn: Conn, isAgreed: Bool, _ done: @escaping (Conn, Reason) -> Void) -> Status { .unsupported }
}

/// StartTLS, a command after whose answer both sides go on under TLS. Who asks holds back what it sends until the answer: in
/// plain, if the peer refuses.
extension Session {
  /// Asks the peer for it.
  public func startTLS(_ tls: StartingTLS, _ time: UInt64, _ conn: Conn, _ give: (AMPCall) -> Void) -> Status {
    guard fault == .ok, !conn.isClosing else { return fault == .ok ? .closed : fault }
    guard !isHolding else { return .invalid }
    var status = tls.fault(conn)
    guard status == .ok else { return status }
    var options = CallOptions()
    options.time = time
    let name: StaticString = "StartTLS"
    // Sound: a literal is static.
    let bytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes
    status = call(bytes, UnsafeBufferPointer(start: nil, count: 0), options, conn) { call in
      call.tls = tls
      give(call)
    }
    if status == .ok { isHolding = true }
    return status
  }

  /// What was held back leaves.
  func endHolding(_ conn: Conn) {
    isHolding = false
    guard let rare else { return }
    var held = rare.held.take()
    let status = held.isEmpty ? .ok : conn.write(held.count) { $0.put(held.bytes) }
    if status != .ok, status != .closed { conn.abort(status) }
    held.removeAll()
  }

  @inline(never) func hold(_ box: RawSpan, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    let rare = needRare()
    guard box.byteCount <= conn.limits.cap - rare.held.count else { return .overflow }
    return rare.held.append(box, limit: mostBytes) ? .ok : .noMemory
  }

  /// The peer has agreed: TLS begins, and what was held back follows under it. The call ends with the handshake.
  @inline(never) func agreedToTLS(_ call: AMPCall, _ tls: StartingTLS, _ conn: Conn) {
    call.stopTimer()
    let status = tls.start(conn, isAgreed: true) { _, reason in call.endNow(reason) }
    if status != .ok {
      needRare().ending = call  // the host hears of the call first
      conn.abort(status)
      call.end(Reason(status))
    }
    endHolding(conn)
  }
}

extension AMPFactory {
  /// Nobody of the host's answers StartTLS: the factory may know what to show.
  @inline(never)
  final func acceptTLS(_ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session) {
    scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      shown.show(box, width, conn, ask: found.ask)
      shown.isRequest = true
      shown.command = nil
      shown.asksForTLS = true
      shown.isOpen = true
      let status = tls(conn).map { shown.answer(startTLS: $0) { _, _ in } } ?? .unsupported
      if status != .ok, shown.isOpen { refuseTLS(shown, conn, session) }
      shown.isOpen = false
      shown.isReadable = false
    }
  }

  /// Both sides have asked at once: neither can go on before the other has answered, so each refuses.
  @inline(never)
  final func refuseTLS(_ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session) {
    guard !found.ask.isAbsent else { return conn.close(Reason(.unhandled, text: "a command that nobody answers")) }
    scratch(conn.context)._withUnsafeGuaranteedRef { shown in
      shown.show(box, width, conn, ask: found.ask)
      shown.command = nil
      refuseTLS(shown, conn, session)
      shown.isReadable = false
    }
  }

  final func refuseTLS(_ shown: Box, _ conn: Conn, _ session: Session) {
    var text = ByteBuffer()
    guard text.reserve(64, limit: 64) else { return conn.abort(.noMemory) }
    text.put(session.isHolding ? "TLS was asked for by the other side, too" : "TLS not available")
    // This answer alone is not held back: the peer may hold back its own until it has it.
    let isHolding = session.isHolding
    session.isHolding = false
    _ = shown.sendError("TLS_ERROR", text.bytes, session, conn)
    session.isHolding = isHolding
  }
}

extension Box {
  /// The last box in plain; then both sides go on under TLS.
  public func answer(startTLS tls: StartingTLS, _ done: @escaping (Conn, Reason) -> Void) -> Status {
    answering { session, conn in
      guard startsTLS, isAsked, !session.isHolding else { return .invalid }
      var status = tls.fault(conn)
      guard status == .ok else { return status }
      status = session.send(
        UnsafeBufferPointer(start: nil, count: 0), OwnFields(answer: ask.of(bytes), isAsked: true), conn,
        mayReserve: false, isSent: true)
      guard status == .ok else { return status }
      finish(session, conn)
      status = tls.start(conn, isAgreed: false, done)
      if status != .ok { conn.abort(status) }
      return status
    }
  }
}
