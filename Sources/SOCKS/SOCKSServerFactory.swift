import Bytes
import Wire

/// How requests are answered: socks.h, plait_socks_server_options.
public struct SOCKSServerOptions {
  public var knows4 = true
  public var knows5 = true
  public var canBind = true
  public var allowsPrivate = false
  public var needsLogin = false
  /// In milliseconds: until the request is there and granted, until it is connected, until somebody has come.
  public var handshakeTime: UInt64 = 30_000
  public var connectTime: UInt64 = 30_000
  public var bindTime: UInt64 = 120_000
  /// Without a byte in either direction; 0: any.
  public var idleTime: UInt64 = 0
  /// Nil: everything.
  public var allow: AddressList?
  public var deny = AddressList()
  /// From where it connects, and where it listens.
  public var interface: Text?
  public init() {}
}

/// What a client wants.
public struct SOCKSWish {
  public let version: UInt8
  public let command: UInt8
  public let host: Text?
  public let port: Int
  public let user: Text?
  /// Under a login alone.
  public let password: Text?
}

/// Builds conns with clients of a proxy. A subclass asks the host.
open class SOCKSServerFactory: Factory {
  public final let options: SOCKSServerOptions
  let targets = SOCKSTargetFactory(user: nil)
  let guarded: AddressList

  public init(_ options: SOCKSServerOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    guarded = SOCKSServerFactory.privateNetworks
    super.init(user: user)
  }

  open func opened(_ conn: Conn) {}
  open func ended(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) {}
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  open var asksLogin: Bool { false }
  open var asksHost: Bool { false }
  /// Does the host want to see what is passed on?
  open var hears: Bool { false }
  open func askLogin(_ conn: Conn, _ question: UInt64, _ wish: SOCKSWish) {}
  open func ask(_ conn: Conn, _ question: UInt64, _ wish: SOCKSWish) {}
  /// From now on bytes are passed on.
  open func established(_ conn: Conn, _ wish: SOCKSWish) {}
  open func heard(_ client: Conn, _ bytes: RawSpan, toClient: Bool) {}
  /// Where a host's port is.
  open func place(_ host: Text, _ port: Int) -> Endpoint? { Endpoint.host(host, port: port, from: options.interface) }
  /// The addresses of a host that a client waits for.
  open func resolve(_ host: Text, _ context: Context, _ done: @escaping ([IP]) -> Void) -> Attempt? {
    context.environment.resolve(host, done)
  }
  /// Is a connection that came that which a client waits for?
  open func isExpected(_ peer: Address, _ ip: IP) -> Bool { peer.ip == ip }

  /// Where to listen for a client: at the given interface, or the address that the client has come to.
  open func placeToListen(_ conn: Conn, _ ip: IP) -> Endpoint? {
    if let interface = options.interface, IP.parse(interface.bytes)?.isIPv4 == ip.isIPv4 {
      return Endpoint.anyPort(interface, isIPv6: !ip.isIPv4)
    }
    var local = Address()
    if options.interface == nil, conn.local(&local) == .ok, let here = local.ip, here.isIPv4 == ip.isIPv4 {
      return Endpoint.anyPort(here.text, isIPv6: !ip.isIPv4)
    }
    return Endpoint.anyPort(nil, isIPv6: !ip.isIPv4)
  }

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { SOCKSServer(self) }
  public final override func bind(_ context: Context) -> Bool { targets.bind(context) && super.bind(context) }

  // MARK: Rules

  /// What is not the whole world's: this host, its networks, and what is set aside (RFC 6890).
  static var privateNetworks: AddressList {
    let text: StaticString = """
      0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 \
      192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 \
      ::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 fc00::/7 fe80::/10 fec0::/10 ff00::/8
      """
    let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard case .list(let list) = AddressList.parse(bytes.bytes) else { return AddressList() }
    return list
  }

  /// May this address be reached? What is private only by a network of the host's that is within.
  public final func admits(_ ip: IP) -> Bool {
    let denied = options.deny.longest(ip)
    let allowed = options.allow?.longest(ip) ?? -1
    guard options.allow == nil ? denied < 0 : allowed >= 0 && allowed > denied else { return false }
    if options.allowsPrivate { return true }
    let hidden = guarded.longest(ip)
    if hidden >= 0 { return allowed >= hidden }
    return ip.carried.map { options.deny.longest($0) < 0 && guarded.longest($0) < 0 } ?? true
  }
}

/// Builds the other ends, of conns that a client's protocol has opened.
final class SOCKSTargetFactory: Factory {
  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard let client = origin.parent else { return nil }
    var made: SOCKSTarget?
    _ = client.speaking(Tag.socksServer) { (server: SOCKSServer) in
      guard server.accepts(conn, client) else { return .refused }
      made = SOCKSTarget(Tag.socksTarget, server.factory)
      made?.other = client.id
      return .ok
    }
    return made
  }
}
