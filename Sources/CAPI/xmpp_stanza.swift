import Bytes
import CPlait
import CSystem
import Wire

// What is said on a conn that speaks XMPP: xmpp.h.

#if XMPP
  import SASL
  import XMPP

  func onSpeaker(_ conn: plait_conn, _ body: (XMPPProtocol, Conn) -> Status) -> Status {
    onConn(conn) { conn in conn.speakingXMPP { body($0, conn) } }
  }

  /// Runs `body` on a copy of a part of a tree: nothing is locked, and no callback's tree is needed any more.
  func withCopy(_ element: plait_element, _ node: UInt32, _ body: (Tree) -> Status) -> Status {
    let part = Tree()
    let status = onElement(element, node) { part.add(copyOf: node, in: $0, to: Tree.none) }
    return status >= 0 ? body(part) : status
  }
#endif

@_cdecl("plait_xmpp_send") @implementation
public func plait_xmpp_send(_ conn: plait_conn, _ element: plait_element, _ node: UInt32) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in onElement(element, node) { speaker.send($0, node, conn) } }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_call") @implementation
public func plait_xmpp_call(
  _ conn: plait_conn, _ element: plait_element, _ node: UInt32, _ limit_ms: UInt64, _ done: plait_xmpp_answer_fn?,
  _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      guard let time = checkedTime(limit_ms) else { return .invalid }
      return onElement(element, node) { tree in
        ask(conn, done, user, call) { speaker.ask(tree, node, time, $0, conn) }
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_answer") @implementation
public func plait_xmpp_answer(
  _ conn: plait_conn, _ request: plait_element, _ payload: plait_element, _ node: UInt32
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      if payload.id == 0 {
        return onElement(request, 0) { speaker.reply($0, conn, isError: false) { _ in } }
      }
      guard request.id != payload.id else { return .invalid }
      return withCopy(payload, node) { part in
        onElement(request, 0) { request in
          var status: Status = .ok
          let sent = speaker.reply(request, conn, isError: false) {
            status = $0.put(part, speaker.space)
          }
          return status == .ok ? sent : status
        }
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_answer_error") @implementation
public func plait_xmpp_answer_error(
  _ conn: plait_conn, _ request: plait_element, _ condition: Int32, _ text: UnsafePointer<CChar>?
) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in
      onElement(request, 0) { request in
        var status: Status = .ok
        let words = words(text, &status)
        guard status == .ok, let name = Conditions.name(condition, .stanza) else { return .invalid }
        guard words.span.bytes.isXMLText else { return .value }
        return speaker.reply(request, conn, isError: true) { Conditions.put(name, condition, words, &$0) }
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_xmpp_close") @implementation
public func plait_xmpp_close(_ conn: plait_conn) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, conn in speaker.close(conn) }
  #else
    .unsupported
  #endif
}

#if XMPP
  extension XMPPProtocol {
    var sessionFlags: UInt32 {
      var flags = 0
      if isReady { flags |= PLAIT_XMPP_READY }
      if session.manages { flags |= PLAIT_XMPP_MANAGED }
      if session.resumes { flags |= PLAIT_XMPP_RESUMABLE }
      return UInt32(truncatingIfNeeded: flags)
    }
  }
#endif

@_cdecl("plait_xmpp_get_session") @implementation
public func plait_xmpp_get_session(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_xmpp_session>?) -> CInt {
  #if XMPP
    onSpeaker(conn) { speaker, _ in
      let status = canTake(out)
      guard status == .ok, let out else { return status }
      out.pointee.flags = speaker.sessionFlags
      out.pointee.mechanism = speaker.mechanism.map { 1 << UInt32($0.rawValue) } ?? 0
      out.pointee.calls = UInt32(truncatingIfNeeded: speaker.session.callCount)
      out.pointee.waiting = UInt32(truncatingIfNeeded: speaker.session.waitingCount)
      out.pointee.reserved = 0
      // Sound: the arrays are the conn's, and nothing changes them before the host's callback returns.
      speaker.session.jid.withUnsafeBytes { point(&out.pointee.jid, $0.bytes) }
      speaker.streamId.withUnsafeBytes { point(&out.pointee.stream_id, $0.bytes) }
      speaker.peerName.withUnsafeBytes { point(&out.pointee.component, $0.bytes) }
      return .ok
    }
  #else
    .unsupported
  #endif
}
