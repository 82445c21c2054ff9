import Bench
import Bytes
import Testing
import Wire

@testable import IRC

/// A question that writes down how it ended.
private final class Asker: IRCCall {
  var ending: [String] = []

  override func told(_ reason: Reason) {
    let kept = lines.take()
    func words(_ part: Part) -> String {
      part.start == 0 ? "-" : String(decoding: kept.bytes.extracting(part.range).copied, as: UTF8.self)
    }
    ending.append("\(reason.status) \(reason.code)")
    for index in 0..<entries.count {
      let entry = entries[index]
      ending.append("\(words(entry.nick)) \(words(entry.account)) \(words(entry.channel)) \(words(entry.prefix))")
    }
  }
}

@Suite struct AskingTests {
  /// Asks about each of these, has the server say that, cut in two at `cut`, and tells how the questions ended, and what else was heard.
  private func ended(_ asked: [(Question, String)], _ capabilities: String, _ said: [String], cut: Int) -> [[String]] {
    let talk = Talk()
    talk.feed(":s CAP * LS :\(capabilities)", ":s CAP * ACK :\(capabilities)", ":s 001 me :Hi", ":s 005 me WHOX :are")
    _ = talk.sent()
    _ = talk.host.take()
    guard let conn = talk.peer.conn else { return [] }
    var askers: [Asker] = []
    for (question, about) in asked {
      let asker = Asker(conn.context, question, Array(about.utf8).span.bytes)
      #expect(asker.register(Kind.call))
      #expect(conn.withIRC { session, _ in session.ask(asker, Array(about.utf8).span.bytes, 0, conn) } == .ok)
      askers.append(asker)
    }
    let all = Array(said.joined(separator: "\r\n").utf8) + [13, 10]
    talk.peer.feed(Array(all[..<cut]))
    talk.bench.turn()
    talk.peer.feed(Array(all[cut...]))
    talk.bench.turn()
    return askers.map(\.ending) + [talk.host.take()]
  }

  @Test func everyCutOfAnAnswer() {
    let said = [
      ":s BATCH +x netsplit a b", "@batch=x :carl!u@h QUIT :a b", ":s BATCH -x",
      "@label=plait1 :s BATCH +a labeled-response", "@label=plait2 :s 401 me no :None such",
      "@batch=a :s BATCH +b more", "@batch=b :s 354 me 1 #c u h s bob H 2 0 :Bob",
      "@batch=b :s 354 me 1 #c u h s anna G 2 acc :A",
      ":s BATCH -b", "@batch=a :s 315 me #c :End", ":s BATCH -a",
    ]
    let count = said.joined(separator: "\r\n").utf8.count + 2
    for cut in stride(from: 0, through: count, by: 3) {
      let found = ended([(.who, "#c"), (.whois, "no")], "batch labeled-response", said, cut: cut)
      #expect(found[0] == ["0 0", "bob  #c H", "anna acc #c G"])
      #expect(found[1] == ["-60 401"])
      #expect(
        found[2].prefix(3) == ["batch s|netsplit|a b||0", "userQuit carl||a b||8", "batch s||||40"], "cut at \(cut)")
    }
  }

  @Test func withoutLabels() {
    let said = [":s 353 me = #d :@anna bob", ":s 353 me = #c :@anna +bob", ":s 366 me #c :End", ":s 366 me #d :End"]
    let found = ended([(.names, "#C"), (.names, "#d")], "batch", said, cut: 20)
    #expect(found[0] == ["0 0", "anna - #c @", "bob - #c +"] && found[1] == ["0 0", "anna - #d @", "bob - #d "])
  }

  /// What is found 32 bytes at a time is what is found one at a time.
  @Test func messagesOfEveryLength() {
    var random = SystemRandomNumberGenerator()
    for length in 0..<140 {
      for _ in 0..<20 {
        let line = (0..<length).map { _ in Array("aaaa  :@".utf8).randomElement(using: &random)! }
        var message = Message()
        let isOne = message.parse(line.span.bytes)
        let (tags, source, words) = slowly(line)
        #expect(isOne == (words.count > 0))
        guard isOne, words.count <= 32 else { continue }
        func text(_ part: Part) -> [UInt8] { Array(line[part.range]) }
        #expect(text(message.tags) == tags && text(message.source) == source && text(message.command) == words[0])
        #expect((0..<message.count).map { text(message.parameters[$0]) } == Array(words[1...]))
      }
    }
  }

  private func slowly(_ line: [UInt8]) -> ([UInt8], [UInt8], [[UInt8]]) {
    var rest = line[...]
    var (tags, source, words): ([UInt8], [UInt8], [[UInt8]]) = ([], [], [])
    func word() -> [UInt8] {
      let found = rest.prefix { $0 != 32 }
      rest = rest.dropFirst(found.count).drop { $0 == 32 }
      return Array(found)
    }
    let isBlank = rest.first == 32
    if rest.first == 64 { tags = Array(word().dropFirst()) }
    if !isBlank, rest.first == 58 { source = Array(word().dropFirst()) }
    rest = rest.drop { $0 == 32 }
    while !rest.isEmpty {
      if !words.isEmpty, rest.first == 58 {
        words.append(Array(rest.dropFirst()))
        break
      }
      words.append(word())
    }
    return (tags, source, words)
  }
}
