import Bytes
import CPlait
import CSystem
import Wire

#if XMPP
  import XMPP

  /// Gives a host a prepared address, in its room.
  func give(
    _ jid: borrowing JID, _ out: UnsafeMutablePointer<UInt8>, _ cap: Int, _ parts: UnsafeMutablePointer<plait_jid>
  ) -> Status {
    let count = jid.text.count
    guard cap >= count else { return .overflow }
    // Sound: the host's room was just compared.
    jid.text.bytes.withUnsafeBytes { if let base = $0.baseAddress { memcpy(out, base, $0.count) } }
    func part(_ start: Int, _ length: Int) -> plait_bytes { plait_bytes(data: UnsafePointer(out + start), len: length) }
    parts.pointee.full = part(0, count)
    parts.pointee.bare = part(0, jid.bareLength)
    parts.pointee.node = part(0, jid.nodeLength)
    parts.pointee.domain = part(jid.domainStart, jid.domainLength)
    parts.pointee.resource = part(jid.resourceStart, jid.resourceLength)
    return .ok
  }
#endif

@_cdecl("plait_jid_parse") @implementation
public func plait_jid_parse(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ parts: UnsafeMutablePointer<plait_jid>?
) -> CInt {
  #if XMPP
    guard let text = checked(text, len), let out, let parts, cap >= 0, cap <= mostBytes else { return .invalid }
    var status: Status = .ok
    let jid = JID.parse(text.bytes, &status)
    return status == .ok ? give(jid, out, cap, parts) : status
  #else
    .unsupported
  #endif
}

@_cdecl("plait_jid_make") @implementation
public func plait_jid_make(
  _ given: UnsafePointer<plait_jid>?, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ parts: UnsafeMutablePointer<plait_jid>?
) -> CInt {
  #if XMPP
    guard let given = given?.pointee, let out, let parts, cap >= 0, cap <= mostBytes,
      let node = checked(given.node.data, given.node.len), let domain = checked(given.domain.data, given.domain.len),
      let resource = checked(given.resource.data, given.resource.len)
    else { return .invalid }
    var status: Status = .ok
    let jid = JID.make(node.bytes, domain.bytes, resource.bytes, &status)
    return status == .ok ? give(jid, out, cap, parts) : status
  #else
    .unsupported
  #endif
}

@_cdecl("plait_jid_compare") @implementation
public func plait_jid_compare(
  _ first: UnsafePointer<UInt8>?, _ first_len: Int, _ second: UnsafePointer<UInt8>?, _ second_len: Int, _ flags: UInt32
) -> CInt {
  #if XMPP
    guard let first = checked(first, first_len), let second = checked(second, second_len),
      flags & ~UInt32(PLAIT_JID_BARE) == 0
    else { return .invalid }
    var status: Status = .ok
    let one = JID.parse(first.bytes, &status)
    guard status == .ok else { return status }
    let other = JID.parse(second.bytes, &status)
    guard status == .ok else { return status }
    if flags == 0 { return one.text.bytes.isEqual(other.text.bytes) ? 1 : 0 }
    return one.text.bytes.extracting(first: one.bareLength).isEqual(
      other.text.bytes.extracting(first: other.bareLength))
      ? 1 : 0
  #else
    .unsupported
  #endif
}

#if XMPP
  func recode(
    _ text: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
    _ outLen: UnsafeMutablePointer<Int>?, _ body: (RawSpan, inout ByteBuffer) -> Status
  ) -> Status {
    guard let text = checked(text, len), out != nil, outLen != nil, cap >= 0, cap <= mostBytes else { return .invalid }
    var made = ByteBuffer()
    let status = body(text.bytes, &made)
    return status == .ok ? give(made.bytes, out, cap, outLen) : status
  }
#endif

@_cdecl("plait_jid_escape") @implementation
public func plait_jid_escape(
  _ text: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ out_len: UnsafeMutablePointer<Int>?
) -> CInt {
  #if XMPP
    recode(text, len, out, cap, out_len) { Escaping.escape($0, &$1) }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_jid_unescape") @implementation
public func plait_jid_unescape(
  _ node: UnsafePointer<UInt8>?, _ len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ out_len: UnsafeMutablePointer<Int>?
) -> CInt {
  #if XMPP
    recode(node, len, out, cap, out_len) { Escaping.unescape($0, &$1) }
  #else
    .unsupported
  #endif
}
