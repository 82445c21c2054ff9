import Bytes
import Testing

@testable import IRC

/// What stands in the text of a message.
struct TextTests {
  @Test(arguments: [
    ("SEND file 2130706433 4000 100", "send file|127.0.0.1|4000|100|"),
    ("send \"a b.txt\" 10.0.0.1 80", "send a b.txt|10.0.0.1|80|-|"),
    ("SEND f ::1 0 7 token", "send f|::1|0|7|token"),
    ("CHAT chat 4294967295 65535", "chat chat|255.255.255.255|65535|-|"),
    ("CHAT chat 1 2 token", "chat chat|0.0.0.1|2|-|token"),
    ("RESUME f 80 5", "resume f||80|5|"),
    ("ACCEPT \"x 80 5", nil), ("RESUME f 80", nil), ("RESUME f 80 x", nil), ("SEND f", nil), ("SEND f 1", nil),
    ("", nil),
    ("SEND f 4294967296 1", nil), ("SEND f host 1", nil), ("SEND f 1.2 65536", nil), ("SEND \"\" 1 1", nil),
    ("ODD f 1 2", nil),
    ("SEND f 99999999999999999999 1", nil), ("CHAT c 1 -2", nil),
  ])
  func dcc(_ text: String, _ wanted: String?) {
    let bytes = Array(text.utf8)
    func words(_ part: Part) -> String { String(decoding: bytes[part.range], as: UTF8.self) }
    let found = DCC(bytes.span.bytes).map {
      "\($0.kind) \(words($0.name))|\(String(decoding: $0.writtenAddress(bytes.span.bytes), as: UTF8.self))|\($0.port)|"
        + "\($0.hasNumber ? String($0.number) : "-")|\(words($0.token))"
    }
    #expect(found == wanted)
  }

  func split(_ given: String, _ room: Int) -> [String] {
    let bytes = Array(given.utf8)
    var pieces = Splitter(bytes.span.bytes, room: room)
    var all: [String] = []
    while let piece = pieces.next() { all.append(text(Array(bytes[piece.range]))) }
    return all
  }

  @Test func splitting() {
    #expect(split("", 10) == [])
    #expect(split("\n\r\n\n", 10) == [])
    #expect(split("one\ntwo\r\n\nthree\n", 10) == ["one", "two", "three"])
    #expect(split("hello world", 11) == ["hello world"])
    #expect(split("hello world", 10) == ["hello", "world"])
    #expect(split("hello world", 5) == ["hello", "world"])
    #expect(split("hello   world", 7) == ["hello", "world"])
    #expect(split("abcdefgh", 4) == ["abcd", "efgh"])
    #expect(split("abcdef gh", 4) == ["abcd", "ef", "gh"])
    #expect(split("äöüß", 5) == ["äö", "üß"])
    #expect(split("a😀😀😀", 6) == ["a😀", "😀", "😀"])
    #expect(split("      x", 4) == ["x"])
    #expect(split("  abcdef", 4) == ["abcd", "ef"])
  }

  @Test func everyPieceIsWhole() {
    let given = "Zwölf Boxkämpfer jagen 😀😀 Viktor quer über den großen Sylter Deich — 本当にありがとう"
    for room in 4...80 {
      let pieces = split(given, room)
      #expect(pieces.allSatisfy { $0.utf8.count <= room && !$0.contains("\u{fffd}") })
      #expect(pieces.joined().filter { $0 != " " } == given.filter { $0 != " " })
    }
    // What is not UTF-8 is cut all the same, and comes to an end.
    let odd = [UInt8](repeating: 0xbf, count: 100)
    var pieces = Splitter(odd.span.bytes, room: 7)
    var sum = 0
    while let piece = pieces.next() { sum += Int(piece.count) }
    #expect(sum == 100)
  }

  @Test func ctcp() {
    func parts(_ given: String) -> [String]? {
      let bytes = Array(given.utf8)
      guard let found = CTCP(bytes.span.bytes) else { return nil }
      return [text(Array(bytes[found.command.range])), text(Array(bytes[found.argument.range]))]
    }
    #expect(parts("\u{1}ACTION waves at you\u{1}") == ["ACTION", "waves at you"])
    #expect(parts("\u{1}VERSION\u{1}") == ["VERSION", ""])
    #expect(parts("\u{1}PING 1 2") == ["PING", "1 2"])
    #expect(parts("\u{1}X ") == ["X", ""])
    for plain in ["", "x", "\u{1}", "\u{1}\u{1}", "\u{1} x", "x\u{1}ACTION\u{1}"] { #expect(parts(plain) == nil) }
    func made(_ command: String, _ argument: String) -> String? {
      var out: [UInt8] = []
      let isMade = CTCP.make(Array(command.utf8).span.bytes, Array(argument.utf8).span.bytes, into: &out)
      return isMade ? text(out) : nil
    }
    #expect(made("ACTION", "waves") == "\u{1}ACTION waves\u{1}")
    #expect(made("VERSION", "") == "\u{1}VERSION\u{1}")
    #expect(made("A B", "") == nil && made("", "x") == nil && made("A", "\u{1}") == nil && made("A", "x\ny") == nil)
  }

  @Test func quoting() {
    for (quoting, plain, quoted) in [
      (Quoting.low, "a\0b\nc\rd\u{10}e", "a\u{10}0b\u{10}nc\u{10}rd\u{10}\u{10}e"),
      (.ctcp, "a\u{1}b\\c", "a\\ab\\\\c"), (.low, "\\", "\\"), (.ctcp, "\u{10}\n", "\u{10}\n"),
    ] {
      var (out, back): ([UInt8], [UInt8]) = ([], [])
      quoting.quote(Array(plain.utf8).span.bytes, into: &out)
      #expect(text(out) == quoted)
      quoting.unquote(out.span.bytes, into: &back)
      #expect(text(back) == plain)
    }
    var out: [UInt8] = []
    Quoting.low.unquote(Array("a\u{10}xb\u{10}".utf8).span.bytes, into: &out)
    #expect(text(out) == "axb")
  }

  // MARK: Formatting

  func runs(_ given: String) -> [String] {
    let bytes = Array(given.utf8)
    var runs = Runs(bytes.span.bytes)
    var all: [String] = []
    while let (part, look) = runs.next() {
      all.append("\(look.flags)/\(look.foreground)/\(look.background)/\(text(Array(bytes[part.range])))")
    }
    return all
  }

  @Test func reading() {
    #expect(runs("") == [])
    #expect(runs("plain") == ["0/-1/-1/plain"])
    #expect(runs("\u{2}b\u{1d}bi\u{2}i\u{f}none") == ["1/-1/-1/b", "3/-1/-1/bi", "2/-1/-1/i", "0/-1/-1/none"])
    #expect(runs("\u{1f}u\u{1e}s\u{11}m\u{16}r") == ["4/-1/-1/u", "12/-1/-1/s", "28/-1/-1/m", "60/-1/-1/r"])
    #expect(runs("\u{3}4red\u{3}04,02,x") == ["0/4/-1/red", "0/4/2/,x"])
    #expect(runs("\u{3}123\u{3}plain") == ["0/12/-1/3", "0/-1/-1/plain"])
    #expect(runs("\u{3}4,x\u{3}99y") == ["0/4/-1/,x", "0/-1/-1/y"])
    #expect(runs("\u{3},5x") == ["0/-1/-1/,5x"])
    let red = Look.hex | 0xff0000
    #expect(
      runs("\u{4}FF0000x\u{4}ff0000,00000Ay\u{4}z") == ["0/\(red)/-1/x", "0/\(red)/\(Look.hex | 10)/y", "0/-1/-1/z"])
    #expect(runs("\u{4}FF00x") == ["0/-1/-1/FF00x"])
    #expect(runs("\u{2}\u{3}") == [])
  }

  func look(_ flags: UInt32 = 0, _ foreground: Int32 = -1, _ background: Int32 = -1) -> Look {
    var made = Look()
    made.flags = flags
    made.foreground = foreground
    made.background = background
    return made
  }

  @Test func writtenAndReadAgain() {
    let hex = Look.hex
    let looks = [
      look(), look(1), look(63), look(2, 4), look(2, 4, 5), look(0, -1, 5), look(0, 98), look(0, 0, 0),
      look(0, hex | 0xabcdef),
      look(1, hex | 1, hex | 0xffffff), look(8, 12, -1),
    ]
    for first in looks {
      for second in looks where second != first {
        for words in ["x", "1", ",1", "a1", "ff0000", "99"] {
          var builder = FormatBuilder()
          let bytes = Array(words.utf8)
          let isAdded = builder.add(bytes.span.bytes, first) && builder.add(bytes.span.bytes, second)
          #expect(isAdded)
          let wanted = [first, second].map { "\($0.flags)/\($0.foreground)/\($0.background)/\(words)" }
          #expect(runs(text(builder.bytes)) == wanted)
        }
      }
    }
  }

  @Test func looksThatCannotBe() {
    for bad in [
      look(64), look(0, 99), look(0, -2), look(0, Look.hex * 2), look(0, Look.hex, 3), look(0, 3, Look.hex),
      look(0, -1, Look.hex),
    ] {
      var builder = FormatBuilder()
      let isAdded = builder.add([UInt8(97)].span.bytes, bad)
      #expect(!isAdded)
    }
    var builder = FormatBuilder()
    let isAdded = builder.add(Array("a\u{2}".utf8).span.bytes, look())
    #expect(!isAdded)
  }

  // MARK: Modes

  @Test func modes() {
    func changes(_ given: String, _ count: Int) -> (String, Bool, Int) {
      var kinds = ModeKinds()
      kinds.whenSet = Array("bovkl".utf8)
      kinds.whenUnset = Array("bovk".utf8)
      let bytes = Array(given.utf8)
      var reader = ModeReader(bytes.span.bytes, parameters: count)
      var all: [String] = []
      while let change = reader.next(kinds) {
        all.append(
          (change.isSet ? "+" : "-") + text([change.letter]) + (change.parameter < 0 ? "" : "\(change.parameter)"))
      }
      return (all.joined(separator: " "), reader.isShort, reader.used)
    }
    #expect(changes("+ov-k", 3) == ("+o0 +v1 -k2", false, 3))
    #expect(changes("nt", 0) == ("+n +t", false, 0))
    #expect(changes("+l-l", 1) == ("+l0 -l", false, 1))
    #expect(changes("+b", 0) == ("+b", true, 0))
    #expect(changes("+n", 2) == ("+n", false, 0))
    for (given, isWhole) in [
      ("+n", true), ("n", true), ("+n-t", true), ("", false), ("+", false), ("++n", false), ("n-", false),
      ("+-n", false),
    ] {
      let found = ModeReader.isWhole(Array(given.utf8).span.bytes)
      #expect(found == isWhole, "\(given)")
    }
  }
}
