import Bytes
import CPlait
import CSystem
import Wire

// Messages, presence, the roster and rooms: xmpp_im.h.

#if XMPP
  import XMPP

  // The engine's structs have the same layout (a test compares).
  extension plait_xmpp_message {
    var engine: Message { unsafeBitCast(self, to: Message.self) }
  }
  extension plait_xmpp_presence {
    var engine: Presence { unsafeBitCast(self, to: Presence.self) }
  }
  extension plait_xmpp_contact {
    var engine: Contact { unsafeBitCast(self, to: Contact.self) }
  }

  /// Begins a request whose answer goes to the host.
  func ask(
    _ conn: Conn, _ done: plait_xmpp_answer_fn?, _ user: UnsafeMutableRawPointer?,
    _ call: UnsafeMutablePointer<plait_call>?, _ body: (XMPPCall) -> Status
  ) -> Status {
    guard !conn.context.isEnding else { return .aborted }
    let made = HostXMPPCall(conn.context)
    guard made.register(Kind.call) else { return .limit }
    let status = body(made)
    guard status == .ok else {
      made.unregister()
      return status
    }
    made.done = done
    made.user = user
    call?.pointee.id = made.id
    return .ok
  }

  /// Has what a stanza says put into the host's struct.
  private func readStanza<T, U>(
    _ conn: plait_conn, _ stanza: plait_element, _ out: UnsafeMutablePointer<T>?, _ kind: U.Type,
    _ body: (XMPPProtocol, Tree, inout U) -> Status
  ) -> Status {
    onSpeaker(conn) { speaker, _ in
      onElement(stanza, 0) { tree in
        let status = canTake(out)
        guard status == .ok, let out else { return status }
        return UnsafeMutableRawPointer(out).withMemoryRebound(to: U.self, capacity: 1) {
          body(speaker, tree, &$0.pointee)
        }
      }
    }
  }

  private func optional(_ given: UnsafePointer<CChar>?, _ status: inout Status) -> HostBytes {
    guard given != nil else { return .none }
    guard let found = hostText(given) else {
      status = .invalid
      return .none
    }
    return .at(found)
  }
#endif

@_cdecl("plait_xmpp_send_message") @implementation
public func plait_xmpp_send_message(_ conn: plait_conn, _ message: UnsafePointer<plait_xmpp_message>?) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      var given = plait_xmpp_message()
      let status = readNeeded(message, &given)
      return status == .ok ? speaker.send(given.engine, conn) : status
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_read_message") @implementation
public func plait_xmpp_read_message(
  _ conn: plait_conn, _ stanza: plait_element, _ out: UnsafeMutablePointer<plait_xmpp_message>?
) -> CInt {
  #if XMPP
    readStanza(conn, stanza, out, Message.self) { $0.read($1, &$2) }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_send_presence") @implementation
public func plait_xmpp_send_presence(_ conn: plait_conn, _ presence: UnsafePointer<plait_xmpp_presence>?) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      var given = plait_xmpp_presence()
      let status = readNeeded(presence, &given)
      return status == .ok ? speaker.send(given.engine, conn) : status
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_read_presence") @implementation
public func plait_xmpp_read_presence(
  _ conn: plait_conn, _ stanza: plait_element, _ out: UnsafeMutablePointer<plait_xmpp_presence>?
) -> CInt {
  #if XMPP
    readStanza(conn, stanza, out, Presence.self) { $0.read($1, &$2) }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_get_contact") @implementation
public func plait_xmpp_get_contact(
  _ conn: plait_conn, _ index: UInt32, _ out: UnsafeMutablePointer<plait_xmpp_contact>?
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, _ in
      let status = canTake(out)
      guard status == .ok, let out else { return status }
      return UnsafeMutableRawPointer(out).withMemoryRebound(to: Contact.self, capacity: 1) {
        speaker.contact(index, &$0.pointee)
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_set_contact") @implementation
public func plait_xmpp_set_contact(
  _ conn: plait_conn, _ contact: UnsafePointer<plait_xmpp_contact>?, _ done: plait_xmpp_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      var given = plait_xmpp_contact()
      let status = readNeeded(contact, &given)
      guard status == .ok else { return status }
      return ask(conn, done, user, call) { speaker.change(given.engine, $0, conn) }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_set_occupant") @implementation
public func plait_xmpp_set_occupant(
  _ conn: plait_conn, _ occupant: UnsafePointer<plait_xmpp_presence>?, _ done: plait_xmpp_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      var given = plait_xmpp_presence()
      let status = readNeeded(occupant, &given)
      guard status == .ok else { return status }
      return ask(conn, done, user, call) { speaker.change(given.engine, $0, conn) }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_query") @implementation
public func plait_xmpp_query(
  _ conn: plait_conn, _ to: UnsafePointer<CChar>?, _ name: UnsafePointer<CChar>?, _ space: UnsafePointer<CChar>?,
  _ node: UnsafePointer<CChar>?, _ limit_ms: UInt64, _ done: plait_xmpp_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      var status: Status = .ok
      let (to, node) = (optional(to, &status), optional(node, &status))
      guard status == .ok, let time = checkedTime(limit_ms), let name = hostText(name), let space = hostText(space)
      else { return .invalid }
      return ask(conn, done, user, call) {
        speaker.query(to, name.bytes, space.bytes, node, time, $0, conn)
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_get_caps") @implementation
public func plait_xmpp_get_caps(
  _ element: plait_element, _ node: UInt32, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in
      guard let out, let len, cap >= 0, cap <= mostBytes else { return .invalid }
      let found = Capabilities(tree, node)
      var digest: [UInt8] = []
      let status = found.digest(&digest)
      guard status == .ok else { return status }
      guard found.isHonest else { return .value }
      guard cap >= digest.count else { return .overflow }
      for at in 0..<digest.count { out[at] = digest[at] }
      len.pointee = digest.count
      return .ok
    }
  #else
    .unsupported
  #endif
}
