import Bytes
import CPlait
import CSystem
import IRC
import Wire

/// A question whose answer goes to the host.
private final class HostIRCCall: IRCCall {
  var done: plait_irc_answer_fn?
  var user: UnsafeMutableRawPointer?

  override func told(_ reason: Reason) {
    guard let done else { return }
    let (user, conn) = (user, plait_conn(id: self.conn))
    var list = PlainList<plait_irc_entry>()
    // Sound: parts lie in the lines, which are alive for the call and do not change.
    let kept = lines.take()
    kept.bytes.withUnsafeBytes { bytes in
      let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      func span(_ part: Part) -> plait_bytes {
        guard let base, part.start > 0 else { return plait_bytes() }
        return plait_bytes(data: base + Int(part.start), len: Int(part.count))
      }
      var isWhole = true
      for index in 0..<entries.count {
        let entry = entries[index]
        isWhole =
          list.append(
            plait_irc_entry(
              flags: entry.flags, hops: entry.hops, number: entry.number, since: entry.since, nick: span(entry.nick),
              user: span(entry.user), host: span(entry.host), name: span(entry.name), account: span(entry.account),
              server: span(entry.server), channel: span(entry.channel), prefix: span(entry.prefix),
              text: span(entry.text))) && isWhole
      }
      var answer = plait_irc_answer(
        struct_size: UInt32(MemoryLayout<plait_irc_answer>.size), question: question.rawValue, entries: list.pointer,
        count: list.count, lines: plait_bytes(data: base, len: linesEnd))
      if !isWhole { answer.count = 0 }
      (isWhole ? reason : Reason(.noMemory)).export { done(user, conn, &answer, &$0) }
    }
  }
}

@_cdecl("plait_irc_call") @implementation
public func plait_irc_call(
  _ conn: plait_conn, _ question: UInt32, _ about: UnsafePointer<UInt8>?, _ len: Int, _ limit_ms: UInt64,
  _ done: plait_irc_answer_fn?, _ user: UnsafeMutableRawPointer?, _ call: UnsafeMutablePointer<plait_call>?
) -> CInt {
  guard let about = checked(about, len), about.count <= 510, let question = Question(rawValue: question),
    let time = checkedTime(limit_ms)
  else { return .invalid }
  return onConn(conn) { conn in
    conn.withIRC { session, _ in
      guard !conn.context.isEnding else { return .aborted }
      let made = HostIRCCall(conn.context, question, about.bytes)
      guard made.register(Kind.call) else { return .limit }
      let status = session.ask(made, about.bytes, time, conn)
      guard status == .ok else {
        made.unregister()
        return status
      }
      made.done = done
      made.user = user
      call?.pointee.id = made.id
      return .ok
    }
  }
}
