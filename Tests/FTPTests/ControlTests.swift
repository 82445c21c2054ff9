import Bench
import Bytes
import Crypto
import Files
import Loopback
import Testing
import Wire

@testable import FTP

/// The control connection, without data connections.
struct ControlTests {
  @Test func logins() {
    let control = Control()
    #expect(control.heard() == ["220 Welcome to FTP server"])
    #expect(control.say("NOOP") == ["200 Command OK"])
    #expect(control.say("PWD") == ["530 Please login with USER and PASS."])
    #expect(control.say("PASS x") == ["503 Incorrect sequence of commands: USER required before PASS"])
    #expect(control.say("USER") == ["500 Syntax error: USER requires an argument."])
    #expect(control.say("user me") == ["331 Password required for me."])
    #expect(control.say("PWD") == ["503 Incorrect sequence of commands: PASS required after USER"])
    #expect(control.say("USER me") == ["503 Incorrect sequence of commands: PASS required after USER"])
    #expect(control.say("FEAT").count == 13 + (Digest.isAvailable ? 1 : 0))
    #expect(control.say("PASS") == ["500 Syntax error: PASS requires an argument."])
    #expect(control.say("PASS secret") == ["230 User logged in, proceed"])
    #expect(control.say("PASS secret") == ["503 Incorrect sequence of commands: USER required before PASS"])
    #expect(control.say("USER anonymous") == ["331 Guest login ok, type your email address as password."])
    #expect(control.say("PASS a@b") == ["230 Anonymous login ok, access restrictions apply."])
    #expect(control.say("REIN") == ["220 Welcome to FTP server"])
    #expect(control.say("PWD") == ["530 Please login with USER and PASS."])
    #expect(control.say("QUIT") == ["221 Goodbye."])
    #expect(control.server.events == ["login me false", "login anonymous true", "disconnected 0"])
  }

  @Test func refusedLate() {
    let control = Control(Server { $0.maxFailures = 2 })
    control.say("USER me")
    #expect(control.say("PASS wrong") == [])
    control.bench.advance(999)
    #expect(control.heard() == [])
    #expect(control.say("NOOP") == [], "nothing is answered meanwhile")
    control.bench.advance(1)
    #expect(control.heard() == ["530 Sorry, Authentication failed.", "200 Command OK"])
    control.say("USER me")
    control.say("PASS wrong")
    control.bench.advance(1000)
    #expect(
      control.heard() == [
        "530 Sorry, Authentication failed.", "421 Too many failed logins: closing control connection.",
      ])
    #expect(control.peer.conn == nil)
  }

  @Test func aRootThatIsNotThere() {
    let place = Place()
    let control = Control(Server(place) { $0.anonymousRoot = Array("/nowhere".utf8) })
    control.say("USER anonymous")
    control.say("PASS x")
    control.bench.advance(1000)
    #expect(control.heard() == ["530 Sorry, Authentication failed."])
  }

  func lives(_ request: FTPRequest, _ control: Control) -> Bool {
    let lives = control.bench.context.ids.names(request.id)
    return lives
  }

  @Test func answeredLater() {
    let server = Server()
    server.answersLater = true
    let control = Control(server)
    control.say("USER me")
    #expect(control.say("PASS x") == [])
    let request = server.pending!
    #expect(request.reply(200, []) == .type && request.pass([]) == .type)
    control.bench.turn { #expect(request.accept(server.avatar) == .ok) }
    control.bench.turn()
    control.bench.turn()
    #expect(control.heard() == ["230 User logged in, proceed"])
    #expect(!lives(request, control))
    // The session ends first: the request is stale.
    let second = Server()
    second.answersLater = true
    let other = Control(second)
    other.say("USER me")
    other.say("PASS x")
    let late = second.pending!
    other.peer.end(.aborted)
    #expect(!lives(late, other) && other.bench.alive == 0)
    (server.pending, second.pending) = (nil, nil)
  }

  /// Every answer that is one line and changes nothing.
  @Test(arguments: [
    ("SYST", "215 UNIX Type: L8"), ("NOOP x", "200 Command OK"), ("PWD", "257 \"/\""), ("XPWD", "257 \"/\""),
    ("TYPE A", "200 Type set to A."), ("TYPE A N", "200 Type set to A N."), ("TYPE an", "200 Type set to AN."),
    ("TYPE I", "200 Type set to I."), ("TYPE L 8", "200 Type set to L 8."),
    ("TYPE E", "504 Not implemented for parameter 'E'."),
    ("TYPE", "500 Syntax error: TYPE requires an argument."), ("STRU F", "200 Command OK"),
    ("STRU R", "504 Not implemented for parameter 'R'."),
    ("MODE S", "200 Command OK"), ("MODE B", "504 Not implemented for parameter 'B'."),
    ("SIZE file", "213 10"), ("SIZE dir", "550 dir: Is a directory."),
    ("SIZE nope", "550 nope: No such file or directory."),
    ("MDTM file", "213 20231114221320"), ("MDTM nope", "550 nope: No such file or directory."),
    ("CWD dir", "250 Requested File Action Completed OK"), ("XCWD /", "250 Requested File Action Completed OK"),
    ("CWD file", "550 file: Not a directory."), ("CWD ..", "550 ..: No such file or directory."),
    ("CDUP", "550 ..: No such file or directory."),
    ("CWD a\u{0}b", "550 a\\0b: No such file or directory."), ("CWD a\rb", "550 a\\rb: No such file or directory."),
    ("RNTO x", "503 Incorrect sequence of commands: RNFR required before RNTO"),
    ("RNFR nope", "550 nope: No such file or directory."),
    ("DELE dir", "550 dir: Is a directory."), ("DELE nope", "550 nope: No such file or directory."),
    ("RMD file", "550 file: Not a directory."),
    ("MKD dir", "550 dir: File exists."), ("ALLO 5", "202 Command not implemented, superfluous at this site."),
    ("ACCT x", "202 Command not implemented, superfluous at this site."), ("CLNT x", "200 Command OK"),
    ("REST 7", "350 Restarting at 7. Send STORE or RETRIEVE to initiate transfer."),
    ("REST x", "501 syntax error in argument(s) x."),
    ("REST 99999999999999999999", "501 syntax error in argument(s) 99999999999999999999."),
    ("OPTS UTF8 ON", "200 UTF8 is always on."), ("OPTS MLST size;nonsense;Type;", "200 MLST OPTS type;size;"),
    ("OPTS x", "501 Option 'x' not implemented."), ("HELP SITE", "214 SITE knows CHMOD and HELP."),
    ("HELP RETR", "214 Syntax is as in RFC 959 and 3659: RETR."),
    ("SITE HELP", "214 SITE knows CHMOD and HELP."), ("SITE IDLE", "504 Not implemented for parameter 'IDLE'."),
    ("SITE CHMOD 999 file", "501 syntax error in argument(s) 999 file."),
    ("SITE CHMOD 4755 file", "504 Not implemented for parameter '4755'."),
    ("SITE CHMOD 644 nope", "550 nope: No such file or directory."),
    ("MFMT 2023 file", "501 syntax error in argument(s) 2023 file."),
    ("MFMT 20230230000000 file", "501 syntax error in argument(s) 20230230000000 file."),
    ("RETR file", "503 Incorrect sequence of commands: PORT, PASV, EPRT, or EPSV required before RETR"),
    ("LIST", "503 Incorrect sequence of commands: PORT, PASV, EPRT, or EPSV required before LIST"),
    ("PASV", "502 PASV available only for IPv4 (use EPSV instead)"), ("EPSV", "425 Can't open data connection."),
    ("EPSV x", "501 syntax error in argument(s) x."),
    ("PORT 1,2,3", "501 syntax error in argument(s) 1,2,3."),
    ("PORT 1,2,3,4,5,256", "501 syntax error in argument(s) 1,2,3,4,5,256."),
    ("PORT 1,2,3,4,5,", "501 syntax error in argument(s) 1,2,3,4,5,."),
    ("EPRT |1|::1|99|", "501 syntax error in argument(s) |1|::1|99|."),
    ("EPRT |3|x|99|", "522 Network protocol not supported, use (1,2)"),
    ("EPRT |1|1.2.3.4|70000|", "501 syntax error in argument(s) |1|1.2.3.4|70000|."),
    ("AUTH TLS", "502 Command 'AUTH' not implemented"),
    ("PBSZ 0", "503 Incorrect sequence of commands: AUTH required before PBSZ"),
    ("PROT P", "503 Incorrect sequence of commands: PBSZ required before PROT"),
    ("ABOR", "226 Abort successful"), ("XYZZY", "502 Command 'XYZZY' not implemented"),
    ("", "502 Command '' not implemented"),
    ("SMNT x", "502 Command 'SMNT' not implemented"),
  ]) func answers(_ line: String, _ answer: String) {
    let control = Control()
    control.logIn()
    #expect(control.say(line) == [answer])
    #expect(control.say("NOOP") == ["200 Command OK"])
  }

  @Test func changing() {
    let control = Control()
    control.logIn()
    #expect(control.say("MKD a\"b") == ["257 \"/a\"\"b\" created"])
    #expect(control.say("CWD a\"b") == ["250 Requested File Action Completed OK"])
    #expect(control.say("PWD") == ["257 \"/a\"\"b\""])
    #expect(control.say("MKD x/y") == ["257 \"/a\"\"b/x/y\" created"])
    #expect(control.say("RMD x/y") == ["250 Requested File Action Completed OK"])
    #expect(control.say("CDUP") == ["250 Requested File Action Completed OK"])
    #expect(control.say("RNFR file") == ["350 Requested file action pending further information."])
    #expect(control.say("NOOP") == ["503 Incorrect sequence of commands: RNTO required after RNFR"])
    #expect(control.say("RNTO new") == ["503 Incorrect sequence of commands: RNFR required before RNTO"])
    control.say("RNFR file")
    #expect(control.say("RNTO dir/new") == ["250 Requested File Action Completed OK"])
    #expect(control.server.place.read("dir/new") == "0123456789")
    #expect(control.say("MFMT 20010203040506 dir/new") == ["213 Modify=20010203040506; dir/new"])
    #expect(control.say("MDTM 20020304050607 dir/new") == ["213 Modify=20020304050607; dir/new"])
    #expect(control.say("SITE CHMOD 600 dir/new") == ["200 Command OK"])
    control.say("OPTS MLST type;size;modify;UNIX.mode;")
    #expect(
      control.say("MLST dir/new") == [
        "250-Listing /dir/new", " type=file;size=10;modify=20020304050607;UNIX.mode=0600; /dir/new", "250 End",
      ])
    #expect(control.say("DELE dir/new") == ["250 Requested File Action Completed OK"])
    #expect(control.say("STAT").count == 3)
    #expect(control.say("STAT dir") == ["213-Status of dir:", "213 End"])
  }

  @Test func readOnly() {
    let server = Server()
    server.rules.isReadOnly = true
    let control = Control(server)
    control.logIn()
    for line in ["MKD x", "RMD dir", "DELE file", "SITE CHMOD 600 file", "MFMT 20010203040506 file"] {
      #expect(control.say(line).first?.hasPrefix("550 ") == true, "\(line)")
    }
    #expect(control.say("MLST file").joined().contains("perm=r;"))
  }

  @Test func linesOfAllKinds() {
    let control = Control(Server { $0.maxLine = 64 })
    control.logIn()
    control.peer.feed("NOOP\nNOOP\r\n")
    #expect(control.heard() == ["200 Command OK", "200 Command OK"])
    let long = String(repeating: "x", count: 100_000)
    control.peer.feed(long)
    #expect(control.say(long + "\r\nNOOP") == ["500 Command line too long.", "200 Command OK"])
    control.peer.feed(String(repeating: "x", count: 64) + "\r\n")
    #expect(control.heard() == ["502 Command '" + String(repeating: "x", count: 32) + "' not implemented"])
    for _ in 0..<12 { control.peer.feed(long) }
    control.bench.turn()
    #expect(control.heard().last == "421 Command line too long." && control.peer.conn == nil)
  }

  @Test func telnet() {
    let control = Control()
    control.logIn()
    control.peer.feed([255, 244, 255, 242] + Array("ABOR\r\n".utf8))
    #expect(control.heard() == ["226 Abort successful"])
    control.peer.feed([255, 251, 6] + Array("NOOP\r\n".utf8))
    #expect(control.heard() == ["200 Command OK"])
    func plain(_ bytes: [UInt8]) -> [UInt8] { Telnet.plain(bytes.span.bytes) }
    #expect(plain([65, 255, 255, 66]) == [65, 255, 66])
    #expect(plain([65, 255]) == [65, 255])
    #expect(plain([255, 65]) == [255, 65])
    #expect(plain([65, 255, 253]) == [65])
  }

  @Test func idle() {
    let control = Control()
    control.logIn()
    control.bench.advance(599_000)
    #expect(control.say("NOOP") == ["200 Command OK"])
    control.bench.advance(599_999)
    #expect(control.heard() == [])
    control.bench.advance(1)
    #expect(control.heard() == ["421 Timeout: closing control connection."])
    #expect(control.peer.conn == nil && control.server.events.last == "disconnected \(Status.timeout)")
  }

  @Test func tooMany() {
    let server = Server { $0.maxSessions = 1 }
    let first = Control(server)
    #expect(first.heard() == ["220 Welcome to FTP server"])
    let second = first.bench.open(server)
    first.bench.turn()
    #expect(second.sent == "421 Too many users right now, try again in a few minutes.\\r\\n" && second.conn == nil)
    first.say("QUIT")
    let third = first.bench.open(server)
    first.bench.turn()
    #expect(third.sent == "220 Welcome to FTP server\\r\\n")
  }

  /// What is asked before the client's end is still answered.
  @Test func halfClosed() {
    let control = Control()
    control.memory.holdsWork = true
    control.peer.feed("USER me\r\nPASS secret\r\nSIZE file\r\nQUIT\r\n")
    control.peer.end()
    #expect(control.heard() == ["220 Welcome to FTP server", "331 Password required for me."])
    for _ in 0..<4 {
      control.memory.releaseWork()
      control.bench.turn()
    }
    #expect(control.heard() == ["230 User logged in, proceed", "213 10", "221 Goodbye."])
    #expect(control.peer.conn == nil)
  }

  @Test func hostsCommands() {
    let server = Server()
    #expect(server.add(Array("SITE".utf8), isPublic: false, number: 1) == .ok)
    #expect(server.add(Array("HELLO".utf8), isPublic: true, number: 2) == .ok)
    var last: FTPRequest?
    server.onCommand = { request, words, conn in
      let text = String(decoding: words, as: UTF8.self)
      if text == "later" {
        last = request
      } else if text.hasPrefix("CHMOD") || text == "pass" {
        #expect(request.pass(words) == .ok)
      } else {
        #expect(request.reply(150, Array("wait".utf8)) == .ok)
        #expect(request.reply(200, Array("two\r\nlines".utf8)) == .ok)
      }
    }
    let control = Control(server)
    _ = control.heard()
    #expect(control.say("SITE x") == ["530 Please login with USER and PASS."])
    #expect(control.say("hello pass") == ["502 Command not implemented."])
    control.logIn()
    #expect(control.say("SITE CHMOD 600 file") == ["200 Command OK"])
    control.peer.feed("HELLO later\r\nNOOP\r\n")
    #expect(control.heard() == [])
    control.bench.turn { #expect(last!.reply(299, Array("at last".utf8)) == .ok) }
    #expect(control.heard() == ["299 at last", "200 Command OK"])
    last = nil
    #expect(control.say("HELP").joined().contains("HELLO"))
  }

  // MARK: However it is cut

  static let script =
    "USER me\r\nPASS secret\r\nPWD\r\nCWD dir\r\nCDUP\r\nSIZE file\r\nXX\r\nTYPE A\r\nRNFR file\r\nRNTO b\r\nMLST b\r\n"
    + "RNFR b\r\nRNTO file\r\nTYPE I\nNOOP\r\nFEAT\r\nQUIT\r\n"

  func run(_ server: Server, _ cut: (Control) -> Void) -> [String] {
    let control = Control(server)
    cut(control)
    for _ in 0..<40 { control.bench.turn() }
    #expect(control.peer.conn == nil)
    return control.heard()
  }

  @Test func everySplit() {
    let server = Server()
    let bytes = Array(Self.script.utf8)
    let whole = run(server) { $0.peer.feed(bytes) }
    #expect(whole.count == 32 + (Digest.isAvailable ? 1 : 0) && whole.last == "221 Goodbye.")
    for place in 1..<bytes.count {
      let parts = run(server) {
        $0.peer.feed(bytes[..<place])
        $0.peer.feed(bytes[place...])
      }
      #expect(parts == whole, "cut at \(place)")
    }
    let single = run(server) { control in for byte in bytes { control.peer.feed([byte]) } }
    #expect(single == whole)
  }
}
