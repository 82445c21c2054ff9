import Bytes
import Wire

/// An environment that notes what it is asked for, and does nothing: a test completes it. The clock is manual.
public final class HandEnvironment: Environment {
  public private(set) var listeners: [HandListener] = []
  var attempts: [UInt64] = []

  public override init() {
    super.init()
    manualTime = 0
  }

  public override func listen(
    _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening {
    let listener = HandListener(self, endpoint, options, factory, context)
    listeners.append(listener)
    return .listener(listener)
  }

  public override func canConnect(_ endpoint: Endpoint) -> Bool { true }
  public override func connect(_ endpoint: Endpoint, _ connect: Connect) -> Status {
    attempts.append(connect.id)
    return .ok
  }

  func remove(_ listener: HandListener) { listeners.removeAll { $0 === listener } }

  /// The attempts that are still to be decided.
  public func pending(_ context: Context) -> [Connect] {
    var found: [Connect] = []
    attempts.removeAll { id in
      guard let object = context.ids.find(id, Kind.call) else { return true }
      let connect = Unmanaged<Connect>.fromOpaque(object).takeUnretainedValue()
      guard connect.outcome == nil else { return true }
      found.append(connect)
      return false
    }
    return found
  }

  /// Takes one of them, to decide it; nil when it is none.
  public func take(_ id: UInt64, _ context: Context) -> Connect? {
    for connect in pending(context) where connect.id == id {
      attempts.removeAll { $0 == id }
      return connect
    }
    return nil
  }
}

/// A listener that accepts when it is told to.
public final class HandListener: Listener {
  let environment: Unmanaged<HandEnvironment>  // not owned: the environment outlives its listeners
  public let endpoint: Endpoint
  public let backlog: UInt32

  init(
    _ environment: HandEnvironment, _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory,
    _ context: Context
  ) {
    self.environment = Unmanaged.passUnretained(environment)
    self.endpoint = endpoint
    backlog = endpoint.backlog ?? options.backlog
    super.init(context, factory)
  }

  public override func local(_ address: inout Address) -> Status {
    if let name = endpoint.name { address.memory = UnsafePointer(name.pointer) }
    return .ok
  }
  public override func shut() { environment._withUnsafeGuaranteedRef { $0.remove(self) } }
}
