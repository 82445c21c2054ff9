import Bytes
import Wire

/// Stanzas that may not have arrived, and whose session is over: they are the host's again, each once. Until the host has them,
/// they stay with the factory, whatever becomes of the conns meanwhile.
extension XMPPFactory {
  /// A session is over: its requests end, and its stanzas wait for the next conn that is ready.
  final func forget(_ session: XMPPSession, _ why: Reason, isNow: Bool, returns: Bool = true) {
    session.isManaged = false
    if returns, session.waitingCount > 0 {
      former.append(session)
      returning += session.waitingCount
    }
    session.endCalls(why, isNow: isNow)
  }

  /// Gives them to the host, while it has the conn; without one, all.
  final func giveBack(_ context: Context, _ conn: Conn?) {
    while conn?.isClosing != true, let session = former.first {
      guard session.waitingCount > 0 else {
        former.removeFirst()
        continue
      }
      if session.lengths[session.firstLength] & XMPPSession.own != 0 {
        letGo(of: session)
        continue
      }
      guard let reader = read(session) else { return }  // there is no memory: later
      guard reader.next() == .header, reader.next() == .stanza else {
        if reader.fault == .noMemory { return }
        context.log(.error, "xmpp", "a stanza that may not have arrived can't be read any more")
        letGo(of: session)
        continue
      }
      // Before the host has it: it may have the next ones given to another conn.
      let isTold = Stanza(context, reader.tree).show { handle in
        letGo(of: session)
        returned(reader.tree, handle, context, conn?.id ?? 0)
        return true
      }
      guard isTold else { return context.log(.error, "xmpp", "no handle for a stanza that may not have arrived") }
    }
  }

  /// A reader of the first stanza, which was written by this side: whatever it has, is allowed.
  private final func read(_ session: XMPPSession) -> StreamParser? {
    var limits = XMLLimits()
    (limits.bytes, limits.depth, limits.elements, limits.attributes) = (mostBytes, 1 << 20, 1 << 30, 1 << 20)
    var text = XMLWriter(ByteBuffer(), limit: mostBytes)
    text.put("<s xmlns='jabber:client'>")
    var all = session.waiting.take()
    text.put(all.bytes.extracting(first: session.length(session.firstLength)))
    session.waiting = all.take()
    guard text.status == .ok, let reader = StreamParser.make(limits) else { return nil }
    reader.feed(text.out.bytes)
    return reader
  }

  private final func letGo(of session: XMPPSession) {
    session.dropFirst()
    returning -= 1
  }

  /// A conn has ended: another one that is ready, is given what that has left, at the turn's end.
  final func giveBackSoon(_ context: Context) {
    guard returning > 0, !readyConns.isEmpty, !context.isEnding else { return }
    let made = Return(context, self, isLast: false)
    if made.register(Kind.call) { made.end(Reason(.ok)) }
  }

  /// Nothing goes on: the session that the next conn would have taken up is over, and what may not have arrived is told at the turn's end.
  public final func giveUp(_ context: Context) -> Status {
    let last = Return(context, self, isLast: true)
    guard !context.isEnding else { return .aborted }
    guard last.register(Kind.call) else { return .limit }
    last.end(Reason(.ok))
    return .ok
  }
}

/// Tells the host at the turn's end what it has to know.
final class Return: Call {
  private let factory: XMPPFactory
  private let isLast: Bool

  init(_ context: Context, _ factory: XMPPFactory, isLast: Bool) {
    self.factory = factory
    self.isLast = isLast
    super.init(context)
  }

  override func completed(_ reason: Reason) {
    guard isLast else {
      let all = factory.readyConns
      for id in all { if let conn = context.conn(id), !conn.isClosing { factory.giveBack(context, conn) } }
      return
    }
    if let session = factory.kept {
      factory.kept = nil
      factory.forget(session, Reason(.closed, text: "the session was given up"), isNow: true)
    }
    factory.giveBack(context, nil)
  }
}
