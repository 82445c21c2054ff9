import Bytes
import Wire

/// Takes connections from some addresses only.
public final class AccessFactory: Policy {
  let allow: AddressList?
  let deny: AddressList
  let refusesOthers: Bool

  public init(_ inner: Factory, allow: AddressList?, deny: AddressList, refusesOthers: Bool) {
    self.allow = allow
    self.deny = deny
    self.refusesOthers = refusesOthers
    super.init(inner)
  }

  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    var peer = Address()
    guard conn.peer(&peer) == .ok, admits(peer.ip) else { return nil }
    return inner.make(conn, origin)
  }

  /// The longest match decides; of two alike, deny.
  func admits(_ ip: IP?) -> Bool {
    guard let ip else { return !refusesOthers }
    let denied = deny.longest(ip)
    guard let allow else { return denied < 0 }
    let allowed = allow.longest(ip)
    return allowed >= 0 && allowed > denied
  }
}
