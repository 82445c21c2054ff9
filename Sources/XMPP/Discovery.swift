import Bytes
import Crypto
import Wire

/// What this side is and can do, to who asks (XEP-0030, XEP-0092), and the digest of it (XEP-0115).
extension XMPPOptions {
  /// What the host says, with what the library does by itself. Its features have blanks between them.
  public mutating func describe(software: [UInt8], version: [UInt8], identity: [UInt8], features: [UInt8]) -> Status {
    guard software.span.bytes.isXMLText, version.span.bytes.isXMLText, identity.span.bytes.isXMLText,
      features.span.bytes.isXMLText
    else { return .value }
    guard !software.isEmpty else { return version.isEmpty && identity.isEmpty && features.isEmpty ? .ok : .invalid }
    self.software = software
    softwareVersion = version
    let kind = identity.isEmpty ? utf8("client/pc").copied : identity
    let slash = kind.span.bytes.position(of: UInt8(ascii: "/"), from: 0)
    guard slash > 0, slash < kind.count - 1 else { return .invalid }
    category = Array(kind[..<slash])
    type = Array(kind[(slash + 1)...])
    var all = utf8(
      "http://jabber.org/protocol/caps http://jabber.org/protocol/disco#info jabber:iq:version urn:xmpp:ping "
    )
    .copied
    if answersReceipts { all += utf8("urn:xmpp:receipts ").copied }
    all += features
    self.features = []
    for word in all.split(separator: UInt8(ascii: " ")) { _ = Capabilities.insert(Array(word), &self.features) }
    var own = Capabilities()
    own.add(identity: [category, type, [], software])
    for feature in self.features { _ = Capabilities.insert(feature, &own.features) }
    caps = []
    return own.digest(&caps)
  }
}

/// What an entity is and can do, in the order in which its digest is made (XEP-0115 §5.1).
public struct Capabilities {
  /// With a zero in the place of what stands between parts, so that what is shorter comes first.
  var identities: [[UInt8]] = []
  var features: [[UInt8]] = []
  var forms: [[UInt8]] = []
  private var kinds: [[UInt8]] = []
  /// Of each.
  static var most: Int { 2000 }
  /// Does it name nothing twice, nor what could be read in two ways?
  public private(set) var isHonest = true

  init() {}

  /// What an answer to a query of disco#info says.
  public init(_ tree: Tree, _ query: UInt32) {
    var at = tree.nodes[Int(query)].first
    while at != Tree.none {
      if tree.isNamed(at, "identity") {
        add(identity: [
          said(tree, at, "category"), said(tree, at, "type"), tree.language(at).map { tree.copy($0) } ?? [],
          said(tree, at, "name"),
        ])
      } else if tree.isNamed(at, "feature") {
        let name = said(tree, at, "var")
        isHonest = Capabilities.insert(name, &features) && !name.contains(UInt8(ascii: "<")) && isHonest
      } else if tree.isNamed(at, "x"), tree.isIn(at, Space.form) {
        add(form: at, tree)
      }
      at = tree.nodes[Int(at)].next
    }
  }

  private func said(_ tree: Tree, _ node: UInt32, _ name: StaticString) -> [UInt8] {
    tree.attribute(node, name).map { tree.copy($0) } ?? []
  }

  mutating func add(identity parts: [[UInt8]]) {
    for index in 0..<parts.count {
      if parts[index].contains(UInt8(ascii: "<")) || index < 2 && parts[index].contains(UInt8(ascii: "/")) {
        isHonest = false
      }
    }
    isHonest = Capabilities.insert(Capabilities.joined(parts), &identities) && isHonest
  }

  /// A form that says of which kind it is; others do not count.
  private mutating func add(form: UInt32, _ tree: Tree) {
    var kind: [[UInt8]] = []
    var fields: [[UInt8]] = []
    var at = tree.nodes[Int(form)].first
    while at != Tree.none {
      if tree.isNamed(at, "field") {
        let name = said(tree, at, "var")
        let values = listed(at, tree)
        if !name.span.bytes.isEqual("FORM_TYPE") {
          _ = Capabilities.insert(Capabilities.joined([name] + values), &fields, keepsEqual: true)
        } else if tree.attribute(at, "type").map({ tree.says($0, "hidden") }) == true {
          kind = values
        }
      }
      at = tree.nodes[Int(at)].next
    }
    guard let first = kind.first else { return }
    isHonest = kind.count == 1 && Capabilities.insert(first, &kinds) && isHonest
    let word = Capabilities.joined([first] + fields)
    isHonest = Capabilities.insert(word, &forms) && !word.contains(UInt8(ascii: "<")) && isHonest
  }

  private func listed(_ field: UInt32, _ tree: Tree) -> [[UInt8]] {
    var values: [[UInt8]] = []
    var at = tree.nodes[Int(field)].first
    while at != Tree.none {
      if tree.isNamed(at, "value") {
        _ = Capabilities.insert(tree.text(at).map { tree.copy($0) } ?? [], &values, keepsEqual: true)
      }
      at = tree.nodes[Int(at)].next
    }
    return values
  }

  static func joined(_ parts: [[UInt8]]) -> [UInt8] {
    var word: [UInt8] = []
    for index in 0..<parts.count {
      if index > 0 { word.append(0) }
      word += parts[index]
    }
    return word
  }

  /// Inserts in order. False: it is there already, or there are too many.
  @inline(never) static func insert(_ word: [UInt8], _ into: inout [[UInt8]], keepsEqual: Bool = false) -> Bool {
    guard into.count < most else { return false }
    var low = 0
    var high = into.count
    while low < high {
      let middle = (low + high) / 2
      let there = into[middle]
      let order = there.span.bytes.compare(word.span.bytes)
      if order == 0, !keepsEqual { return false }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    into.insert(word, at: low)
    return true
  }

  /// In Base64, 28 letters.
  public func digest(_ out: inout [UInt8]) -> Status {
    var text: [UInt8] = []
    func put(_ list: [[UInt8]], _ between: StaticString) {
      for word in list {
        for byte in word { text.append(byte == 0 ? between.utf8Start[0] : byte) }
        text.append(UInt8(ascii: "<"))
      }
    }
    put(identities, "/")
    put(features, "<")
    put(forms, "<")
    var digest: [UInt8] = []
    let status = Digest.sha1.hash(text.span.bytes, &digest)
    if status == .ok { Base64.encode(digest.span.bytes, into: &out) }
    return status
  }
}

extension XMPPProtocol {
  /// Answers who asks what this side is. False: he asks something else, or nobody is told.
  func describe(_ tree: Tree, _ conn: Conn) -> Bool {
    guard !options.software.isEmpty, let type = tree.attribute(0, "type"), tree.says(type, "get") else { return false }
    if let query = tree.child(0, "query", Space.info) {
      let node = tree.attribute(query, "node").map { tree.copy($0) } ?? []
      guard node.isEmpty || node == options.software + [35] + options.caps else { return false }
      _ = reply(tree, conn, isError: false, isOwn: true) { describe(node, &$0) }
      return true
    }
    guard tree.child(0, "query", Space.version) != nil else { return false }
    _ = reply(tree, conn, isError: false, isOwn: true) { out in
      out.put("<query xmlns='jabber:iq:version'><name>")
      out.escape(options.software.span.bytes, isValue: false)
      out.put("</name><version>")
      out.escape(options.softwareVersion.span.bytes, isValue: false)
      out.put("</version></query>")
    }
    return true
  }

  private func describe(_ node: [UInt8], _ out: inout XMLWriter) {
    func attribute(_ name: StaticString, _ value: [UInt8]) {
      out.put(" ")
      out.put(name)
      out.put("='")
      out.escape(value.span.bytes, isValue: true)
      out.put("'")
    }
    out.put("<query xmlns='http://jabber.org/protocol/disco#info'")
    if !node.isEmpty { attribute("node", node) }
    out.put("><identity")
    attribute("category", options.category)
    attribute("type", options.type)
    attribute("name", options.software)
    out.put("/>")
    for feature in options.features {
      out.put("<feature")
      attribute("var", feature)
      out.put("/>")
    }
    out.put("</query>")
  }

  /// Asks by an element that has no more than a name.
  public func query(
    _ to: HostBytes, _ name: RawSpan, _ space: RawSpan, _ node: HostBytes, _ time: UInt64, _ call: XMPPCall,
    _ conn: Conn
  ) -> Status {
    var out = StanzaBuilder(made, "iq", in: self.space)
    out.set("type", utf8("get"))
    out.setAddress("to", to)
    if options.role == .component { out.set("from", options.domain.span.bytes) }
    guard out.status == .ok else { return out.status }
    let element = made.add(name, space, to: 0)
    guard element >= 0 else { return element }
    out.set("node", node, on: UInt32(truncatingIfNeeded: element))
    return out.status == .ok ? ask(made, 0, time, call, conn) : out.status
  }
}
