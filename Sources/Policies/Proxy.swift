import Bytes
import Wire

/// How headers are taken: proxy.h, plait_proxy_options.
public struct ProxyRules {
  /// Who may send one; nil: everybody.
  public var trusted: AddressList?
  /// The others speak without one.
  public var isDirectForOthers = false
  public var time: UInt64 = 3000
  public var longest = 4096
  public init() {}
}

/// Connections that begin with a PROXY header: the inner factory builds when that is whole, and sees the client's address.
public final class ProxyFactory: Policy {
  let rules: ProxyRules

  public init(_ inner: Factory, _ rules: ProxyRules) {
    self.rules = rules
    super.init(inner)
  }

  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    var peer = Address()
    guard conn.peer(&peer) == .ok else { return nil }
    if let trusted = rules.trusted, let ip = peer.ip, trusted.longest(ip) < 0 {
      return rules.isDirectForOthers ? inner.make(conn, origin) : nil
    }
    conn.add(ProxyLayer(self, origin))
    return Protocol(tag: 0)
  }
}

/// Reads the header; afterwards it only passes on.
final class ProxyLayer: TimedLayer {
  let factory: ProxyFactory
  /// How the conn came to be, until the inner factory knows.
  var origin: Origin?
  var header = ByteBuffer()

  init(_ factory: ProxyFactory, _ origin: Origin) {
    self.factory = factory
    self.origin = origin
  }

  override func connected(_ conn: Conn, _ place: Int) { arm(conn, at: conn.context.now + factory.rules.time) }

  override func timeIsUp(_ conn: Conn) { fail(Reason(.timeout, text: "the PROXY header did not come in time"), conn) }

  func fail(_ reason: Reason, _ conn: Conn) {
    guard !conn.isClosing else { return }
    factory.counters.closed += 1
    conn.close(reason)
  }

  override func ended(_ conn: Conn, _ place: Int) {
    guard origin != nil else { return conn.passEnd(above: place) }
    fail(Reason(header.isEmpty ? .closed : .malformed, text: "the connection ended before its PROXY header did"), conn)
  }

  override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    guard origin != nil else { return conn.pass(bytes, above: place) }
    guard !conn.isClosing else { return }
    if header.isEmpty {
      look(bytes, conn, place, isKept: false)
    } else {
      guard header.append(bytes, limit: mostBytes) else { return conn.abort(.noMemory) }
      var all = header.take()
      look(all.bytes, conn, place, isKept: true)
      if origin != nil, !conn.isClosing { header = all.take() }
    }
  }

  /// All that came so far.
  func look(_ bytes: RawSpan, _ conn: Conn, _ place: Int, isKept: Bool) {
    switch ProxyHeader.parse(bytes, longest: factory.rules.longest) {
    case .unfinished: if !isKept, !header.append(bytes, limit: mostBytes) { conn.abort(.noMemory) }
    case .failed(let reason): fail(reason, conn)
    case .header(let found):
      if let ends = found.ends { conn.setAddresses(peer: ends.source, local: ends.target) }
      begin(conn, place)
      if found.length < bytes.byteCount { conn.pass(bytes.extracting(droppingFirst: found.length), above: place) }
    }
  }

  /// Now it is known whose connection this is.
  func begin(_ conn: Conn, _ place: Int) {
    disarm(conn)
    guard let origin else { return }
    self.origin = nil
    let status = conn.replace(by: factory.inner, origin)
    guard status == .ok else {
      if status == .refused { factory.counters.refusedWithin += 1 }
      return conn.close(status)
    }
    conn.passConnected(above: place)
  }
}
