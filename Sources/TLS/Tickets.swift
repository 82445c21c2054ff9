import Bytes
import COpenSSL
import CSystem

/// The keys of the tickets that a server gives out: shared by all threads that use a configuration, and by other
/// processes that are given the same. Guarded by the process-wide lock.
struct TicketKeys {
  static var size: Int { 80 }
  static var most: Int { 16 }
  var bytes: [UInt8]

  /// Made up, for this process alone; nil when there is no randomness to be had.
  static func random() -> TicketKeys? {
    var made = [UInt8](repeating: 0, count: size)
    return RAND_bytes(&made, CInt(size)) == 1 ? TicketKeys(bytes: made) : nil
  }

  static func isValid(_ length: Int) -> Bool { length > 0 && length % size == 0 && length / size <= most }
}

extension Config {
  /// The key for new tickets, copied out; false where there is none.
  func newestTicketKey(_ out: inout [UInt8]) {
    csystem_lock()
    out = Array(tickets.bytes.prefix(TicketKeys.size))
    csystem_unlock()
  }

  /// The key with this name, and whether it is the newest.
  func ticketKey(named name: UnsafePointer<UInt8>) -> (key: [UInt8], isNewest: Bool)? {
    csystem_lock()
    defer { csystem_unlock() }
    var at = 0
    while at + TicketKeys.size <= tickets.bytes.count {
      let isIt = tickets.bytes.withUnsafeBytes { memcmp($0.baseAddress.unsafelyUnwrapped + at, name, 16) == 0 }
      if isIt { return (Array(tickets.bytes[at..<at + TicketKeys.size]), at == 0) }
      at += TicketKeys.size
    }
    return nil
  }

  /// OpenSSL's callback: 1 done, 2 done and a new ticket is wanted, 0 not ours, -1 failed.
  static let ticketCallback: copenssl_ticket_fn = { ssl, name, iv, cipher, mac, isEncrypting in
    guard let ssl, let name, let iv, let cipher, let mac, let layer = copenssl_layer(ssl) else { return -1 }
    return Unmanaged<TLSLayer>.fromOpaque(layer)._withUnsafeGuaranteedRef { layer in
      if isEncrypting != 0 {
        var key: [UInt8] = []
        layer.config.newestTicketKey(&key)
        guard key.count == TicketKeys.size, RAND_bytes(iv, 16) == 1 else { return -1 }
        for index in 0..<16 { name[index] = key[index] }
        return copenssl_ticket_begin(key, iv, cipher, mac, 1) == 1 ? 1 : -1
      }
      guard let found = layer.config.ticketKey(named: name) else { return 0 }
      guard copenssl_ticket_begin(found.key, iv, cipher, mac, 0) == 1 else { return -1 }
      // A TLS 1.3 server sends new ones anyway.
      return found.isNewest && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2
    }
  }
}

/// The sessions that servers let clients resume: the newest few, by who the server is. Guarded by the process-wide lock.
struct SessionCache {
  struct Entry {
    let hash: UInt64
    let peer: [UInt8]
    let session: OpaquePointer
  }
  static var most: Int { 1024 }
  /// How many for one server: a TLS 1.3 ticket is used once.
  static var mostForOne: Int { 4 }
  var entries: [Entry] = []

  /// Takes over a session; what there is no room for any more is the caller's to free.
  mutating func put(_ peer: [UInt8], _ session: OpaquePointer) -> OpaquePointer? {
    let hash = peer.span.bytes.fnv
    entries.append(Entry(hash: hash, peer: peer, session: session))
    var first: Int?
    var count = 0
    for (index, entry) in entries.enumerated() where entry.hash == hash && entry.peer == peer {
      if first == nil { first = index }
      count += 1
    }
    if count > SessionCache.mostForOne, let first { return entries.remove(at: first).session }
    return entries.count > SessionCache.most ? entries.removeFirst().session : nil
  }

  /// The newest for this server, which is the caller's now.
  mutating func take(_ peer: [UInt8]) -> OpaquePointer? {
    let hash = peer.span.bytes.fnv
    guard let index = entries.lastIndex(where: { $0.hash == hash && $0.peer == peer }) else { return nil }
    return entries.remove(at: index).session
  }

  mutating func removeAll() -> [Entry] {
    let all = entries
    entries = []
    return all
  }
}
