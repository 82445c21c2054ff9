import Bytes

/// How a key finds its server: memcache_pool.h, PLAIT_MEMCACHE_ of plait_memcache_pool_options::distribution.
public enum Distribution: UInt32 {
  case ketama = 0, weightedKetama, rendezvous
}

/// What is known of a server where keys are placed.
struct PlacedServer {
  var name: Text
  var weight: UInt32
  var isThere: Bool
}

/// Where keys belong: by points on a circle (ketama), or by the highest of the servers' marks (rendezvous).
struct Placement: ~Copyable {
  struct Point: BitwiseCopyable {
    var value: UInt32
    var server: UInt32
  }
  let distribution: Distribution
  private var points: [Point] = []
  private var scratch = ByteBuffer()

  init(_ distribution: Distribution) { self.distribution = distribution }

  /// libmemcached's for one and for many points a hash, by the servers that are there.
  mutating func rebuild(_ servers: [PlacedServer]) {
    points.removeAll()
    guard distribution != .rendezvous else { return }
    let alive = servers.filter { $0.isThere }
    let total = alive.reduce(0) { $0 + UInt64($1.weight) }
    let isWeighted = distribution == .weightedKetama
    for (index, server) in servers.enumerated() where server.isThere {
      var count = 100
      if isWeighted {
        let part = Float(server.weight) / Float(total)
        let share = Float(Double(part * 160 / 4 * Float(alive.count)) + 0.0000000001)
        count = Int(share) * 4
      }
      add(server.name, UInt32(index), count / (isWeighted ? 4 : 1), isWeighted)
    }
    points.sort { $0.value < $1.value || ($0.value == $1.value && $0.server < $1.server) }
  }

  /// `name-0`, `name-1`, ...
  private mutating func add(_ name: Text, _ server: UInt32, _ count: Int, _ isWeighted: Bool) {
    guard scratch.reserve(name.count + 24, limit: mostBytes) else { return }
    for number in 0..<count {
      scratch.removeAll()
      scratch.put(name.bytes)
      scratch.put(UInt8(ascii: "-"))
      scratch.put(decimal: Int64(number))
      guard isWeighted else {
        points.append(Point(value: Hashes.oneAtATime(scratch.bytes), server: server))
        continue
      }
      let digest = Hashes.md5(scratch.bytes)
      points.append(Point(value: digest.0, server: server))
      points.append(Point(value: digest.1, server: server))
      points.append(Point(value: digest.2, server: server))
      points.append(Point(value: digest.3, server: server))
    }
  }

  /// The number of a key's server, or -1 where there is none.
  mutating func find(_ key: RawSpan, _ servers: [PlacedServer]) -> Int {
    if distribution == .rendezvous { return highest(key, servers) }
    guard !points.isEmpty else { return -1 }
    let hash = distribution == .ketama ? Hashes.oneAtATime(key) : Hashes.md5(key).0
    var (low, high) = (0, points.count)
    while low < high {
      let middle = low + (high - low) / 2
      if points[middle].value < hash { low = middle + 1 } else { high = middle }
    }
    return Int(points[low == points.count ? 0 : low].server)
  }

  private mutating func highest(_ key: RawSpan, _ servers: [PlacedServer]) -> Int {
    var (winner, best) = (-1, UInt32(0))
    for (index, server) in servers.enumerated() where server.isThere {
      scratch.removeAll()
      guard scratch.reserve(server.name.count + 1 + key.byteCount, limit: mostBytes) else { return -1 }
      scratch.put(server.name.bytes)
      scratch.put(UInt8(ascii: "-"))
      scratch.put(key)
      let score = Hashes.murmur3(scratch.bytes)
      var isHigher = winner < 0 || score > best
      if !isHigher, score == best {
        let other = servers[winner].name
        isHigher = server.name.bytes.compare(other.bytes) > 0
      }
      if isHigher { (winner, best) = (index, score) }
    }
    return winner
  }
}
