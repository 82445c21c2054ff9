import Bytes

extension Conn {
  public func pause() -> Status {
    guard !isClosing else { return .closed }
    guard !state.contains(.paused) else { return .ok }
    state.insert(.paused)
    state.remove(.resumed)
    if !state.contains(.fresh) { transport.setReading(false) }
    return .ok
  }

  public func resume() -> Status {
    guard !isClosing else { return .closed }
    guard state.contains(.paused) else { return .ok }
    state.remove(.paused)
    reframe()
    return .ok
  }

  /// What is held is delivered at the turn's end, as far as nothing speaks against it.
  public func reframe() {
    state.insert(.resumed)
    list()
  }

  /// Ends the conversation once everything written has left.
  public func close(_ why: Status) {
    guard !isClosing else { return }
    state.insert(.closing)
    status = why
    list()
  }

  /// The same, with more to say than a status.
  public func close(_ reason: Reason) {
    guard !isClosing else { return }
    needExtras().reason = reason
    close(reason.status)
  }

  /// Ends it at the turn's end, whatever is still to be sent.
  public func abort(_ why: Status) {
    guard !state.contains(.closed) else { return }
    if !state.contains(.closing) || status == .ok { status = why }
    state.insert([.closing, .aborting])
    out.removeAll()
    list()
  }

  public func closeWrite() -> Status {
    guard state.isDisjoint(with: .mute) else { return .closed }
    guard transport.canCloseWrite else { return .unsupported }
    state.insert(.halfClosing)
    list()
    return .ok
  }

  /// Has another factory's protocol take over, with what this one holds.
  public func replace(by factory: Factory) -> Status {
    guard !isClosing else { return .closed }
    guard factory.bind(context) else { return .bound }
    let height = layers.count
    guard let next = factory.build(self, Origin(.attached)) else {
      while layers.count > height { layers.removeLast().disconnected(self, Reason(.refused)) }
      return .refused
    }
    let before = spoken.takeRetainedValue()
    if !state.isDisjoint(with: [.replaced, .fresh, .untold]) {  // it was never connected, and holds nothing
      context.bury(before)
    } else {
      needExtras().former = before
      needExtras().formerLayers = height
    }
    spoken = Unmanaged.passRetained(next)
    if !state.contains(.ownUser) { user = factory.user }
    if state.isDisjoint(with: [.fresh, .untold]) {
      state.insert(.replaced)
      list()
    }
    return .ok
  }

  /// The former protocol has returned: what it held is the new one's.
  func finishReplacing() {
    state.remove([.replaced, .toldEnd, .writePaused])  // whoever follows wants to hear of these, too
    guard let extras, let former = extras.former else { return }
    extras.former = nil
    context.bury(former)
    let held = former.takeHeld()
    let top = extras.formerLayers - 1
    if top + 1 < layers.count {  // it brought layers of its own: what was held goes through them
      state.insert(.untold)
      passConnected(above: top)
      if held.count > 0 { pass(held.bytes, above: top) }
    } else {
      spoken._withUnsafeGuaranteedRef { next in
        next.connected(self)
        if !isClosing { next.inherit(held.bytes, self) }
      }
    }
  }

  public func setUser(_ user: UnsafeMutableRawPointer?) {
    state.insert(.ownUser)
    self.user = user
  }

  /// Keeps what the protocol points at, instead of what it kept before.
  public func keep(_ object: AnyObject) {
    let extras = needExtras()
    if let former = extras.keepsake { context.bury(former) }
    extras.keepsake = object
  }

  /// Who waits for `connected`, which a layer keeps back: gets nil, or the reason for which it never came.
  func whenTold(_ body: @escaping (Reason?) -> Void) { needExtras().onTold = body }

  /// Who waits for the end of this conn: a connector. Called after `disconnected`.
  func onEnd(_ body: @escaping (Reason) -> Void) { needExtras().onEnd = body }

  // MARK: The turn's end

  func serve() {
    transport.pump(self)
    if !state.isDisjoint(with: .unusual), !isClosing { catchUp() }
    if state.contains(.resumed), !isClosing { goOn() }
    if state.contains(.ended), !isClosing { handleEnd() }
    flush()
    watchWater()
    if state.contains(.closing) { finish() } else if state.contains(.halfClosing) { finishWriting() }
  }

  func goOn() {
    state.remove(.resumed)
    if isReading { spoken._withUnsafeGuaranteedRef { $0.resumed(self) } }
    if mayRead, !hasEnded { transport.setReading(true) }
  }

  /// Everything has left, or nothing is waited for: the end. Else a time limit runs.
  func finish() {
    guard !state.contains(.closed) else { return }
    if !state.contains(.aborting), !hasSentAll() { return awaitFlush() }
    lost(extras?.reason ?? Reason(status))
  }

  /// Has everything left that was written, and what layers say behind it?
  func hasSentAll() -> Bool {
    guard !isSending else { return false }
    guard !layers.isEmpty, !needExtras().toldClosing else { return true }
    needExtras().toldClosing = true
    for place in layers.indices.reversed() { layers[place].closing(self, place) }
    flush()
    return !isSending
  }

  func awaitFlush() {
    let extras = needExtras()
    guard !extras.limit.isScheduled else { return }
    transport.setReading(isWaitedFor)
    extras.limit.id = id
    if !context.schedule(extras.limit, after: extras.limits.closeTime) { abort(.noMemory) }
  }

  func finishWriting() {
    guard !state.contains(.halfClosed), hasSentAll() else { return }
    state.insert(.halfClosed)
    let status = transport.closeWrite()
    if status != .ok { abort(status) } else if state.contains(.toldEnd) { close(.ok) }
  }

  // MARK: For layers

  /// A layer has something to send, or can take more.
  public func needFlush() {
    needExtras().needsFlush = true
    list()
  }

  /// A layer wants no reading for a while, whatever the host says; each `restrain` wants its `unrestrain`.
  public func restrain() {
    needExtras().restraints += 1
    state.insert(.restrained)
    if !state.contains(.fresh) { transport.setReading(false) }
  }

  public func unrestrain() {
    let extras = needExtras()
    extras.restraints -= 1
    guard extras.restraints == 0 else { return }
    state.remove(.restrained)
    if mayRead, !hasEnded { transport.setReading(true) }
  }

  // MARK: Addresses

  public func peer(_ address: inout Address) -> Status {
    guard let known = extras?.peer else { return transport.peer(&address) }
    address = known
    return .ok
  }

  public func local(_ address: inout Address) -> Status {
    guard let known = extras?.local else { return transport.local(&address) }
    address = known
    return .ok
  }

  /// A layer knows better than the transport who is at the ends: a proxy stands in between.
  public func setAddresses(peer: Address, local: Address) {
    needExtras().peer = peer
    needExtras().local = local
  }
}
