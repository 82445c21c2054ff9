import Bytes
import Wire

/// TLS on a conversation that is under way.
extension Conn {
  /// Why it could not begin now, or `ok`.
  public func faultOfTLS(_ config: Config, _ role: Role, _ name: Text?) -> Status {
    guard !isClosing, !hasEnded else { return .closed }
    guard let isServer = role.isServer(self.role) else { return .invalid }
    var isFirst: Bool?
    eachLayer { if isFirst == nil { isFirst = $0 is TLSLayer } }
    guard isFirst != true, !isUpgrading else { return .invalid }
    return TLSLayer.fault(config, isServer: isServer, isServer ? nil : name ?? peerName)?.status ?? .ok
  }

  /// `done` is told once how the handshake ends, if this answers `ok`. `takesHeld`: what the protocol holds is the client's
  /// handshake, which it may begin right behind its last plain message.
  public func startTLS(
    _ config: Config, _ role: Role, _ name: Text?, takesHeld: Bool = false, _ done: @escaping (Conn, Reason) -> Void
  ) -> Status {
    let fault = faultOfTLS(config, role, name)
    guard fault == .ok, let isServer = role.isServer(self.role) else { return fault == .ok ? .invalid : fault }
    let name = isServer ? nil : name ?? peerName
    guard let layer = TLSLayer.make(config, isServer: isServer, name, port: 0) else { return .noMemory }
    let status = insert(layer, takesHeld: takesHeld && isServer)  // a server never speaks first
    if status == .ok {
      layer.done = done
      layer.startLimit(self)
    }
    return status
  }
}

extension Config {
  public static func isTicketKeys(_ length: Int) -> Bool { TicketKeys.isValid(length) }
}
