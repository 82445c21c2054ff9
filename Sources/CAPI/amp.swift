import AMP
import Bytes
import CPlait
import CSystem
import Framing
import Wire

extension Calls {
  init(_ table: plait_amp_handler) {
    self.init(front: table)
    message = table.box
    messages = table.boxes
  }
}

/// A factory of AMP conns that calls the host.
final class HostAMPFactory: AMPFactory, Tellable {
  let calls: Calls
  let handler: plait_amp_handler
  var locators = PlainList<plait_amp_locator_fn>()
  let tls: StartingTLS?
  var isGiven = false

  init(
    _ options: AMPOptions, _ handler: plait_amp_handler, _ tls: StartingTLS?, _ user: UnsafeMutableRawPointer?
  ) {
    calls = Calls(handler)
    self.handler = handler
    self.tls = tls
    super.init(
      options, wantsBoxes: calls.message != nil || calls.messages != nil, wantsRequests: handler.requests != nil,
      user: user)
    if let message = calls.message { each = HostCallback(message) }
  }
  deinit { if isGiven { calls.release?(user) } }

  override func opened(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func ended(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }

  override func takeBoxes(_ block: RawSpan, _ conn: Conn) -> Int { calls.take(block, each, conn) }

  override func takeRequests(_ block: RawSpan, _ rows: RawSpan, _ count: Int, _ conn: Conn) {
    // Sound: both are alive for the call, and nothing of the factory's is open meanwhile.
    block.withUnsafeBytes { data in
      rows.withUnsafeBytes { rows in
        handler.requests?(
          conn.user, plait_conn(id: conn.id), data.baseAddress?.assumingMemoryBound(to: UInt8.self), data.count,
          rows.baseAddress?.assumingMemoryBound(to: UInt32.self), count)
      }
    }
  }

  override func respond(_ box: Box, _ function: UnsafeRawPointer?, _ number: Int, _ conn: Conn) {
    guard let function else { return }
    unsafeBitCast(function, to: plait_amp_responder_fn.self)(
      conn.user, plait_conn(id: conn.id), plait_amp_box(id: box.id))
  }

  override func locate(_ name: RawSpan, _ conn: Conn, _ respond: (Responder) -> Void) -> Bool {
    for index in 0..<locators.count {
      var found = plait_amp_responder()
      found.struct_size = UInt32(MemoryLayout<plait_amp_responder>.size)
      let isFound = name.withUnsafeBytes {
        locators[index](
          conn.user, plait_conn(id: conn.id), $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, &found)
      }
      guard isFound == 1, let function = found.function else { continue }
      let pointer = unsafeBitCast(function, to: UnsafeRawPointer.self)
      if found.command.id == 0 {
        respond(Responder(command: nil, function: pointer))
        return true
      }
      let status = usingCommand(found.command) { command in
        respond(Responder(command: Unmanaged.passUnretained(command), function: pointer))
        return .ok
      }
      if status == .ok { return true }
    }
    return false
  }

  override func cancelled(_ box: Box?, _ tag: RawSpan, _ conn: Conn) {
    tag.withUnsafeBytes {
      handler.cancelled?(
        conn.user, plait_conn(id: conn.id), plait_amp_box(id: box?.id ?? 0),
        $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
  }

  override func extended(_ conn: Conn, _ large: Int) {
    handler.extended?(conn.user, plait_conn(id: conn.id), UInt64(large))
  }

  override func tls(_ conn: Conn) -> StartingTLS? { tls }

  override func makeCall(_ context: Context) -> AMPCall { HostAMPCall(context) }
}

/// A call whose answer goes to the host.
final class HostAMPCall: AMPCall {
  var done: plait_amp_answer_fn?
  var user: UnsafeMutableRawPointer?

  override func told(_ reason: Reason, _ box: Box?, _ conn: UInt64) {
    guard let done else { return }
    reason.export { done(user, plait_conn(id: conn), plait_amp_box(id: box?.id ?? 0), &$0) }
  }
  override func clear() {
    done = nil
    user = nil
  }
}

func amp(_ wanted: plait_amp_options) -> AMPOptions? {
  var options = AMPOptions()
  let known = UInt32(PLAIT_AMP_EXTENSION | PLAIT_AMP_ANNOUNCE | PLAIT_AMP_ALL_REQUESTS)
  guard wanted.flags & ~known == 0, wanted.max_box <= UInt32(PLAIT_BYTES_MAX),
    wanted.max_large <= UInt32(PLAIT_BYTES_MAX), let call = checkedTime(wanted.call_ms),
    let silence = checkedTime(wanted.keep_alive_ms)
  else { return nil }
  options.announces = wanted.flags & UInt32(PLAIT_AMP_ANNOUNCE) != 0
  options.understandsMore = options.announces || wanted.flags & UInt32(PLAIT_AMP_EXTENSION) != 0
  options.wantsAllRequests = wanted.flags & UInt32(PLAIT_AMP_ALL_REQUESTS) != 0
  if wanted.max_box > 0 { options.maxBox = Int(wanted.max_box) }
  if wanted.max_large > 0 { options.maxLarge = Int(wanted.max_large) }  // checked: of 32 bits
  if wanted.max_calls > 0 { options.maxCalls = Int(wanted.max_calls) }
  if wanted.max_requests > 0 { options.maxRequests = Int(wanted.max_requests) }
  options.callTime = call
  options.keepAliveTime = silence
  return options
}

@_cdecl("plait_amp_factory_new") @implementation
public func plait_amp_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_amp_options>?,
  _ handler: UnsafePointer<plait_amp_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_amp_handler()
  var wanted = plait_amp_options()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard let options = amp(wanted) else { return .invalid }
  if wanted.tls.id == 0 { return give(out, HostAMPFactory(options, table, nil, user)) }
  return starting(wanted.tls, nil) { give(out, HostAMPFactory(options, table, $0, user)) }
}

/// Runs `body` on a factory of AMP conns.
func onAMPFactory(_ factory: plait_factory, _ body: (HostAMPFactory) -> Status) -> Status {
  onFactory(factory) { factory in
    guard let amp = factory as? HostAMPFactory else { return .type }
    return body(amp)
  }
}

@_cdecl("plait_amp_factory_add_responder") @implementation
public func plait_amp_factory_add_responder(
  _ factory: plait_factory, _ command: plait_amp_command, _ function: plait_amp_responder_fn?
) -> CInt {
  onAMPFactory(factory) { factory in
    guard function != nil || factory.wantsRequests else { return .invalid }
    return usingCommand(command) { command in
      factory.add(command, function.map { unsafeBitCast($0, to: UnsafeRawPointer.self) })
    }
  }
}

@_cdecl("plait_amp_factory_add_locator") @implementation
public func plait_amp_factory_add_locator(_ factory: plait_factory, _ locator: plait_amp_locator_fn?) -> CInt {
  onAMPFactory(factory) { factory in
    guard let locator else { return .invalid }
    guard factory.locators.count < 255 else { return .limit }
    return factory.locators.append(locator) ? .ok : .noMemory
  }
}
