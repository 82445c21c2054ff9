import Bytes
import COpenSSL
import Wire

/// Which part this side plays.
public enum Role { case auto, client, server }

extension Role {
  /// As the connection came about, where nobody says; nil where that does not tell.
  public func isServer(_ origin: Origin.Role) -> Bool? {
    switch self {
    case .client: false
    case .server: true
    case .auto: origin == .accepted ? true : origin == .connected ? false : nil
    }
  }
}

/// A factory whose connections speak TLS, and over it what another one builds.
public final class TLSFactory: Factory {
  let inner: Factory
  let config: Config
  let role: Role
  let name: Text?

  public init(_ inner: Factory, _ config: Config, _ role: Role, _ name: Text?) {
    self.inner = inner
    self.config = config
    self.role = role
    self.name = name
    super.init(user: inner.user)
    guard let detour = inner.detour else { return }
    // Another place, yes; but here is TLS already, and what would put it around this has nothing to do. (The inner one lives as long.)
    self.detour = { endpoint, outer, context in
      guard let found = detour(endpoint, outer, context), found.factory === outer else { return nil }
      return found
    }
  }

  /// The name that a client checks is known when it connects.
  public override func fault(_ role: Origin.Role) -> Reason? {
    if self.role.isServer(role) == true, let fault = TLSLayer.fault(config, isServer: true, nil) { return fault }
    return inner.fault(role)
  }

  public override func bind(_ context: Context) -> Bool { inner.bind(context) && super.bind(context) }

  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard let isServer = role.isServer(origin.role) else { return nil }
    let endpoint = isServer || origin.role != .connected ? nil : origin.endpoint
    let name = name ?? (endpoint?.kind == .tcp ? endpoint?.identity : nil)
    guard let layer = TLSLayer.make(config, isServer: isServer, name, port: endpoint?.number ?? 0) else { return nil }
    conn.add(layer)
    return inner.make(conn, origin)
  }
}
