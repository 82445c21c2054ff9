import Bytes
import Testing
import XMPP

func prepared(_ text: String) -> String {
  let bytes = Array(text.utf8)
  var status: Status = .ok
  let jid = JID.parse(bytes.span.bytes, &status)
  guard status == .ok else { return "\(status)" }
  let whole = jid.text.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  let utf8 = Array(whole.utf8)
  func part(_ start: Int, _ length: Int) -> String { String(decoding: utf8[start..<start + length], as: UTF8.self) }
  return [
    part(0, jid.nodeLength), part(jid.domainStart, jid.domainLength), part(jid.resourceStart, jid.resourceLength),
  ].joined(separator: "|")
}

struct JIDTests {
  @Test(arguments: [
    ("user@host/resource", "user|host|resource"), ("user@host", "user|host|"), ("host", "|host|"),
    ("host/resource", "|host|resource"), ("foo/bar@baz", "|foo|bar@baz"), ("boo@foo/bar@baz", "boo|foo|bar@baz"),
    ("boo@foo/bar/baz", "boo|foo|bar/baz"), ("USER@Host.Example/Res", "user|host.example|Res"), ("@host", "|host|"),
    ("user@host/", "user|host|"), ("user@host.", "user|host|"), ("a@[::1]/x", "a|[::1]|x"),
    ("\u{c4}ndern@B\u{fc}cher.example/\u{c4}", "\u{e4}ndern|b\u{fc}cher.example|\u{c4}"),
    ("a@fu\u{df}", "a|fuss|"), ("\u{17f}@x", "s|x|"), ("x@\u{ff41}\u{3002}b", "x|a.b|"), ("\u{3a3}@x", "\u{3c3}|x|"),
    ("x@y/\u{216b}", "x|y|XII"), ("juliet\\20x@example.com", "juliet\\20x|example.com|"),
  ])
  func whatIsOne(_ text: String, _ wanted: String) { #expect(prepared(text) == wanted) }

  @Test(arguments: [
    "", "user@", "@", "/", "/x", "a@b@c", "user@/r", "a b@c", "a\"b@c", "a&b@c", "a'b@c", "a:b@c", "a<b@c", "a>b@c",
    "x@a..b", "x@.a", "x@-a", "x@a-", "x@a_b", "x@a b", "a@b/\u{1}", "a@b/\u{e000}", "\u{221}@b", "a@[::1", "a@[1]",
    "a@[g::1]", "\u{5d0}a@b", "a@b/\u{fffd}", "a\u{2028}@b", "a\u{a0}@b", "\u{0}@b",
  ])
  func whatIsNone(_ text: String) { #expect(prepared(text) == "\(Status.value)") }

  @Test func lengths() {
    let part = String(repeating: "a", count: 1023)
    #expect(prepared("\(part)@b") == "\(part)|b|")
    #expect(prepared("\(part)a@b") == "\(Status.tooLong)")
    #expect(prepared("a@b/\(part)") == "a|b|\(part)")
    #expect(prepared("a@b/\(part)a") == "\(Status.tooLong)")
    let label = String(repeating: "a.", count: 511)
    #expect(prepared("\(label)a") == "|\(label)a|")
    #expect(prepared("\(label)aa") == "\(Status.tooLong)")
    #expect(prepared("\(part)@\(label)a/\(part)") == "\(part)|\(label)a|\(part)")
    #expect(prepared(String(repeating: "a", count: 5000)) == "\(Status.tooLong)")
    // What grows by preparing, and does not fit afterwards.
    #expect(prepared("x@y/" + String(repeating: "\u{fdfa}", count: 341)) == "\(Status.tooLong)")
  }

  func recoded(_ text: String, _ body: (RawSpan, inout ByteBuffer) -> Status) -> String {
    var out = ByteBuffer()
    let bytes = Array(text.utf8)
    let status = body(bytes.span.bytes, &out)
    return status == .ok ? out.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } : "\(status)"
  }

  @Test(arguments: [
    ("space cadet", "space\\20cadet"), ("call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22"),
    ("at&t guy", "at\\26t\\20guy"), ("d'artagnan", "d\\27artagnan"), ("/.fanboy", "\\2f.fanboy"),
    ("::foo::", "\\3a\\3afoo\\3a\\3a"), ("<foo>", "\\3cfoo\\3e"), ("user@host", "user\\40host"),
    ("c:\\net", "c\\3a\\net"), ("c:\\\\net", "c\\3a\\\\net"), ("c:\\cool stuff", "c\\3a\\cool\\20stuff"),
    ("c:\\5commas", "c\\3a\\5c5commas"), ("\\2plus\\2is\\4", "\\2plus\\2is\\4"), ("foo\\bar", "foo\\bar"),
    ("foob\\41r", "foob\\41r"), ("", ""),
  ])
  func escaping(_ text: String, _ wanted: String) {
    #expect(recoded(text) { Escaping.escape($0, &$1) } == wanted)
    #expect(recoded(wanted) { Escaping.unescape($0, &$1) } == text)
  }

  @Test func whatIsNotEscaped() {
    #expect(recoded(" a") { Escaping.escape($0, &$1) } == "\(Status.value)")
    #expect(recoded("a ") { Escaping.escape($0, &$1) } == "\(Status.value)")
    #expect(recoded("\\20a\\20") { Escaping.unescape($0, &$1) } == "\\20a\\20")
    #expect(recoded("\\2Fa\\5c3a\\2") { Escaping.unescape($0, &$1) } == "/a\\3a\\2")
  }
}
