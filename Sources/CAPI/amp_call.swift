import AMP
import Bytes
import CPlait
import CSystem
import Wire

// Calls of this side's, and boxes.

/// Runs `body` on the session of a conn that speaks AMP, with its factory.
@inline(__always) func onAMP(_ conn: plait_conn, _ body: (Conn, Session) -> Status) -> Status {
  onConn(conn) { conn in conn.withSession { session in body(conn, session) } }
}

/// Begins a call, and gives the host its handle.
@inline(__always) func call(
  _ conn: plait_conn, _ time: UInt64, _ done: plait_amp_answer_fn?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<plait_call>?,
  _ body: (Conn, Session, CallOptions, (AMPCall) -> Void) -> Status
) -> Status {
  guard let time = checkedTime(time) else { return .invalid }
  var options = CallOptions()
  options.time = time
  return onAMP(conn) { conn, session in
    body(conn, session, options) { call in
      let call = unsafeDowncast(call, to: HostAMPCall.self)  // sound: the factory makes no others
      call.done = done
      call.user = user
      out?.pointee.id = call.id
    }
  }
}

@_cdecl("plait_amp_call") @implementation
public func plait_amp_call(
  _ conn: plait_conn, _ command: plait_amp_command, _ given: UnsafePointer<plait_amp_value>?, _ count: Int,
  _ limit_ms: UInt64, _ done: plait_amp_answer_fn?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let given = values(given, count) else { return .invalid }
  return call(conn, limit_ms, done, user, out) { conn, session, options, give in
    session.factory._withUnsafeGuaranteedRef { factory in
      calling(command, factory) { session.call($0, given, options, conn, give) }
    }
  }
}

/// Runs `body` on a command that is called: mostly that of the call before, for which no lock is taken.
@inline(__always) func calling(_ command: plait_amp_command, _ factory: AMPFactory, _ body: (Command) -> Status)
  -> Status
{
  let now = csystem_shared_changes()
  if command.id == factory.calledId, now == factory.calledAt, let called = factory.called { return body(called) }
  return usingCommand(command) { found in
    factory.called = found
    factory.calledId = command.id
    factory.calledAt = now
    return body(found)
  }
}

@_cdecl("plait_amp_call_string") @implementation
public func plait_amp_call_string(
  _ conn: plait_conn, _ name: UnsafePointer<UInt8>?, _ len: Int, _ given: UnsafePointer<plait_bytes>?, _ count: Int,
  _ flags: UInt32, _ limit_ms: UInt64, _ done: plait_amp_answer_fn?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let name = checked(name, len), let given = pairs(given, count), flags & ~UInt32(PLAIT_AMP_ONEWAY) == 0 else {
    return .invalid
  }
  return call(conn, limit_ms, done, user, out) { conn, session, options, give in
    var options = options
    options.isOneway = flags != 0
    return session.call(name.bytes, given, options, conn, give)
  }
}

@_cdecl("plait_amp_call_switch") @implementation
public func plait_amp_call_switch(
  _ conn: plait_conn, _ command: plait_amp_command, _ given: UnsafePointer<plait_amp_value>?, _ count: Int,
  _ factory: plait_factory, _ limit_ms: UInt64, _ done: plait_amp_answer_fn?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let given = values(given, count) else { return .invalid }
  return call(conn, limit_ms, done, user, out) { conn, session, options, give in
    onFactory(factory) { successor in
      guard successor.bind(conn.context) else { return .bound }
      var options = options
      options.successor = successor
      return usingCommand(command) { command in
        guard command.flags.contains(.switches) else { return .invalid }
        return session.call(command, given, options, conn, give)
      }
    }
  }
}

@_cdecl("plait_amp_send") @implementation
public func plait_amp_send(_ conn: plait_conn, _ given: UnsafePointer<plait_bytes>?, _ count: Int) -> CInt {
  guard let given = pairs(given, count) else { return .invalid }
  return onAMP(conn) { conn, session in session.send(given, conn) }
}

@_cdecl("plait_amp_send_boxes") @implementation
public func plait_amp_send_boxes(_ conn: plait_conn, _ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let bytes = checked(data, len) else { return .invalid }
  return onAMP(conn) { conn, session in session.send(boxes: bytes.bytes, conn) }
}

@_cdecl("plait_amp_send_descriptor") @implementation
public func plait_amp_send_descriptor(_ conn: plait_conn, _ fd: CInt, _ number: UnsafeMutablePointer<UInt64>?) -> CInt {
  onAMP(conn) { conn, session in
    guard let number, fd >= 0 else { return .invalid }
    return session.sendDescriptor(fd, &number.pointee, conn)
  }
}

@_cdecl("plait_amp_take_descriptor") @implementation
public func plait_amp_take_descriptor(_ conn: plait_conn, _ number: UInt64, _ fd: UnsafeMutablePointer<CInt>?) -> CInt {
  onAMP(conn) { conn, session in
    guard let fd else { return .invalid }
    return conn.take(descriptor: number, &fd.pointee)
  }
}

@_cdecl("plait_amp_get_pending") @implementation
public func plait_amp_get_pending(
  _ conn: plait_conn, _ calls: UnsafeMutablePointer<Int>?, _ requests: UnsafeMutablePointer<Int>?
) -> CInt {
  onAMP(conn) { _, session in
    calls?.pointee = session.callCount
    requests?.pointee = session.requestCount
    return .ok
  }
}
