import Bytes
import Testing

@testable import XMPP

func tree(_ xml: String, _ limits: XMLLimits = XMLLimits()) -> Tree? {
  let bytes = Array(xml.utf8)
  guard case .tree(let made) = Tree.parse(bytes.span.bytes, limits) else { return nil }
  return made
}

func fault(_ xml: String, _ limits: XMLLimits = XMLLimits()) -> Status {
  let bytes = Array(xml.utf8)
  guard case .failed(let why) = Tree.parse(bytes.span.bytes, limits) else { return .ok }
  return why.status
}

func written(_ tree: Tree, _ node: UInt32 = 0, outer: String = "") -> String {
  var out = ByteBuffer()
  let scope = Array(outer.utf8)
  let status = tree.write(node, outer: scope.span.bytes, &out, limit: 1 << 20)
  guard status == .ok else { return "\(status)" }
  return out.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

func found(_ query: String, _ tree: Tree, _ top: UInt32 = 0) -> [UInt32]? {
  let bytes = Array(query.utf8)
  var status: Status = .ok
  guard let query = Query.make(bytes.span.bytes, &status) else { return nil }
  var nodes: [UInt32] = []
  guard
    query.find(
      top, tree,
      {
        nodes.append($0); return true
      }) == .ok
  else { return nil }
  #expect(query.matches(top, tree) == !nodes.isEmpty)
  return nodes
}

struct TreeTests {
  @Test(arguments: [
    ("<a/>", "<a/>"), ("<a></a>", "<a/>"), ("<a b=\"c\" d='e'/>", "<a b='c' d='e'/>"),
    ("<a xmlns='x'><b/><c xmlns='y'/><d xmlns=''/></a>", "<a xmlns='x'><b/><c xmlns='y'/><d xmlns=''/></a>"),
    ("<p:a xmlns:p='x'><p:b/><c/></p:a>", "<a xmlns='x'><b/><c xmlns=''/></a>"),
    ("<a xml:lang='de'>x</a>", "<a xml:lang='de'>x</a>"),
    ("<a xmlns:q='u' xmlns:r='v' q:b='1' r:b='2' b='3'/>", "<a xmlns:n1='u' n1:b='1' xmlns:n2='v' n2:b='2' b='3'/>"),
    ("<a>x&lt;&amp;&gt;&apos;&quot;y&#65;</a>", "<a>x&lt;&amp;&gt;'\"yA</a>"),
    ("<a><![CDATA[<&>]]>z</a>", "<a>&lt;&amp;&gt;z</a>"),
    ("<a b='&lt;&amp;&gt;&apos;&quot;&#9;&#10;&#13;'/>", "<a b='&lt;&amp;&gt;&apos;&quot;&#x9;&#xA;&#xD;'/>"),
    ("<a>x\n\ty\r\nz&#13;</a>", "<a>x\n\ty\nz&#xD;</a>"), ("<a>1<b/>2<c>3</c>4</a>", "<a>1<b/>2<c>3</c>4</a>"),
    ("<?xml version='1.0' encoding='utf-8'?><a/>", "<a/>"), ("<\u{e4}>\u{20ac}</\u{e4}>", "<\u{e4}>\u{20ac}</\u{e4}>"),
  ])
  func thereAndBack(_ xml: String, _ wanted: String) {
    guard let first = tree(xml) else { return #expect(Bool(false)) }
    #expect(written(first) == wanted)
    #expect(tree(wanted).map { written($0) } == wanted)
    let copy = Tree()
    #expect(copy.add(copyOf: 0, in: first, to: Tree.none) == 0)
    #expect(written(copy) == wanted)
  }

  @Test(arguments: [
    "", "x", "<a>", "<a/><b/>", "<a></b>", "<a b='1' b='2'/>", "<a b=1/>", "<a/>x", "<a>&x;</a>", "<p:a/>",
    "<a>\u{1}</a>",
    "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a><!-- x --></a>", "<!-- x --><a/>",
    "<a><?x y?></a>",
    "<?xml version='1.0' encoding='iso-8859-1'?><a/>", "<xml:a/>", "<a xmlns:x=''/>", "<a>\u{ffff}</a>",
    " <?xml version='1.0'?><a/>",
    "<a/><!-- x -->", "<a/><?x y?>",
  ])
  func whatIsRefused(_ xml: String) { #expect(fault(xml) == .malformed) }

  @Test func utf16() {
    for bytes: [UInt8] in [
      [0xff, 0xfe, 60, 0, 97, 0, 47, 0, 62, 0], [60, 0, 97, 0, 47, 0, 62, 0], [0, 60, 0, 97, 0, 47, 0, 62],
    ] {
      guard case .failed(let why) = Tree.parse(bytes.span.bytes, XMLLimits()) else { return #expect(Bool(false)) }
      #expect(why.status == .malformed)
    }
  }

  @Test func badUTF8() {
    for bytes: [UInt8] in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]] {
      let xml = Array("<a>".utf8) + bytes + Array("</a>".utf8)
      guard case .failed(let why) = Tree.parse(xml.span.bytes, XMLLimits()) else { return #expect(Bool(false)) }
      #expect(why.status == .malformed)
    }
  }

  @Test func limits() {
    var limits = XMLLimits()
    (limits.bytes, limits.depth, limits.elements, limits.attributes) = (40, 3, 5, 2)
    #expect(fault("<a>" + String(repeating: "x", count: 33) + "</a>", limits) == .ok)
    #expect(fault("<a>" + String(repeating: "x", count: 34) + "</a>", limits) == .tooLong)
    #expect(fault("<a><b><c/></b></a>", limits) == .ok)
    #expect(fault("<a><b><c><d/></c></b></a>", limits) == .tooLong)
    #expect(fault("<a><b/><b/><b/><b/></a>", limits) == .ok)
    #expect(fault("<a><b/><b/><b/><b/><b/></a>", limits) == .tooLong)
    #expect(fault("<a b='1' c='2'/>", limits) == .ok)
    #expect(fault("<a b='1' c='2' d='3'/>", limits) == .tooLong)
  }

  @Test func building() {
    let made = Tree()
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    #expect(made.add(bytes("message").span.bytes, bytes("jabber:client").span.bytes, to: Tree.none) == 0)
    let body = made.add(bytes("body").span.bytes, nil, to: 0)
    #expect(body == 1)
    #expect(made.add(text: bytes("a<b").span.bytes, to: 1) == 2)
    #expect(made.add(bytes("x").span.bytes, bytes("y").span.bytes, to: 0) == 3)
    #expect(made.add(text: bytes("!").span.bytes, to: 1) == 4)
    #expect(made.set(0, bytes("to").span.bytes, RawSpan(), bytes("a@b").span.bytes) == .ok)
    #expect(made.set(0, bytes("type").span.bytes, RawSpan(), bytes("chat").span.bytes) == .ok)
    #expect(
      made.set(
        0, bytes("lang").span.bytes, bytes("http://www.w3.org/XML/1998/namespace").span.bytes, bytes("en").span.bytes)
        == .ok)
    #expect(
      written(made)
        == "<message xmlns='jabber:client' to='a@b' type='chat' xml:lang='en'><body>a&lt;b!</body><x xmlns='y'/></message>"
    )
    #expect(written(made, outer: "jabber:client").hasPrefix("<message to="))
    #expect(made.set(0, bytes("to").span.bytes, RawSpan(), bytes("c").span.bytes) == .ok)
    #expect(made.set(0, bytes("type").span.bytes, RawSpan(), nil) == .ok)
    #expect(made.set(0, bytes("none").span.bytes, RawSpan(), nil) == .ok)
    #expect(written(made, outer: "jabber:client").hasPrefix("<message to='c' xml:lang='en'>"))
    #expect(made.set(0, bytes("to").span.bytes, RawSpan(), nil) == .ok)
    #expect(written(made, outer: "jabber:client").hasPrefix("<message xml:lang='en'>"))
    #expect(written(made, 3) == "<x xmlns='y'/>")
    for name in ["", "a b", "1a", "-a", "a:b", "a<", "a=", "a'", "\u{1}"] {
      #expect(made.add(bytes(name).span.bytes, nil, to: 0) == .value)
      #expect(made.set(0, bytes(name).span.bytes, RawSpan(), bytes("x").span.bytes) == .value)
    }
    #expect(made.set(0, bytes("xmlns").span.bytes, RawSpan(), bytes("x").span.bytes) == .value)
    #expect(made.add(bytes("a").span.bytes, bytes("http://www.w3.org/XML/1998/namespace").span.bytes, to: 0) == .value)
    #expect(made.add(text: [1].span.bytes, to: 0) == .value)
    #expect(made.add(text: [0xff].span.bytes, to: 0) == .value)
    #expect(made.add(text: [0xef, 0xbf, 0xbe].span.bytes, to: 0) == .value)
  }

  @Test(
    arguments: [
      ("/a", [0]), ("/b", []), ("/*", [0]), ("//b", [1, 4, 7]), ("/a/b", [1, 7]), ("/a/b/c", [2]), ("//c", [2, 5]),
      ("/a//c", [2, 5]),
      ("//b/c", [2, 5]), ("/a/*", [1, 3, 7]), ("//*", [0, 1, 2, 3, 4, 5, 7]), ("/a/b[1]", [1]), ("/a/b[2]", [7]),
      ("/a/b[3]", []), ("/a/*[2]", [3]),
      ("/a[@x='1']", [0]), ("/a[@x='2']", []), ("/a[@x]", [0]), ("/a[@y]", []), ("/a[@x!='2']", [0]),
      ("/a[@y!='2']", [0]), ("/a[not(@y)]", [0]),
      ("/a[@x='1' and @z='3']", [0]), ("/a[@x='2' or @z='3']", [0]), ("/a[@x='2' or (@z='3' and not(@x='1'))]", []),
      ("/a[@xmlns='u']", [0]),
      ("//*[@xmlns='v']", [3, 4, 5]), ("//c[text()='hi']", [5]), ("//c[text()!='hi']", [2]), ("/a/b[@x][1]", []),
      ("/a[@x=\"1\"]", [0]), ("/a[ @x = '1' ]", [0]),
      ("/a/@x", [0]), ("//b/@k", [7]), ("/a[@xml:lang='de']", [0]), ("//*[name()='b']", [1, 4, 7]),
      ("/a[@x='1'][@z='3']/b", [1, 7]),
    ] as [(String, [UInt32])])
  func queries(_ query: String, _ wanted: [UInt32]) {
    let made = tree("<a xmlns='u' x='1' z='3' xml:lang='de'><b><c/></b><d xmlns='v'><b><c>hi</c></b></d><b k='1'/></a>")
    guard let made else { return #expect(Bool(false)) }
    #expect(found(query, made) == wanted)
  }

  @Test(arguments: [
    "", "a", "/", "//", "/a/", "/a[", "/a[]", "/a[@]", "/a[@x", "/a[@x=]", "/a[@x='1]", "/a]", "/a[0]",
    "/a[@x='1' and]", "/a[not]", "/a[(@x]", "/@x",
    "/a//@x", "/a/@x/b", "/a b", "/a[foo()]", "/a[@x='1' @y]", "/a[@x='1'='2']",
  ])
  func whatIsNoQuery(_ query: String) { #expect(found(query, tree("<a/>")!) == nil) }

  @Test func deepQueriesEnd() {
    let deep = String(repeating: "<a>", count: 200) + String(repeating: "</a>", count: 200)
    #expect(found(String(repeating: "//a", count: 32), tree(deep)!)?.count == 200 - 31)
    #expect(found(String(repeating: "//a", count: 33), tree(deep)!) == nil)
    #expect(
      found("/a[" + String(repeating: "(", count: 100) + "@x" + String(repeating: ")", count: 100) + "]", tree("<a/>")!)
        == nil)
  }
}
