import Bytes
import CPlait
import CSystem
import Policies
import Wire

/// A host's list of addresses; none where there is no text. What is wrong with it goes to `reason`, whose size was checked.
func addresses(
  _ text: UnsafePointer<CChar>?, _ reason: UnsafeMutablePointer<plait_reason>?, _ list: inout AddressList
) -> Status {
  guard let text else { return .ok }
  let most = 1 << 24
  let length = strnlen(text, most)
  guard length < most else { return .invalid }
  switch AddressList.parse(UnsafeRawBufferPointer(start: text, count: length).bytes) {
  case .list(let found):
    list = found
    return .ok
  case .failed(let fault):
    if let reason {
      let size = reason.pointee.struct_size
      reason.pointee = fault.exported
      reason.pointee.struct_size = size
    }
    return fault.status
  }
}

/// A reason that need not be there.
func canTakeOptional(_ reason: UnsafeMutablePointer<plait_reason>?) -> Status { reason == nil ? .ok : canTake(reason) }

@_cdecl("plait_access_factory_new") @implementation
public func plait_access_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_access_options>?, _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  onFactory(factory) { inner in
    var wanted = plait_access_options()
    var status = read(options, &wanted)
    if status == .ok { status = canTakeOptional(reason) }
    guard status == .ok else { return status }
    guard out != nil, wanted.flags & ~UInt32(PLAIT_ACCESS_REFUSE_OTHERS) == 0 else { return .invalid }
    var allow = AddressList()
    var deny = AddressList()
    status = addresses(wanted.allow, reason, &allow)
    if status == .ok { status = addresses(wanted.deny, reason, &deny) }
    guard status == .ok else { return status }
    let made = AccessFactory(
      inner, allow: wanted.allow == nil ? nil : allow, deny: deny, refusesOthers: wanted.flags != 0)
    return addFactory(out, made)
  }
}
