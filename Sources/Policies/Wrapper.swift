import Bytes
import Wire

/// A host's own policy: a subclass says what the host is.
open class WrapperFactory: Policy {
  /// The user of its wrappers, until they have their own.
  public final let ownUser: UnsafeMutableRawPointer?
  public final let isInherited: Bool

  public init(_ inner: Factory, user: UnsafeMutableRawPointer?, isInherited: Bool) {
    ownUser = user
    self.isInherited = isInherited
    super.init(inner)
  }

  open override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    wrap(conn) ? inner.make(conn, origin) : nil
  }

  /// False: the host does not want it, or there is no room for another handle.
  final func wrap(_ conn: Conn) -> Bool {
    guard let layer = WrapperLayer.make(self, conn) else { return false }
    conn.add(layer)
    return built(layer.wrapper)
  }

  open func built(_ wrapper: Wrapper) -> Bool { true }
  /// The following three: true: the host has taken it, and says how it goes on.
  open func connected(_ wrapper: Wrapper) -> Bool { false }
  open func received(_ bytes: RawSpan, _ wrapper: Wrapper) -> Bool { false }
  open func written(_ bytes: RawSpan, _ wrapper: Wrapper) -> Bool { false }
  open func readClosed(_ wrapper: Wrapper) {}
  open func closing(_ wrapper: Wrapper) {}
  open func disconnected(_ wrapper: Wrapper, _ reason: Reason) {}
}

/// The handle of a host's policy on one conn.
public final class Wrapper: Entity {
  public let conn: UInt64
  public var user: UnsafeMutableRawPointer?
  var layer: Unmanaged<WrapperLayer>?  // not owned: it owns this, and ends it

  init(_ conn: Conn, _ user: UnsafeMutableRawPointer?) {
    self.conn = conn.id
    self.user = user
    super.init(conn.context)
  }

  /// What was opened and fed from outside a hook.
  public override func service() {
    with { layer, conn in
      if let place = conn.place(of: layer) { layer.goUp(conn, place) }
      return .ok
    }
  }

  /// Runs `body` if the conn has not ended.
  @discardableResult public func with(_ body: (WrapperLayer, Conn) -> Status) -> Status {
    guard let layer, let found = context.conn(conn) else { return .closed }
    return body(layer.takeUnretainedValue(), found)
  }
}

/// A host's policy on one conn: what it takes, it may put back changed, in either direction.
public final class WrapperLayer: Layer {
  let factory: WrapperFactory
  let wrapper: Wrapper
  /// On its way to the protocol, and to the peer.
  var up = ByteBuffer()
  var down = ByteBuffer()
  /// `connected` is kept back; or is to be told.
  var isHeld = false
  var isToOpen = false
  var isPaused = false
  var isHolding = false

  init(_ factory: WrapperFactory, _ wrapper: Wrapper) {
    self.factory = factory
    self.wrapper = wrapper
  }

  /// Nil when there is no room for another handle.
  static func make(_ factory: WrapperFactory, _ conn: Conn) -> WrapperLayer? {
    let wrapper = Wrapper(conn, factory.ownUser)
    guard wrapper.register(Kind.wrapper) else { return nil }
    let layer = WrapperLayer(factory, wrapper)
    wrapper.layer = Unmanaged.passUnretained(layer)
    return layer
  }

  // MARK: What happens

  public override func connected(_ conn: Conn, _ place: Int) {
    isHeld = factory.connected(wrapper)
    if !isHeld { conn.passConnected(above: place) }
    goUp(conn, place)
  }

  public override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    let isTaken = factory.received(bytes, wrapper)
    goUp(conn, place)
    if !isTaken { conn.pass(bytes, above: place) }
  }

  public override func ended(_ conn: Conn, _ place: Int) {
    factory.readClosed(wrapper)
    goUp(conn, place)
    conn.passEnd(above: place)
  }

  public override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
    let isTaken = !block.isEmpty && factory.written(block.bytes, wrapper)
    if isTaken { block.removeAll() }
    guard !down.isEmpty else { return }
    if block.isEmpty {
      let empty = block.take()
      block = down.take()
      conn.context.pool.give(empty)
    } else {  // what the hook wrote stands before what it let pass
      guard down.append(block.bytes, limit: mostBytes) else { return conn.abort(.noMemory) }
      block = down.take()
    }
  }

  public override var isBusy: Bool { isHolding }
  public override var waiting: Int { down.count }

  public override func closing(_ conn: Conn, _ place: Int) { factory.closing(wrapper) }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    factory.disconnected(wrapper, reason)
    wrapper.layer = nil
    wrapper.unregister()
  }

  public override func inherited(by child: Conn) {
    if factory.isInherited, !factory.wrap(child) { child.abort(.refused) }
  }

  /// What the host gave for the protocol.
  func goUp(_ conn: Conn, _ place: Int) {
    if isToOpen {
      isToOpen = false
      conn.passConnected(above: place)
    }
    while !up.isEmpty {
      var bytes = up.take()
      conn.pass(bytes.bytes, above: place)
      bytes.removeAll()
      conn.context.pool.give(bytes)
    }
  }

  // MARK: What the host says

  /// May bytes still go down?
  func isOver(_ conn: Conn) -> Bool { conn.isAborting || conn.hasEndedWriting }

  public func open(_ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    guard isHeld else { return .ok }
    isHeld = false
    isToOpen = true
    wrapper.list()
    return .ok
  }

  public func feed(_ bytes: RawSpan, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    if up.capacity == 0 { up = conn.context.pool.take() }
    guard bytes.byteCount <= conn.limits.cap - up.count else {
      conn.abort(.overflow)
      return .overflow
    }
    guard up.append(bytes, limit: mostBytes) else { return .noMemory }
    wrapper.list()
    return .ok
  }

  public func write(_ bytes: RawSpan, _ conn: Conn) -> Status {
    guard !isOver(conn) else { return .closed }
    guard bytes.byteCount <= conn.limits.cap - conn.waiting else {
      conn.abort(.overflow)
      return .overflow
    }
    if down.capacity == 0 { down = conn.context.pool.take() }
    guard down.append(bytes, limit: mostBytes) else { return .noMemory }
    conn.needFlush()
    return .ok
  }

  public func setBusy(_ on: Bool, _ conn: Conn) -> Status {
    guard !isOver(conn) else { return .closed }
    if isHolding, !on { conn.needFlush() }
    isHolding = on
    return .ok
  }

  public func pause(_ on: Bool, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    guard on != isPaused else { return .ok }
    isPaused = on
    if on { conn.restrain() } else { conn.unrestrain() }
    return .ok
  }
}
