import Bytes
import CPlait
import Policies
import Wire

extension ThrottleLimits {
  /// Nil when a number is out of its range.
  init?(_ options: plait_throttle_options) {
    guard options.ipv6_peer_bits <= 128, options.ipv4_subnet_bits <= 32, options.ipv6_subnet_bits <= 128,
      let deny = checkedTime(options.deny_ms)
    else {
      return nil
    }
    for rate in [options.read, options.write, options.read_each, options.write_each] {
      guard rate.limit <= Rate.most, rate.burst <= Rate.most else { return nil }
    }
    self.init()
    connections = Int(options.max_connections)
    perPeer = Int(options.max_per_peer)
    perSubnet = Int(options.max_per_subnet)
    if options.ipv6_peer_bits > 0 { ipv6PeerBits = Int(options.ipv6_peer_bits) }
    if options.ipv4_subnet_bits > 0 { ipv4SubnetBits = Int(options.ipv4_subnet_bits) }
    if options.ipv6_subnet_bits > 0 { ipv6SubnetBits = Int(options.ipv6_subnet_bits) }
    acceptRate = UInt64(options.accept_rate)
    acceptBurst = UInt64(options.accept_burst == 0 ? options.accept_rate : options.accept_burst)
    mostOverflow = Int(options.max_overflow == 0 ? options.max_connections : options.max_overflow)
    denyTime = deny
    read = Rate(options.read)
    write = Rate(options.write)
    readEach = Rate(options.read_each)
    writeEach = Rate(options.write_each)
  }
}

extension Rate {
  init?(_ rate: plait_rate) { self.init(limit: rate.limit, burst: rate.burst) }
}

@_cdecl("plait_throttle_factory_new") @implementation
public func plait_throttle_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_throttle_options>?
) -> CInt {
  onFactory(factory) { inner in
    var wanted = plait_throttle_options()
    let status = read(options, &wanted)
    guard status == .ok else { return status }
    guard let limits = ThrottleLimits(wanted) else { return .invalid }
    if wanted.overflow.id == 0 { return addFactory(out, ThrottleFactory(inner, limits, overflow: nil)) }
    return onFactory(wanted.overflow) { addFactory(out, ThrottleFactory(inner, limits, overflow: $0)) }
  }
}

@_cdecl("plait_throttle_get_counters") @implementation
public func plait_throttle_get_counters(
  _ factory: plait_factory, _ out: UnsafeMutablePointer<plait_throttle_counters>?
) -> CInt {
  onServing(factory) { factory, _ in
    guard let throttle = factory as? ThrottleFactory else { return .type }
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    out.pointee.peers = UInt64(throttle.knownPeers)
    out.pointee.refused_connections = throttle.refusals.refusedConnections
    out.pointee.refused_peer = throttle.refusals.refusedPeer
    out.pointee.refused_subnet = throttle.refusals.refusedSubnet
    out.pointee.refused_rate = throttle.refusals.refusedRate
    out.pointee.refused_denied = throttle.refusals.refusedDenied
    out.pointee.overflowed = throttle.refusals.overflowed
    out.pointee.read_waits = throttle.readWaits
    out.pointee.write_waits = throttle.writeWaits
    return .ok
  }
}
