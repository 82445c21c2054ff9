import Bytes
import CPlait
import Framing
import Wire

extension Calls {
  init(_ table: plait_string_handler) {
    self.init(front: table)
    message = table.string
    messages = table.strings
    stringTooLong = table.string_too_long
  }
}

func speech(_ wanted: plait_string_options, readsLength: Bool) -> Speech? {
  guard wanted.max_length <= UInt64(PLAIT_BYTES_MAX), wanted.prefix_length <= 8 else {
    return nil
  }
  let longest = wanted.max_length == 0 ? 99_999_999 : Int(truncatingIfNeeded: wanted.max_length)
  let width = wanted.prefix_length == 0 ? 4 : Int(wanted.prefix_length)
  switch Int(wanted.format) {
  case PLAIT_STRING_NETSTRING:
    return wanted.prefix_length == 0 ? .netstring(NetstringFramer(longest: longest, readsLength: readsLength)) : nil
  case PLAIT_STRING_BIG_ENDIAN where width == 4: return .int32(Int32Framer(longest: longest))
  case PLAIT_STRING_BIG_ENDIAN: return .prefix(PrefixFramer(bytes: width, littleEndian: false, longest: longest))
  case PLAIT_STRING_LITTLE_ENDIAN: return .prefix(PrefixFramer(bytes: width, littleEndian: true, longest: longest))
  default: return nil
  }
}

@_cdecl("plait_string_factory_new") @implementation
public func plait_string_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_string_options>?,
  _ handler: UnsafePointer<plait_string_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_string_handler()
  var wanted = plait_string_options()
  var status = unused(readNeeded(handler, &table), table.reserved)
  if status == .ok { status = unused(read(options, &wanted), wanted.reserved) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard let speech = speech(wanted, readsLength: table.string_too_long != nil) else { return .invalid }
  return give(out, HostFactory(speech, Calls(table), user))
}

@_optimize(speed) @c @implementation
public func plait_string_send(_ conn: plait_conn, _ string: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  if isShort(len), let string, let speaker = Speaker(conn.id) {
    if speaker.tag == Tag.string32 {
      if speaker.send(by: Int32Framer.self, string, len) { return .ok }
    } else if speaker.tag == Tag.netstring {
      if speaker.send(by: NetstringFramer.self, string, len) { return .ok }
    }
  }
  return sendString(conn, string, len)
}

@inline(never) func sendString(_ conn: plait_conn, _ string: UnsafePointer<UInt8>?, _ len: Int) -> Status {
  guard let bytes = checked(string, len) else { return .invalid }
  return onConn(conn) { conn in
    switch conn.tag {
    case Tag.string32:
      conn.speaking(Tag.string32) { (strings: Int32Protocol) in strings.send(bytes.bytes, conn) }
    case Tag.string: conn.speaking(Tag.string) { (strings: PrefixProtocol) in strings.send(bytes.bytes, conn) }
    default: conn.speaking(Tag.netstring) { (strings: NetstringProtocol) in strings.send(bytes.bytes, conn) }
    }
  }
}

@_optimize(speed) @c @implementation
public func plait_string_send_many(
  _ conn: plait_conn, _ data: UnsafePointer<UInt8>?, _ len: Int, _ table: UnsafePointer<UInt32>?, _ count: Int
) -> CInt {
  guard let bytes = checked(data, len), let pairs = checked(table, count) else { return .invalid }
  return onConn(conn) { conn in
    switch conn.tag {
    case Tag.string32:
      conn.speaking(Tag.string32) { (strings: Int32Protocol) in strings.send(bytes.bytes, pairs, conn) }
    case Tag.string: conn.speaking(Tag.string) { (strings: PrefixProtocol) in strings.send(bytes.bytes, pairs, conn) }
    default: conn.speaking(Tag.netstring) { (strings: NetstringProtocol) in strings.send(bytes.bytes, pairs, conn) }
    }
  }
}

@_cdecl("plait_string_set_max_length") @implementation
public func plait_string_set_max_length(_ conn: plait_conn, _ length: Int) -> CInt {
  guard length >= 0, length <= mostBytes else { return .invalid }
  return onConn(conn) { conn in
    if conn.isClosing { return .closed }
    switch conn.tag {
    case Tag.string32:
      return conn.speaking(Tag.string32) { (strings: Int32Protocol) in strings.setLongest(length, conn) }
    case Tag.string: return conn.speaking(Tag.string) { (strings: PrefixProtocol) in strings.setLongest(length, conn) }
    default: return conn.speaking(Tag.netstring) { (strings: NetstringProtocol) in strings.setLongest(length, conn) }
    }
  }
}
