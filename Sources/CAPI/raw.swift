import Bytes
import CPlait
import Framing
import Wire

extension Calls {
  init(_ table: plait_raw_handler) {
    self.init(front: table)
    raw = table.data
  }
}

@_cdecl("plait_raw_factory_new") @implementation
public func plait_raw_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ handler: UnsafePointer<plait_raw_handler>?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_raw_handler()
  let status = unused(readNeeded(handler, &table), table.reserved)
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  return give(out, HostFactory(.raw, Calls(table), user))
}
