import Bytes
import Wire

/// A factory whose connections speak TLS as another one of the same client's does, and resume its session: data connections of FTP, which a
/// strict server takes from nobody else (RFC 4217 §10.2).
public final class SiblingFactory: Factory {
  let inner: Factory
  let elder: TLSLayer

  public init(_ inner: Factory, of elder: TLSLayer) {
    self.inner = inner
    self.elder = elder
    super.init(user: inner.user)
  }

  public override func bind(_ context: Context) -> Bool { inner.bind(context) && super.bind(context) }

  /// This side is the client whoever has connected.
  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard let layer = TLSLayer.make(elder.config, isServer: false, elder.name, port: 0, sibling: elder) else {
      return nil
    }
    conn.add(layer)
    return inner.make(conn, origin)
  }
}
