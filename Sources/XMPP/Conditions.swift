import Bytes

/// What can be wrong, by the names of RFC 6120; each has a number: xmpp.h, PLAIT_XMPP_.
public enum Condition: CInt {
  // Streams: §4.9.3.
  case badFormat = 1
  case badNamespacePrefix, conflict, connectionTimeout, hostGone, hostUnknown, improperAddressing, internalServerError
  case invalidFrom, invalidNamespace, invalidXML, notAuthorizedStream, notWellFormed, policyViolation,
    remoteConnectionFailed
  case reset, resourceConstraint, restrictedXML, seeOtherHost, systemShutdown, undefined, unsupportedEncoding
  case unsupportedFeature, unsupportedStanzaType, unsupportedVersion
}

public enum Conditions {
  /// How many there are of each family.
  static var streams: CInt { 25 }
  static var logins: CInt { 11 }
  static var stanzas: CInt { 22 }

  static func stream(_ number: CInt) -> StaticString {
    switch number {
    case 1: "bad-format"
    case 2: "bad-namespace-prefix"
    case 3: "conflict"
    case 4: "connection-timeout"
    case 5: "host-gone"
    case 6: "host-unknown"
    case 7: "improper-addressing"
    case 8: "internal-server-error"
    case 9: "invalid-from"
    case 10: "invalid-namespace"
    case 11: "invalid-xml"
    case 12: "not-authorized"
    case 13: "not-well-formed"
    case 14: "policy-violation"
    case 15: "remote-connection-failed"
    case 16: "reset"
    case 17: "resource-constraint"
    case 18: "restricted-xml"
    case 19: "see-other-host"
    case 20: "system-shutdown"
    case 22: "unsupported-encoding"
    case 23: "unsupported-feature"
    case 24: "unsupported-stanza-type"
    case 25: "unsupported-version"
    default: "undefined-condition"
    }
  }

  /// Of SASL: §6.5.
  static func login(_ number: CInt) -> StaticString {
    switch number {
    case 1: "aborted"
    case 2: "account-disabled"
    case 3: "credentials-expired"
    case 4: "encryption-required"
    case 5: "incorrect-encoding"
    case 6: "invalid-authzid"
    case 7: "invalid-mechanism"
    case 8: "malformed-request"
    case 9: "mechanism-too-weak"
    case 11: "temporary-auth-failure"
    default: "not-authorized"
    }
  }

  /// Of stanzas: §8.3.3.
  static func stanza(_ number: CInt) -> StaticString {
    switch number {
    case 1: "bad-request"
    case 2: "conflict"
    case 3: "feature-not-implemented"
    case 4: "forbidden"
    case 5: "gone"
    case 6: "internal-server-error"
    case 7: "item-not-found"
    case 8: "jid-malformed"
    case 9: "not-acceptable"
    case 10: "not-allowed"
    case 11: "not-authorized"
    case 12: "policy-violation"
    case 13: "recipient-unavailable"
    case 14: "redirect"
    case 15: "registration-required"
    case 16: "remote-server-not-found"
    case 17: "remote-server-timeout"
    case 18: "resource-constraint"
    case 19: "service-unavailable"
    case 20: "subscription-required"
    case 22: "unexpected-request"
    default: "undefined-condition"
    }
  }

  public enum Family { case stream, login, stanza }

  static func name(_ family: Family, _ number: CInt) -> StaticString {
    switch family {
    case .stream: stream(number)
    case .login: login(number)
    case .stanza: stanza(number)
    }
  }

  static func count(_ family: Family) -> CInt {
    switch family {
    case .stream: streams
    case .login: logins
    case .stanza: stanzas
    }
  }

  /// What is added to a number so that it is nobody else's.
  static func base(_ family: Family) -> CInt {
    switch family {
    case .stream: 0
    case .login: 100
    case .stanza: 200
    }
  }

  static func space(_ family: Family) -> StaticString {
    switch family {
    case .stream: Space.streamErrors
    case .login: Space.sasl
    case .stanza: Space.stanzas
    }
  }

  /// The name of a number of plait_reason::code; nil when it has none.
  public static func name(_ code: CInt, _ family: Family) -> StaticString? {
    let number = code - base(family)
    return number > 0 && number <= count(family) ? name(family, number) : nil
  }

  /// Which one an error element has, and its words: `conflict: replaced by another one`.
  static func reason(_ family: Family, _ tree: Tree, _ node: UInt32) -> Reason {
    var found = tree.nodes[Int(node)].first
    while found != Tree.none,
      !tree.isElement(found) || tree.isNamed(found, "text") || !tree.isIn(found, space(family))
    {
      found = tree.nodes[Int(found)].next
    }
    var number: CInt = family == .login ? 10 : 21  // where it has none that is known
    if found != Tree.none {
      for known in 1...count(family) where tree.isNamed(found, name(family, known)) { number = known }
    }
    var text = ByteBuffer()
    var writer = XMLWriter(text.take(), limit: 2048)
    writer.put(name(family, number))
    for said in [found == Tree.none ? nil : tree.text(found), tree.child(node, "text").flatMap { tree.text($0) }] {
      guard let said, said.length <= 1024 else { continue }
      writer.put(": ")
      writer.put(tree.bytes(said))
    }
    return Reason(.remote, code: base(family) + number, detail: Text.make(writer.out.bytes))
  }
}

extension Conditions {
  /// An error element of a stanza (RFC 6120 §8.3), of the type that goes with the condition.
  public static func put(_ name: StaticString, _ code: CInt, _ words: [UInt8], _ out: inout XMLWriter) {
    out.put("<error type='")
    switch code - 200 {
    case 1, 8, 9, 14: out.put("modify")
    case 4, 11, 15, 20: out.put("auth")
    case 13, 17, 18, 22: out.put("wait")
    default: out.put("cancel")
    }
    out.put("'><")
    out.put(name)
    out.put(" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
    if !words.isEmpty {
      out.put("<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>")
      out.escape(words.span.bytes, isValue: false)
      out.put("</text>")
    }
    out.put("</error>")
  }
}

/// The namespaces.
public enum Space {
  public static var streams: StaticString { "http://etherx.jabber.org/streams" }
  public static var streamErrors: StaticString { "urn:ietf:params:xml:ns:xmpp-streams" }
  public static var stanzas: StaticString { "urn:ietf:params:xml:ns:xmpp-stanzas" }
  public static var client: StaticString { "jabber:client" }
  public static var component: StaticString { "jabber:component:accept" }
  static var tls: StaticString { "urn:ietf:params:xml:ns:xmpp-tls" }
  static var sasl: StaticString { "urn:ietf:params:xml:ns:xmpp-sasl" }
  static var binding: StaticString { "urn:xmpp:sasl-cb:0" }
  static var bind: StaticString { "urn:ietf:params:xml:ns:xmpp-bind" }
  static var session: StaticString { "urn:ietf:params:xml:ns:xmpp-session" }
  static var management: StaticString { "urn:xmpp:sm:3" }
  static var ping: StaticString { "urn:xmpp:ping" }
  static var roster: StaticString { "jabber:iq:roster" }
  static var versions: StaticString { "urn:xmpp:features:rosterver" }
  static var version: StaticString { "jabber:iq:version" }
  static var info: StaticString { "http://jabber.org/protocol/disco#info" }
  static var caps: StaticString { "http://jabber.org/protocol/caps" }
  static var form: StaticString { "jabber:x:data" }
  static var receipts: StaticString { "urn:xmpp:receipts" }
  static var states: StaticString { "http://jabber.org/protocol/chatstates" }
  static var carbons: StaticString { "urn:xmpp:carbons:2" }
  static var forward: StaticString { "urn:xmpp:forward:0" }
  static var delay: StaticString { "urn:xmpp:delay" }
  static var room: StaticString { "http://jabber.org/protocol/muc" }
  static var roomUser: StaticString { "http://jabber.org/protocol/muc#user" }
  static var roomAdmin: StaticString { "http://jabber.org/protocol/muc#admin" }
}
