import Bytes
import Wire

/// A presence: xmpp_im.h, plait_xmpp_presence, which has the same layout (a test compares).
public struct Presence: BitwiseCopyable {
  var size: UInt32 = 0
  public var flags: UInt32 = 0
  public var type: UInt32 = 0
  public var show: UInt32 = 0
  public var priority: Int32 = 0
  public var error: Int32 = 0
  public var role: UInt32 = 0
  public var affiliation: UInt32 = 0
  public var history: UInt32 = 0
  var reserved: UInt32 = 0
  public var to = HostBytes.none
  public var from = HostBytes.none
  public var id = HostBytes.none
  public var language = HostBytes.none
  public var status = HostBytes.none
  public var password = HostBytes.none
  public var jid = HostBytes.none
  public var nick = HostBytes.none
  public var reason = HostBytes.none
  public var capsNode = HostBytes.none
  public var capsVer = HostBytes.none
  public init() {}

  static var join: UInt32 { 1 }
  static var types: WordList {
    WordList("available unavailable subscribe subscribed unsubscribe unsubscribed probe error")
  }
  static var shows: WordList { WordList("- chat away xa dnd") }
  static var roles: WordList { WordList("- none visitor participant moderator") }
  static var affiliations: WordList { WordList("- none outcast member admin owner") }

  /// The flag of a room's status code, or 0.
  static func flag(_ code: RawSpan) -> UInt32 {
    switch WordList("110 201 303 307 301 321 322 332 210").number(code) {
    case 0: 4
    case 1: 8
    case 2: 16
    case 3: 32
    case 4: 64
    case 5, 6, 7: 128
    case 8: 256
    default: 0
    }
  }
}

extension XMPPProtocol {
  public func send(_ presence: Presence, _ conn: Conn) -> Status {
    guard presence.flags & ~Presence.join == 0, presence.type < 7, presence.show < 5, presence.error == 0,
      presence.reserved == 0, presence.role < 5, presence.affiliation < 6
    else { return .invalid }
    guard presence.priority >= -128, presence.priority <= 127 else { return .range }
    var out = StanzaBuilder(made, "presence", in: space)
    if presence.type > 0 { out.set("type", Presence.types.word(presence.type)) }
    out.address(to: presence.to, from: presence.from, id: presence.id, language: presence.language)
    if presence.show > 0 { out.add("show", word: Presence.shows.word(presence.show)) }
    out.add("status", text: presence.status)
    if presence.priority != 0 { withDecimal(presence.priority) { out.add("priority", word: $0) } }
    if presence.flags & Presence.join != 0 {
      let room = out.add("x", Space.room)
      out.add("password", in: room, text: presence.password)
      if presence.history > 0 {
        let most = presence.history > UInt32(Int32.max) ? 0 : Int32(truncatingIfNeeded: presence.history)
        let history = out.add("history", in: room)
        withDecimal(most) { out.set("maxstanzas", $0, on: history) }
      }
    }
    if presence.type == 0, !options.software.isEmpty {
      let caps = out.add("c", Space.caps)
      out.set("hash", utf8("sha-1"), on: caps)
      out.set("node", options.software.span.bytes, on: caps)
      out.set("ver", options.caps.span.bytes, on: caps)
    }
    out.check(presence.password, presence.jid, presence.nick, presence.reason, presence.capsNode, presence.capsVer)
    return out.status == .ok ? send(made, 0, conn) : out.status
  }

  public func read(_ tree: Tree, _ out: inout Presence) -> Status {
    guard kind(tree) == .presence else { return .invalid }
    out.type = 0
    if tree.attribute(0, "type") != nil {
      guard let type = tree.word(0, "type", Presence.types) else { return .value }
      out.type = type
    }
    out.error = out.type == 7 ? tree.error(0) : 0
    out.show =
      tree.child(0, "show", space).flatMap { tree.text($0) }.flatMap { Presence.shows.number(tree.bytes($0)) } ?? 0
    out.priority =
      tree.child(0, "priority", space).flatMap { tree.text($0) }.flatMap { tree.small(tree.bytes($0)) } ?? 0
    out.to = tree.point(tree.attribute(0, "to"))
    out.from = tree.point(tree.attribute(0, "from"))
    out.id = tree.point(tree.attribute(0, "id"))
    out.language = tree.point(tree.language(0))
    out.status = tree.said(0, "status", space)
    let caps = tree.child(0, "c", Space.caps)
    out.capsNode = tree.point(caps.flatMap { tree.attribute($0, "node") })
    out.capsVer = tree.point(caps.flatMap { tree.attribute($0, "ver") })
    out.password = HostBytes.none
    out.history = 0
    readRoom(tree, &out)
    return .ok
  }

  /// What a room says of somebody (XEP-0045 §7.2).
  private func readRoom(_ tree: Tree, _ out: inout Presence) {
    (out.flags, out.role, out.affiliation) = (0, 0, 0)
    (out.jid, out.nick, out.reason) = (HostBytes.none, HostBytes.none, HostBytes.none)
    guard let room = tree.child(0, "x", Space.roomUser) else { return }
    out.flags = 2
    if let item = tree.child(room, "item", Space.roomUser) {
      out.role = tree.word(item, "role", Presence.roles) ?? 0
      out.affiliation = tree.word(item, "affiliation", Presence.affiliations) ?? 0
      out.jid = tree.point(tree.attribute(item, "jid"))
      out.nick = tree.point(tree.attribute(item, "nick"))
      out.reason = tree.said(item, "reason", Space.roomUser)
    }
    var at = tree.nodes[Int(room)].first
    while at != Tree.none {
      if tree.isNamed(at, "status"), let code = tree.attribute(at, "code") {
        out.flags |= Presence.flag(tree.bytes(code))
      }
      at = tree.nodes[Int(at)].next
    }
  }

  /// Changes somebody's role in a room, or his affiliation with it.
  public func change(_ occupant: Presence, _ call: XMPPCall, _ conn: Conn) -> Status {
    let byNick = occupant.role > 0 && occupant.affiliation == 0 && occupant.nick.len > 0
    let byJID = occupant.affiliation > 0 && occupant.role == 0 && occupant.jid.len > 0
    guard occupant.flags == 0, occupant.type < 8, occupant.show < 5, occupant.error == 0, occupant.reserved == 0,
      occupant.role < 5, occupant.affiliation < 6, byNick || byJID, occupant.to.len > 0
    else { return .invalid }
    var out = StanzaBuilder(made, "iq", in: space)
    out.set("type", utf8("set"))
    out.setAddress("to", occupant.to)
    out.setAddress("from", occupant.from)
    let item = out.add("item", in: out.add("query", Space.roomAdmin))
    if byNick {
      out.set("nick", occupant.nick, on: item)
      out.set("role", Presence.roles.word(occupant.role), on: item)
    } else {
      out.setAddress("jid", occupant.jid, on: item)
      out.set("affiliation", Presence.affiliations.word(occupant.affiliation), on: item)
    }
    out.add("reason", in: item, text: occupant.reason)
    out.check(occupant.id, occupant.language, occupant.status, occupant.password, occupant.nick, occupant.jid)
    out.check(occupant.capsNode, occupant.capsVer)
    return out.status == .ok ? ask(made, 0, 0, call, conn) : out.status
  }
}

private func withDecimal(_ number: Int32, _ body: (RawSpan) -> Void) {
  var text = ByteBuffer()
  guard text.reserve(ByteBuffer.longestDecimal, limit: 64) else { return body(RawSpan()) }
  text.put(decimal: Int64(number))
  body(text.bytes)
}

extension Tree {
  /// A number from -128 to 127; nil for anything else.
  fileprivate func small(_ text: RawSpan) -> Int32? {
    let isNegative = text.byteCount > 0 && text.byte(0) == UInt8(ascii: "-")
    var (at, value): (Int, Int32) = (isNegative ? 1 : 0, 0)
    guard text.byteCount > at, text.byteCount <= 4 else { return nil }
    while at < text.byteCount {
      guard let digit = text.byte(at).digit else { return nil }
      value = value * 10 + Int32(digit)
      at += 1
    }
    value = isNegative ? -value : value
    return value >= -128 && value <= 127 ? value : nil
  }
}
