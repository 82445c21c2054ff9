import Bytes
import Wire

/// What lives as long as the two sides know each other, which is longer than a connection where they manage their stream (XEP-0198):
/// this side's address, the requests that wait for their answers, and the stanzas that the other side has not acknowledged.
public final class XMPPSession {
  /// This side's address, prepared; how many bytes of it are without the resource.
  public internal(set) var jid: [UInt8] = []
  var bareLength = 0
  let options: XMPPOptions
  /// The conn that it is on, or 0.
  var conn: UInt64 = 0
  var calls: [UInt64: Unmanaged<XMPPCall>] = [:]
  var serial: UInt64 = 0

  // Stream management.
  var isManaged = false
  /// May it go on over another connection? Then it has a name with the server.
  var isResumable = false
  /// Has this side ended it in good order?
  var isClosed = false
  var id: [UInt8] = []
  /// How many stanzas came, and how many of this side's the other has acknowledged; both modulo 2^32.
  var received: UInt32 = 0
  var acknowledged: UInt32 = 0
  /// Those that it has not, the oldest first, with their lengths; with `own` in it for the engine's own requests.
  var waiting = ByteBuffer()
  var lengths = PlainList<UInt32>()
  var firstLength = 0
  var sinceAsked = 0

  init(_ options: XMPPOptions) { self.options = options }

  public var manages: Bool { isManaged }
  public var resumes: Bool { isManaged && isResumable }
  public var callCount: Int { calls.count }
  public var waitingCount: Int { lengths.count - firstLength }

  // MARK: The end of a connection

  func lost(_ factory: XMPPFactory, _ conn: Conn, _ reason: Reason, isNow: Bool) {
    self.conn = 0
    if isManaged, isResumable, !conn.context.isEnding {
      if let other = factory.kept { factory.forget(other, Reason(.closed), isNow: isNow) }
      factory.kept = self
      return
    }
    let isOver = isClosed && reason.status == .ok
    factory.forget(self, reason.status == .ok ? Reason(.closed) : reason, isNow: isNow, returns: !isOver)
  }

  /// Now: in a delivery, or before the host hears of the conn's end. Else at the turn's end.
  func endCalls(_ why: Reason, isNow: Bool) {
    let all = calls
    calls = [:]
    for (_, call) in all {
      call._withUnsafeGuaranteedRef {
        $0.session = nil
        if isNow { $0.endNow(why) } else { $0.end(why) }
      }
    }
  }

  deinit { endCalls(Reason(.closed), isNow: false) }

  // MARK: Acknowledgement

  /// Keeps a stanza until it is acknowledged, beside so many others that have yet to be returned, for which there is as much room
  /// again. False: there are too many.
  func keep(_ stanza: RawSpan, isOwn: Bool, beside others: Int) -> Bool {
    guard isManaged else { return true }
    let length = UInt32(truncatingIfNeeded: stanza.byteCount) | (isOwn ? XMPPSession.own : 0)
    let most = options.mostUnacknowledged
    guard waitingCount < most, waitingCount + others < 2 * most, waiting.reserve(stanza.byteCount, limit: 1 << 28),
      lengths.append(length)
    else { return false }
    waiting.put(stanza)
    return true
  }

  /// The latest one could not be sent: the host was told so, and nobody gets it later.
  func forgetLatest() {
    guard isManaged, waitingCount > 0 else { return }
    waiting.dropLast(length(lengths.count - 1))
    _ = lengths.resize(lengths.count - 1, 0)
  }

  /// In a length: whoever asked hears of it by the request's end.
  static var own: UInt32 { 1 << 31 }
  func length(_ index: Int) -> Int { Int(lengths[index] & ~XMPPSession.own) }

  /// Lets go of the oldest.
  func dropFirst() {
    waiting.dropFirst(length(firstLength))
    firstLength += 1
  }

  /// The other side has so many. False: more than were sent.
  func acknowledge(_ count: UInt32) -> Bool {
    let more = Int(count &- acknowledged)
    guard more <= waitingCount else { return false }
    for _ in 0..<more { dropFirst() }
    acknowledged = count
    if firstLength > 64, firstLength * 2 > lengths.count {
      lengths.removeFirst(firstLength)
      firstLength = 0
    }
    return true
  }
}

/// A request that waits for its answer.
open class XMPPCall: Call {
  final var serial: UInt64 = 0
  /// Until it has ended.
  final var session: Unmanaged<XMPPSession>?
  /// Whom it asks, prepared; empty: the server.
  final var asked: [UInt8] = []
  final var limit: EntityTimer?

  /// How it ended; `tree` has the answer, if there is one.
  open func told(_ reason: Reason, _ tree: Tree?, _ conn: UInt64) {}

  public final override func completed(_ reason: Reason) {
    stopTimer()
    told(reason, nil, 0)
  }

  final func stopTimer() { if let limit, limit.isScheduled { context.timers.remove(limit) } }

  /// A late answer is swallowed.
  public final override func giveUp() {
    stopTimer()
    session?._withUnsafeGuaranteedRef { _ = $0.calls.removeValue(forKey: serial) }
    session = nil
  }

  public final override func timeIsUp() {
    guard outcome == nil else { return }
    giveUp()
    end(Reason(.timeout))
  }

  /// It was answered, in a delivery.
  final func answered(_ tree: Tree, _ reason: Reason, _ conn: Conn) {
    stopTimer()
    session = nil
    told(reason, tree, conn.id)
    unregister()
  }
}
