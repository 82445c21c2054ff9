import Bytes
import CSystem

extension Conn {
  public func pause() -> Status {
    guard !isClosing else { return .closed }
    guard !state.contains(.paused) else { return .ok }
    state.insert(.paused)
    rests &+= 1
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

  /// Ends it at the turn's end, with more to say than a status.
  public func abort(_ reason: Reason) {
    if !isClosing { needExtras().reason = reason }
    abort(reason.status)
  }

  /// Is it over, or was the peer told that no more will come?
  public var hasEndedWriting: Bool { !state.isDisjoint(with: [.closed, .halfClosed]) }
  /// Is it being cut off, rather than ended in good order?
  public var isAborting: Bool { state.contains(.aborting) }

  /// It cannot go on: it ends with this reason even where a close in good order is under way, when what layers have to say
  /// about it has left, or at once.
  public func fail(_ reason: Reason, atOnce: Bool = false) {
    guard !state.contains(.closed), status == .ok || !isClosing else { return }
    needExtras().reason = reason
    status = reason.status
    state.insert(.closing)
    if atOnce {
      state.insert(.aborting)
      out.removeAll()
    }
    list()
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
  public func replace(by factory: Factory, _ origin: Origin = Origin(.attached)) -> Status {
    guard !isClosing, spoken.toOpaque() != Unmanaged.passUnretained(context.nobody).toOpaque() else { return .closed }
    guard factory.bind(context) else { return .bound }
    let height = layers.count
    guard let next = rebuild(by: factory, origin) else { return .refused }
    let before = spoken.takeRetainedValue()
    if !state.isDisjoint(with: [.replaced, .fresh, .untold]) {  // it was never connected, and holds nothing
      before.left(self, Reason(.switched))
      context.bury(before)
    } else {
      needExtras().former = before
      needExtras().formerLayers = height
    }
    spoken = Unmanaged.passRetained(next)
    csystem_record_respeak(context.index, id)
    takeUser()
    if state.isDisjoint(with: [.fresh, .untold]) {
      state.insert(.replaced)
      list()
    }
    return .ok
  }

  /// What the factory builds for a conn that is there already; nil leaves it as it was.
  func rebuild(by factory: Factory, _ origin: Origin) -> Protocol? {
    let extras = needExtras()
    let (height, attendants, builders) = (layers.count, extras.attendants.count, extras.builders.count)
    context.building += 1
    let next = factory.make(self, origin)
    context.building -= 1
    if next == nil {
      while layers.count > height { layers.removeLast().disconnected(self, Reason(.refused)) }
      while extras.attendants.count > attendants { extras.attendants.removeLast().disconnected(self, Reason(.refused)) }
      extras.builders.removeLast(extras.builders.count - builders)
    } else {
      for factory in extras.builders[builders...] {
        factory.counters.open += 1
        factory.counters.total += 1
      }
    }
    return next
  }

  /// Unless the host has set one, the user is that of the factory which has built the protocol: the innermost.
  func takeUser() { if !state.contains(.ownUser) { user = context.userOfBuilt } }

  /// The conn whose protocol opens this one: what holds for that one holds for this one.
  func inherit(from parent: Conn) {
    for layer in parent.layers { layer.inherited(by: self) }
    if let extras = parent.extras { for layer in extras.attendants { layer.inherited(by: self) } }
  }

  /// The former protocol has returned: what it held is the new one's.
  func finishReplacing() {
    state.remove([.replaced, .toldEnd, .writePaused])  // whoever follows wants to hear of these, too
    guard let extras, let former = extras.former else { return }
    extras.former = nil
    context.bury(former)
    former.left(self, Reason(.switched))
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
    let extras = roomForExtras()
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
    if state.contains(.upgrading) {
      upgrade()
      flush()
    }
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
    while !isSending, !transport.isUnderway {
      guard !layers.isEmpty, needExtras().toldClosing < layers.count else { return true }
      needExtras().toldClosing += 1
      let place = layers.count - needExtras().toldClosing
      layers[place].closing(self, place)
      flush()  // one's last words go through those below before these have theirs
    }
    return false
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

  /// A close goes on: its time limit, if it runs, begins anew.
  public func prolongClose() {
    guard let extras, extras.limit.isScheduled else { return }
    if !context.schedule(extras.limit, after: extras.limits.closeTime) { abort(.noMemory) }
  }

  /// The layer nearest to the protocol for which that is so.
  public func lastLayer(_ isIt: (Layer) -> Bool) -> Layer? { layers.last(where: isIt) }

  /// Where a layer stands, counted from the transport.
  public func place(of layer: Layer) -> Int? { layers.firstIndex { $0 === layer } }

  /// A layer wants no reading for a while, whatever the host says; each `restrain` wants its `unrestrain`.
  public func restrain() {
    needExtras().restraints += 1
    state.insert(.restrained)
    rests &+= 1
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

  /// Has the peer's address stay known, for a conn whose protocol hears of it later: behind a handshake the peer may have reset.
  public func keepPeer() {
    guard !layers.isEmpty, extras?.peer == nil else { return }
    var found = Address()
    if transport.peer(&found) == .ok { needExtras().peer = found }
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
