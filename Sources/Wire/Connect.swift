import Bytes

/// What an environment does for a `Connect`; cancelled when it is no longer wanted.
open class Attempt {
  public init() {}
  open func cancel() {}
}

/// One connection to be made: a call that ends with a conn, or alone.
public final class Connect: Call {
  public private(set) var endpoint: Endpoint
  public private(set) var factory: Factory
  /// Between the starts of two attempts, in milliseconds (RFC 8305 §5).
  public let attemptDelay: UInt64
  public var attempt: Attempt?
  /// For all of it, in milliseconds.
  public let time: UInt64
  let limit = EntityTimer()
  let done: (UInt64, UInt64, Reason) -> Void
  /// The conn whose protocol opens it, or 0; when that has ended meanwhile, nobody wants this one.
  public var parent: UInt64 = 0
  /// Which addresses of a host may be connected to, whatever its name says; nil: all.
  public var permits: ((IP) -> Bool)?
  /// None of them may.
  public var isBarred = false
  var conn: UInt64 = 0
  var ready: Transport?

  /// `done` gets the call's id, the conn's or 0, and the reason.
  public init(
    _ context: Context, _ endpoint: Endpoint, _ factory: Factory, attemptDelay: UInt64, time: UInt64,
    _ done: @escaping (UInt64, UInt64, Reason) -> Void
  ) {
    self.endpoint = endpoint
    self.factory = factory
    self.attemptDelay = attemptDelay
    self.time = endpoint.timeout ?? time
    self.done = done
    super.init(context)
  }

  /// Begins. On failure the call never was: no completion.
  public func begin() -> Status {
    guard factory.bind(context) else { return .bound }
    guard !context.isEnding else { return .aborted }
    guard register(Kind.call) else { return .limit }
    limit.id = id
    guard context.schedule(limit, after: time) else {
      unregister()
      return .noMemory
    }
    var status = turnOff()
    if status == .ok { status = context.environment.connect(endpoint, self) }
    if status != .ok {
      context.timers.remove(limit)
      unregister()
    }
    return status
  }

  /// Goes where the factory wants it to. That is asked last: an answer may hold for one connection alone.
  private func turnOff() -> Status {
    guard let detour = factory.detour?(endpoint, factory, context) else { return .ok }
    guard let outer = detour.factory else { return .tlsConfig }
    guard outer === factory || outer.bind(context) else { return .bound }
    (endpoint, factory) = (detour.endpoint, outer)
    if let permits = detour.permits { self.permits = permits }
    return .ok
  }

  /// The environment has a connection. Inside a driving call.
  public func succeeded(_ transport: Transport) {
    guard outcome == nil else { return transport.close(.aborted) }
    let opener = context.conn(parent)
    guard parent == 0 || opener != nil else {
      transport.close(.aborted)
      return endNow(Reason(.closed, text: "the connection that it belongs to has ended"))
    }
    switch Conn.open(context, transport, factory, Origin(.connected, endpoint: endpoint, parent: opener)) {
    case .failed(let status):
      if status == .refused { transport.refuse(context) } else { transport.close(.aborted) }
      endNow(Reason(status))
    case .conn(let made):
      transport.attach(made)
      conn = made.id
      isDecided = true
      made.start()
      if !made.isUntold { return settle(nil) }
      if !context.ids.names(conn) { return settle(Reason(made.status)) }
      isDecided = false
      let (context, id) = (context, id)
      made.whenTold { reason in
        guard let object = context.ids.find(id, Kind.call) else { return }
        Unmanaged<Connect>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.settle(reason) }
      }
    }
  }

  /// The protocol has heard `connected`, which layers may have kept back; or it never will, for this reason.
  func settle(_ reason: Reason?) {
    guard outcome == nil else { return }
    attempt = nil
    if reason != nil { conn = 0 }
    endNow(reason.map { $0.status == .ok ? Reason(.closed) : $0 } ?? Reason(.ok))
  }

  /// The same from outside one.
  public func succeedSoon(_ transport: Transport) {
    ready = transport
    list()
  }

  public override func service() {
    if let transport = ready {
      ready = nil
      succeeded(transport)
    } else {
      super.service()
    }
  }

  public func failed(_ reason: Reason) { end(reason) }

  public override func completed(_ reason: Reason) {
    context.timers.remove(limit)
    attempt = nil
    done(id, conn, reason)
  }

  public override func giveUp() {
    if let object = context.ids.find(conn, Kind.conn) {
      Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.abort(.cancelled) }
    }
    conn = 0
    attempt?.cancel()
    attempt = nil
    ready?.close(.aborted)
    ready = nil
  }

  public override func timeIsUp() {
    guard outcome == nil else { return }
    giveUp()
    end(Reason(.timeout))
  }
}
