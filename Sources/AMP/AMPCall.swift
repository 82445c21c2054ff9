import Bytes
import Wire

/// A call that waits for its answer. When it was answered the object is used again; one that ended in another way is not.
open class AMPCall: Call {
  final var serial: UInt64 = 0
  public final var command: Command?
  /// The conn's id.
  final var place: UInt64 = 0
  /// Until the conn has ended.
  final var conn: Unmanaged<Conn>?
  final var limit: EntityTimer?
  /// What is spoken once this is answered.
  final var successor: Factory?
  /// What begins TLS once this is answered; the call ends with its handshake.
  final var tls: StartingTLS?

  /// How it ended. `box` has the answer, or the error if there is one.
  open func told(_ reason: Reason, _ box: Box?, _ conn: UInt64) {}
  /// It has ended: what the host gave is forgotten.
  open func clear() {}

  @inline(__always) static func borrow(_ value: UInt, _ body: (AMPCall) -> Void) {
    guard let object = UnsafeRawPointer(bitPattern: value) else { return }
    // Sound: a call's session has it in its table only as long as the id table owns it.
    Unmanaged<AMPCall>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
  }
  @inline(__always) final var value: UInt { UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()) }

  final func connEnded() {
    conn = nil
    stopTimer()
  }
  final func stopTimer() { if let limit, limit.isScheduled { context.timers.remove(limit) } }

  public final override func completed(_ reason: Reason) {
    told(reason, nil, place)
    clear()
    command = nil
    successor = nil
    tls = nil
  }

  /// The late answer will be swallowed, and who understands it is told.
  public final override func giveUp() {
    guard let conn = conn?.takeUnretainedValue() else { return }
    connEnded()
    _ = conn.withSession { session in
      if successor != nil || tls != nil {
        // What the peer speaks is not known any more; the host hears of the call first.
        session.needRare().ending = self
        conn.abort(.cancelled)
      }
      guard session.calls.find(serial) == value else { return .ok }
      _ = session.calls.set(serial, Session.swallow)
      session.callCount -= 1
      return session.isExtended ? session.sendCancel(serial, conn) : .ok
    }
  }

  public final override func timeIsUp() {
    guard outcome == nil else { return }
    giveUp()
    end(Reason(.timeout))
  }
}

extension Session {
  /// A tag of this side's, or 0 when it can't be one.
  @inline(__always) func serial(of tag: RawSpan) -> UInt64 {
    guard tag.byteCount > 0, tag.byteCount <= 16, tag.byte(0) != 48 else { return 0 }
    var value: UInt64 = 0
    var at = 0
    while at < tag.byteCount {
      let byte = tag.byte(at)
      let digit = byte &- 48 <= 9 ? byte &- 48 : byte &- 87
      guard digit <= 15, byte < 58 || digit >= 10 else { return 0 }
      value = value << 4 | UInt64(digit)
      at &+= 1
    }
    return value
  }

  /// May a call begin?
  var callFault: Status { isLocked ? .switched : calls.count >= options.maxCalls ? .limit : .ok }

  /// Takes in a call whose box was sent; `time` is its limit, 0: none.
  func began(_ call: AMPCall, _ time: UInt64, _ conn: Conn) -> Status {
    call.serial = serial
    call.conn = Unmanaged.passUnretained(conn)
    call.place = conn.id
    guard calls.set(serial, call.value) else { return .noMemory }
    callCount += 1
    guard time > 0 else { return .ok }
    if call.limit == nil { call.limit = EntityTimer() }
    guard let limit = call.limit else { return .ok }
    limit.id = call.id
    guard conn.context.schedule(limit, after: time) else {
      calls.remove(serial)
      callCount -= 1
      return .noMemory
    }
    return .ok
  }

  func sendCancel(_ serial: UInt64, _ conn: Conn) -> Status {
    guard fault == .ok else { return .ok }
    var writer = BoxWriter(conn.context.pool.take())
    var status = writer.put("_cancel", hex: serial)
    if status == .ok { status = writer.end() }
    if status == .ok { status = send(writer.out.bytes, conn) }
    conn.context.pool.give(writer.out.take())
    return .ok
  }
}
