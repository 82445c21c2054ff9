import Bench
import Bytes
import Files
import Loopback
import Testing
import Wire

@testable import FTP

/// A server whose users' shell is the host's: what is asked is written down, and answered as a test says.
final class ShellServer: FTPServerFactory {
  var asked: [String] = []
  var answer: (FTPRequest, HostQuestion, [UInt8]) -> Void = { request, _, _ in #expect(request.finish(.ok) == .ok) }
  var mayChange = true

  override func login(_ request: FTPRequest, _ login: FTPLogin, _ conn: Conn) {
    var avatar = FTPAvatar(root: [])
    avatar.isHosts = true
    avatar.rules.isReadOnly = !mayChange
    #expect(request.accept(avatar) == .ok)
  }
  override func ask(_ request: FTPRequest?, _ question: HostQuestion, _ bytes: RawSpan, _ conn: Conn) {
    let path = String(decoding: question.path, as: UTF8.self)
    asked.append("\(question.action) \(path) \(question.number) \(bytes.byteCount) \(question.status)")
    if let request { answer(request, question, bytes.copied) }
  }
}

struct ShellTests {
  let server = ShellServer(FTPServerOptions(), user: nil)
  let bench = Bench(MemoryEnvironment())

  func begin() -> Peer {
    let peer = bench.open(server)
    bench.turn()
    _ = say(peer, "USER me")
    #expect(say(peer, "PASS x") == ["230 User logged in, proceed"])
    return peer
  }
  func say(_ peer: Peer, _ line: String) -> [String] {
    peer.output.sent = []
    peer.feed(line + "\r\n")
    for _ in 0..<4 { bench.turn() }
    return String(decoding: peer.output.sent, as: UTF8.self).split(separator: "\r\n").map(String.init)
  }

  @Test func plainAnswers() {
    let peer = begin()
    #expect(say(peer, "CWD a") == ["250 Requested File Action Completed OK"])
    #expect(say(peer, "MKD b") == ["257 \"/a/b\" created"])
    #expect(say(peer, "SITE CHMOD 640 c") == ["200 Command OK"])
    #expect(server.asked == ["enter /a 0 0 0", "makeDirectory /a/b 0 0 0", "setMode /a/c 416 0 0"])
    server.answer = { request, _, _ in
      #expect(request.finish(.ok) == .invalid, "a look needs what is there")
      #expect(request.give(nil) == .invalid)
      #expect(request.add([UInt8(1)].span.bytes) == .invalid)
      var stat = FileStat()
      (stat.size, stat.mode) = (12, 0o100644)
      #expect(request.add(FileEntry(name: [], stat: stat)) == .ok)
      #expect(request.finish(.ok) == .ok)
      #expect(request.finish(.ok) != .ok)
    }
    #expect(say(peer, "SIZE d") == ["213 12"])
    server.answer = { request, _, _ in #expect(request.finish(.system(-2)) == .ok) }
    #expect(say(peer, "SIZE d") == ["550 d: No such file or directory."])
    #expect(say(peer, "HASH d").first?.hasPrefix("550 ") != false)
  }

  @Test func answeredLater() {
    let peer = begin()
    var waiting: FTPRequest?
    server.answer = { request, _, _ in waiting = request }
    #expect(say(peer, "DELE x\r\nNOOP") == [])
    bench.turn { #expect(waiting!.finish(.ok) == .ok) }
    for _ in 0..<3 { bench.turn() }
    let heard = String(decoding: peer.output.sent, as: UTF8.self)
    #expect(heard == "250 Requested File Action Completed OK\r\n200 Command OK\r\n")
    // The session ends first.
    _ = say(peer, "DELE y")
    peer.end(.aborted)
    bench.turn()
    #expect(!bench.context.ids.names(waiting!.id) && waiting!.finish(.ok) == .closed)
    waiting = nil
    #expect(bench.alive == 0)
  }

  @Test func readOnly() {
    server.mayChange = false
    let peer = begin()
    for line in ["MKD x", "RMD x", "DELE x", "SITE CHMOD 600 x", "MFMT 20010203040506 x"] {
      #expect(say(peer, line).first?.hasPrefix("550 ") == true, "\(line)")
    }
    #expect(server.asked.isEmpty)
  }

  @Test func listings() {
    let peer = begin()
    server.answer = { request, question, _ in
      #expect(question.action == .list)
      for name in ["one", "two"] {
        var entry = FileEntry(name: Array(name.utf8), stat: FileStat())
        entry.owner = Array("somebody else".utf8)
        #expect(request.add(entry) == .ok)
      }
      #expect(request.add(FileEntry(name: Array("a/b".utf8), stat: FileStat())) == .invalid)
      #expect(request.finish(.ok) == .ok)
    }
    let all = say(peer, "STAT dir")
    #expect(all.count == 4 && all[1].contains(" somebody  0 ") && all[1].hasSuffix(" one"))
    #expect(say(peer, "STAT dir/t*").count == 3 && server.asked.last == "list /dir 0 0 0")
  }
}
