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
      let length = session.length(session.firstLength)
      let isOwn = session.lengths[session.firstLength] & XMPPSession.own != 0
      var shown: StreamParser?
      if !isOwn {
        // It was written by this side: whatever it has, is allowed.
        var limits = XMLLimits()
        (limits.bytes, limits.depth, limits.elements, limits.attributes) = (mostBytes, 1 << 20, 1 << 30, 1 << 20)
        var text = XMLWriter(ByteBuffer(), limit: mostBytes)
        text.put("<s xmlns='jabber:client'>")
        var all = session.waiting.take()
        text.put(all.bytes.extracting(first: length))
        session.waiting = all.take()
        guard text.status == .ok, let reader = StreamParser.make(limits) else { return }
        reader.feed(text.out.bytes)
        if reader.next() == .header, reader.next() == .stanza { shown = reader }
        if reader.fault == .noMemory { return }
      }
      session.dropFirst()
      returning -= 1
      if let shown { returned(shown.tree, context, conn?.id ?? 0) }
    }
  }

  /// Nothing goes on: the session that the next conn would have taken up is over, and what may not have arrived is told at the turn's end.
  public final func giveUp(_ context: Context) -> Status {
    let last = LastReturn(context, self)
    guard !context.isEnding else { return .aborted }
    guard last.register(Kind.call) else { return .limit }
    last.end(Reason(.ok))
    return .ok
  }
}

/// Tells the host at the turn's end what it has to know.
final class LastReturn: Call {
  private let factory: XMPPFactory

  init(_ context: Context, _ factory: XMPPFactory) {
    self.factory = factory
    super.init(context)
  }

  override func completed(_ reason: Reason) {
    if let session = factory.kept {
      factory.kept = nil
      factory.forget(session, Reason(.closed, text: "the session was given up"), isNow: true)
    }
    factory.giveBack(context, nil)
  }
}
