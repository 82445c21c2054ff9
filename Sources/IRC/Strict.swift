import Bytes
import Wire

/// Strict transport security: IRCv3's `sts`. A server that says so is spoken with over TLS alone, from the next connection on; for how long,
/// it says over TLS, and a host keeps that.
extension Endpoint {
  /// The name that a policy can be for, in small letters: of a host that is connected to without anybody between.
  var strictName: [UInt8] {
    guard kind == .tcp, socks.isEmpty, service == nil, let name, IP.parse(name.bytes) == nil else { return [] }
    return World.fold(name.bytes, .ascii)
  }
}

extension IRCFactory {
  /// The port for TLS where a connection to there must have it; else 0.
  public final func securePort(_ endpoint: Endpoint) -> Int {
    let name = endpoint.strictName
    guard endpoint.tls == nil, !name.isEmpty else { return 0 }
    if upgrade.port > 0, upgrade.name == name { return upgrade.port }
    let port = policy(name.span.bytes)
    return port > 0 && port < 65536 ? port : 0
  }
}

extension IRCSession {
  /// What capabilities say of it: `sts=port=6697,duration=2592000`.
  func heardPolicy(_ list: RawSpan, _ conn: Conn) {
    guard !strictName.isEmpty else { return }
    var words = Words(list)
    while let word = words.next() {
      let whole = list.extracting(word.range)
      guard whole.byteCount > 4, whole.extracting(first: 4).isEqual("sts=") else { continue }
      if conn.isSecure {
        guard let seconds = IRCSession.value("duration=", whole) else { continue }
        strictTime = seconds
        keepPolicy()
      } else if let port = IRCSession.value("port=", whole), port > 0, port < 65536 {
        owner.upgrade = (strictName, Int(port))  // checked: small
        fail(Reason(.switched, text: "the server wants TLS, which the next connection has"), conn)
      }
    }
  }

  func keepPolicy() {
    let name = strictName
    owner.keepPolicy(name.span.bytes, strictPort, strictTime ?? 0)
  }

  /// A key's number; of several the first one. Nil: there is none.
  private static func value(_ key: StaticString, _ list: RawSpan) -> UInt64? {
    var at = 4
    while at < list.byteCount {
      let comma = list.position(of: UInt8(ascii: ","), from: at)
      let pair = list.extracting(at..<(comma < 0 ? list.byteCount : comma))
      at = comma < 0 ? list.byteCount : comma + 1
      let length = key.utf8CodeUnitCount
      guard pair.byteCount > length, pair.byteCount <= length + 18, pair.extracting(first: length).isEqual(key) else {
        continue
      }
      var value: UInt64 = 0
      for index in length..<pair.byteCount {
        guard let digit = pair.byte(index).digit else { return nil }
        value = value * 10 + UInt64(digit)
      }
      return value
    }
    return nil
  }
}
