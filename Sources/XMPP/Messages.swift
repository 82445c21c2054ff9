import Bytes
import Wire

/// A message among people: xmpp_im.h, plait_xmpp_message, which has the same layout (a test compares).
public struct Message: BitwiseCopyable {
  var size: UInt32 = 0
  public var flags: UInt32 = 0
  public var type: UInt32 = 0
  public var state: UInt32 = 0
  public var error: Int32 = 0
  public var node: UInt32 = 0
  public var to = HostBytes.none
  public var from = HostBytes.none
  public var id = HostBytes.none
  public var language = HostBytes.none
  public var subject = HostBytes.none
  public var body = HostBytes.none
  public var thread = HostBytes.none
  public var receipt = HostBytes.none
  public init() {}

  static var wantsReceipt: UInt32 { 1 }
  static var isPrivate: UInt32 { 2 }
  static var copySent: UInt32 { 4 }
  static var copyReceived: UInt32 { 8 }
  static var isDelayed: UInt32 { 16 }
  static var types: WordList { WordList("normal chat groupchat headline error") }
  static var states: WordList { WordList("- active composing paused inactive gone") }
}

extension XMPPProtocol {
  public func send(_ message: Message, _ conn: Conn) -> Status {
    guard message.flags & ~(Message.wantsReceipt | Message.isPrivate) == 0, message.type < 4, message.state <= 5,
      message.error == 0, message.node == 0, message.flags & Message.wantsReceipt == 0 || message.id.len > 0
    else { return .invalid }
    var out = StanzaBuilder(made, "message", in: space)
    if message.type > 0 { out.set("type", Message.types.word(message.type)) }
    out.address(to: message.to, from: message.from, id: message.id, language: message.language)
    out.add("subject", text: message.subject)
    out.add("body", text: message.body)
    out.add("thread", text: message.thread)
    if message.state > 0 { out.add(Message.states.word(message.state), Space.states) }
    if message.flags & Message.wantsReceipt != 0 { out.add("request", Space.receipts) }
    if message.receipt.len != 0 { out.set("id", message.receipt, on: out.add("received", Space.receipts)) }
    if message.flags & Message.isPrivate != 0 { out.add("private", Space.carbons) }
    return out.status == .ok ? send(made, 0, conn) : out.status
  }

  /// What a message says; of a copy that the account's server has made, what was copied.
  public func read(_ tree: Tree, _ out: inout Message) -> Status {
    guard kind(tree) == .message else { return .invalid }
    var node: UInt32 = 0
    out.flags = 0
    if let (inner, flag) = copied(tree) {
      node = inner
      out.flags = flag
    }
    out.node = node
    out.type = tree.word(node, "type", Message.types) ?? 0
    out.error = out.type == 4 ? tree.error(node) : 0
    out.to = tree.point(tree.attribute(node, "to"))
    out.from = tree.point(tree.attribute(node, "from"))
    out.id = tree.point(tree.attribute(node, "id"))
    out.language = tree.point(tree.language(node))
    out.subject = tree.said(node, "subject", space)
    out.body = tree.said(node, "body", space)
    out.thread = tree.point(tree.child(node, "thread", space).flatMap { tree.text($0) })
    out.state = 0
    var at = tree.nodes[Int(node)].first
    while at != Tree.none {
      if tree.isElement(at), tree.isIn(at, Space.states) {
        out.state = Message.states.number(tree.bytes(tree.nodes[Int(at)].name)) ?? 0
      }
      at = tree.nodes[Int(at)].next
    }
    if tree.child(node, "request", Space.receipts) != nil { out.flags |= Message.wantsReceipt }
    if tree.child(node, "private", Space.carbons) != nil { out.flags |= Message.isPrivate }
    if tree.child(node, "delay", Space.delay) != nil { out.flags |= Message.isDelayed }
    out.receipt = tree.point(tree.child(node, "received", Space.receipts).flatMap { tree.attribute($0, "id") })
    return .ok
  }

  /// The message in a copy (XEP-0280 §11: anybody could make one, but only this account's own server may), and which way it went.
  private func copied(_ tree: Tree) -> (UInt32, UInt32)? {
    let isSent = tree.child(0, "sent", Space.carbons)
    guard let copy = isSent ?? tree.child(0, "received", Space.carbons), isFromAccount(tree),
      let forwarded = tree.child(copy, "forwarded", Space.forward),
      let inner = tree.child(forwarded, "message", space)
    else { return nil }
    return (inner, isSent != nil ? Message.copySent : Message.copyReceived)
  }

  /// Does it come from the account itself, or from its server in the account's name?
  func isFromAccount(_ tree: Tree) -> Bool {
    guard options.role == .client else { return false }
    guard let from = tree.attribute(0, "from") else { return true }
    guard !session.jid.isEmpty else { return false }
    var status: Status = .ok
    let jid = JID.parse(tree.bytes(from), &status)
    let own = session.jid
    guard status == .ok else { return false }
    return jid.text.bytes.isEqual(own.span.bytes.extracting(first: session.bareLength))
  }

  /// Tells the sender that his message has arrived, if he wants to know (XEP-0184 §5).
  func confirm(_ tree: Tree, _ conn: Conn) {
    guard tree.child(0, "request", Space.receipts) != nil, let id = tree.attribute(0, "id"),
      tree.attribute(0, "from") != nil, tree.word(0, "type", Message.types) ?? 0 < 2
    else { return }
    _ = sendStanza(conn, isOwn: true) { out in
      out.put("<message")
      address(tree, "from", "to", &out)
      if options.role != .client { address(tree, "to", "from", &out) }
      address(tree, "type", "type", &out)
      out.put("><received xmlns='urn:xmpp:receipts' id='")
      out.escape(tree.bytes(id), isValue: true)
      out.put("'/></message>")
    }
  }
}
