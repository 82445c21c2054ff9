import Bytes
import Framing
import Wire

/// What a conn that speaks AMP knows beside its framing: the calls that wait, the requests that are still to be answered.
/// The conn keeps it; it keeps neither.
public final class Session {
  let options: AMPOptions
  /// Kept by the protocol.
  public let factory: Unmanaged<AMPFactory>
  var walk = Walk()
  /// The serial of the latest call, which is its tag in hexadecimal.
  var serial: UInt64 = 0
  /// By serial: the call, or one of the marks below.
  var calls = SerialTable()
  /// How many of these are calls.
  public internal(set) var callCount = 0
  /// The requests that are kept, as a ring's beginning.
  var kept: Unmanaged<Box>?
  public internal(set) var requestCount = 0
  var isConnected = false
  /// A switch is under way: nothing may be sent.
  var isLocked = false
  /// TLS was asked for: what is sent waits for the answer.
  var isHolding = false
  /// So many requests wait that reading rests.
  var isChoked = false
  /// Both sides go beyond AMP; the peer takes large boxes up to so many bytes.
  var isExtended = false
  var peerLarge = 0
  /// What few conns need.
  var rare: Rare?

  init(_ factory: AMPFactory) {
    options = factory.options
    self.factory = Unmanaged.passUnretained(factory)
  }

  /// A late answer, which is swallowed; the answers to what the library itself asks.
  static var swallow: UInt { 0 }
  static var announcement: UInt { 1 }
  static var marks: UInt { 2 }

  func needRare() -> Rare {
    if let rare { return rare }
    let made = Rare()
    rare = made
    return made
  }

  /// May something be sent?
  @inline(__always) var fault: Status { isLocked ? .switched : .ok }
}

/// What few sessions need.
final class Rare {
  /// Large boxes in the making.
  var partials: [Partial] = []
  var partialBytes = 0
  var nextPart: UInt64 = 0
  var keepAlive: KeepAlive?
  /// A call whose end is the conn's.
  var ending: AMPCall?
  /// The requests that are kept, by their tags' hashes.
  var byTag = SerialTable()
  var tagSeed: UInt64 = 0
  /// What is held back until TLS is spoken, or refused.
  var held = ByteBuffer()
}

/// How AMP is spoken: amp.h, plait_amp_options.
public struct AMPOptions {
  public var understandsMore = false
  public var announces = false
  public var wantsAllRequests = false
  public var maxBox = 4 << 20
  public var maxLarge = 16 << 20
  public var maxCalls = 131_072
  public var maxRequests = 131_072
  /// In milliseconds; 0: none.
  public var callTime: UInt64 = 0
  public var keepAliveTime: UInt64 = 0
  public init() {}
}

extension Conn {
  /// The session of a conn that speaks AMP, whose protocol keeps it.
  @inline(__always) var session: Unmanaged<Session>? {
    var session: Unmanaged<Session>?
    _ = speaking(BoxFramer.tag) { (boxes: BoxProtocol) in
      session = boxes.framer.session
      return .ok
    }
    return session
  }

  /// Runs `body` on the session of a conn that speaks AMP.
  @inline(__always) public func withSession(_ body: (Session) -> Status) -> Status {
    speaking(BoxFramer.tag) { (boxes: BoxProtocol) in boxes.framer.session._withUnsafeGuaranteedRef(body) }
  }
}

extension Session {
  /// Sends what was written: a whole box, with its end.
  @_optimize(speed) @inline(never) func send(_ box: RawSpan, _ conn: Conn) -> Status {
    if isHolding { return hold(box, conn) }
    return conn.write(box.byteCount) { $0.put(box) }
  }

  // MARK: The end

  /// Nothing is heard any more: so all calls have ended, and no request can be answered any more.
  func end(_ reason: Reason, _ conn: Conn) {
    forgetRequests(conn)
    var calls = SerialTable()
    swap(&calls, &self.calls)
    callCount = 0
    let why = reason.status == .ok ? Reason(.closed) : reason
    // Where `connected` never came, the host may be in the middle of a call: its completions come at the turn's end.
    let isNow = isConnected
    rare?.ending?.service()  // why the others have ended
    calls.each { value in
      guard value >= Session.marks else { return }
      AMPCall.borrow(value) { call in
        call.connEnded()
        if isNow { call.endNow(why) } else { call.end(why) }
      }
    }
    if let timer = rare?.keepAlive { conn.context.timers.remove(timer) }
    rare = nil
  }

  func forgetRequests(_ conn: Conn) {
    while let box = kept { box._withUnsafeGuaranteedRef { $0.finish(self, conn) } }
  }
}
