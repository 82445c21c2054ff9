import Bytes
import SASL
import Wire

/// Who this side is, and how XMPP is spoken: xmpp.h, plait_xmpp_options.
public struct XMPPOptions {
  public enum Role { case client, component, host }
  public var role = Role.client
  /// The account's or the component's address, prepared.
  public var node: [UInt8] = []
  public var domain: [UInt8] = []
  public var resource: [UInt8] = []
  /// The password, or a component's secret; empty: there is none.
  public var password: [UInt8] = []
  public var language: [UInt8] = []
  public var mechanisms = Mechanisms.all
  public var limits = XMLLimits()
  public var mostCalls = 10_000
  /// May a conversation go on that TLS does not hide?
  public var allowsPlaintext = false
  /// Is stream management wanted, where the server has it?
  public var resumes = true
  /// How many stanzas may wait for the server's acknowledgement.
  public var mostUnacknowledged = 10_000
  /// In milliseconds; 0: none.
  public var loginTime: UInt64 = 30_000
  public var callTime: UInt64 = 0
  public var keepAliveTime: UInt64 = 0
  public var keepsRoster = false
  public var wantsCopies = false
  public var answersReceipts = false
  /// Does it go where a server sends it?
  public var moves = true
  /// What this side is, to who asks; empty: nobody is told.
  public internal(set) var software: [UInt8] = []
  var softwareVersion: [UInt8] = []
  var category: [UInt8] = []
  var type: [UInt8] = []
  var features: [[UInt8]] = []
  /// The digest of all that.
  var caps: [UInt8] = []
  public init() { limits.bytes = 1 << 20 }

  var space: StaticString { role == .client ? Space.client : Space.component }
}

extension XMPPOptions {
  /// Who this side is, as the role wants it.
  public mutating func set(jid: [UInt8], password: [UInt8]) -> Status {
    var status: Status = .ok
    if role != .host || !jid.isEmpty {
      let made = JID.parse(jid.span.bytes, &status)
      guard status == .ok else { return status }
      let bytes = made.text.bytes
      node = bytes.extracting(first: made.nodeLength).copied
      domain = bytes.extracting(made.domainStart..<made.bareLength).copied
      resource = bytes.extracting(made.resourceStart..<made.resourceStart + made.resourceLength).copied
    }
    guard role == .client || (node.isEmpty && resource.isEmpty && !password.isEmpty) else { return .value }
    var prepared = ByteBuffer()
    status = JID.prepare(password: password.span.bytes, &prepared)
    self.password = prepared.bytes.copied
    return status
  }
}

/// What a stanza is.
public enum StanzaKind: UInt32 { case message = 1, presence, request, answer, other }

/// Builds conns that speak XMPP, and is their way out to the host: a subclass says what that is.
open class XMPPFactory: Factory {
  public final let options: XMPPOptions
  /// A session whose connection was lost, and which the next one may take up again.
  final var kept: XMPPSession?
  /// Those that are over, with stanzas that may not have arrived, the oldest first; and how many stanzas that are.
  final var former: [XMPPSession] = []
  final var returning = 0
  final var roster: Roster?
  /// Where a server has sent this side, for the next connection alone; and how often in a row one did.
  final var elsewhere: Move?
  final var moves = 0
  /// The conns of clients on which stanzas go.
  final var readyConns: [UInt64] = []

  public init(_ options: XMPPOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    super.init(user: user)
  }

  // MARK: The host

  open func connected(_ conn: Conn) {}
  open func disconnected(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) -> Bool { false }
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  /// Stanzas may be sent from now on.
  open func ready(_ conn: Conn, isResumed: Bool) {}
  /// True: somebody has taken it.
  open func take(_ tree: Tree, _ kind: StanzaKind, _ speaker: XMPPProtocol, _ conn: Conn) -> Bool { false }
  /// A stanza that the server may not have got, with its handle; the conn is 0 where nobody is there any more.
  open func returned(_ tree: Tree, _ handle: UInt64, _ context: Context, _ conn: UInt64) {}
  /// The roster is there, or could not be had.
  open func roster(_ status: Status, _ conn: Conn) {}
  open func contact(_ contact: Contact, _ conn: Conn) {}
  /// Has TLS begin on the conn; `done` is told how.
  open func startTLS(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status { .unsupported }
  open var canStartTLS: Bool { false }
  /// May a component of this name come?
  public final func secret(of domain: RawSpan, _ conn: Conn, into secret: inout [UInt8]) -> Bool {
    secret = options.password
    return true
  }

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard let parser = StreamParser.make(options.limits) else { return nil }
    let made = XMPPProtocol(self, parser)
    if options.role == .client, options.moves, origin.role == .connected, let endpoint = origin.endpoint {
      made.movable = endpoint.isDirect ? endpoint : nil
    }
    return made
  }
}

/// A tree that a callback is shown: it has a handle for so long.
public final class Stanza: Entity {
  public internal(set) var tree: Unmanaged<Tree>
  public init(_ context: Context, _ tree: Tree) {
    self.tree = Unmanaged.passUnretained(tree)
    super.init(context)
  }

  /// Runs `body` with the handle.
  public func show(_ body: (UInt64) -> Bool) -> Bool {
    guard enter(Kind.element) else { return false }
    let result = body(id)
    leave()
    return result
  }
}

extension Conn {
  /// Runs `body` on what a conn that speaks XMPP knows.
  public func speakingXMPP(_ body: (XMPPProtocol) -> Status) -> Status { speaking(Tag.xmpp, body) }
}
