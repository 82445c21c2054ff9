import Bytes
import CPlait
import Policies
import Wire

@_cdecl("plait_proxy_factory_new") @implementation
public func plait_proxy_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_proxy_options>?, _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  onFactory(factory) { inner in
    var wanted = plait_proxy_options()
    var status = read(options, &wanted)
    if status == .ok { status = canTakeOptional(reason) }
    guard status == .ok else { return status }
    guard out != nil, wanted.flags & ~UInt32(PLAIT_PROXY_DIRECT) == 0, let time = checkedTime(wanted.timeout_ms),
      wanted.max_length <= UInt64(ProxyHeader.longest)
    else {
      return .invalid
    }
    var rules = ProxyRules()
    var trusted = AddressList()
    status = addresses(wanted.trusted, reason, &trusted)
    guard status == .ok else { return status }
    if wanted.trusted != nil { rules.trusted = trusted }
    if time != 0 { rules.time = time }
    if wanted.max_length != 0 { rules.longest = Int(truncatingIfNeeded: wanted.max_length) }
    rules.isDirectForOthers = wanted.flags != 0
    return addFactory(out, ProxyFactory(inner, rules))
  }
}
