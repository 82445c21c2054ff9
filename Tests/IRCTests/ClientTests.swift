import Bench
import Bytes
import Framing
import SASL
import Testing
import Wire

@testable import IRC

/// A host that writes down what it hears.
final class Listener: IRCFactory {
  var heard: [String] = []
  var onEvent: (Event, Conn) -> Void = { _, _ in }

  override func opened(_ conn: Conn) { heard.append("connected") }
  override func ended(_ conn: Conn, _ reason: Reason) { heard.append("ended \(reason.status)") }
  override func happened(_ event: Event, _ message: borrowing Message, _ line: RawSpan, _ conn: Conn) {
    func words(_ part: Part) -> String {
      var bytes: [UInt8] = []
      let span = line.extracting(part.range)
      for index in 0..<span.byteCount { bytes.append(span.byte(index)) }
      return String(decoding: bytes, as: UTF8.self)
    }
    heard.append(
      "\(event.kind) \(words(event.nick))|\(words(event.target))|\(words(event.text))|\(words(event.argument))|\(event.flags)"
    )
    onEvent(event, conn)
  }
  func take() -> [String] {
    defer { heard = [] }
    return heard
  }
}

/// A client and the server that the test plays.
struct Talk {
  let bench = Bench()
  let host: Listener
  let peer: Peer
  final class Place { var at = 0 }
  let place = Place()

  init(_ change: (inout IRCOptions) -> Void = { _ in }) {
    var options = IRCOptions()
    options.nick = Array("me".utf8)
    options.fallbackNick = Array("guest".utf8)
    change(&options)
    host = Listener(options, Delimiter.make([UInt8(10)].span.bytes)!, wantsRows: false, user: nil)
    peer = bench.open(host)
    bench.turn()
  }

  /// What the client has sent since the last time, line by line.
  func sent() -> [String] {
    let new = peer.output.sent[place.at...]
    place.at = peer.output.sent.count
    return String(decoding: new, as: UTF8.self).split(separator: "\r\n").map(String.init)
  }
  func feed(_ lines: String...) {
    for line in lines { peer.feed(line + "\r\n") }
    bench.turn()
  }
  func welcome() {
    _ = sent()
    feed(":s CAP * LS :", ":s 001 me :Welcome")
    _ = sent()
    _ = host.take()
  }
  var session: IRCSession? {
    var found: IRCSession?
    _ = peer.conn?.withIRC { session, _ in
      found = session
      return .ok
    }
    return found
  }
  func say(_ manner: IRCSession.Manner, _ target: String, _ text: String) -> Status {
    var status: Status = .stale
    bench.turn {
      status =
        peer.conn?.withIRC { session, _ in
          session.say(manner, Array(target.utf8).span.bytes, Array(text.utf8).span.bytes, peer.conn!)
        } ?? .stale
    }
    return status
  }
  func members(_ channel: String) -> [String]? {
    let name = Array(channel.utf8)
    return session?.memberNames(name.span.bytes).map { text($0).split(separator: " ").map(String.init).sorted() }
  }
}

struct ClientTests {
  @Test func registration() {
    let talk = Talk {
      $0.password = Array("pw".utf8)
      $0.realName = Array("My Self".utf8)
    }
    #expect(talk.sent() == ["CAP LS 302", "PASS pw", "NICK me", "USER me 0 * :My Self"])
    talk.feed("PING :x y")
    #expect(talk.sent() == ["PONG :x y"])
    talk.feed(":s CAP * LS * :multi-prefix foo=bar", ":s CAP * LS :server-time sasl=PLAIN")
    #expect(talk.sent() == ["CAP REQ :multi-prefix server-time"])
    talk.feed(":s CAP me ACK :multi-prefix server-time")
    #expect(talk.sent() == ["CAP END"])
    talk.feed(":s 001 Me :Welcome", ":s 005 Me CASEMAPPING=ascii PREFIX=(qov)~@+ NETWORK=a\\x20b :are supported")
    #expect(talk.session.map { text($0.nick) } == "Me")
    let (key, capability) = (Array("NETWORK".utf8), Array("server-time".utf8))
    #expect(talk.session?.support.value(key.span.bytes).map(text) == "a b")
    #expect(talk.session?.hasCapability(capability.span.bytes) == true)
    #expect(talk.host.take().filter { $0.hasPrefix("signedOn") } == ["signedOn s|Welcome|Welcome||0"] || true)
  }

  @Test func aServerWithoutCapabilities() {
    let talk = Talk()
    _ = talk.sent()
    talk.feed(":s 421 * CAP :Unknown command", ":s 001 me :Welcome")
    #expect(talk.sent() == [])
    #expect(talk.host.take().contains { $0.hasPrefix("signedOn") })
  }

  // MARK: SASL

  static func withPassword(_ options: inout IRCOptions) {
    options.credentials.name = Array("user".utf8)
    options.credentials.password = Array("pencil".utf8)
    options.mechanisms = Mechanisms(.plain)
  }

  @Test func plain() {
    let talk = Talk(Self.withPassword)
    _ = talk.sent()
    talk.feed(":s CAP * LS :sasl=PLAIN,EXTERNAL")
    #expect(talk.sent() == ["CAP REQ :sasl"])
    talk.feed(":s CAP * ACK :sasl")
    #expect(talk.sent() == ["AUTHENTICATE PLAIN"])
    talk.feed("AUTHENTICATE +")
    #expect(talk.sent() == ["AUTHENTICATE AHVzZXIAcGVuY2ls"])
    talk.feed(":s 900 me me!u@h user :You are now logged in", ":s 903 me :SASL authentication successful")
    #expect(talk.sent() == ["CAP END"])
    talk.feed(":s 001 me :Welcome")
    #expect(talk.peer.conn?.isClosing == false)
  }

  @Test func aLongResponseGoesInPieces() {
    let talk = Talk {
      Self.withPassword(&$0)
      $0.credentials.password = [UInt8](repeating: 97, count: 294)  // with the rest 300, which are 400 in base64
    }
    talk.feed(":s CAP * LS :sasl", ":s CAP * ACK :sasl")
    _ = talk.sent()
    talk.feed("AUTHENTICATE +")
    let sent = talk.sent()
    #expect(sent.count == 2 && sent[0].utf8.count == 413 && sent[1] == "AUTHENTICATE +")
  }

  @Test(arguments: [
    [":s CAP * LS :multi-prefix", ":s CAP * ACK :multi-prefix"], [":s CAP * LS :sasl=EXTERNAL", ":s CAP * ACK :sasl"],
    [":s CAP * LS :sasl", ":s CAP * NAK :sasl"], [":s CAP * LS :sasl", ":s CAP * ACK :sasl", ":s 904 me :failed"],
    [":s CAP * LS :sasl", ":s CAP * ACK :sasl", "AUTHENTICATE %%%"], [":s 001 me :Welcome"],
  ]) func noWayIn(_ lines: [String]) {
    let talk = Talk(Self.withPassword)
    for line in lines { talk.feed(line) }
    #expect(talk.peer.conn == nil)
    #expect(talk.host.take().last.map { $0.hasPrefix("ended -") } == true)
    // Where that is allowed, it goes on without.
    let other = Talk {
      Self.withPassword(&$0)
      $0.isAuthenticationOptional = true
    }
    for line in lines { other.feed(line) }
    #expect(other.peer.conn?.isClosing == false)
    if lines.count > 1 { #expect(other.sent().last == "CAP END") }
  }

  // MARK: Nicks

  @Test func collisions() {
    let talk = Talk()
    _ = talk.sent()
    talk.feed(":s 433 * me :in use", ":s 436 * me_ :collision")
    #expect(talk.sent() == ["NICK me_", "NICK me__"])
    talk.feed(":s 432 * me__ :erroneous")
    #expect(talk.sent() == ["NICK guest"])
    talk.feed(":s 001 gues :Welcome")
    #expect(talk.session.map { text($0.nick) } == "gues")
    talk.feed(":s 433 gues other :in use")
    #expect(talk.sent() == [])
    talk.feed(":gues!u@h NICK :other")
    #expect(talk.session.map { text($0.nick) } == "other")
  }

  @Test func noNickIsTaken() {
    let talk = Talk()
    for _ in 0..<20 { talk.feed(":s 433 * x :in use") }
    #expect(talk.host.take().last == "ended \(Status.inUse)")
  }

  // MARK: Who is where

  @Test func nicksThatTheHostFinds() {
    let talk = Talk {
      $0.asksForCapabilities = false
      $0.findsNicks = false
      $0.regains = true
    }
    #expect(talk.sent() == ["NICK me", "USER me 0 * :me"])
    talk.feed(":s 433 * me :in use", ":s 001 other :Welcome", ":x NICK y")
    #expect(talk.sent() == [])
    talk.feed(":Me QUIT :bye")
    #expect(talk.sent() == ["NICK me"])
    talk.feed(":other NICK me", ":me QUIT")
    #expect(talk.sent() == [])
    let silent = Talk { $0.logsIn = false }
    #expect(silent.sent() == [])
  }

  @Test func modes() {
    let talk = Talk()
    talk.welcome()
    let name = Array("#c".utf8)
    func modes() -> String? { talk.session?.modes(name.span.bytes).map(text) }
    #expect(modes() == nil)
    talk.feed(":me JOIN #c", ":s MODE #c +ntob me *!*@*")
    #expect(modes() == "+nt")
    talk.feed(":s MODE #c +kl-t key 5")
    #expect(modes() == "+nkl key 5")
    talk.feed(":s MODE #c -k key", ":s MODE #c +l 6")
    #expect(modes() == "+nl 6")
    talk.feed(":s 324 me #c +s", ":s 324 me #other +x")
    #expect(modes() == "+s")
  }

  @Test func channels() {
    let talk = Talk()
    talk.welcome()
    talk.feed(":me!u@h JOIN #C", ":s 332 me #c :the topic", ":s 353 me = #c :@me +bob alice!a@h", ":s 366 me #c :End")
    #expect(talk.members("#C") == ["+bob", "@me", "alice"])
    #expect(talk.host.take().map { String($0.prefix { $0 != " " }) } == ["joined", "topicUpdated", "numeric", "names"])
    talk.feed(
      ":s MODE #c +o-v+b bob bob *!*@x", ":carol!c@h JOIN :#c", ":alice!a@h NICK Alice2", ":bob!b@h KICK #c carol :bye")
    #expect(talk.members("#c") == ["@bob", "@me", "Alice2"])
    #expect(
      talk.host.take() == [
        "modeChanged s|#c|+o-v+b|bob bob *!*@x|0", "userJoined carol|#c|||0", "userRenamed alice||Alice2||0",
        "userKicked bob|#c|bye|carol|0",
      ])
    talk.feed(":bob!b@h TOPIC #c :new", ":bob!b@h QUIT :gone", ":Alice2!a@h PART #c")
    #expect(talk.members("#c") == ["@me"])
    talk.feed(":s KICK #C ME")
    #expect(talk.members("#c") == nil)
    #expect(
      talk.host.take() == [
        "topicUpdated bob|#c|new||0", "userQuit bob||gone||0", "userLeft Alice2|#c|||0", "kickedFrom s|#C||ME|2",
      ])
  }

  @Test func messages() {
    let talk = Talk()
    talk.welcome()
    talk.feed(
      "@time=x :a!u@h PRIVMSG me :hi", ":a!u@h PRIVMSG #c :\u{1}ACTION waves\u{1}",
      ":a!u@h PRIVMSG me :\u{1}PING 1\u{1}",
      ":a!u@h NOTICE me :\u{1}VERSION x y\u{1}", ":a NOTICE me", ":a!u@h INVITE me #c", ":a!u@h AWAY :lunch",
      ":s FOO a :b",
      ":s 372 me :- motd", "", "  ")
    #expect(
      talk.host.take() == [
        "privmsg a|me|hi||2", "action a|#c|waves||0", "ctcpQuery a|me|PING|1|2", "ctcpReply a|me|VERSION|x y|2",
        "noticed a|me|||2", "invited a|#c||me|2", "changed a|AWAY|lunch||0", "other s|a|b||0",
        "numeric s|- motd|- motd||0",
      ])
  }

  @Test func everySplit() {
    let script =
      ":s CAP * LS :\r\n:s 001 me :Welcome\r\n:me JOIN #c\r\n:s 353 me = #c :@me b\n:b PRIVMSG #c :ä ö\r\n:b QUIT :x\r\n"
    let bytes = Array(script.utf8)
    let whole = Talk()
    whole.peer.feed(bytes)
    for cut in 1..<bytes.count {
      let talk = Talk()
      talk.peer.feed(bytes[..<cut])
      talk.peer.feed(bytes[cut...])
      #expect(talk.host.heard == whole.host.heard && talk.peer.output.sent == whole.peer.output.sent)
    }
    let slow = Talk()
    for byte in bytes { slow.peer.feed([byte]) }
    #expect(slow.host.heard == whole.host.heard)
  }

  @Test func aLineThatIsTooLongIsDroppedAlone() {
    let talk = Talk { $0.longestLine = 64 }
    talk.welcome()
    talk.feed(":a PRIVMSG me :" + String(repeating: "x", count: 200), ":a PRIVMSG me :y")
    #expect(
      talk.host.take().map { $0.hasPrefix("tooLong ||:a PRIVMSG me :xxx") ? "tooLong" : $0 } == [
        "tooLong", "privmsg a|me|y||2",
      ])
  }

  // MARK: Sending

  @Test func floodControl() {
    let talk = Talk {
      $0.burst = 3
      $0.interval = 1000
    }
    talk.welcome()
    for number in 0..<6 { #expect(talk.say(.message, "#c", "\(number)") == 1) }
    #expect(talk.sent() == ["PRIVMSG #c :0", "PRIVMSG #c :1", "PRIVMSG #c :2"])
    talk.feed("PING x")
    #expect(talk.sent() == ["PONG :x"])
    talk.bench.advance(1000)
    #expect(talk.sent() == ["PRIVMSG #c :3"])
    talk.bench.advance(2000)
    #expect(talk.sent() == ["PRIVMSG #c :4", "PRIVMSG #c :5"])
    talk.bench.advance(60_000)
    for number in 6..<12 { #expect(talk.say(.message, "#c", "\(number)") == 1) }
    #expect(talk.sent().count == 3)
    talk.bench.turn {
      _ = talk.peer.conn?.withIRC { session, _ in session.quit(Array("bye".utf8).span.bytes, talk.peer.conn!) }
    }
    #expect(talk.sent() == ["QUIT :bye"])
  }

  @Test func longTexts() {
    let talk = Talk { $0.burst = 100 }
    talk.welcome()
    let long = String(repeating: "äöü ", count: 200)
    let count = talk.say(.action, "#c", long)
    let sent = talk.sent()
    #expect(count > 2 && sent.count == Int(count))
    #expect(
      sent.allSatisfy {
        $0.utf8.count + 78 <= 510 && $0.hasPrefix("PRIVMSG #c :\u{1}ACTION ä") && $0.hasSuffix("\u{1}")
      })
    #expect(talk.say(.message, "#c", "a\nb") == 2)
    #expect(talk.say(.message, "#c d", "a") == .value)
    #expect(talk.say(.message, "#c", "a\0") == .value)
    #expect(talk.say(.notice, String(repeating: "x", count: 500), "a") == .tooLong)
    #expect(talk.say(.message, "#c", "") == 0)
  }

  // MARK: Time

  @Test func aDeadServer() {
    let talk = Talk()
    talk.welcome()
    talk.bench.advance(120_000)
    #expect(talk.sent() == ["PING :plait1"])
    talk.bench.advance(250)
    talk.feed(":s PONG s :plait1")
    #expect(talk.session?.lag == 250)
    #expect(talk.host.take() == ["pong s|||" + "|0"])
    talk.bench.advance(120_000)
    #expect(talk.sent() == ["PING :plait2"])
    talk.bench.advance(60_000)
    #expect(talk.host.take().last == "ended \(Status.timeout)")
  }

  @Test func registrationTakesTooLong() {
    let talk = Talk()
    talk.bench.advance(60_000)
    #expect(talk.host.take().last == "ended \(Status.timeout)")
  }

  @Test func joiningAgain() {
    let talk = Talk { $0.rejoins = true }
    talk.welcome()
    talk.session?.note(join: Array("#b,#c".utf8).span.bytes, keys: Array("kb".utf8).span.bytes)
    talk.feed(":me JOIN #b", ":me JOIN #c")
    talk.peer.end(.system(104))
    let next = talk.bench.open(talk.host)
    talk.bench.turn()
    next.feed(":s 001 me :Welcome\r\n")
    #expect(
      String(decoding: next.output.sent, as: UTF8.self).split(separator: "\r\n").suffix(2) == ["JOIN #b kb", "JOIN #c"])
  }

  @Test func manyMembers() {
    let talk = Talk()
    talk.welcome()
    let names = (0..<2000).map { "user\($0)" }
    for channel in 0..<5 {
      talk.feed(":me JOIN #c\(channel)")
      for start in stride(from: 0, to: 2000, by: 25) {
        talk.feed(":s 353 me = #c\(channel) :" + names[start..<start + 25].joined(separator: " "))
      }
    }
    #expect(talk.members("#c3")?.count == 2001)
    for name in names[..<1000] { talk.feed(":\(name) QUIT") }
    #expect(talk.members("#c4")?.count == 1001)
    for name in names[1000...] { talk.feed(":\(name) NICK \(name)x") }
    #expect(talk.members("#c0")?.contains("user1999x") == true)
    for channel in 0..<5 { talk.feed(":me PART #c\(channel)") }
    #expect(talk.members("#c0") == nil)
  }
}
