import Bytes
import Wire

/// An environment without descriptors: a manual clock, and names in memory to listen at and to connect to.
public final class MemoryEnvironment: Environment {
  var listeners: [MemoryListener] = []
  /// Work waits for `release`, so that a test can look at what happens meanwhile.
  public var holdsWork = false
  public private(set) var heldWork: [Work] = []

  public override func take(_ work: Work) -> Status {
    guard holdsWork else { return super.take(work) }
    heldWork.append(work)
    return .ok
  }
  public override func drop(_ work: Work) { heldWork.removeAll { $0 === work } }
  public override var working: Int { heldWork.count }

  /// All work that waits runs at the turn's end.
  public func releaseWork() {
    let held = heldWork
    heldWork = []
    for work in held { work.runHere() }
  }

  public override init() {
    super.init()
    manualTime = 0
  }

  public override func listen(
    _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening {
    guard endpoint.kind == .memory, endpoint.name != nil else { return .failed(.unsupported) }
    guard find(endpoint) == nil else { return .failed(.inUse) }
    let listener = MemoryListener(self, endpoint, Int(options.backlog), factory, context)
    listeners.append(listener)
    return .listener(listener)
  }

  public override func canConnect(_ endpoint: Endpoint) -> Bool { endpoint.kind == .memory }

  public override func connect(_ endpoint: Endpoint, _ connect: Connect) -> Status {
    guard endpoint.kind == .memory else { return .unsupported }
    if let listener = find(endpoint) {
      listener.enqueue(connect)
    } else {
      connect.failed(Reason(.refused, text: "nobody listens at that name"))
    }
    return .ok
  }

  func find(_ endpoint: Endpoint) -> MemoryListener? {
    listeners.first { MemoryEnvironment.same($0.endpoint, endpoint) }
  }

  static func same(_ a: Endpoint, _ b: Endpoint) -> Bool {
    guard let first = a.name, let second = b.name else { return false }
    return first.bytes.isEqual(second.bytes)
  }

  func remove(_ listener: MemoryListener) { listeners.removeAll { $0 === listener } }
}

/// A name in memory. Peers are accepted at the turn's end.
public final class MemoryListener: Listener {
  let memory: Unmanaged<MemoryEnvironment>  // not owned: the environment outlives its listeners
  let endpoint: Endpoint
  var queue: [UInt64] = []
  let backlog: Int

  init(
    _ memory: MemoryEnvironment, _ endpoint: Endpoint, _ backlog: Int, _ factory: Factory, _ context: Context
  ) {
    self.backlog = backlog
    self.memory = Unmanaged.passUnretained(memory)
    self.endpoint = endpoint
    super.init(context, factory)
  }

  func enqueue(_ connect: Connect) {
    guard queue.count < backlog else { return connect.failed(Reason(.refused, text: "the backlog is full")) }
    queue.append(connect.id)
    list()
  }

  public override func setAccepting(_ accepting: Bool) { list() }

  public override func service() {
    // A host may pause or close the listener inside the `connected` of any of them.
    var left = queue.count
    while left > 0, !isPaused, !queue.isEmpty {
      left -= 1
      let id = queue.removeFirst()
      guard let object = context.ids.find(id, Kind.call) else { continue }
      Unmanaged<Connect>.fromOpaque(object)._withUnsafeGuaranteedRef { if $0.outcome == nil { accept($0) } }
    }
    if !isPaused, !queue.isEmpty { list() }
  }

  func accept(_ connect: Connect) {
    let pair = MemoryTransport.pair(endpoint)
    switch open(pair.0) {
    case .failed:
      pair.0.close(.aborted)  // the two ends hold each other
      connect.failed(Reason(.refused))
    case .conn(let conn):
      pair.0.attach(conn)
      conn.start()
      connect.succeeded(pair.1)
    }
  }

  public override func local(_ address: inout Address) -> Status {
    if let name = endpoint.name { address.memory = UnsafePointer(name.pointer) }
    return .ok
  }

  public override func shut() {
    memory._withUnsafeGuaranteedRef { $0.remove(self) }
    for id in queue {
      guard let object = context.ids.find(id, Kind.call) else { continue }
      Unmanaged<Connect>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.failed(Reason(.refused)) }
    }
    queue = []
  }
}
