import AMP
import Bytes
import CPlait
import CSystem
import Wire

// What is read from a request or an answer, and how a request is answered.

@inline(__always) func onBox(_ box: plait_amp_box, _ body: (Box) -> Status) -> Status {
  var object = UnsafeRawPointer(csystem_shown(Id.reactor(box.id), box.id))
  if object == nil {
    guard let context = csystem_context(Id.reactor(box.id)) else { return notOwned(box.id) }
    object = Unmanaged<Context>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.ids.find(box.id, Kind.box) }
  }
  guard let object else { return missedConn(box.id) }
  return Unmanaged<Box>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
}

/// The request that is under its callback; of others the table knows.
@inline(__always) func shown(_ box: plait_amp_box) -> Unmanaged<Box>? {
  csystem_shown(Id.reactor(box.id), box.id).map { Unmanaged.fromOpaque(UnsafeRawPointer($0)) }
}

@_optimize(speed) @c @implementation
public func plait_amp_get_int(_ box: plait_amp_box, _ index: UInt32, _ value: UnsafeMutablePointer<Int64>?) -> CInt {
  if let value, let shown = shown(box),
    shown._withUnsafeGuaranteedRef({ $0.numberAtOnce(index, &value.pointee) })
  {
    return .ok
  }
  return getInt(box, index, value)
}

@inline(never) func getInt(_ box: plait_amp_box, _ index: UInt32, _ value: UnsafeMutablePointer<Int64>?) -> Status {
  onBox(box) { box in
    guard let value else { return .invalid }
    return box.number(index, &value.pointee)
  }
}

@_cdecl("plait_amp_get_real") @implementation
public func plait_amp_get_real(_ box: plait_amp_box, _ index: UInt32, _ value: UnsafeMutablePointer<Double>?) -> CInt {
  onBox(box) { box in
    guard let value else { return .invalid }
    return box.real(index, &value.pointee)
  }
}

/// Points at bytes that outlive the call as amp.h promises.
func point(_ out: UnsafeMutablePointer<plait_bytes>?, _ bytes: RawSpan) {
  bytes.withUnsafeBytes {
    out?.pointee.data = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
    out?.pointee.len = $0.count
  }
}

@_cdecl("plait_amp_get_bytes") @implementation
public func plait_amp_get_bytes(_ box: plait_amp_box, _ index: UInt32, _ bytes: UnsafeMutablePointer<plait_bytes>?)
  -> CInt
{
  onBox(box) { box in bytes == nil ? .invalid : box.text(index) { point(bytes, $0) } }
}

@_cdecl("plait_amp_get_value") @implementation
public func plait_amp_get_value(
  _ box: plait_amp_box, _ index: UInt32, _ value: UnsafeMutablePointer<plait_amp_value>?
) -> CInt {
  onBox(box) { box in
    guard let out = values(value, 1), value != nil else { return .invalid }
    return box.value(index, &out[0])
  }
}

@_cdecl("plait_amp_get_field") @implementation
public func plait_amp_get_field(
  _ box: plait_amp_box, _ key: UnsafePointer<UInt8>?, _ len: Int, _ bytes: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  guard let key = checked(key, len) else { return .invalid }
  return onBox(box) { box in bytes == nil ? .invalid : box.field(key.bytes) { point(bytes, $0) } }
}

@_cdecl("plait_amp_get_error") @implementation
public func plait_amp_get_error(
  _ box: plait_amp_box, _ code: UnsafeMutablePointer<plait_bytes>?, _ description: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  onBox(box) { box in box.error({ point(code, $0) }, { point(description, $0) }) }
}

@_cdecl("plait_amp_get_waiting") @implementation
public func plait_amp_get_waiting(
  _ box: plait_amp_box, _ answer: UnsafeMutablePointer<CInt>?, _ limit_ms: UnsafeMutablePointer<UInt64>?
) -> CInt {
  onBox(box) { box in
    guard box.isRequest else { return .type }
    answer?.pointee = box.isAsked ? 1 : 0
    limit_ms?.pointee = box.waiting ?? .max
    return .ok
  }
}

@_cdecl("plait_amp_box_retain") @implementation
public func plait_amp_box_retain(_ request: plait_amp_box) -> CInt { onBox(request) { $0.retain() } }

// MARK: Answering

@_optimize(speed) @c @implementation
public func plait_amp_answer(_ request: plait_amp_box, _ given: UnsafePointer<plait_amp_value>?, _ count: Int) -> CInt {
  if let given = values(given, count), let shown = shown(request) {
    return shown._withUnsafeGuaranteedRef { $0.answer(given) }
  }
  return answer(request, given, count)
}

@inline(never)
func answer(_ request: plait_amp_box, _ given: UnsafePointer<plait_amp_value>?, _ count: Int) -> Status {
  guard let given = values(given, count) else { return .invalid }
  return onBox(request) { $0.answer(given) }
}

@_cdecl("plait_amp_answer_box") @implementation
public func plait_amp_answer_box(_ request: plait_amp_box, _ given: UnsafePointer<plait_bytes>?, _ count: Int) -> CInt {
  guard let given = pairs(given, count) else { return .invalid }
  return onBox(request) { $0.answer(given) }
}

@_cdecl("plait_amp_answer_error") @implementation
public func plait_amp_answer_error(
  _ request: plait_amp_box, _ code: UnsafePointer<CChar>?, _ description: UnsafePointer<UInt8>?, _ len: Int,
  _ flags: UInt32
) -> CInt {
  guard let given = checked(description, len), flags & ~UInt32(PLAIT_AMP_FATAL) == 0 else { return .invalid }
  guard code == nil || hostText(code) != nil else { return .tooLong }
  return onBox(request) { box in
    guard let code = hostText(code) else { return box.answerUnknown(given.bytes) }
    return box.answer(error: code.bytes, given.bytes, isFatal: flags != 0)
  }
}

@_cdecl("plait_amp_answer_switch") @implementation
public func plait_amp_answer_switch(_ request: plait_amp_box, _ factory: plait_factory) -> CInt {
  onBox(request) { box in onFactory(factory) { box.answer(switchTo: $0) } }
}
