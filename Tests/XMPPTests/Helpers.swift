import Bench
import Bytes
import Loopback
import SASL
import Testing
import Wire

@testable import XMPP

/// A host that writes down what it hears, and takes what it is told to.
final class Ear: XMPPFactory {
  var events: [String] = []
  var taken = ""
  var hasTLS = false
  init(_ options: XMPPOptions) { super.init(options, user: nil) }
  override func connected(_ conn: Conn) { events.append("connected") }
  override func disconnected(_ conn: Conn, _ reason: Reason) {
    let words = reason.detail.map { String(cString: $0.pointer) } ?? reason.text.map { "\($0)" } ?? ""
    events.append("end \(reason.status) \(reason.code) \(words)")
  }
  override func ready(_ conn: Conn, isResumed: Bool) {
    events.append("ready \(isResumed)")
    onReady?(conn)
  }
  var onReady: ((Conn) -> Void)?
  override func take(_ tree: Tree, _ kind: StanzaKind, _ speaker: XMPPProtocol, _ conn: Conn) -> Bool {
    events.append("\(kind) \(written(tree, outer: "jabber:client"))")
    return !taken.isEmpty && tree.child(0, "mine") != nil
  }
  override func returned(_ tree: Tree, _ handle: UInt64, _ context: Context, _ conn: UInt64) {
    events.append((conn == 0 ? "left " : "returned ") + written(tree, outer: "jabber:client"))
    if closesOnReturn { context.conn(conn)?.close(.ok) }
  }
  var closesOnReturn = false
  override var canStartTLS: Bool { hasTLS }
  override func startTLS(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status {
    events.append("tls")
    return conn.insert(Veil())
  }
}

/// In the place of TLS: it hides nothing, and says that it does.
final class Veil: Layer {
  override var isSecure: Bool { true }
  override func channelBinding(_ kind: ChannelBinding, into bytes: inout [UInt8]) -> Status {
    bytes = [1, 2, 3]
    return .ok
  }
}

final class Asked: XMPPCall {
  var heard: [String] = []
  override func told(_ reason: Reason, _ tree: Tree?, _ conn: UInt64) {
    let words = reason.detail.map { String(cString: $0.pointer) } ?? ""
    heard.append("\(reason.status) \(reason.code) \(words) \(tree.map { written($0, outer: "jabber:client") } ?? "-")")
  }
}

func options(_ jid: String, _ password: String, _ change: (inout XMPPOptions) -> Void = { _ in }) -> XMPPOptions {
  var made = XMPPOptions()
  made.allowsPlaintext = true
  change(&made)
  guard made.set(jid: Array(jid.utf8), password: Array(password.utf8)) == .ok else { fatalError("no options") }
  return made
}

/// The other side's part, written by hand.
struct Script {
  static let header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='example.org' version='1.0'>"
  static func features(_ inner: String) -> String { "<stream:features>\(inner)</stream:features>" }
  static func mechanisms(_ names: String...) -> String {
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + names.map { "<mechanism>\($0)</mechanism>" }.joined()
      + "</mechanisms>"
  }
  static let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
  static let management = "<sm xmlns='urn:xmpp:sm:3'/>"
  static let bound =
    "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@example.org/r</jid></bind></iq>"
  static let enabled = "<enabled xmlns='urn:xmpp:sm:3' id='m1' resume='true'/>"
  static let success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
  static let hello =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>"

  /// Logged in anonymously, with or without stream management.
  static func login(_ peer: Peer, managed: Bool = false, resuming: String? = nil) {
    peer.feed(header + features(mechanisms("ANONYMOUS")))
    peer.feed(success)
    peer.feed(header + features(bind + (managed ? management : "")))
    if let resuming {
      peer.feed(resuming)
    } else {
      peer.feed(bound)
      if managed { peer.feed(enabled) }
    }
    peer.output.sent = []
  }
}

extension Exchange { static var isDigesting: Bool { Mechanism.scramSHA1.isAvailable } }
