import Bytes
import COpenSSL
import CSystem
import Wire

/// TLS by a configuration, for protocols that begin it by themselves.
public final class ServerSecurity: Security {
  let config: Config
  public init(_ config: Config) {
    self.config = config
    config.keepSessions()
  }

  public override func start(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status {
    conn.startTLS(config, .server, nil, done)
  }

  public override func isOneSession(_ conn: Conn, _ other: Conn) -> Bool {
    guard let layer = conn.tlsLayer, let second = other.tlsLayer, SSL_session_reused(layer.ssl) == 1 else {
      return false
    }
    let (mark, known) = (layer.sessionMark, second.sessionMark)
    if !mark.isEmpty { return mark == known }
    return layer.sessionName == second.sessionName && !layer.sessionName.isEmpty
  }
}

extension Conn {
  /// The TLS next to the transport.
  var tlsLayer: TLSLayer? {
    var found: TLSLayer?
    eachLayer { if found == nil { found = $0 as? TLSLayer } }
    return found
  }
}

/// Tickets carry a mark of the connection on which their session began, so that a server can tell whose it is that goes on with one.
extension TLSLayer {
  static var markLength: Int { 16 }

  /// Of the session that this connection has: of its own, or taken over.
  var sessionMark: [UInt8] {
    if SSL_session_reused(ssl) != 1 { return mark }
    var data: UnsafeMutableRawPointer?
    var length = 0
    guard let session = SSL_get_session(ssl), SSL_SESSION_get0_ticket_appdata(session, &data, &length) == 1, let data,
      length == TLSLayer.markLength
    else { return [] }
    // Sound: OpenSSL keeps so many bytes for as long as the session, which this layer's SSL has.
    return UnsafeRawBufferPointer(start: data, count: length).map { $0 }
  }

  /// What sessions without tickets are told apart by.
  var sessionName: [UInt8] {
    var length: CUnsignedInt = 0
    guard let session = SSL_get_session(ssl), let name = SSL_SESSION_get_id(session, &length) else { return [] }
    return UnsafeBufferPointer(start: name, count: Int(length)).map { $0 }  // sound: as above
  }

  /// A ticket is about to be made: one of a session that was taken over has its mark already.
  static let markTicket: SSL_CTX_generate_session_ticket_fn = { ssl, _ in
    guard let ssl, let object = copenssl_layer(ssl), let session = SSL_get_session(ssl) else { return 0 }
    return Unmanaged<TLSLayer>.fromOpaque(object)._withUnsafeGuaranteedRef { layer in
      guard SSL_session_reused(ssl) != 1 || layer.sessionMark.isEmpty else { return 1 }
      if layer.mark.isEmpty {
        layer.mark = [UInt8](repeating: 0, count: markLength)
        guard RAND_bytes(&layer.mark, CInt(markLength)) == 1 else { return 0 }
      }
      return SSL_SESSION_set1_ticket_appdata(session, layer.mark, markLength)
    }
  }
}

extension Config {
  static var mostSessions: CLong { 4096 }

  /// From now on a server's sessions are kept here, too: some clients have no tickets, and have to go on with a session nevertheless.
  func keepSessions() {
    csystem_lock()
    if !keepsSessions { copenssl_keep_sessions(material.context, Config.mostSessions) }
    keepsSessions = true
    csystem_unlock()
  }

  /// Has it what a server shows?
  public var canServe: Bool { TLSLayer.fault(self, isServer: true, nil) == nil }
}
