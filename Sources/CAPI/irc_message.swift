import Bytes
import CPlait
import CSystem
import IRC

// Messages: irc_message.h. Functions of bytes, which need neither a conn nor a reactor.

/// Where the parameters begin in plait_irc_message: behind four 32-bit numbers and three spans (static_asserted by the C tests).
private var parametersOffset: Int { 16 + 3 * MemoryLayout<plait_bytes>.size }

/// Is there nothing in a host's struct that this library does not know? (As `read` checks, without a copy.)
private func isKnown(_ message: UnsafePointer<plait_irc_message>) -> Bool {
  let size = Int(message.pointee.struct_size)
  guard size >= MemoryLayout<plait_irc_message>.size, size <= 65536 else { return false }
  for at in MemoryLayout<plait_irc_message>.size..<size {
    // Sound: the host says that its struct goes so far.
    if UnsafeRawPointer(message).load(fromByteOffset: at, as: UInt8.self) != 0 { return false }
  }
  return true
}

/// A part of what the host gave, for its structs.
@inline(__always) private func span(_ part: Part, _ data: UnsafePointer<UInt8>?) -> plait_bytes {
  plait_bytes(data: data.map { $0 + Int(part.start) }, len: Int(part.count))
}

private func bytes(_ given: plait_bytes) -> Given? { checked(given.data, given.len) }

private func mapping(_ number: UInt32) -> CaseMapping? {
  number <= 2 ? CaseMapping(rawValue: UInt8(truncatingIfNeeded: number)) : nil
}

@_optimize(speed) @c @implementation
public func plait_irc_message_parse(
  _ line: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<plait_irc_message>?
) -> CInt {
  guard let given = checked(line, len), let out else { return .invalid }
  guard canTake(out) == .ok else { return .structSize }
  guard let line else { return .malformed }
  @inline(__always) func span(_ part: Part) -> plait_bytes {
    plait_bytes(data: line + Int(part.start), len: Int(part.count))
  }
  let places = UnsafeMutableRawPointer(out).advanced(by: parametersOffset).assumingMemoryBound(to: plait_bytes.self)
  var head = Message.Head()
  // Sound: there are no more parameters than the struct has places for, and none where there is no command.
  guard
    Message.cut(given.bytes, &head, { places[$0] = plait_bytes(data: line + $1, len: $2 &- $1) })
  else { return .malformed }
  out.pointee.flags = (head.hasSource ? 1 : 0) | (head.hasTrailing ? 2 : 0)
  out.pointee.numeric = UInt32(truncatingIfNeeded: head.numeric)
  out.pointee.count = UInt32(truncatingIfNeeded: head.count)
  out.pointee.tags = span(head.tags)
  out.pointee.source = span(head.source)
  out.pointee.command = span(head.command)
  return .ok
}

@_cdecl("plait_irc_message_make") @implementation
public func plait_irc_message_make(
  _ message: UnsafePointer<plait_irc_message>?, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let message, len != nil, cap >= 0 else { return .invalid }
  guard isKnown(message) else { return .structSize }
  let count = Int(message.pointee.count)
  guard count <= Message.most, message.pointee.flags <= 3, let tags = bytes(message.pointee.tags),
    let source = bytes(message.pointee.source), let command = bytes(message.pointee.command)
  else { return .invalid }
  var builder = MessageBuilder()
  builder.add(tags: tags.bytes)
  builder.add(source: source.bytes)
  builder.add(command: command.bytes)
  let places = UnsafeRawPointer(message).advanced(by: parametersOffset).assumingMemoryBound(to: plait_bytes.self)
  for index in 0..<count {
    guard let parameter = bytes(places[index]) else { return .invalid }
    if index < count - 1 {
      builder.add(middle: parameter.bytes)
    } else if message.pointee.flags & 2 != 0 {
      builder.add(trailing: parameter.bytes)
    } else {
      builder.add(last: parameter.bytes)
    }
  }
  let status = builder.finish()
  return status == .ok ? give(builder.bytes, out, cap, len) : status
}

@_cdecl("plait_irc_source_parse") @implementation
public func plait_irc_source_parse(
  _ source: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<plait_irc_source>?
) -> CInt {
  guard let given = checked(source, len), let out else { return .invalid }
  guard canTake(out) == .ok else { return .structSize }
  let parts = Source(given.bytes)
  out.pointee.nick = span(parts.nick, source)
  out.pointee.user = span(parts.user, source)
  out.pointee.host = span(parts.host, source)
  return .ok
}

// MARK: Tags

@_cdecl("plait_irc_tag_get") @implementation
public func plait_irc_tag_get(
  _ tags: UnsafePointer<UInt8>?, _ tags_len: Int, _ key: UnsafePointer<UInt8>?, _ key_len: Int,
  _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let tags = checked(tags, tags_len), let key = checked(key, key_len) else { return .invalid }
  guard let value = Tags.find(key.bytes, in: tags.bytes) else { return .absent }
  var made: [UInt8] = []
  Tags.unescape(tags.bytes.extracting(value.range), into: &made)
  return give(made, out, cap, len)
}

@_cdecl("plait_irc_tag_parse") @implementation
public func plait_irc_tag_parse(
  _ tags: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<plait_irc_tag>?, _ most: Int,
  _ count: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let given = checked(tags, len), let count, most >= 0 else { return .invalid }
  var reader = Tags(given.bytes)
  var found = 0
  while let (key, value) = reader.next() {
    if let out, found < most {
      out[found].key = span(key, tags)
      out[found].value = span(value, tags)
    }
    found += 1
  }
  count.pointee = found
  return .ok
}

@_cdecl("plait_irc_tag_read") @implementation
public func plait_irc_tag_read(
  _ value: UnsafePointer<UInt8>?, _ value_len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let value = checked(value, value_len) else { return .invalid }
  var made: [UInt8] = []
  Tags.unescape(value.bytes, into: &made)
  return give(made, out, cap, len)
}

@_cdecl("plait_irc_tag_make") @implementation
public func plait_irc_tag_make(
  _ key: UnsafePointer<UInt8>?, _ key_len: Int, _ value: UnsafePointer<UInt8>?, _ value_len: Int,
  _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let key = checked(key, key_len), let value = checked(value, value_len) else { return .invalid }
  guard Tags.isKey(key.bytes), value.bytes.position(of: 0, from: 0) < 0 else { return .value }
  var made: [UInt8] = []
  for index in 0..<key.bytes.byteCount { made.append(key.bytes.byte(index)) }
  if value.count > 0 {
    made.append(UInt8(ascii: "="))
    Tags.escape(value.bytes, into: &made)
  }
  return give(made, out, cap, len)
}

// MARK: Names

@_cdecl("plait_irc_mask_check") @implementation
public func plait_irc_mask_check(
  _ mapping: UInt32, _ mask: UnsafePointer<UInt8>?, _ mask_len: Int, _ text: UnsafePointer<UInt8>?, _ text_len: Int
) -> CInt {
  guard let mapping = CAPI.mapping(mapping), let mask = checked(mask, mask_len), let text = checked(text, text_len)
  else {
    return .invalid
  }
  return mapping.matches(mask.bytes, text.bytes) ? 1 : 0
}

@_cdecl("plait_irc_host_check") @implementation
public func plait_irc_host_check(_ name: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let name = checked(name, len) else { return .invalid }
  return isHostName(name.bytes) ? 1 : 0
}

@_cdecl("plait_irc_name_make") @implementation
public func plait_irc_name_make(
  _ mapping: UInt32, _ name: UnsafePointer<UInt8>?, _ name_len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let mapping = CAPI.mapping(mapping), let name = checked(name, name_len) else { return .invalid }
  var made: [UInt8] = []
  for index in 0..<name.bytes.byteCount { made.append(mapping.lower(name.bytes.byte(index))) }
  return give(made, out, cap, len)
}

@_cdecl("plait_irc_numeric_get") @implementation
public func plait_irc_numeric_get(_ number: UInt32) -> UnsafePointer<CChar>? {
  guard number < 1000, let name = Numeric.name(Int(number)) else { return nil }  // checked: small
  return UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)
}

@_cdecl("plait_irc_numeric_parse") @implementation
public func plait_irc_numeric_parse(_ name: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let name = checked(name, len) else { return .invalid }
  let number = Numeric.number(name.bytes)
  return number == 0 ? .absent : CInt(truncatingIfNeeded: number)
}

@_cdecl("plait_irc_modes_parse") @implementation
public func plait_irc_modes_parse(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ parameters: UnsafePointer<plait_bytes>?, _ parameter_count: Int,
  _ when_set: UnsafePointer<UInt8>?, _ when_set_len: Int, _ when_unset: UnsafePointer<UInt8>?, _ when_unset_len: Int,
  _ out: UnsafeMutablePointer<plait_irc_mode>?, _ most: Int, _ count: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let text = checked(text, len), let set = checked(when_set, when_set_len),
    let unset = checked(when_unset, when_unset_len), parameter_count >= 0, parameter_count <= Message.most,
    parameters != nil || parameter_count == 0, let count, most >= 0
  else { return .invalid }
  guard ModeReader.isWhole(text.bytes) else { return .value }
  var kinds = ModeKinds()
  for index in 0..<set.count { kinds.whenSet.append(set.bytes.byte(index)) }
  for index in 0..<unset.count { kinds.whenUnset.append(unset.bytes.byte(index)) }
  // Twice, so that nothing is written where there is an error.
  var (reader, total) = (ModeReader(text.bytes, parameters: parameter_count), 0)
  while reader.next(kinds) != nil { total += 1 }
  guard !reader.isShort, reader.used == parameter_count else { return .value }
  if let out {
    var (again, place) = (ModeReader(text.bytes, parameters: parameter_count), 0)
    while place < most, let change = again.next(kinds) {
      let given = change.parameter >= 0 ? parameters?[change.parameter] : nil
      out[place] = plait_irc_mode(
        letter: UInt32(change.letter), is_set: change.isSet ? 1 : 0, has_parameter: given == nil ? 0 : 1, reserved: 0,
        parameter: given ?? plait_bytes())
      place += 1
    }
  }
  count.pointee = total
  return .ok
}
