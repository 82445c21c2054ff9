import Bytes
import CPlait
import CSystem
import IRC

// What stands in the text of a message: irc_message.h.

@_cdecl("plait_irc_split") @implementation
public func plait_irc_split(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ room: Int, _ table: UnsafeMutablePointer<UInt32>?, _ most: Int,
  _ count: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let text = checked(text, len), room >= 4, room <= mostBytes, most >= 0, let count else { return .invalid }
  var pieces = Splitter(text.bytes, room: room)
  var found = 0
  while let piece = pieces.next() {
    if let table, found < most {
      table[found * 2] = piece.start
      table[found * 2 + 1] = piece.count
    }
    found += 1
  }
  count.pointee = found
  return .ok
}

private func level(_ number: UInt32) -> Quoting? {
  number <= 1 ? Quoting(rawValue: UInt8(truncatingIfNeeded: number)) : nil
}

@_cdecl("plait_irc_quote_make") @implementation
public func plait_irc_quote_make(
  _ level: UInt32, _ text: UnsafePointer<UInt8>?, _ text_len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let quoting = CAPI.level(level), let text = checked(text, text_len) else { return .invalid }
  var made: [UInt8] = []
  quoting.quote(text.bytes, into: &made)
  return give(made, out, cap, len)
}

@_cdecl("plait_irc_quote_read") @implementation
public func plait_irc_quote_read(
  _ level: UInt32, _ text: UnsafePointer<UInt8>?, _ text_len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let quoting = CAPI.level(level), let text = checked(text, text_len) else { return .invalid }
  var made: [UInt8] = []
  quoting.unquote(text.bytes, into: &made)
  return give(made, out, cap, len)
}

@_cdecl("plait_irc_ctcp_parse") @implementation
public func plait_irc_ctcp_parse(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ command: UnsafeMutablePointer<plait_bytes>?,
  _ argument: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  guard let given = checked(text, len), let command, let argument else { return .invalid }
  guard let found = CTCP(given.bytes) else { return 0 }
  command.pointee = plait_bytes(data: text.map { $0 + Int(found.command.start) }, len: Int(found.command.count))
  argument.pointee = plait_bytes(data: text.map { $0 + Int(found.argument.start) }, len: Int(found.argument.count))
  return 1
}

@_cdecl("plait_irc_dcc_parse") @implementation
public func plait_irc_dcc_parse(_ text: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<plait_irc_dcc>?)
  -> CInt
{
  guard let given = checked(text, len), let out else { return .invalid }
  guard canTake(out) == .ok else { return .structSize }
  guard let found = DCC(given.bytes) else { return .malformed }
  out.pointee.kind = found.kind.rawValue
  out.pointee.port = found.port
  out.pointee.has_number = found.hasNumber ? 1 : 0
  out.pointee.number = found.number
  out.pointee.name = plait_bytes(data: text.map { $0 + Int(found.name.start) }, len: Int(found.name.count))
  out.pointee.token = plait_bytes(data: text.map { $0 + Int(found.token.start) }, len: Int(found.token.count))
  let address = found.writtenAddress(given.bytes)
  withUnsafeMutableBytes(of: &out.pointee.address) { room in
    for index in 0..<room.count { room[index] = index < address.count ? address[index] : 0 }
  }
  return .ok
}

@_cdecl("plait_irc_ctcp_make") @implementation
public func plait_irc_ctcp_make(
  _ command: UnsafePointer<UInt8>?, _ command_len: Int, _ argument: UnsafePointer<UInt8>?, _ argument_len: Int,
  _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let command = checked(command, command_len), let argument = checked(argument, argument_len) else {
    return .invalid
  }
  var made: [UInt8] = []
  guard CTCP.make(command.bytes, argument.bytes, into: &made) else { return .value }
  return give(made, out, cap, len)
}

// MARK: Formatting

@_cdecl("plait_irc_format_parse") @implementation
public func plait_irc_format_parse(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<plait_irc_run>?, _ most: Int,
  _ count: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let given = checked(text, len), let count, most >= 0 else { return .invalid }
  var runs = Runs(given.bytes)
  var found = 0
  while let (part, look) = runs.next() {
    if let out, found < most {
      out[found] = plait_irc_run(
        text: plait_bytes(data: text.map { $0 + Int(part.start) }, len: Int(part.count)), flags: look.flags,
        foreground: look.foreground, background: look.background, reserved: 0)
    }
    found += 1
  }
  count.pointee = found
  return .ok
}

@_cdecl("plait_irc_format_make") @implementation
public func plait_irc_format_make(
  _ runs: UnsafePointer<plait_irc_run>?, _ count: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard count >= 0, count <= 1 << 24, runs != nil || count == 0 else { return .invalid }
  var builder = FormatBuilder()
  for index in 0..<count {
    guard let run = runs?[index], let text = checked(run.text.data, run.text.len), run.reserved == 0 else {
      return .invalid
    }
    var look = Look()
    look.flags = run.flags
    look.foreground = run.foreground
    look.background = run.background
    guard builder.add(text.bytes, look) else { return .value }
  }
  return give(builder.bytes, out, cap, len)
}

@_cdecl("plait_irc_format_clear") @implementation
public func plait_irc_format_clear(
  _ text: UnsafePointer<UInt8>?, _ text_len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let text = checked(text, text_len) else { return .invalid }
  var runs = Runs(text.bytes)
  var made: [UInt8] = []
  while let (part, _) = runs.next() { for index in part.range { made.append(text.bytes.byte(index)) } }
  return give(made, out, cap, len)
}
