import Bytes
import Testing

@testable import IRC

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A message as one text: its parts with bars between them.
func parsed(_ line: String) -> String? {
  let bytes = Array(line.utf8)
  var message = Message()
  guard message.parse(bytes.span.bytes) else { return nil }
  func part(_ part: Part) -> String { text(Array(bytes[part.range])) }
  var all = [part(message.tags), message.hasSource ? ":" + part(message.source) : "", part(message.command)]
  for index in 0..<message.count { all.append(part(message.parameters[index])) }
  return all.joined(separator: "|")
}

struct MessageTests {
  @Test(arguments: [
    ("foo bar baz asdf", "||foo|bar|baz|asdf"), (":coolguy foo bar baz :asdf quux", "|:coolguy|foo|bar|baz|asdf quux"),
    ("@a=b;c :x PRIVMSG #c :  hi ", "a=b;c|:x|PRIVMSG|#c|  hi "), ("PING :a\r\n", "||PING|a"), ("PING\n", "||PING"),
    (":x 001", "|:x|001"), ("foo   bar    :", "||foo|bar|"), ("foo ::x", "||foo|:x"), ("foo bar ", "||foo|bar"),
    ("  foo", "||foo"), ("@a  :s  foo  b", "a|:s|foo|b"), ("foo b\tar", "||foo|b\tar"), (": foo", "|:|foo"),
    ("x a:b", "||x|a:b"),
  ]) func parsing(_ line: String, _ parts: String) { #expect(parsed(line) == parts) }

  @Test(arguments: ["", " ", "\r\n", ":prefixonly", ":prefix ", "@tags", "@tags :prefix", "@", ":", "@ ", "   \r\n"])
  func noMessages(_ line: String) { #expect(parsed(line) == nil) }

  @Test func parametersBeyondTheLast() {
    let words = (0..<40).map { "p\($0)" }
    let parts = parsed("X " + words.joined(separator: " "))?.split(separator: "|", omittingEmptySubsequences: false)
    #expect(parts?.count == 3 + 32)
    #expect(parts?.last.map(String.init) == words[31...].joined(separator: " "))
  }

  @Test func numerics() {
    var message = Message()
    for (line, number) in [("001 x", 1), ("433", 433), ("0433", 0), ("04", 0), ("0x3", 0), ("999", 999)] {
      let isParsed = message.parse(Array(line.utf8).span.bytes)
      #expect(isParsed)
      #expect(message.numeric == number)
    }
    #expect(Numeric.name(433).map { String(cString: $0) } == "ERR_NICKNAMEINUSE")
    #expect(Numeric.name(5).map { String(cString: $0) } == "RPL_ISUPPORT")
    #expect(Numeric.name(0) == nil && Numeric.name(999) == nil && Numeric.name(1000) == nil)
    for (name, number) in [("RPL_WELCOME", 1), ("RPL_INVITELIST", 346), ("ERR_SASLFAIL", 904), ("RPL_NONSUCH", 0)] {
      let found = Numeric.number(Array(name.utf8).span.bytes)
      #expect(found == number)
    }
  }

  static func source(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    let parts = Source(bytes.span.bytes)
    return [parts.nick, parts.user, parts.host].map { IRCTests.text(Array(bytes[$0.range])) }
  }
  @Test func sources() {
    #expect(Self.source("nick!~u@h.example") == ["nick", "~u", "h.example"])
    #expect(Self.source("irc.example.org") == ["irc.example.org", "", ""])
    #expect(Self.source("nick@h") == ["nick", "", "h"])
    #expect(Self.source("nick!u") == ["nick", "u", ""])
    #expect(Self.source("n!u@h@i!j") == ["n", "u", "h@i!j"])
    #expect(Self.source("") == ["", "", ""])
  }

  // MARK: Building

  func built(_ command: String, _ middles: [String], _ trailing: String? = nil, tags: String = "", source: String = "")
    -> (String, Status)
  {
    var builder = MessageBuilder()
    builder.add(tags: Array(tags.utf8).span.bytes)
    builder.add(source: Array(source.utf8).span.bytes)
    builder.add(command: Array(command.utf8).span.bytes)
    for middle in middles { builder.add(middle: Array(middle.utf8).span.bytes) }
    if let trailing { builder.add(trailing: Array(trailing.utf8).span.bytes) }
    return (text(builder.bytes), builder.finish())
  }

  @Test func building() {
    #expect(built("JOIN", ["#c"]) == ("JOIN #c", .ok))
    #expect(built("PRIVMSG", ["#c"], "hello you") == ("PRIVMSG #c :hello you", .ok))
    #expect(built("TOPIC", ["#c"], "") == ("TOPIC #c :", .ok))
    #expect(built("001", ["x"], tags: "a=b", source: "s") == ("@a=b :s 001 x", .ok))
    #expect(built("FOO", [], String(repeating: "x", count: 505)).1 == .ok)  // FOO, blank, colon: 510
    #expect(built("FOO", [], String(repeating: "x", count: 506)).1 == .tooLong)
    #expect(built("FOO", [], tags: String(repeating: "t", count: 8189)).1 == .ok)
    #expect(built("FOO", [], tags: String(repeating: "t", count: 8190)).1 == .tooLong)
  }

  @Test(arguments: ["", "a b", "a\rb", "a\nb", "a\0b", ":a"]) func badMiddles(_ middle: String) {
    #expect(built("FOO", [middle]).1 == .value)
    if middle != ":a" { #expect(middle.isEmpty || built("FOO", [], tags: middle).1 == .value) }
  }
  @Test(arguments: ["a\rQUIT", "a\nQUIT", "a\0"]) func badTrailing(_ last: String) {
    #expect(built("FOO", [], last).1 == .value)
  }
  @Test(arguments: ["", "A B", "A\n", "01", "0011", "A1", "É", ":x"]) func badCommands(_ command: String) {
    #expect(built(command, []).1 == .value)
  }

  @Test func whatIsBuiltIsReadAgain() {
    for last in ["", "x", ":x", "a b", " a", "ä ö", "a:b"] {
      var builder = MessageBuilder()
      builder.add(command: "FOO")
      builder.add(middle: "one")
      builder.add(last: Array(last.utf8).span.bytes)
      #expect(builder.finish() == .ok)
      #expect(parsed(text(builder.bytes)) == "||FOO|one|\(last)")
    }
  }

  // MARK: Tags

  @Test func tags() {
    let line = Array("a=1;b;+example.org/c=x\\:y\\sz\\\\\\r\\n\\b\\;a=2;;=z;d=".utf8)
    func value(_ key: String) -> String? {
      guard let found = Tags.find(Array(key.utf8).span.bytes, in: line.span.bytes) else { return nil }
      var out: [UInt8] = []
      Tags.unescape(line.span.bytes.extracting(found.range), into: &out)
      return text(out)
    }
    #expect(value("a") == "2")
    #expect(value("b") == "")
    #expect(value("+example.org/c") == "x;y z\\\r\nb")
    #expect(value("d") == "")
    #expect(value("") == nil)
    #expect(value("e") == nil)
    var (escaped, back): ([UInt8], [UInt8]) = ([], [])
    Tags.escape(Array("; \\\r\nä".utf8).span.bytes, into: &escaped)
    #expect(text(escaped) == "\\:\\s\\\\\\r\\nä")
    Tags.unescape(escaped.span.bytes, into: &back)
    #expect(text(back) == "; \\\r\nä")
  }

  @Test func keys() {
    for (key, isKey) in [
      ("a", true), ("+a", true), ("time-1", true), ("example.org/a", true), ("+draft/reply", true), ("", false),
      ("+", false), ("a b", false), ("a=", false), ("/a", false), ("a/", false), ("a.b", false), ("ä", false),
      ("a/b.c", false), ("a_b", false),
    ] {
      let found = Tags.isKey(Array(key.utf8).span.bytes)
      #expect(found == isKey, "\(key)")
    }
  }

  // MARK: Names

  @Test func mappings() {
    func isEqual(_ mapping: CaseMapping, _ one: String, _ other: String) -> Bool {
      let (one, other) = (Array(one.utf8), Array(other.utf8))
      let isEqual = mapping.isEqual(one.span.bytes, other.span.bytes)
      #expect(!isEqual || mapping.hash(one.span.bytes) == mapping.hash(other.span.bytes))
      return isEqual
    }
    for mapping: CaseMapping in [.ascii, .rfc1459, .strict] {
      #expect(isEqual(mapping, "Nick", "nICK"))
      #expect(!isEqual(mapping, "nick", "nick_"))
      #expect(isEqual(mapping, "[]\\", "{}|") == (mapping != .ascii))
      #expect(isEqual(mapping, "~", "^") == (mapping == .rfc1459))
      #expect(!isEqual(mapping, "@", "`"))
    }
    let (strict, unknown) = (Array("strict-rfc1459".utf8), Array("rfc3454".utf8))
    let found = (CaseMapping.named(strict.span.bytes), CaseMapping.named(unknown.span.bytes))
    #expect(found == (.strict, nil))
  }

  @Test func masks() {
    for (mask, name, fits) in [
      ("", "", true), ("*", "", true), ("?", "", false), ("**a*", "bca", true), ("*a?", "aab", true),
      ("a*b*c", "aXbYc", true),
      ("a*b*c", "aXbYd", false), ("{x}", "[X]", true), ("*!*@*.example", "n!u@h.EXAMPLE", true), ("*?*?*", "a", false),
    ] {
      let (mask, name) = (Array(mask.utf8), Array(name.utf8))
      let found = CaseMapping.rfc1459.matches(mask.span.bytes, name.span.bytes)
      #expect(found == fits, "\(text(mask)) \(text(name))")
    }
    // What is quadratic at worst ends soon.
    let (mask, name) = (Array("*a*a*a*a*b".utf8), [UInt8](repeating: 97, count: 4000))
    let isFound = CaseMapping.ascii.matches(mask.span.bytes, name.span.bytes)
    #expect(!isFound)
  }
}
