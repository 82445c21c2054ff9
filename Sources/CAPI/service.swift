import Bytes
import CPlait
import CSystem
import Reactor
import Wire

// A host's own answers to where services are: service.h.

@_cdecl("plait_reactor_set_service_lookup") @implementation
public func plait_reactor_set_service_lookup(
  _ reactor: plait_reactor, _ function: plait_service_fn?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  onReactor(reactor) { _, box in
    guard let loop = box.loop else { return .unsupported }
    loop.locator = nil
    if let function {
      loop.locator = { lookup in
        function(user, plait_call(id: lookup.id), lookup.kind.pointer, lookup.domain.pointer) == 1
      }
    }
    return .ok
  }
}

/// Runs `body` on a look-up.
private func onLookup(_ lookup: plait_call, _ body: (ServiceLookup) -> Status) -> Status {
  onObject(lookup.id, Kind.call) { (_, call: Call) in
    guard let lookup = call as? ServiceLookup else { return .type }
    return body(lookup)
  }
}

@_cdecl("plait_service_add") @implementation
public func plait_service_add(
  _ lookup: plait_call, _ host: UnsafePointer<CChar>?, _ port: UInt32, _ priority: UInt32, _ weight: UInt32
) -> CInt {
  guard let name = hostText(host), !name.isEmpty, name.count < Int(CSYSTEM_NAME),
    let port = UInt16(exactly: port), let priority = UInt16(exactly: priority), let weight = UInt16(exactly: weight)
  else { return .invalid }
  return onLookup(lookup) { $0.add(name.bytes, port: port, priority: priority, weight: weight) }
}

@_cdecl("plait_service_answer") @implementation
public func plait_service_answer(_ lookup: plait_call) -> CInt { onLookup(lookup) { $0.answered() } }
