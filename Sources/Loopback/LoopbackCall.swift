import Bytes
import Wire

/// Two conns that talk with each other: a call that is over when both have ended.
public class LoopbackCall: Call {
  public final private(set) var server: UInt64 = 0
  public final private(set) var client: UInt64 = 0
  /// How they ended, once they have.
  final var serverEnd: Reason?
  final var clientEnd: Reason?
  /// Have both heard that they are connected?
  public final internal(set) var isEstablished = false
  /// The bytes that were delivered.
  public final var bytesToServer: UInt64 = 0
  public final var bytesToClient: UInt64 = 0
  final let done: (UInt64, Reason, Reason) -> Void

  /// `done` gets the call's id, the server's reason and the client's.
  public init(_ context: Context, _ done: @escaping (UInt64, Reason, Reason) -> Void) {
    self.done = done
    super.init(context)
  }

  final func conn(_ id: UInt64) -> Conn? {
    context.ids.find(id, Kind.conn).map { Unmanaged<Conn>.fromOpaque($0).takeUnretainedValue() }
  }
  final func set(server: UInt64) { self.server = server }
  final func set(client: UInt64) { self.client = client }

  public final func lookWhetherEstablished() {
    guard !isEstablished, let first = conn(server), let second = conn(client) else { return }
    isEstablished = !first.isUntold && !second.isUntold
  }

  final func ended(_ isServer: Bool, _ reason: Reason) {
    if isServer { serverEnd = serverEnd ?? reason } else { clientEnd = clientEnd ?? reason }
  }
  final var isOver: Bool { serverEnd != nil && clientEnd != nil }

  public override func completed(_ reason: Reason) { done(id, serverEnd ?? reason, clientEnd ?? reason) }

  public override func giveUp() {
    conn(server)?.abort(.cancelled)
    conn(client)?.abort(.cancelled)
  }

  /// Are rounds made by `pump` alone?
  public var isByHand: Bool { false }
  /// Rounds until nothing moves, at most so many; how many of them moved something.
  public func pump(_ rounds: Int) -> Int { 0 }
}
