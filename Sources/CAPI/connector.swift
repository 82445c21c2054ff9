import Bytes
import CPlait
import Wire

/// A connector that tells the host.
final class HostConnector: Connector {
  let table: plait_connector_handler
  let user: UnsafeMutableRawPointer?

  init(
    _ context: Context, _ endpoint: Endpoint, _ factory: Factory, _ options: ConnectorOptions,
    _ table: plait_connector_handler, _ user: UnsafeMutableRawPointer?
  ) {
    self.table = table
    self.user = user
    super.init(context, endpoint, factory, options)
  }

  override func connected(_ conn: UInt64) { table.connected?(user, plait_connector(id: id), plait_conn(id: conn)) }

  override func waiting(_ reason: Reason, _ delay: UInt64) {
    reason.export { table.waiting?(user, plait_connector(id: id), &$0, delay) }
  }

  override func stopped(_ reason: Reason) {
    reason.export { table.stopped?(user, plait_connector(id: id), &$0) }
    table.release?(user)
  }
}

/// Zero means the default; nil: out of range.
func connectorOptions(_ wanted: plait_connector_options) -> ConnectorOptions? {
  var made = ConnectorOptions()
  guard wanted.flags <= UInt32(PLAIT_CONNECTOR_WITHOUT_JITTER) else { return nil }
  if wanted.initial_ms > 0 { made.initial = wanted.initial_ms }
  if wanted.maximum_ms > 0 { made.maximum = wanted.maximum_ms }
  if wanted.factor != 0 { made.factor = wanted.factor }
  if wanted.jitter != 0 { made.jitter = wanted.jitter }
  if wanted.flags != 0 { made.jitter = 0 }
  if wanted.attempt_delay_ms > 0 { made.attemptDelay = UInt64(wanted.attempt_delay_ms) }
  if wanted.timeout_ms > 0 { made.time = wanted.timeout_ms }
  made.mostRetries = wanted.max_retries
  // Comparisons that a NaN fails.
  guard made.factor >= 1, made.factor <= 1000, made.jitter >= 0, made.jitter < 1, made.maximum <= Context.longest,
    made.initial <= made.maximum, made.time <= Context.longest
  else { return nil }
  return made
}

@_cdecl("plait_connector_start") @implementation
public func plait_connector_start(
  _ reactor: plait_reactor, _ text: UnsafePointer<CChar>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_connector_options>?, _ handler: UnsafePointer<plait_connector_handler>?,
  _ user: UnsafeMutableRawPointer?, _ out: UnsafeMutablePointer<plait_connector>?
) -> CInt {
  onReactor(reactor) { context, box in
    onFactory(factory) { factory in
      var wanted = plait_connector_options()
      var table = plait_connector_handler()
      var status = read(options, &wanted)
      if status == .ok { status = unused(read(handler, &table), table.reserved) }
      if status == .ok { status = canTakeOptional(wanted.reason) }
      guard status == .ok else { return status }
      guard let out, text != nil, let chosen = connectorOptions(wanted) else { return .invalid }
      switch endpoint(text, .connect) {
      case .failed(let fault): return tell(fault, wanted.reason)
      case .endpoint(let parsed):
        if parsed.kind == .fd { return .invalid }
        return onSecured(parsed, .connect, box, factory, wanted.reason) { factory in
          let connector = HostConnector(context, parsed, factory, chosen, table, user)
          let status = connector.begin()
          if status == .ok { out.pointee.id = connector.id }
          return status
        }
      }
    }
  }
}

func onConnector(_ connector: plait_connector, _ body: (Connector) -> Status) -> Status {
  onObject(connector.id, Kind.connector) { _, connector in body(connector) }
}

@_cdecl("plait_connector_reset") @implementation
public func plait_connector_reset(_ connector: plait_connector) -> CInt {
  onConnector(connector) { connector in
    connector.reset()
    return .ok
  }
}

@_cdecl("plait_connector_stop") @implementation
public func plait_connector_stop(_ connector: plait_connector) -> CInt {
  onConnector(connector) { connector in
    connector.stop(Reason(.ok))
    return .ok
  }
}

@_cdecl("plait_connector_get_conn") @implementation
public func plait_connector_get_conn(_ connector: plait_connector, _ out: UnsafeMutablePointer<plait_conn>?) -> CInt {
  onConnector(connector) { connector in
    guard let out else { return .invalid }
    out.pointee.id = connector.conn
    return .ok
  }
}
