import Bench
import Bytes
import Testing
import Wire

@testable import FTP

/// The control connection of a client.
struct ClientTests {
  @Test func loggingIn() {
    let test = Scripted(Caller { $0.account = Array("books".utf8) }, isIn: false)
    #expect(test.say("120 in a minute") == [])
    #expect(test.say("220-one\r\n two\r\n220-three\r\n220 four") == ["USER anonymous"])
    #expect(test.say("331 who?") == ["PASS anonymous@"])
    #expect(test.say("332 for whom?") == ["ACCT books"])
    #expect(test.say("230 come in") == ["TYPE I"])
    #expect(test.say("500 what?") == [], "it is asked again when it matters")
    #expect(test.caller.heard() == ["ready 220-one\\n two\\n220-three\\n220 four\\n"])
  }

  @Test func withoutAPassword() {
    let test = Scripted(Caller { $0.name = Array("me".utf8) }, isIn: false)
    #expect(test.say("220 hello") == ["USER me"])
    #expect(test.say("230 you are known") == ["TYPE I"])
  }

  @Test func withoutALogin() {
    let test = Scripted(Caller { $0.logsIn = false }, isIn: false)
    #expect(test.say("220 hello") == [])
    #expect(test.caller.heard() == ["ready 220 hello\\n"])
    test.ask("a", FTPClientRequest(.command, "SYST"))
    #expect(test.heard() == ["SYST"])
    test.say("215 UNIX")
    #expect(test.caller.heard() == ["a: 215"])
  }

  @Test func refusedLogins() {
    for (replies, end) in [
      (["421 too many"], "the greeting: 421 too many"), (["220 x", "530 not you"], "USER anonymous: 530 not you"),
      (["220 x", "331 y", "530 no\r\n"], "PASS: 530 no"),
      (["220 x", "332 y"], "ACCT: the server wants an account"),
    ] {
      let test = Scripted(isIn: false)
      let call = test.ask("a", FTPClientRequest(.noop))
      for reply in replies { test.say(reply) }
      #expect(call != nil && test.peer.conn == nil)
      let status = Status.remote
      let heard = test.caller.heard()
      #expect(heard.count == 2 && heard[1] == "ended \(status) \(end)")
      #expect(heard[0].hasPrefix("a: \(status) NOOP: \(end)"), "\(heard)")
    }
  }

  @Test func simpleCalls() {
    for (request, line, reply, told) in [
      (FTPClientRequest(.pwd), "PWD", "257 \"/a \"\"b\"\"\" is it", "257 value=/a \"b\""),
      (FTPClientRequest(.mkd, "new"), "MKD new", "257 \"/new\" created", "257 value=/new"),
      (FTPClientRequest(.mkd, "new"), "MKD new", "257 done", "257"),
      (FTPClientRequest(.cwd, "a b"), "CWD a b", "250 there", "250"),
      (FTPClientRequest(.cdup), "CDUP", "200 up", "200"), (FTPClientRequest(.rmd, "x"), "RMD x", "250 gone", "250"),
      (FTPClientRequest(.dele, "x"), "DELE x", "250 gone", "250"),
      (FTPClientRequest(.size, "x"), "SIZE x", "213 123456789012", "213 number=123456789012"),
      (FTPClientRequest(.mdtm, "x"), "MDTM x", "213 19700101000100.25", "213 number=60"),
      (FTPClientRequest(.mlst, "x"), "MLST x", "250-x\r\n type=file; x\r\n250 end", "250 value=type=file; x"),
      (FTPClientRequest(.feat), "FEAT", "211-has\r\n SIZE\r\n211 end", "211"),
      (FTPClientRequest(.noop), "NOOP", "200 yes", "200"),
      (FTPClientRequest(.command, "SITE \u{fd}"), "SITE \u{fd}", "350 more", "350"),
    ] {
      let test = Scripted()
      test.ask("a", request)
      #expect(test.heard() == [line])
      test.say(reply)
      #expect(test.caller.heard() == ["a: " + told])
    }
    var mode = FTPClientRequest(.chmod, "x")
    mode.mode = 0o640
    let test = Scripted()
    test.ask("a", mode)
    #expect(test.heard() == ["SITE CHMOD 640 x"])
  }

  @Test func theyWaitForOneAnother() {
    let test = Scripted(isIn: false)
    test.ask("a", FTPClientRequest(.rename, "one", "two"))
    test.ask("b", FTPClientRequest(.noop))
    #expect(test.heard() == [])
    test.say("220 x")
    test.say("230 y")
    #expect(test.say("200 z") == ["RNFR one"])
    #expect(test.say("350 and?") == ["RNTO two"])
    #expect(test.say("250 done") == ["NOOP"])
    test.say("200 yes")
    #expect(test.caller.heard() == ["ready 220 x\\n", "a: 250", "b: 200"])
    test.ask("c", FTPClientRequest(.rename, "one", "two"))
    #expect(test.heard() == ["RNFR one"])
    test.say("550-no\r\n550 really not")
    #expect(
      test.caller.heard() == ["c: \(Status.remote) RNFR one: 550 really not [550]"], "RNTO never left")
  }

  @Test func namesThatSayMore() {
    let test = Scripted()
    for bad in ["a\rDELE b", "a\nDELE b", "a\0b", ""] {
      #expect(FTPClientRequest(.cwd, bad).status == .invalid)
      #expect(FTPClientRequest(.rename, "x", bad).status == .invalid)
    }
    #expect(FTPClientRequest(.cwd, String(repeating: "a", count: 4001)).status == .tooLong)
    #expect(FTPClientRequest(.receive, "STAT\n").status == .invalid)
    var odd = FTPClientRequest(.cwd)
    odd.path = [255, 65]
    test.ask("a", odd)
    #expect(test.peer.output.sent == [67, 87, 68, 32, 255, 255, 65, 13, 10], "Telnet's IAC is doubled")
  }

  @Test func oddAnswers() {
    for (request, reply) in [
      (FTPClientRequest(.pwd), "257 somewhere"), (FTPClientRequest(.size, "x"), "213 big"),
      (FTPClientRequest(.size, "x"), "213 99999999999999999999"), (FTPClientRequest(.mdtm, "x"), "213 yesterday"),
      (FTPClientRequest(.mlst, "x"), "250 x"),
    ] {
      let test = Scripted()
      test.ask("a", request)
      test.say(reply)
      #expect(test.caller.heard().first?.contains(": an odd answer: \(reply)") == true)
      test.ask("b", FTPClientRequest(.noop))
      test.say("200 yes")
      #expect(test.caller.heard() == ["b: 200"], "the session goes on")
    }
  }

  @Test func inTheirOrder() {
    let test = Scripted()
    for name in ["a", "b", "c"] { test.ask(name, FTPClientRequest(.noop)) }
    test.say("200 yes\r\nhello")
    let heard = test.caller.heard()
    #expect(heard.map { $0.prefix(2) } == ["a:", "b:", "c:", "en"], "also where the session ends at once: \(heard)")
    #expect(heard.first == "a: 200")
  }

  @Test func noReplies() {
    for said in ["hello", "99 x", "600 x", "2000 x", "200x", "", "200-x\r\n200-y"] {
      let test = Scripted()
      test.ask("a", FTPClientRequest(.noop))
      test.say(said)
      if said.hasPrefix("200-") {
        #expect(test.caller.heard() == [])
        test.say("200")
        #expect(test.caller.heard() == ["a: 200"], "a code alone is a reply")
      } else {
        #expect(test.peer.conn == nil)
        #expect(
          test.caller.heard().first?.hasPrefix("a: \(Status.malformed) NOOP: what the server says is no reply") == true)
      }
    }
    let test = Scripted()
    test.say("226 done")
    #expect(test.caller.heard() == ["ended \(Status.malformed) a reply that nobody has asked for: 226 done"])
    let timed = Scripted()
    timed.say("421 too late")
    #expect(timed.caller.heard() == ["ended \(Status.remote) the session: 421 too late"])
  }

  @Test func limits() {
    let test = Scripted(
      Caller {
        $0.maxLine = 20
        $0.maxCalls = 1
      })
    test.ask("a", FTPClientRequest(.noop))
    test.ask("b", FTPClientRequest(.noop))
    #expect(test.caller.heard() == ["b: refused \(Status.limit)"])
    test.say("200 12345678901234567")
    #expect(test.peer.conn == nil && test.caller.heard().first?.hasPrefix("a: \(Status.tooLong)") == true)
    let long = Scripted(Caller { $0.maxReply = 100 })
    long.ask("a", FTPClientRequest(.noop))
    for _ in 0..<5 { long.say("200-12345678901234567890") }
    #expect(long.peer.conn == nil && long.caller.heard().first?.hasPrefix("a: \(Status.tooLong)") == true)
  }

  @Test func silence() {
    let test = Scripted(isIn: false)
    test.bench.advance(29_999)
    #expect(test.peer.conn != nil)
    test.bench.advance(1)
    #expect(test.caller.heard() == ["ended \(Status.timeout) the greeting: logging in took too long"])
    let other = Scripted()
    other.ask("a", FTPClientRequest(.cwd, "x"))
    other.bench.advance(59_999)
    #expect(other.peer.conn != nil)
    other.bench.advance(1)
    #expect(
      other.caller.heard().first == "a: \(Status.timeout) CWD x: CWD x: the server does not answer")
    let idle = Scripted(Caller { $0.keepAliveTime = 5000 })
    idle.bench.advance(5000)
    #expect(idle.heard() == ["NOOP"])
    idle.say("200 yes")
    idle.bench.advance(4999)
    #expect(idle.heard() == [])
    idle.bench.advance(1)
    #expect(idle.heard() == ["NOOP"])
    idle.ask("a", FTPClientRequest(.pwd))
    #expect(idle.heard() == [])
    #expect(idle.say("200 yes") == ["PWD"])
  }

  @Test func timeLimitsAndCancelling() {
    let test = Scripted()
    var request = FTPClientRequest(.cwd, "x")
    request.limit = 100
    test.ask("a", request)
    let waiting = test.ask("b", FTPClientRequest(.cdup))
    let last = test.ask("c", FTPClientRequest(.noop))
    test.bench.advance(100)
    #expect(test.caller.heard() == ["a: \(Status.timeout) CWD x: it took too long"])
    #expect(test.heard() == ["CWD x"])
    test.bench.turn { waiting?.cancel() }
    #expect(test.caller.heard() == ["b: \(Status.cancelled) CDUP: cancelled"])
    #expect(test.say("250 x") == ["NOOP"], "the late reply is swallowed")
    test.bench.turn { last?.cancel() }
    test.say("200 yes")
    #expect(test.caller.heard() == ["c: \(Status.cancelled) NOOP: cancelled"])
    test.ask("d", FTPClientRequest(.pwd))
    test.say("257 \"/\"")
    #expect(test.caller.heard() == ["d: 257 value=/"])
  }

  @Test func theEnd() {
    let test = Scripted()
    test.ask("a", FTPClientRequest(.quit))
    test.ask("b", FTPClientRequest(.noop))
    #expect(test.heard() == ["QUIT"])
    test.say("221 bye")
    #expect(
      test.caller.heard() == [
        "a: 221", "b: \(Status.closed) NOOP: the connection was lost", "ended 0",
      ])
    let lost = Scripted()
    lost.ask("a", FTPClientRequest(.command, "PASS secret"))
    lost.peer.end()
    #expect(lost.caller.heard() == ["a: \(Status.closed) PASS: the connection was lost", "ended 0"])
    #expect(lost.ask("b", FTPClientRequest(.noop)) == nil)
  }

  @Test func everySplit() {
    let said = Array("220-a\r\n220 b\r\n331 c\r\n230-d\r\n e\r\n230 f\r\n200 g\r\n".utf8)
    for cut in 1..<said.count {
      let test = Scripted(isIn: false)
      test.peer.feed(said[..<cut])
      test.peer.feed(said[cut...])
      test.bench.turn()
      #expect(test.heard() == ["USER anonymous", "PASS anonymous@", "TYPE I"])
      #expect(test.caller.heard() == ["ready 220-a\\n220 b\\n"])
    }
    let test = Scripted(isIn: false)
    for byte in said { test.peer.feed([byte]) }
    #expect(test.caller.heard() == ["ready 220-a\\n220 b\\n"])
  }

  @Test func addresses() {
    func pasv(_ words: String) -> String {
      ClientReply.address(Array(words.utf8)).map { "\(text($0.0.text)):\($0.1)" } ?? "none"
    }
    #expect(pasv("Entering Passive Mode (127,0,0,1,4,1).") == "127.0.0.1:1025")
    #expect(pasv("Entering Passive Mode 10,1,2,3,255,255") == "10.1.2.3:65535")
    #expect(pasv("=127, 0, 0, 1, 4, 1") == "127.0.0.1:1025")
    for bad in ["", "127,0,0,1,4", "127,0,0,256,4,1", "1,2,3,4,0,0", "1,2,3,4,5,6,7", "at 5 (1,2,3)"] {
      #expect(pasv(bad) == "none", "\(bad)")
    }
    func epsv(_ words: String) -> UInt16? { ClientReply.port(Array(words.utf8)) }
    #expect(epsv("Entering Extended Passive Mode (|||6446|)") == 6446)
    #expect(epsv("(!!!1!)") == 1)
    for bad in [
      "", "(|||0|)", "(|||65536|)", "(||6446|)", "(|||6446)", "(|||6446", "((((5(", "|||5|",
      "(|||99999999999999999999|)",
    ] {
      #expect(bad == "((((5(" || epsv(bad) == nil, "\(bad)")
    }
  }
}
