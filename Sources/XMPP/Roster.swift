import Bytes
import Wire

/// One of the roster: xmpp.h, plait_xmpp_contact, which has the same layout (a test compares).
public struct Contact: BitwiseCopyable {
  var size: UInt32 = 0
  public var flags: UInt32 = 0
  public var subscription: UInt32 = 0
  public var reserved: UInt32 = 0
  public var jid = HostBytes.none
  public var name = HostBytes.none
  public var groups = HostBytes.none
  public init() {}

  static var subscriptions: WordList { WordList("none to from both remove") }
  static var isRemoved: UInt32 { 4 }
}

/// The contacts of an account, as its server last told (RFC 6121 §2): the elements that it sent, in one tree.
public final class Roster {
  var tree = Tree()
  /// The numbers of the elements, and the hashes of their addresses.
  var items = PlainList<UInt32>()
  var hashes = PlainList<UInt64>()
  /// Elements in the tree that are none of these any more.
  var dead = 0
  var version: [UInt8] = []
  /// The groups of the contact that was shown last.
  var groups = ByteBuffer()
  static var most: Int { 50_000 }
  /// Of names and texts, in bytes.
  static var mostText: Int { 1 << 24 }

  init() {}

  func find(_ jid: RawSpan) -> Int? {
    let hash = jid.fnv
    let tree = tree
    for index in 0..<items.count where hashes[index] == hash {
      if let own = tree.attribute(items[index], "jid"), tree.bytes(own).isEqual(jid) { return index }
    }
    return nil
  }

  /// Takes what the server says of a contact; `value` where it says nothing of any, `limit` where it can't be kept.
  func take(_ item: UInt32, _ other: Tree) -> Status {
    var status: Status = .ok
    guard other.isNamed(item, "item"), let said = other.attribute(item, "jid") else { return .value }
    let jid = JID.parse(other.bytes(said), &status)
    guard status == .ok else { return .value }
    let at = find(jid.text.bytes)
    if other.word(item, "subscription", Contact.subscriptions) == Contact.isRemoved {
      if let at { remove(at) }
      return .ok
    }
    guard at != nil || items.count < Roster.most, let node = keep(item, other, jid.text.bytes) else { return .limit }
    if let at {
      items[at] = node
      dead += 1
      tidy()
      return .ok
    }
    guard hashes.append(jid.text.bytes.fnv) else { return .limit }
    if items.append(node) { return .ok }
    _ = hashes.resize(items.count, 0)
    return .limit
  }

  /// Adds what contacts have of an item, and nothing else that is in it.
  private func keep(_ item: UInt32, _ other: Tree, _ jid: RawSpan) -> UInt32? {
    guard tree.text.count < Roster.mostText else { return nil }
    let made = tree.add(utf8("item"), utf8(Space.roster), to: Tree.none)
    guard made >= 0 else { return nil }
    let node = UInt32(truncatingIfNeeded: made)
    guard tree.set(node, utf8("jid"), RawSpan(), jid) == .ok else { return nil }
    for index in 0..<UInt32(4) {
      let name = WordList("name subscription ask approved").word(index)
      guard let value = other.attribute(item, name, RawSpan()) else { continue }
      guard tree.set(node, name, RawSpan(), other.bytes(value)) == .ok else { return nil }
    }
    var (at, groups) = (other.nodes[Int(item)].first, 0)
    while at != Tree.none, groups < 100 {
      if other.isNamed(at, "group"), let text = other.text(at) {
        let group = tree.add(utf8("group"), nil, to: node)
        guard group >= 0, tree.add(text: other.bytes(text), to: UInt32(truncatingIfNeeded: group)) >= 0 else {
          return nil
        }
        groups += 1
      }
      at = other.nodes[Int(at)].next
    }
    return node
  }

  private func remove(_ at: Int) {
    let last = items.count - 1
    (items[at], hashes[at]) = (items[last], hashes[last])
    _ = items.resize(last, 0)
    _ = hashes.resize(last, 0)
    dead += 1
    tidy()
  }

  /// What changed often is not kept as often.
  private func tidy() {
    guard dead > items.count + 64 else { return }
    let fresh = Tree()
    var places = PlainList<UInt32>()
    for index in 0..<items.count {
      let made = fresh.add(copyOf: items[index], in: tree, to: Tree.none)
      // Without memory it stays as it is.
      guard made >= 0, places.append(UInt32(truncatingIfNeeded: made)) else { return }
    }
    for index in 0..<items.count { items[index] = places[index] }
    tree = fresh
    dead = 0
  }

  /// Shows a contact; its bytes are the tree's, and those of its groups the buffer's.
  static func show(_ node: UInt32, _ tree: Tree, _ names: inout ByteBuffer, _ out: inout Contact) {
    out.flags = 0
    if tree.attribute(node, "ask").map({ tree.says($0, "subscribe") }) == true { out.flags |= 1 }
    if tree.attribute(node, "approved").map({ tree.says($0, "true") || tree.says($0, "1") }) == true { out.flags |= 2 }
    out.subscription = tree.word(node, "subscription", Contact.subscriptions) ?? 0
    out.reserved = 0
    out.jid = tree.point(tree.attribute(node, "jid"))
    out.name = tree.point(tree.attribute(node, "name"))
    names.removeAll()
    var at = tree.nodes[Int(node)].first
    while at != Tree.none {
      if tree.isNamed(at, "group"), let text = tree.text(at), names.append(tree.bytes(text), limit: mostBytes) {
        _ = names.append(utf8("\0"), limit: mostBytes)
      }
      at = tree.nodes[Int(at)].next
    }
    out.groups = names.bytes.withUnsafeBytes { HostBytes.at($0) }
  }
}

extension XMPPProtocol {
  static var rosterId: StaticString { "plait-roster" }

  /// Asks for the roster; of one that there is, for what has changed, where the server knows (RFC 6121 §2.6).
  func askForRoster(_ conn: Conn) {
    let version = factory.roster?.version
    let status = sendStanza(conn, isOwn: true) { out in
      out.put("<iq type='get' id='plait-roster'><query xmlns='jabber:iq:roster'")
      if offersVersions {
        out.put(" ver='")
        if let version { out.escape(version.span.bytes, isValue: true) }
        out.put("'")
      }
      out.put("/></iq>")
    }
    awaitsRoster = status == .ok
    if status != .ok { factory.roster(status, conn) }
  }

  /// The answer to that.
  func rosterCame(_ tree: Tree, _ conn: Conn) {
    guard tree.attribute(0, "type").map({ tree.says($0, "result") }) == true else {
      return factory.roster(.remote, conn)
    }
    let former = factory.roster
    guard let query = tree.child(0, "query", Space.roster) else {
      if former == nil { factory.roster = Roster() }
      return factory.roster(.ok, conn)
    }
    let made = Roster()
    factory.roster = made
    var isWhole = true
    each(query, tree) { item in
      let status = made.take(item, tree)
      if status == .ok { tell(item, tree, conn) } else if status != .value { isWhole = false }
    }
    if let former { tellGone(former, made, conn) }
    guard !conn.isClosing else { return }
    // Whoever has not heard of all asks for all the next time.
    if isWhole { made.version = tree.attribute(query, "ver").map { tree.copy($0) } ?? [] }
    factory.roster(isWhole ? .ok : .limit, conn)
  }

  private func each(_ query: UInt32, _ tree: Tree, _ body: (UInt32) -> Void) {
    var at = tree.nodes[Int(query)].first
    while at != Tree.none {
      if tree.isElement(at) { body(at) }
      at = tree.nodes[Int(at)].next
    }
  }

  private func tell(_ item: UInt32, _ tree: Tree, _ conn: Conn) {
    guard !conn.isClosing else { return }
    // Its own, as the host may ask for another contact meanwhile.
    var contact = Contact()
    var groups = ByteBuffer()
    Roster.show(item, tree, &groups, &contact)
    factory.contact(contact, conn)
    withExtendedLifetime(groups) {}
  }

  /// Who was on the roster, and is not any more.
  private func tellGone(_ former: Roster, _ roster: Roster, _ conn: Conn) {
    let tree = former.tree
    for index in 0..<former.items.count where !conn.isClosing {
      guard let jid = tree.attribute(former.items[index], "jid"), roster.find(tree.bytes(jid)) == nil else { continue }
      var contact = Contact()
      var groups = ByteBuffer()
      Roster.show(former.items[index], tree, &groups, &contact)
      contact.subscription = Contact.isRemoved
      factory.contact(contact, conn)
      withExtendedLifetime(groups) {}
    }
  }

  /// The server tells of a change. Others can't: whose word is not the account's own is not taken (RFC 6121 §2.1.6).
  func rosterChanged(_ tree: Tree, _ conn: Conn) -> Bool {
    guard let query = tree.child(0, "query", Space.roster), let type = tree.attribute(0, "type"),
      tree.says(type, "set"), isFromAccount(tree)
    else { return false }
    guard let roster = factory.roster, let item = tree.child(query, "item"), roster.take(item, tree) == .ok else {
      return false
    }
    roster.version = tree.attribute(query, "ver").map { tree.copy($0) } ?? roster.version
    _ = reply(tree, conn, isError: false, isOwn: true) { _ in }
    tell(item, tree, conn)
    return true
  }

  public func contact(_ index: UInt32, _ out: inout Contact) -> Status {
    guard options.keepsRoster else { return .unsupported }
    guard let roster = factory.roster, Int(index) < roster.items.count else { return .absent }
    var groups = roster.groups.take()
    Roster.show(roster.items[Int(index)], roster.tree, &groups, &out)
    roster.groups = groups.take()  // the memory stays where it is
    return .ok
  }

  /// Changes a contact on the server.
  public func change(_ contact: Contact, _ call: XMPPCall, _ conn: Conn) -> Status {
    guard contact.flags == 0, contact.reserved == 0, contact.subscription <= Contact.isRemoved, contact.jid.len > 0
    else { return .invalid }
    let isRemoval = contact.subscription == Contact.isRemoved
    var out = StanzaBuilder(made, "iq", in: space)
    out.set("type", utf8("set"))
    let item = out.add("item", in: out.add("query", Space.roster))
    out.setAddress("jid", contact.jid, on: item)
    if isRemoval { out.set("subscription", utf8("remove"), on: item) } else { out.set("name", contact.name, on: item) }
    guard out.status == .ok else { return out.status }
    guard let groups = checked(contact.groups.data, contact.groups.len) else { return .invalid }
    var start = 0
    while !isRemoval, start < groups.bytes.byteCount {
      let end = groups.bytes.position(of: 0, from: start)
      guard end >= 0 else { return .invalid }
      let group = groups.bytes.extracting(start..<end)
      let node = out.add("group", in: item)
      guard out.status == .ok else { return out.status }
      let text = made.add(text: group, to: node)
      guard text >= 0 else { return text }
      start = end + 1
    }
    return ask(made, 0, 0, call, conn)
  }
}
