import Bytes
import Testing

@testable import XMPP

/// Feeds a stream in pieces, and writes down what is found.
struct Hearing {
  static func of(_ pieces: [ArraySlice<UInt8>], _ limits: XMLLimits = XMLLimits()) -> [String] {
    guard let parser = StreamParser.make(limits) else { return [] }
    var heard: [String] = []
    for piece in pieces {
      parser.feed(piece.span.bytes)
      while true {
        let found = parser.next()
        switch found {
        case .header: heard.append("header " + written(parser.tree))
        case .stanza: heard.append(written(parser.tree, outer: "c"))
        case .footer: heard.append("footer")
        case .fault: heard.append("fault \(parser.fault)")
        case .nothing: break
        }
        if found == .nothing { break }
        if found == .fault { return heard }
      }
    }
    return heard
  }

  static func byCuts(_ text: String, _ limits: XMLLimits = XMLLimits(), step: Int = 1) {
    let bytes = Array(text.utf8)
    let whole = of([bytes[...]], limits)
    #expect(of(bytes.indices.map { bytes[$0...$0] }, limits) == whole)
    for cut in stride(from: 0, through: bytes.count, by: step) {
      #expect(of([bytes[..<cut], bytes[cut...]], limits) == whole)
    }
  }
}

struct StreamTests {
  static let stream =
    "<?xml version='1.0'?><stream:stream xmlns:stream='s' xmlns='c' id='1' xml:lang='en'> <a/>\n<message to='x'><body>h&amp;\u{20ac}i</body></message>"
    + "<stream:features><x xmlns='y'/></stream:features><a><b>1<c/>2</b></a></stream:stream>"
  static let heard = [
    "header <stream xmlns='s' id='1' xml:lang='en'/>", "<a/>", "<message to='x'><body>h&amp;\u{20ac}i</body></message>",
    "<features xmlns='s'><x xmlns='y'/></features>", "<a><b>1<c/>2</b></a>", "footer",
  ]

  @Test func everySplit() {
    #expect(Hearing.of([Array(StreamTests.stream.utf8)[...]]) == StreamTests.heard)
    Hearing.byCuts(StreamTests.stream)
  }

  @Test(arguments: [
    ("<s><a></s>", ["header <s/>", "fault notWellFormed"]), ("<s>x<a/></s>", ["header <s/>", "fault format"]),
    ("<s><a/>x", ["header <s/>", "<a/>", "fault format"]),
    ("<s><!DOCTYPE x></s>", ["header <s/>", "fault notWellFormed"]),
    ("<!DOCTYPE s><s>", ["fault restricted"]), ("<s><!--x--></s>", ["header <s/>", "fault restricted"]),
    ("<s><a><?x?></a></s>", ["header <s/>", "fault restricted"]),
    ("<s><a>&x;</a></s>", ["header <s/>", "fault restricted"]),
    ("<?xml version='1.0' encoding='latin1'?><s/>", ["fault encoding"]), ("<s/>", ["header <s/>", "footer"]),
    ("<s><a/></s>", ["header <s/>", "<a/>", "footer"]),
    ("<s></s><t/>", ["header <s/>", "footer", "fault notWellFormed"]),
    ("<s>&#10; &#9;<a/></s>", ["header <s/>", "<a/>", "footer"]), ("<s><xml:a/></s>", ["header <s/>", "fault prefix"]),
    ("<s><p:a/></s>", ["header <s/>", "fault notWellFormed"]),
  ])
  func faults(_ text: String, _ wanted: [String]) {
    #expect(
      Hearing.of([Array(text.replacing("<s", with: "<s").utf8)[...]]).map { $0.replacing(" xmlns=''", with: "") }
        == wanted)
    Hearing.byCuts(text)
  }

  @Test func limitsOfStanzas() {
    var limits = XMLLimits()
    limits.bytes = 20
    let fits = "<s>" + String(repeating: "<a>4567890123456</a> ", count: 3)
    #expect(Hearing.of([Array(fits.utf8)[...]], limits).count == 4)
    Hearing.byCuts(fits, limits)
    let over = "<s><a>4567890123456</a><a>45678901234567</a>"
    #expect(Hearing.of([Array(over.utf8)[...]], limits).last == "fault tooLong")
    Hearing.byCuts(over, limits)
    let open = "<s><a b='" + String(repeating: "x", count: 40)
    #expect(Hearing.of([Array(open.utf8)[...]], limits).last == "fault tooLong")
    (limits.bytes, limits.depth, limits.elements) = (1000, 2, 3)
    #expect(Hearing.of([Array("<s><a><b/><b/></a><a><b/></a><a/>".utf8)[...]], limits).count == 4)
    #expect(Hearing.of([Array("<s><a><b/><b/><b/></a>".utf8)[...]], limits).last == "fault tooLong")
    #expect(Hearing.of([Array("<s><a><b><c/></b></a>".utf8)[...]], limits).last == "fault tooLong")
  }

  @Test func aNewStreamTakesWhatIsLeft() {
    let text = Array("<s><a/><b>rest".utf8)
    guard let parser = StreamParser.make(XMLLimits()) else { return #expect(Bool(false)) }
    parser.feed(text.span.bytes)
    #expect(parser.next() == .header)
    #expect(parser.next() == .stanza)
    var rest = ByteBuffer()
    #expect(parser.takeRest(&rest, limit: 1000))
    #expect(rest.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "<b>rest")
    parser.reset()
    let next = Array("<t><c/></t>".utf8)
    parser.feed(next.span.bytes)
    #expect(parser.next() == .header)
    #expect(parser.next() == .stanza)
    #expect(written(parser.tree) == "<c/>")
    #expect(parser.next() == .footer)
    #expect(parser.next() == .nothing)
  }
}
