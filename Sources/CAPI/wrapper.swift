import Bytes
import CPlait
import Policies
import Wire

/// A host's own policy.
final class HostWrapperFactory: WrapperFactory {
  let hooks: plait_wrapper_handler
  /// One that was never given out has no host to tell.
  var isGiven = false

  init(_ inner: Factory, _ hooks: plait_wrapper_handler, _ user: UnsafeMutableRawPointer?) {
    self.hooks = hooks
    super.init(inner, user: user, isInherited: hooks.flags & UInt32(PLAIT_WRAPPER_INHERITED) != 0)
  }
  deinit { if isGiven { hooks.release?(ownUser) } }

  override func built(_ wrapper: Wrapper) -> Bool {
    guard let built = hooks.built else { return true }
    return built(wrapper.user, plait_wrapper(id: wrapper.id)) == 0
  }

  override func connected(_ wrapper: Wrapper) -> Bool {
    guard let connected = hooks.connected else { return false }
    return connected(wrapper.user, plait_wrapper(id: wrapper.id)) != 0
  }

  override func received(_ bytes: RawSpan, _ wrapper: Wrapper) -> Bool {
    guard let received = hooks.received else { return false }
    return bytes.withUnsafeBytes {
      received(
        wrapper.user, plait_wrapper(id: wrapper.id), $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        != 0
    }
  }

  override func written(_ bytes: RawSpan, _ wrapper: Wrapper) -> Bool {
    guard let written = hooks.written else { return false }
    return bytes.withUnsafeBytes {
      written(
        wrapper.user, plait_wrapper(id: wrapper.id), $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        != 0
    }
  }

  override func readClosed(_ wrapper: Wrapper) { hooks.read_closed?(wrapper.user, plait_wrapper(id: wrapper.id)) }
  override func closing(_ wrapper: Wrapper) { hooks.closing?(wrapper.user, plait_wrapper(id: wrapper.id)) }

  override func disconnected(_ wrapper: Wrapper, _ reason: Reason) {
    guard let disconnected = hooks.disconnected else { return }
    reason.export { disconnected(wrapper.user, plait_wrapper(id: wrapper.id), &$0) }
  }
}

@_cdecl("plait_wrapper_factory_new") @implementation
public func plait_wrapper_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ handler: UnsafePointer<plait_wrapper_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  onFactory(factory) { inner in
    var hooks = plait_wrapper_handler()
    let status = readNeeded(handler, &hooks)
    guard status == .ok else { return status }
    guard hooks.flags & ~UInt32(PLAIT_WRAPPER_INHERITED) == 0 else { return .invalid }
    let made = HostWrapperFactory(inner, hooks, user)
    let added = addFactory(out, made)
    made.isGiven = added == .ok
    return added
  }
}

func onWrapper(_ wrapper: plait_wrapper, _ body: (Wrapper) -> Status) -> Status {
  onObject(wrapper.id, Kind.wrapper) { _, wrapper in body(wrapper) }
}

/// Runs `body` on the wrapper's layer, while its conn lives.
func onWrapped(_ wrapper: plait_wrapper, _ body: (WrapperLayer, Conn) -> Status) -> Status {
  onWrapper(wrapper) { $0.with(body) }
}

@_cdecl("plait_wrapper_get_conn") @implementation
public func plait_wrapper_get_conn(_ wrapper: plait_wrapper, _ conn: UnsafeMutablePointer<plait_conn>?) -> CInt {
  onWrapper(wrapper) { wrapper in
    guard let conn else { return .invalid }
    conn.pointee.id = wrapper.conn
    return .ok
  }
}

@_cdecl("plait_wrapper_set_user") @implementation
public func plait_wrapper_set_user(_ wrapper: plait_wrapper, _ user: UnsafeMutableRawPointer?) -> CInt {
  onWrapper(wrapper) { wrapper in
    wrapper.user = user
    return .ok
  }
}

@_cdecl("plait_wrapper_get_user") @implementation
public func plait_wrapper_get_user(
  _ wrapper: plait_wrapper, _ user: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> CInt {
  onWrapper(wrapper) { wrapper in
    guard let user else { return .invalid }
    user.pointee = wrapper.user
    return .ok
  }
}

@_cdecl("plait_wrapper_open") @implementation
public func plait_wrapper_open(_ wrapper: plait_wrapper) -> CInt { onWrapped(wrapper) { $0.open($1) } }

@_cdecl("plait_wrapper_feed") @implementation
public func plait_wrapper_feed(_ wrapper: plait_wrapper, _ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let bytes = checked(data, len) else { return .invalid }
  return onWrapped(wrapper) { $0.feed(bytes.bytes, $1) }
}

@_cdecl("plait_wrapper_write") @implementation
public func plait_wrapper_write(_ wrapper: plait_wrapper, _ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let bytes = checked(data, len) else { return .invalid }
  return onWrapped(wrapper) { $0.write(bytes.bytes, $1) }
}

@_cdecl("plait_wrapper_set_busy") @implementation
public func plait_wrapper_set_busy(_ wrapper: plait_wrapper, _ on: CInt) -> CInt {
  onWrapped(wrapper) { $0.setBusy(on != 0, $1) }
}

@_cdecl("plait_wrapper_pause") @implementation
public func plait_wrapper_pause(_ wrapper: plait_wrapper) -> CInt { onWrapped(wrapper) { $0.pause(true, $1) } }

@_cdecl("plait_wrapper_resume") @implementation
public func plait_wrapper_resume(_ wrapper: plait_wrapper) -> CInt { onWrapped(wrapper) { $0.pause(false, $1) } }
