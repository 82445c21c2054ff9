import Bytes

/// A layer that is to come between the transport and all else, and what has to wait for that.
final class Upgrade {
  let layer: Layer
  /// Written before: it leaves without the layer.
  var before = ByteBuffer()
  /// Received since: the layer's. Reading rests meanwhile, so only a conn that is fed gets here.
  var early = ByteBuffer()
  static var mostEarly: Int { 64 * 1024 }
  /// What the protocol holds is the layer's, too: the peer knew.
  let takesHeld: Bool
  init(_ layer: Layer, _ takesHeld: Bool) {
    self.layer = layer
    self.takesHeld = takesHeld
  }
}

extension Conn {
  /// Puts a layer just above the transport of a conversation that is under way. What was written so far leaves without
  /// it, through the layers that are there; what is written from now on goes through it, and so does what
  /// arrives from now on. Nothing is delivered before it has its place. `takesHeld`: what the protocol holds and was not
  /// delivered goes through it, too.
  public func insert(_ layer: Layer, takesHeld: Bool = false) -> Status {
    guard state.isDisjoint(with: .mute), !hasEnded else { return .closed }
    guard !state.contains(.upgrading) else { return .invalid }
    if state.contains(.fresh) {  // it has not begun: the layer is as good as there from the start
      layers.insert(layer, at: 0)
      return .ok
    }
    let upgrade = Upgrade(layer, takesHeld)
    upgrade.before = out.take()
    needExtras().upgrade = upgrade
    needExtras().forgetCuts()
    state.insert(.upgrading)
    transport.setReading(false)
    list()
    return .ok
  }

  /// Is a layer to be put in that is not there yet?
  public var isUpgrading: Bool { state.contains(.upgrading) }

  /// The topmost block: what was written before comes first.
  func takeTop() -> ByteBuffer {
    if let upgrade = extras?.upgrade { return upgrade.before.take() }
    return takeOutput()
  }

  /// Sends what was written before.
  @inline(never) func flushBefore() {
    guard let extras, let upgrade = extras.upgrade, !upgrade.before.isEmpty || extras.needsFlush,
      state.isDisjoint(with: [.closed, .aborting]), !transport.isBusy
    else { return }
    var buffer = layers.isEmpty ? upgrade.before.take() : pull()
    if !buffer.isEmpty, !state.contains(.aborting) {
      let size = buffer.count
      transport.write(&buffer, self)
      bytesOut &+= UInt64(truncatingIfNeeded: size &- buffer.count)
    }
    context.pool.give(buffer)
  }

  @inline(never) func keepEarly(_ bytes: RawSpan) {
    guard let upgrade = extras?.upgrade else { return }
    guard upgrade.early.append(bytes, limit: Upgrade.mostEarly) else {
      return fail(
        Reason(.overflow, text: "the peer went on before it could know that the layer is there"), atOnce: true)
    }
  }

  /// Where nothing is left of what was written before, the layer takes its place.
  @inline(never) func upgrade() {
    guard let extras, let upgrade = extras.upgrade, state.isDisjoint(with: [.closed, .aborting]) else { return }
    flushBefore()
    guard upgrade.before.isEmpty, !extras.needsFlush, !layers.contains(where: { $0.isBusy || $0.waiting > 0 }) else {
      return
    }
    extras.upgrade = nil
    state.remove(.upgrading)
    layers.insert(upgrade.layer, at: 0)
    if extras.former != nil { extras.formerLayers += 1 }
    var early = upgrade.early.take()
    if upgrade.takesHeld, held > 0 {
      var first = spoken.takeUnretainedValue().takeHeld()
      guard first.append(early.bytes, limit: mostBytes) else { return abort(.noMemory) }
      early = first.take()
    }
    upgrade.layer.inserted(self, 0, held: held)
    if !early.isEmpty, !isClosing || isWaitedFor { upgrade.layer.received(early.bytes, self, 0) }
    if extras.isAtEnd { upgrade.layer.ended(self, 0) } else if mayRead { transport.setReading(true) }
  }
}

/// What a channel can be told from others by (RFC 5929, RFC 9266).
public enum ChannelBinding {
  case exporter, unique, endPoint
}

extension Conn {
  /// Is what is said on it hidden from whoever is in between?
  public var isSecure: Bool { layers.contains { $0.isSecure } }

  /// The bytes that authentication can name so that it cannot be relayed: of the layer next to the protocol that has any.
  public func channelBinding(_ kind: ChannelBinding, into bytes: inout [UInt8]) -> Status {
    for layer in layers.reversed() where layer.isSecure { return layer.channelBinding(kind, into: &bytes) }
    return .unsupported
  }

  /// The layers, from the transport up.
  public func eachLayer(_ body: (Layer) -> Void) { for layer in layers { body(layer) } }
}
