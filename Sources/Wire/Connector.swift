import Bytes

/// How to reconnect: connector.h, plait_connector_options.
public struct ConnectorOptions {
  public var initial: UInt64 = 1000
  public var maximum: UInt64 = 3_600_000
  public var factor = 2.718281828459045
  public var jitter = 0.11962656472
  public var mostRetries: UInt32 = 0
  public var attemptDelay: UInt64 = 250
  public var time: UInt64 = 30_000
  public init() {}
}

/// Keeps a connection up: connects, and when that fails or the connection ends, waits and connects
/// again. What it tells, a subclass passes on.
open class Connector: Entity {
  public final let endpoint: Endpoint
  public final let factory: Factory
  final let options: ConnectorOptions
  final let timer = EntityTimer()
  final var connect: Connect?
  /// The conn that is up, or 0.
  public final private(set) var conn: UInt64 = 0
  final var delay: Double
  final var retries: UInt32 = 0
  /// How often in a row it was sent on: that is no failure, up to here.
  private final var switches = 0
  static var mostSwitches: Int { 10 }
  final var end: Reason?

  public init(_ context: Context, _ endpoint: Endpoint, _ factory: Factory, _ options: ConnectorOptions) {
    self.endpoint = endpoint
    self.factory = factory
    self.options = options
    delay = Double(options.initial)
    super.init(context)
  }

  open func connected(_ conn: UInt64) {}
  open func waiting(_ reason: Reason, _ delay: UInt64) {}
  open func stopped(_ reason: Reason) {}

  /// Begins the first attempt, after the constructor's call has returned.
  public final func begin() -> Status {
    guard factory.bind(context) else { return .bound }
    guard !context.isEnding else { return .aborted }
    guard context.environment.canConnect(endpoint) else { return .unsupported }
    guard register(Kind.connector) else { return .limit }
    timer.id = id
    list()
    return .ok
  }

  open override func service() {
    if let end {
      guard context.ids.names(id) else { return }
      stopped(end)
      unregister()
    } else if connect == nil, conn == 0, !timer.isScheduled {
      attempt()
    }
  }

  /// Runs `body` on a connector if it is still there.
  static func on(_ id: UInt64, _ context: Context, _ body: (Connector) -> Void) {
    guard let object = context.ids.find(id, Kind.connector) else { return }
    Unmanaged<Connector>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
  }

  final func attempt() {
    let (context, id) = (context, id)
    let made = Connect(context, endpoint, factory, attemptDelay: options.attemptDelay, time: options.time) {
      _, conn, reason in Connector.on(id, context) { $0.finished(conn, reason) }
    }
    connect = made
    let status = made.begin()
    if status != .ok {
      connect = nil
      retry(Reason(status))
    }
  }

  /// An attempt has ended: it is the connect's completion, which lives as long as this connector wants it.
  final func finished(_ made: UInt64, _ reason: Reason) {
    connect = nil
    guard end == nil else { return }
    guard made != 0, let object = context.ids.find(made, Kind.conn) else {
      return retry(reason.status == .ok ? Reason(.closed) : reason)
    }
    conn = made
    let (context, id) = (context, id)
    Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef { conn in
      conn.onEnd { reason in Connector.on(id, context) { $0.lost(reason) } }
    }
    context.log(.info, "connector", "connected")
    connected(made)
  }

  final func lost(_ reason: Reason) {
    conn = 0
    if end == nil { retry(reason) }
  }

  final func retry(_ reason: Reason) {
    if context.isEnding { return }
    // What speaks next is settled already.
    let goesOn = reason.status == .switched && switches < Connector.mostSwitches
    var wait = 0.0
    if goesOn {
      switches += 1
    } else {
      switches = 0
      retries &+= 1
      if options.mostRetries > 0, retries > options.mostRetries { return stop(reason) }
      wait = delay
      if options.jitter > 0 { wait += wait * options.jitter * context.random.normal() }
      wait = max(0, min(wait, Double(options.maximum)))
      delay = min(delay * options.factor, Double(options.maximum))
    }
    guard context.schedule(timer, after: UInt64(wait)) else { return stop(Reason(.noMemory)) }
    context.log(.info, "connector", "waiting to connect again", reason.status)
    waiting(reason, UInt64(wait))
  }

  public final func reset() {
    delay = Double(options.initial)
    retries = 0
    guard timer.isScheduled else { return }
    context.timers.remove(timer)
    list()
  }

  public final func stop(_ reason: Reason) {
    guard end == nil else { return }
    end = reason
    context.timers.remove(timer)
    connect?.cancel()
    list()
  }

  public final override func timeIsUp() { list() }
  open override func abandon() { stop(Reason(.aborted)) }
  open override func drain() { stop(Reason(.ok)) }
}
