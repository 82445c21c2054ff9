import Bytes
import CPlait
import CSystem
import Wire

// The border for structs: each begins with its size, `uint32_t struct_size`.

/// Copies what the host filled in; `into` keeps its zeros where there is no struct. One that is larger than
/// this library's is fine as long as nothing is in the part that it does not know.
func read<T>(_ pointer: UnsafePointer<T>?, _ into: inout T) -> Status {
  guard let pointer else { return .ok }
  let raw = UnsafeRawPointer(pointer)
  let size = Int(raw.load(as: UInt32.self))
  let known = MemoryLayout<T>.size
  guard size >= known, size <= 65536 else { return .structSize }
  var at = known
  while at < size {
    guard raw.load(fromByteOffset: at, as: UInt8.self) == 0 else { return .structSize }
    at += 1
  }
  into = pointer.pointee
  return .ok
}

/// The same for a struct that must be there.
func readNeeded<T>(_ pointer: UnsafePointer<T>?, _ into: inout T) -> Status {
  pointer == nil ? .invalid : read(pointer, &into)
}

/// Fields that mean nothing yet must be zero, or they never could.
func unused(_ status: Status, _ reserved: UInt32) -> Status { status == .ok && reserved != 0 ? .structSize : status }

/// Can the host's struct take all of a `T`?
func canTake<T>(_ pointer: UnsafeMutablePointer<T>?) -> Status {
  guard let pointer else { return .invalid }
  let size = Int(UnsafeRawPointer(pointer).load(as: UInt32.self))
  return size >= MemoryLayout<T>.size && size <= 65536 ? .ok : .structSize
}

/// A time of the host's that the clock can be moved by, or nil.
func checkedTime(_ time: UInt64) -> UInt64? { time <= Context.longest ? time : nil }

extension Reason {
  /// Shows it to a host: what is made of its words is valid for the call.
  func export(_ body: (inout plait_reason) -> Void) {
    var made = exported
    if let detail { made.text = UnsafePointer(detail.pointer) }
    body(&made)
    withExtendedLifetime(detail) {}
  }

  /// The same with the fixed words alone, or those of this thread's last error of the system.
  var exported: plait_reason {
    plait_reason(
      struct_size: UInt32(MemoryLayout<plait_reason>.size), status: status, os_error: osError, code: code,
      offset: offset.map { UInt64(truncatingIfNeeded: $0) } ?? UInt64.max,
      text: text.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) }
        ?? CPlait.plait_strerror(status))
  }
}

/// An address that a host knows; nothing where it gives none.
func read(_ pointer: UnsafePointer<plait_address>?, _ into: inout Address) -> Status {
  guard let pointer else { return .ok }
  var given = plait_address()
  let status = read(pointer, &given)
  guard status == .ok else { return status }
  guard given.port <= 65535 else { return .invalid }
  let (family, port) = (given.family, UInt16(truncatingIfNeeded: given.port))
  // plait_address.host lies behind four 32-bit numbers (static_asserted by the C tests).
  return withUnsafeMutableBytes(of: &given) { bytes in
    guard let host = bytes.baseAddress?.advanced(by: 16).assumingMemoryBound(to: CChar.self) else { return .invalid }
    guard strnlen(host, 112) < 112 else { return .invalid }
    switch Int(family) {
    case PLAIT_FAMILY_NONE: return .ok
    case PLAIT_FAMILY_IPV4, PLAIT_FAMILY_IPV6:
      return csystem_address_parse(&into.socket, host, family, port) == 0 ? .ok : .invalid
    case PLAIT_FAMILY_UNIX: return csystem_address_unix(&into.socket, host) == 0 ? .ok : .invalid
    default: return .invalid
    }
  }
}

/// Fills a host's reason whose size was checked; what is made of its words is this thread's until the next time.
func tell(_ fault: Reason, _ out: UnsafeMutablePointer<plait_reason>?) -> Status {
  guard let out else { return fault.status }
  let size = out.pointee.struct_size
  out.pointee = fault.exported
  out.pointee.struct_size = size
  if let detail = fault.detail { out.pointee.text = csystem_keep_text(detail.pointer) }
  return fault.status
}

extension Address {
  /// Fills the host's struct, whose size was checked.
  func export(_ out: UnsafeMutablePointer<plait_address>) {
    var port: UInt32 = 0
    var scope: UInt32 = 0
    // plait_address.host lies behind four 32-bit numbers (static_asserted by the C tests).
    let host = UnsafeMutableRawPointer(out).advanced(by: 16).assumingMemoryBound(to: CChar.self)
    memset(host, 0, 112)
    var family = socket.family
    if let memory {
      family = UInt32(PLAIT_FAMILY_MEMORY)
      memcpy(host, memory, min(111, strlen(memory)))
    } else {
      var address = socket
      csystem_address_text(&address, host, &port, &scope)
    }
    out.pointee.family = family
    out.pointee.port = port
    out.pointee.scope = scope
  }
}
