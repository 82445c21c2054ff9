import Bytes
import Wire

/// TLS on a conversation that is under way.
extension Conn {
  /// `done` is told once how the handshake ends, if this answers `ok`.
  public func startTLS(_ config: Config, _ role: Role, _ name: Text?, _ done: @escaping (Conn, Reason) -> Void)
    -> Status
  {
    guard !isClosing, !hasEnded else { return .closed }
    guard let isServer = role.isServer(self.role) else { return .invalid }
    var isFirst: Bool?
    eachLayer { if isFirst == nil { isFirst = $0 is TLSLayer } }
    guard isFirst != true, !isUpgrading else { return .invalid }
    let name = isServer ? nil : name ?? peerName
    if let fault = TLSLayer.fault(config, isServer: isServer, name) { return fault.status }
    guard let layer = TLSLayer.make(config, isServer: isServer, name, port: 0) else { return .noMemory }
    let status = insert(layer)
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
