import Bytes
import CPlait
import CSystem
import Loopback
import Wire

func policy(_ wanted: plait_loopback_options) -> PumpPolicy? {
  guard wanted.size <= UInt64(PLAIT_BYTES_MAX), wanted.delay_ms <= Context.longest else { return nil }
  guard (wanted.pump != nil) == (wanted.cut == UInt32(PLAIT_LOOPBACK_HOST)) else { return nil }
  let size = wanted.size == 0 ? 16 : Int(truncatingIfNeeded: wanted.size)
  let cut: PumpPolicy.Cut
  switch Int(wanted.cut) {
  case PLAIT_LOOPBACK_IDENTITY: cut = .identity
  case PLAIT_LOOPBACK_COLLAPSING: cut = .collapsing
  case PLAIT_LOOPBACK_BYTE_BY_BYTE: cut = .byteByByte
  case PLAIT_LOOPBACK_FIXED: cut = .fixed(size)
  case PLAIT_LOOPBACK_RANDOM: cut = .random(size)
  case PLAIT_LOOPBACK_HOST:
    let (pump, user) = (wanted.pump, wanted.pump_user)
    cut = .host { toClient, bytes, first in
      bytes.withUnsafeBytes {
        pump?(user, toClient ? 1 : 0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, first) ?? 0
      }
    }
  default: return nil
  }
  return PumpPolicy(cut, delay: wanted.delay_ms, seed: wanted.seed == 0 ? 1 : wanted.seed)
}

@_cdecl("plait_loopback") @implementation
public func plait_loopback(
  _ reactor: plait_reactor, _ server: plait_factory, _ client: plait_factory,
  _ options: UnsafePointer<plait_loopback_options>?, _ done: plait_loopback_fn?, _ user: UnsafeMutableRawPointer?,
  _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  onReactor(reactor) { context, _ in
    onFactory(server) { server in
      onFactory(client) { client in
        var wanted = plait_loopback_options()
        let status = unused(read(options, &wanted), wanted.reserved)
        guard status == .ok else { return status }
        guard wanted.flags & ~UInt32(PLAIT_LOOPBACK_BY_HAND) == 0, let policy = policy(wanted) else { return .invalid }
        guard !context.isEnding else { return .aborted }
        let ended = { (id: UInt64, server: Reason, client: Reason) in
          server.export { first in client.export { second in done?(user, plait_call(id: id), &first, &second) } }
        }
        let made: LoopbackCall
        let begun: Status
        if wanted.endpoint != nil {
          let own = wanted.flags != 0 || wanted.cut != 0 || wanted.size != 0 || wanted.seed != 0 || wanted.delay_ms != 0
          guard !own else { return .invalid }
          switch endpoint(wanted.endpoint, .listen) {
          case .failed(let fault): return fault.status
          case .endpoint(let place):
            guard place.tls == nil, place.proxy == nil else { return .unsupported }
            let sockets = SocketLoopback(context, ended)
            begun = sockets.begin(place, server, client)
            made = sockets
          }
        } else {
          let memory = Loopback(context, policy, isByHand: wanted.flags != 0, ended)
          begun = memory.begin(server, client)
          made = memory
        }
        if begun == .ok { call?.pointee.id = made.id }
        return begun
      }
    }
  }
}

/// Runs `body` on a call that is a loopback.
func onLoopback(_ call: plait_call, _ body: (LoopbackCall) -> Status) -> Status {
  onObject(call.id, Kind.call) { (_, found: Call) in
    if let memory = found as? Loopback { return body(memory) }
    if let sockets = found as? SocketLoopback { return body(sockets) }
    return .type
  }
}

@_cdecl("plait_loopback_pump") @implementation
public func plait_loopback_pump(_ call: plait_call, _ rounds: CUnsignedInt) -> CInt {
  let status = onLoopback(call) { $0.isByHand ? .ok : .unsupported }
  guard status == .ok else { return status }
  return drive(call.id, Kind.call) { _ in
    onLoopback(call) { CInt(truncatingIfNeeded: min($0.pump(Int(rounds)), Int(CInt.max))) }
  }
}

@_cdecl("plait_loopback_get_state") @implementation
public func plait_loopback_get_state(_ call: plait_call, _ out: UnsafeMutablePointer<plait_loopback_state>?) -> CInt {
  onLoopback(call) { loopback in
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    loopback.lookWhetherEstablished()
    out.pointee.established = loopback.isEstablished ? 1 : 0
    out.pointee.server.id = loopback.server
    out.pointee.client.id = loopback.client
    out.pointee.bytes_to_server = loopback.bytesToServer
    out.pointee.bytes_to_client = loopback.bytesToClient
    return .ok
  }
}
