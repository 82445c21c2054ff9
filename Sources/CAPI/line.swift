import Bytes
import CPlait
import CSystem
import Framing
import Wire

extension Calls {
  init(_ table: plait_line_handler) {
    self.init(front: table)
    message = table.line
    messages = table.lines
    raw = table.raw
    lineTooLong = table.line_too_long
  }
}

/// Runs `body` on the line protocol of a conn that still speaks.
@inline(__always) func onLines(_ conn: plait_conn, _ body: (Conn, LineProtocol) -> Status) -> Status {
  onConn(conn) { conn in conn.speaking(Tag.line) { (lines: LineProtocol) in body(conn, lines) } }
}
func onOpenLines(_ conn: plait_conn, _ body: (Conn, LineProtocol) -> Status) -> Status {
  onLines(conn) { $0.isClosing ? .closed : body($0, $1) }
}

func delimiter(_ data: UnsafePointer<UInt8>?, _ len: Int) -> Delimiter? {
  checked(data, len).flatMap { Delimiter.make($0.bytes) }
}

@_cdecl("plait_line_factory_new") @implementation
public func plait_line_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_line_options>?,
  _ handler: UnsafePointer<plait_line_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_line_handler()
  var wanted = plait_line_options()
  var status = unused(readNeeded(handler, &table), table.reserved)
  if status == .ok { status = read(options, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  let standard: [UInt8] = [13, 10]
  let given =
    wanted.delimiter.len == 0
    ? Delimiter.make(standard.span.bytes) : delimiter(wanted.delimiter.data, wanted.delimiter.len)
  guard wanted.max_length <= UInt64(PLAIT_BYTES_MAX), wanted.flags <= UInt32(PLAIT_LINE_SKIP_TOO_LONG), let given else {
    return .invalid
  }
  let longest = wanted.max_length == 0 ? 16384 : Int(truncatingIfNeeded: wanted.max_length)
  let framer = LineFramer(given, longest: longest, skipsTooLong: wanted.flags != 0)
  return give(out, HostFactory(.line(framer, given), Calls(table), user))
}

@_optimize(speed) @c @implementation
public func plait_line_send(_ conn: plait_conn, _ line: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  if isShort(len), let line, let speaker = Speaker(conn.id), speaker.tag == Tag.line,
    speaker.send(by: LineFramer.self, line, len)
  {
    return .ok
  }
  return sendLine(conn, line, len)
}

@inline(never) func sendLine(_ conn: plait_conn, _ line: UnsafePointer<UInt8>?, _ len: Int) -> Status {
  guard let bytes = checked(line, len) else { return .invalid }
  return onLines(conn) { $1.send(bytes.bytes, $0) }
}

@_optimize(speed) @c @implementation
public func plait_line_send_many(
  _ conn: plait_conn, _ data: UnsafePointer<UInt8>?, _ len: Int, _ table: UnsafePointer<UInt32>?, _ count: Int
) -> CInt {
  guard let bytes = checked(data, len), let pairs = checked(table, count) else { return .invalid }
  return onLines(conn) { $1.send(bytes.bytes, pairs, $0) }
}

@_cdecl("plait_line_set_raw_mode") @implementation
public func plait_line_set_raw_mode(_ conn: plait_conn) -> CInt {
  onOpenLines(conn) { conn, lines in
    lines.setRaw(conn)
    return .ok
  }
}

@_cdecl("plait_line_set_line_mode") @implementation
public func plait_line_set_line_mode(_ conn: plait_conn, _ extra: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let bytes = checked(extra, len) else { return .invalid }
  return onOpenLines(conn) { $1.setFramed(bytes.bytes, $0) }
}

@_cdecl("plait_line_set_delimiter") @implementation
public func plait_line_set_delimiter(_ conn: plait_conn, _ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let wanted = delimiter(data, len) else { return .invalid }
  return onOpenLines(conn) { conn, lines in
    lines.setDelimiter(wanted, conn)
    return .ok
  }
}

@_cdecl("plait_line_set_max_length") @implementation
public func plait_line_set_max_length(_ conn: plait_conn, _ length: Int, _ flags: UInt32) -> CInt {
  guard length >= 0, length <= mostBytes, flags <= UInt32(PLAIT_LINE_SKIP_TOO_LONG) else { return .invalid }
  return onOpenLines(conn) { conn, lines in
    lines.framer.skipsTooLong = flags != 0
    return lines.setLongest(length, conn)
  }
}

@_cdecl("plait_line_clear_buffer") @implementation
public func plait_line_clear_buffer(
  _ conn: plait_conn, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  onOpenLines(conn) { conn, lines in
    let held = lines.heldNow(conn)
    guard out == nil || (cap >= 0 && cap <= mostBytes) else { return .invalid }
    guard out == nil || cap >= held else { return .overflow }
    var at = 0
    lines.clear(conn) { part in
      guard let out, part.byteCount > 0 else { return }
      // Sound: the host's room was checked against the sum of the parts.
      _ = part.withUnsafeBytes { memcpy(out + at, $0.baseAddress.unsafelyUnwrapped, $0.count) }
      at += part.byteCount
    }
    len?.pointee = held
    return .ok
  }
}
