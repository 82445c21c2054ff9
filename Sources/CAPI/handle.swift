import Bytes
import CPlait
import Wire

@_cdecl("plait_call_cancel") @implementation
public func plait_call_cancel(_ call: plait_call) -> CInt {
  onObject(call.id, Kind.call) { (_, call: Call) in
    call.cancel()
    return .ok
  }
}
