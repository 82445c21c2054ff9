import Bytes
import CSystem

/// Builds what a new connection needs. A policy is a factory around a factory: it refuses, or adds its layer and has
/// the inner one build, whose layers so come to stand nearer to the protocol.
open class Factory {
  public final let user: UnsafeMutableRawPointer?
  /// The reactor that it serves, by handle, or 0.
  public final private(set) var reactor: UInt64 = 0
  public final var counters = FactoryCounters()
  /// Says where a connection to an endpoint goes instead, or nil: there. It gets the factory with all that is around it, too.
  public final var detour: ((Endpoint, Factory, Context) -> Detour?)?
  public init(user: UnsafeMutableRawPointer?) { self.user = user }

  /// Has it built, and takes note of who did, and of who refused.
  public final func make(_ conn: Conn, _ origin: Origin) -> Protocol? {
    conn.note(self)
    conn.context.userOfBuilt = user  // the innermost factory's, in the end
    let before = conn.context.refusals
    if let built = build(conn, origin) { return built }
    if conn.context.refusals == before {
      conn.context.refusals += 1
      counters.refused += 1
    } else {
      counters.refusedWithin += 1
    }
    return nil
  }

  /// The conn has its id and its transport already. Nil refuses the connection. A policy asks the inner one to `make`.
  open func build(_ conn: Conn, _ origin: Origin) -> Protocol? { nil }

  /// Why no conn that comes to be in this way could ever be spoken with, or nil.
  open func fault(_ role: Origin.Role) -> Reason? { nil }

  /// Makes the factory this reactor's; false when it serves another that lives.
  open func bind(_ context: Context) -> Bool {
    if reactor == context.id { return true }
    csystem_lock()  // two reactors, on two threads, may want it at once
    defer { csystem_unlock() }
    guard reactor == 0 || !Context.lives(reactor) else { return false }
    reactor = context.id
    return true
  }
}

/// Where a connection goes in the place of another, and what speaks there; nil: it must not be made.
public struct Detour {
  public let endpoint: Endpoint
  public let factory: Factory?
  /// Which of its addresses may be connected to; nil: all.
  public let permits: ((IP) -> Bool)?
  public init(_ endpoint: Endpoint, _ factory: Factory?, permits: ((IP) -> Bool)? = nil) {
    (self.endpoint, self.factory, self.permits) = (endpoint, factory, permits)
  }
}

/// How a connection came to be.
public struct Origin {
  public enum Role { case accepted, connected, attached }
  public let role: Role
  /// What was connected to.
  public let endpoint: Endpoint?
  /// Whose protocol opened it: its layers say what of them the new conn inherits.
  public let parent: Conn?

  public init(_ role: Role, endpoint: Endpoint? = nil, parent: Conn? = nil) {
    self.role = role
    self.endpoint = endpoint
    self.parent = parent
  }
}
