import Bytes
import Wire

/// A loopback over whatever can be listened at: a socket, or a name in memory.
public final class SocketLoopback: LoopbackCall {
  var listener: UInt64 = 0
  var connect: UInt64 = 0
  var isAccepted = false

  public func begin(_ place: Endpoint, _ serverFactory: Factory, _ clientFactory: Factory) -> Status {
    guard serverFactory.bind(context), clientFactory.bind(context) else { return .bound }
    guard register(Kind.call) else { return .limit }
    switch context.listen(place, ListenOptions(), Gate(self, serverFactory, isServer: true)) {
    case .failed(let status):
      unregister()
      return status
    case .listener(let made):
      listener = made.id
      let status = dial(Endpoint.reaching(made, at: place), clientFactory)
      if status != .ok {
        made.close()
        unregister()
      }
      return status
    }
  }

  func dial(_ target: Endpoint?, _ factory: Factory) -> Status {
    guard let target else { return .unsupported }
    let (context, id) = (context, id)
    let made = Connect(context, target, Gate(self, factory, isServer: false), attemptDelay: 250, time: 30_000) {
      _, conn, reason in
      guard conn == 0, let object = context.ids.find(id, Kind.call) else { return }
      Unmanaged<SocketLoopback>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.failed(reason) }
    }
    let status = made.begin()
    if status == .ok { connect = made.id }
    return status
  }

  /// There is no connection.
  func failed(_ reason: Reason) {
    ended(false, reason)
    if server == 0 { ended(true, reason) }
    list()
  }

  func opened(_ conn: Conn, isServer: Bool) {
    if isServer { set(server: conn.id) } else { set(client: conn.id) }
    list()
  }

  public override func service() {
    lookWhetherEstablished()
    if server != 0 { stopListening() }
    if isOver { end(Reason(.ok)) }
    if outcome != nil {
      stopListening()
      return isOver || (conn(server) == nil && conn(client) == nil) ? super.service() : list()
    }
  }

  func stopListening() {
    guard let object = context.ids.find(listener, Kind.listener) else { return }
    Unmanaged<Listener>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.close() }
  }

  public override func giveUp() {
    super.giveUp()
    if let object = context.ids.find(connect, Kind.call) {
      Unmanaged<Connect>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.cancel() }
    }
  }
}

/// Lets one connection in, and has the loopback hear of it.
final class Gate: Factory {
  let loopback: UInt64
  let inner: Factory
  let isServer: Bool
  let context: Context
  var isUsed = false

  init(_ loopback: SocketLoopback, _ inner: Factory, isServer: Bool) {
    self.loopback = loopback.id
    context = loopback.context
    self.inner = inner
    self.isServer = isServer
    super.init(user: inner.user)
  }

  func tell(_ body: (SocketLoopback) -> Void) {
    guard let object = context.ids.find(loopback, Kind.call) else { return }
    Unmanaged<SocketLoopback>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
  }

  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard !isUsed else { return nil }
    isUsed = true
    let built = inner.make(conn, origin)
    conn.add(Watch(self))
    if built == nil { tell { $0.ended(isServer, Reason(.refused)) } }
    tell { $0.opened(conn, isServer: isServer) }
    return built
  }
}

/// Stands nearest to the protocol, and tells when that hears of its beginning and end.
final class Watch: Layer {
  let gate: Gate
  init(_ gate: Gate) { self.gate = gate }

  override func connected(_ conn: Conn, _ place: Int) {
    super.connected(conn, place)
    gate.tell { $0.list() }
  }
  override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    gate.tell {
      if gate.isServer {
        $0.bytesToServer += UInt64(bytes.byteCount)
      } else {
        $0.bytesToClient += UInt64(bytes.byteCount)
      }
    }
    super.received(bytes, conn, place)
  }
  override func disconnected(_ conn: Conn, _ reason: Reason) {
    gate.tell {
      $0.lookWhetherEstablished()
      $0.ended(gate.isServer, reason)
      $0.list()
    }
  }
}
