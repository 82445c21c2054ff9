import Bytes
import Wire

/// The limits of throttle.h, plait_throttle_options; 0: none.
public struct ThrottleLimits {
  public var connections = 0
  public var perPeer = 0
  public var perSubnet = 0
  public var ipv6PeerBits = 64
  public var ipv4SubnetBits = 24
  public var ipv6SubnetBits = 48
  public var acceptRate: UInt64 = 0
  public var acceptBurst: UInt64 = 0
  public var mostOverflow = 0
  public var denyTime: UInt64 = 0
  public var read: Rate?
  public var write: Rate?
  public var readEach: Rate?
  public var writeEach: Rate?
  public init() {}
}

/// plait_throttle_counters
public struct ThrottleCounters {
  public var refusedConnections: UInt64 = 0
  public var refusedPeer: UInt64 = 0
  public var refusedSubnet: UInt64 = 0
  public var refusedRate: UInt64 = 0
  public var refusedDenied: UInt64 = 0
  public var overflowed: UInt64 = 0
  public init() {}
}

/// Limits how many connections there are, how fast they come, and how fast they read and write.
public final class ThrottleFactory: Policy {
  let limits: ThrottleLimits
  let overflow: Factory?
  public private(set) var refusals = ThrottleCounters()
  var open = 0
  var overflowing = 0
  var peers: PeerTable
  var accepting: Tokens?
  var buckets: BandwidthLayer.Buckets?
  /// How often somebody waited at a bucket of a connection that has ended.
  var pastWaits: (read: UInt64, write: UInt64) = (0, 0)

  public init(_ inner: Factory, _ limits: ThrottleLimits, overflow: Factory?) {
    self.limits = limits
    self.overflow = overflow
    peers = PeerTable(limits)
    super.init(inner)
  }

  public override func bind(_ context: Context) -> Bool {
    if let overflow, !overflow.bind(context) { return false }
    return super.bind(context)
  }

  public var knownPeers: Int { peers.count }
  public var readWaits: UInt64 { pastWaits.read + (buckets?.read?.waits ?? 0) }
  public var writeWaits: UInt64 { pastWaits.write + (buckets?.write?.waits ?? 0) }

  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    let now = conn.context.now
    var address = Address()
    guard conn.peer(&address) == .ok else { return nil }
    let peer = address.ip.map { peers.peer(of: $0) }
    guard admits(peer, now) else { return nil }
    let isOver = limits.connections > 0 && open >= limits.connections
    if isOver, overflow == nil || overflowing >= limits.mostOverflow {
      refusals.refusedConnections += 1
      return nil
    }
    open += 1
    if let peer { peers.enter(peer) }
    if isOver {
      overflowing += 1
      refusals.overflowed += 1
    }
    conn.attend(Seat(self, peer, isOver))
    limit(conn, now)
    return (isOver ? overflow ?? inner : inner).make(conn, origin)
  }

  func admits(_ peer: Peer?, _ now: UInt64) -> Bool {
    if limits.acceptRate > 0 {
      var tokens = accepting ?? Tokens(Rate(exactly: limits.acceptRate, limits.acceptBurst), now)
      tokens.refill(now)
      let isEmpty = tokens.whole == 0
      if !isEmpty { tokens.spend(1) }
      accepting = tokens
      if isEmpty {
        refusals.refusedRate += 1
        return false
      }
    }
    guard let peer else { return true }
    switch peers.verdict(peer, now) {
    case .welcome: return true
    case .denied: refusals.refusedDenied += 1
    case .tooMany: refusals.refusedPeer += 1
    case .tooManyOfSubnet: refusals.refusedSubnet += 1
    }
    return false
  }

  func limit(_ conn: Conn, _ now: UInt64) {
    var common = buckets ?? BandwidthLayer.Buckets()
    if buckets == nil {
      common.read = limits.read.map { Bucket($0, now) }
      common.write = limits.write.map { Bucket($0, now) }
      buckets = common
    }
    common.readEach = limits.readEach.map { Bucket($0, now) }
    common.writeEach = limits.writeEach.map { Bucket($0, now) }
    if !common.isNone { conn.add(BandwidthLayer(conn, common, self)) }
  }

  func leave(_ peer: Peer?, _ isOver: Bool) {
    open -= 1
    if isOver { overflowing -= 1 }
    if let peer { peers.leave(peer) }
  }
}

/// A connection's place among those that are counted.
final class Seat: Layer {
  let factory: ThrottleFactory
  let peer: Peer?
  let isOver: Bool

  init(_ factory: ThrottleFactory, _ peer: Peer?, _ isOver: Bool) {
    self.factory = factory
    self.peer = peer
    self.isOver = isOver
  }

  override func disconnected(_ conn: Conn, _ reason: Reason) { factory.leave(peer, isOver) }
}

/// As limits tell peers apart.
struct Peer {
  let host: IP
  let subnet: IP
}

/// How many connections there are of whom, and who is denied for a while.
struct PeerTable {
  let limits: ThrottleLimits
  var hosts: [IP: Host] = [:]
  var subnets: [IP: Int] = [:]
  /// Who is denied, in the order in which that ends.
  var denied: [(host: IP, end: UInt64)] = []
  var firstDenied = 0

  struct Host {
    var count = 0
    /// Denied until then.
    var end: UInt64 = 0
  }
  enum Verdict { case welcome, denied, tooMany, tooManyOfSubnet }

  init(_ limits: ThrottleLimits) { self.limits = limits }

  var count: Int { hosts.count }
  var isUsed: Bool { limits.perPeer > 0 || limits.perSubnet > 0 }
  /// So many are denied at most: a flood of peers makes the first of them forgotten, not the memory full.
  static var most: Int { 65536 }

  func peer(of ip: IP) -> Peer {
    let host = ip.isIPv4 ? ip : ip.first(limits.ipv6PeerBits)
    return Peer(host: host, subnet: ip.first(ip.isIPv4 ? 96 + limits.ipv4SubnetBits : limits.ipv6SubnetBits))
  }

  mutating func verdict(_ peer: Peer, _ now: UInt64) -> Verdict {
    guard isUsed else { return .welcome }
    forgive(now)
    let host = hosts[peer.host] ?? Host()
    if host.end > now { return .denied }
    if limits.perPeer > 0, host.count >= limits.perPeer {
      deny(peer.host, now)
      return .tooMany
    }
    if limits.perSubnet > 0, subnets[peer.subnet] ?? 0 >= limits.perSubnet {
      deny(peer.host, now)
      return .tooManyOfSubnet
    }
    return .welcome
  }

  mutating func enter(_ peer: Peer) {
    guard isUsed else { return }
    hosts[peer.host, default: Host()].count += 1
    if limits.perSubnet > 0 { subnets[peer.subnet, default: 0] += 1 }
  }

  mutating func leave(_ peer: Peer) {
    guard isUsed else { return }
    if var host = hosts[peer.host] {
      host.count -= 1
      hosts[peer.host] = host.count > 0 || host.end > 0 ? host : nil
    }
    if limits.perSubnet > 0, let count = subnets[peer.subnet] { subnets[peer.subnet] = count > 1 ? count - 1 : nil }
  }

  mutating func deny(_ host: IP, _ now: UInt64) {
    guard limits.denyTime > 0 else { return }
    if denied.count - firstDenied >= PeerTable.most { forgiveFirst() }
    hosts[host, default: Host()].end = now + limits.denyTime
    denied.append((host, now + limits.denyTime))
  }

  mutating func forgive(_ now: UInt64) {
    while firstDenied < denied.count, denied[firstDenied].end <= now { forgiveFirst() }
  }

  mutating func forgiveFirst() {
    let host = denied[firstDenied].host
    firstDenied += 1
    if firstDenied == denied.count || firstDenied >= 4096 {
      denied.removeFirst(firstDenied)
      firstDenied = 0
    }
    guard var entry = hosts[host] else { return }
    entry.end = 0
    hosts[host] = entry.count > 0 ? entry : nil
  }
}
