import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// However a stream is cut, the host hears the same.
struct SplitTests {
  struct Stream: CustomTestStringConvertible, Sendable {
    let name: String
    let host: @Sendable () -> Host
    let bytes: [UInt8]
    /// What comes out, whole.
    let events: [String]
    var testDescription: String { name }
  }

  static func stream(_ name: String, _ bytes: String, _ events: [String], _ host: @escaping @Sendable () -> Host)
    -> Stream
  {
    Stream(name: name, host: host, bytes: Array(bytes.utf8), events: events)
  }

  static let streams: [Stream] = [
    stream("crlf", "one\r\n\r\ntwo\rx\ny\r\r\nthree\r\n\n\r\nrest", ["one", "", "two\\rx\\ny\\r", "three", "\\n"]) {
      .lines()
    },
    stream("lf", "a\nbb\n\n\rccc\nd", ["a", "bb", "", "\\rccc"]) { .lines("\n") },
    stream("pair that is not crlf", "a||b|c|||d||", ["a", "b|c", "|d"]) { .lines("||") },
    stream("overlaps itself: aa", "aaabaacaaaa", ["", "ab", "c", ""]) { .lines("aa") },
    stream("overlaps itself: aab", "xaaabyaabaabzaaaab.aa", ["xa", "y", "", "zaa"]) { .lines("aab") },
    stream("overlaps itself: abab", "abababab-ababab", ["", "", "-"]) { .lines("abab") },
    stream("blank line", "GET\r\nHost\r\n\r\nbody\r\n\r\r\n\r\n\r\n", ["GET\\r\\nHost", "body\\r\\n\\r"]) {
      .lines("\r\n\r\n")
    },
    stream("longest line", "12345678\r\nab\r\n", ["12345678", "ab"]) { .lines(longest: 8) },
    stream("empty lines only", "\r\n", [""]) { .lines(longest: 0) },
    stream("netstrings", "0:,1:a,12:hello world!,4:1:a,,3:x", ["", "a", "hello world!", "1:a,"]) { .netstrings() },
    stream("netstring of ten digits", "0000000003:abc,", ["disconnected -51"]) { .netstrings() },
    stream("netstring with a zero in front", "2:ab,0:,02:ab,1:x,", ["ab", "", "disconnected -51"]) { .netstrings() },
    stream("netstring of no digits", "2:ab,:ab,1:x,1:x,", ["ab", "disconnected -51"]) { .netstrings() },
    stream("netstring that is far too long", "1:a,87654321:abcdefgh", ["a", "too long: 8765432", "disconnected -50"]) {
      .netstrings(longest: 999_999)
    },
    stream(
      "netstring that is far too long, read to its end", "1:a,87654321:abcdefgh",
      ["a", "too long: 87654321", "disconnected -50"]
    ) { .netstrings(longest: 999_999, readsLength: true) },
    stream("netstring too long", "3:abc,4:abcd,1:x,", ["abc", "too long: 4", "disconnected -50"]) {
      .netstrings(longest: 3)
    },
    stream("netstring malformed", "3:abc,x", ["abc", "disconnected -51"]) { .netstrings() },
    stream("netstring without its comma", "3:abc,3:abcd", ["abc", "disconnected -51"]) { .netstrings() },
    stream("int8", "\u{3}foo\u{0}\u{1}x\u{5}par", ["foo", "", "x"]) { .strings(1) },
    stream("int16", "\0\u{3}foo\0\0\0\u{1}x\0", ["foo", "", "x"]) { .strings(2) },
    stream("int24 little", "\u{3}\0\0foo\0\0\0\u{1}\0\0x\u{1}", ["foo", "", "x"]) { .strings(3, little: true) },
    stream("int32", "\0\0\0\u{3}foo\0\0\0\0\0\0\0\u{1}x\0\0", ["foo", "", "x"]) { .strings32() },
    stream("int64", "\0\0\0\0\0\0\0\u{3}foo\0\0\0\0\0\0\0\0\0", ["foo", ""]) { .strings(8) },
    stream("int32 too long", "\0\0\0\u{3}foo\0\0\0\u{4}x", ["foo", "too long: 4", "disconnected -50"]) {
      .strings32(longest: 3)
    },
    stream("int16 little, too long", "\u{3}\0foo\u{4}\0x", ["foo", "too long: 4", "disconnected -50"]) {
      .strings(2, little: true, longest: 3)
    },
  ]

  /// The events, without the one that always comes first.
  func hear(_ stream: Stream, _ cuts: [Int], inBlocks: Bool) -> [String] {
    let bench = Bench()
    let host = stream.host()
    if inBlocks { host.onBlock = { _, messages in messages.count } }
    let peer = bench.open(host)
    var at = 0
    for cut in cuts + [stream.bytes.count] {
      peer.feed(stream.bytes[at..<cut])
      at = cut
    }
    return Array(host.events.dropFirst())
  }

  @Test(arguments: streams) func whole(_ stream: Stream) {
    #expect(hear(stream, [], inBlocks: false) == stream.events)
    #expect(hear(stream, [], inBlocks: true) == stream.events)
  }

  @Test(arguments: streams) func twoParts(_ stream: Stream) {
    for cut in 0...stream.bytes.count {
      #expect(hear(stream, [cut], inBlocks: cut % 2 == 0) == stream.events, "cut at \(cut)")
    }
  }

  @Test(arguments: streams) func threeParts(_ stream: Stream) {
    for first in 0...stream.bytes.count {
      for second in first...stream.bytes.count {
        #expect(
          hear(stream, [first, second], inBlocks: second % 2 == 0) == stream.events, "cut at \(first), \(second)")
      }
    }
  }

  @Test(arguments: streams, 1...9) func pieces(_ stream: Stream, _ size: Int) {
    let cuts = Array(stride(from: size, to: stream.bytes.count, by: size))
    #expect(hear(stream, cuts, inBlocks: false) == stream.events)
    #expect(hear(stream, cuts, inBlocks: true) == stream.events)
  }
}

/// Delimiters of every length, and those whose beginning stands in front of them.
struct DelimiterTests {
  @Test func bounds() {
    #expect(Delimiter.make([UInt8]().span.bytes) == nil)
    #expect(Delimiter.make([UInt8](repeating: 1, count: 256).span.bytes) == nil)
    #expect(Delimiter.make([UInt8](repeating: 1, count: 255).span.bytes) != nil)
  }

  @Test(arguments: [1, 2, 3, 4, 16, 254, 255]) func lengths(_ length: Int) {
    // All but its last byte are the same, so that each prefix of it overlaps itself.
    let delimiter = String(repeating: "-", count: length - 1) + ">"
    let stream = Array(("a" + delimiter + "-b-" + delimiter + delimiter + "--").utf8)
    for cut in 0...stream.count {
      let bench = Bench()
      let host = Host.lines(delimiter)
      let peer = bench.open(host)
      peer.feed(stream[..<cut])
      peer.feed(stream[cut...])
      #expect(host.events == ["connected", "a", "-b-", ""], "cut at \(cut)")
    }
  }

  @Test func byteByByte() {
    let delimiter = String(repeating: "ab", count: 127) + "c"
    let host = Host.lines(delimiter)
    let bench = Bench()
    let peer = bench.open(host)
    for byte in Array(("ab" + delimiter + "x" + delimiter).utf8) { peer.feed([byte]) }
    #expect(host.events == ["connected", "ab", "x"])
  }
}
