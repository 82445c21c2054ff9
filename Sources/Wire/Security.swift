import Bytes

/// Encryption that a protocol asks for in the middle of what it says, without knowing whose it is. This side is the server.
open class Security {
  public init() {}
  /// Begins on a conn, which may be one that is being built. `done` is told once how the handshake ends, if this answers `ok`.
  open func start(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status { .unsupported }
  /// Goes the peer of `conn` on with the session of `other`, so that nobody else can be it?
  open func isOneSession(_ conn: Conn, _ other: Conn) -> Bool { false }
}
