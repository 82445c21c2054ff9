import AMP
import Bytes
import CPlait
import CSystem
import Wire

// Commands and values: amp_command.h. A command is built under the lock of what is shared, and read without.

func onCommand(_ command: plait_amp_command, _ body: (Command) -> Status) -> Status {
  onShared(command.id, Kind.command, body)
}

/// Runs `body` on a command that is in use from now on.
func usingCommand(_ command: plait_amp_command, _ body: (Command) -> Status) -> Status {
  onCommand(command) { command in
    if !command.isUsed {
      csystem_lock()
      command.use()
      csystem_unlock()
    }
    return body(command)
  }
}

/// A change, which no two threads make at once.
func changing(_ command: plait_amp_command, _ body: (Command) -> Status) -> Status {
  onCommand(command) { command in
    csystem_lock()
    defer { csystem_unlock() }
    return body(command)
  }
}

/// Runs `body` with the base, which may be none.
func withBase(_ base: plait_amp_command, _ body: (Command?) -> Status) -> Status {
  base.id == 0 ? body(nil) : usingCommand(base) { body($0) }
}

func giveCommand(_ out: UnsafeMutablePointer<plait_amp_command>, _ command: Command) -> Status {
  let id = share(command, Kind.command)
  guard id != 0 else { return .limit }
  out.pointee.id = id
  return .ok
}

/// A NUL-terminated text of the host's; nil when there is none or it is too long.
func hostText(_ text: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer? {
  guard let text else { return nil }
  let length = strlen(text)
  return length <= 65536 ? UnsafeRawBufferPointer(start: text, count: length) : nil
}

/// The host's values as the engine's, which have the same layout (a test compares).
func values(_ values: UnsafePointer<plait_amp_value>?, _ count: Int) -> UnsafeBufferPointer<Value>? {
  AMP.checked(values.map { UnsafeRawPointer($0).assumingMemoryBound(to: Value.self) }, count)
}

func values(_ values: UnsafeMutablePointer<plait_amp_value>?, _ count: Int) -> UnsafeMutableBufferPointer<Value>? {
  guard count >= 0, count <= 1 << 27, values != nil || count == 0 else { return nil }
  return UnsafeMutableBufferPointer(
    start: values.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: Value.self) }, count: count)
}

@_cdecl("plait_amp_command_parse") @implementation
public func plait_amp_command_parse(
  _ out: UnsafeMutablePointer<plait_amp_command>?, _ base: plait_amp_command, _ signature: UnsafePointer<CChar>?,
  _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  guard let out, let signature = hostText(signature) else { return .invalid }
  if reason != nil, canTake(reason) != .ok { return .structSize }
  return withBase(base) { base in
    switch Command.parse(signature.bytes, base: base) {
    case .command(let command): return giveCommand(out, command)
    case .failed(let why):
      if why.status == .invalid { reason?.pointee = why.exported }
      return why.status
    }
  }
}

@_cdecl("plait_amp_command_new") @implementation
public func plait_amp_command_new(
  _ out: UnsafeMutablePointer<plait_amp_command>?, _ base: plait_amp_command, _ name: UnsafePointer<UInt8>?, _ len: Int,
  _ flags: UInt32
) -> CInt {
  guard let out, let name = checked(name, len), len > 0, len <= 65535, flags <= UInt32(PLAIT_AMP_SWITCH),
    flags != UInt32(PLAIT_AMP_ONEWAY | PLAIT_AMP_SWITCH)
  else { return .invalid }
  return withBase(base) { base in
    guard let command = Command.make(name.bytes, Command.Flags(rawValue: flags), base: base) else { return .noMemory }
    return giveCommand(out, command)
  }
}

func add(
  _ command: plait_amp_command, _ side: Command.Side, _ name: UnsafePointer<UInt8>?, _ len: Int,
  _ type: UnsafePointer<CChar>?
) -> Status {
  guard let name = checked(name, len), let type = hostText(type) else { return .invalid }
  return changing(command) { $0.add(side, name.bytes, type: type.bytes) }
}

@_cdecl("plait_amp_command_add_argument") @implementation
public func plait_amp_command_add_argument(
  _ command: plait_amp_command, _ name: UnsafePointer<UInt8>?, _ len: Int, _ type: UnsafePointer<CChar>?
) -> CInt { add(command, .arguments, name, len, type) }

@_cdecl("plait_amp_command_add_response") @implementation
public func plait_amp_command_add_response(
  _ command: plait_amp_command, _ name: UnsafePointer<UInt8>?, _ len: Int, _ type: UnsafePointer<CChar>?
) -> CInt { add(command, .response, name, len, type) }

@_cdecl("plait_amp_command_add_error") @implementation
public func plait_amp_command_add_error(
  _ command: plait_amp_command, _ code: UnsafePointer<UInt8>?, _ len: Int, _ number: Int32, _ flags: UInt32
) -> CInt {
  guard let code = checked(code, len), flags & ~UInt32(PLAIT_AMP_FATAL) == 0 else { return .invalid }
  return changing(command) { $0.addError(code.bytes, number: number, isFatal: flags != 0) }
}

@_cdecl("plait_amp_command_add_type") @implementation
public func plait_amp_command_add_type(
  _ command: plait_amp_command, _ name: UnsafePointer<CChar>?, _ check: plait_amp_check_fn?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let name = hostText(name) else { return .invalid }
  return changing(command) { $0.addType(name.bytes, check, user) }
}

@_cdecl("plait_amp_command_retain") @implementation
public func plait_amp_command_retain(_ command: plait_amp_command) -> CInt { countShared(command.id, Kind.command, 1) }

@_cdecl("plait_amp_command_release") @implementation
public func plait_amp_command_release(_ command: plait_amp_command) -> CInt {
  countShared(command.id, Kind.command, -1)
}

// MARK: Values alone

func make(
  _ command: plait_amp_command, _ side: Command.Side, _ given: UnsafePointer<plait_amp_value>?, _ count: Int,
  _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> Status {
  guard let given = values(given, count), out != nil, len != nil else { return .invalid }
  return usingCommand(command) { command in
    var box = ByteBuffer()
    let status = command.make(given, side, &box)
    return status == .ok ? give(box.bytes, out, cap, len) : status
  }
}

func parse(
  _ command: plait_amp_command, _ side: Command.Side, _ data: UnsafePointer<UInt8>?, _ len: Int,
  _ out: UnsafeMutablePointer<plait_amp_value>?, _ count: Int
) -> Status {
  guard let bytes = checked(data, len), let out = values(out, count) else { return .invalid }
  return usingCommand(command) { $0.parse(bytes.bytes, side, out) }
}

@_cdecl("plait_amp_make_arguments") @implementation
public func plait_amp_make_arguments(
  _ command: plait_amp_command, _ values: UnsafePointer<plait_amp_value>?, _ count: Int,
  _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt { make(command, .arguments, values, count, out, cap, len) }

@_cdecl("plait_amp_make_response") @implementation
public func plait_amp_make_response(
  _ command: plait_amp_command, _ values: UnsafePointer<plait_amp_value>?, _ count: Int,
  _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt { make(command, .response, values, count, out, cap, len) }

@_cdecl("plait_amp_parse_arguments") @implementation
public func plait_amp_parse_arguments(
  _ command: plait_amp_command, _ data: UnsafePointer<UInt8>?, _ len: Int,
  _ values: UnsafeMutablePointer<plait_amp_value>?, _ count: Int
) -> CInt { parse(command, .arguments, data, len, values, count) }

@_cdecl("plait_amp_parse_response") @implementation
public func plait_amp_parse_response(
  _ command: plait_amp_command, _ data: UnsafePointer<UInt8>?, _ len: Int,
  _ values: UnsafeMutablePointer<plait_amp_value>?, _ count: Int
) -> CInt { parse(command, .response, data, len, values, count) }

@_cdecl("plait_amp_get_items") @implementation
public func plait_amp_get_items(
  _ command: plait_amp_command, _ list: UnsafePointer<plait_amp_value>?, _ out: UnsafeMutablePointer<plait_amp_value>?,
  _ count: Int
) -> CInt {
  guard let list = values(list, 1), let out = values(out, count) else { return .invalid }
  return usingCommand(command) { $0.items(of: list[0], out) }
}

/// The host's pairs of key and value, or nil when they can't be any.
func pairs(_ pairs: UnsafePointer<plait_bytes>?, _ count: Int) -> UnsafeBufferPointer<HostBytes>? {
  guard count >= 0, count <= 1 << 24, pairs != nil || count == 0 else { return nil }
  return UnsafeBufferPointer(start: pairs, count: 2 * count)
}

@_cdecl("plait_amp_box_write") @implementation
public func plait_amp_box_write(
  _ given: UnsafePointer<plait_bytes>?, _ count: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let given = pairs(given, count), out != nil, len != nil else { return .invalid }
  var box = ByteBuffer()
  let status = writeBox(given, &box)
  return status == .ok ? give(box.bytes, out, cap, len) : status
}

@_cdecl("plait_amp_box_read") @implementation
public func plait_amp_box_read(
  _ data: UnsafePointer<UInt8>?, _ len: Int, _ table: UnsafeMutablePointer<UInt32>?, _ cap: Int,
  _ rows: UnsafeMutablePointer<Int>?, _ used: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let bytes = checked(data, len), cap >= 0, cap <= 1 << 29, table != nil || cap == 0, let rows else {
    return .invalid
  }
  var end = 0
  let found = readBoxes(bytes.bytes, UnsafeMutableBufferPointer(start: table, count: cap * 4), &end)
  guard found >= 0 else { return Status(found) }
  rows.pointee = found
  used?.pointee = end
  return .ok
}
