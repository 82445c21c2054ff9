import Bench
import Bytes
import CSystem
import FTP
import Files
import Glibc
import Loopback
import Testing
import Wire

/// A directory that is gone with its last user.
final class Place {
  let path = "/tmp/plait-ftp-\(csystem_random())"
  init() {
    mkdir(path, 0o755)
    mkdir(path + "/dir", 0o755)
    write("file", "0123456789")
    write("text", "one\ntwo\r\nthree")
    chmod(path + "/file", 0o644)
    var times = [timeval(tv_sec: 1_700_000_000, tv_usec: 0), timeval(tv_sec: 1_700_000_000, tv_usec: 0)]
    utimes(path + "/file", &times)
  }
  deinit { _ = system("rm -rf '\(path)'") }

  func write(_ name: String, _ text: String) {
    let file = fopen(path + "/" + name, "w")!
    fputs(text, file)
    fclose(file)
  }
  func read(_ name: String) -> String? {
    guard let file = fopen(path + "/" + name, "r") else { return nil }
    defer { fclose(file) }
    var room = [UInt8](repeating: 0, count: 1 << 20)
    return String(decoding: room[..<fread(&room, 1, room.count, file)], as: UTF8.self)
  }
}

/// A server that lets in whoever says "secret", with everything written down.
final class Server: FTPServerFactory {
  let place: Place
  var events: [String] = []
  var rules = TreeRules()
  var writesBeside = false
  var pending: FTPRequest?
  var answersLater = false
  var onCommand: (FTPRequest, [UInt8], Conn) -> Void = { _, _, _ in }

  init(_ place: Place = Place(), _ change: (inout FTPServerOptions) -> Void = { _ in }) {
    self.place = place
    var options = FTPServerOptions()
    change(&options)
    super.init(options, user: nil)
  }

  var avatar: FTPAvatar {
    var made = FTPAvatar(root: Array(place.path.utf8))
    (made.rules, made.writesBeside) = (rules, writesBeside)
    return made
  }

  override func login(_ request: FTPRequest, _ login: FTPLogin, _ conn: Conn) {
    events.append("login \(String(decoding: login.name, as: UTF8.self)) \(login.isAnonymous)")
    if answersLater {
      pending = request
    } else if login.isAnonymous || login.password == Array("secret".utf8) {
      #expect(request.accept(avatar) == .ok)
    } else {
      #expect(request.refuse() == .ok)
    }
  }
  override func transferred(_ report: FTPTransferReport, _ conn: Conn) {
    events.append(
      "\(report.kind) \(String(decoding: report.path, as: UTF8.self)) \(report.bytes) \(report.status) \(report.code)")
  }
  override func command(_ hook: FTPHook, _ request: FTPRequest, _ words: [UInt8], _ conn: Conn) {
    onCommand(request, words, conn)
  }
  override func disconnected(_ conn: Conn, _ reason: Reason) { events.append("disconnected \(reason.status)") }
}

/// Control connections whose other side a test holds; and data connections in memory.
final class Control {
  let memory = MemoryEnvironment()
  let bench: Bench
  let server: Server
  let peer: Peer

  init(_ server: Server = Server()) {
    bench = Bench(memory)
    self.server = server
    peer = bench.open(server)
    bench.turn()
  }

  /// What was answered since the last time, a line each.
  func heard() -> [String] {
    let lines = String(decoding: peer.output.sent, as: UTF8.self).split(separator: "\r\n").map(String.init)
    peer.output.sent = []
    return lines
  }

  /// Says a line, and tells what was answered.
  @discardableResult func say(_ line: String) -> [String] {
    peer.feed(line + "\r\n")
    for _ in 0..<4 { bench.turn() }
    return heard()
  }
  func logIn() {
    say("USER me")
    #expect(say("PASS secret") == ["230 User logged in, proceed"])
  }
}

/// A client over memory, with both kinds of connections.
final class MemoryClient {
  let memory = MemoryEnvironment()
  let bench: Bench
  let server: Server
  let control = Host(.raw)
  var control_: Conn?
  var said = ""

  init(_ server: Server = Server()) {
    bench = Bench(memory)
    self.server = server
    guard case .listener = bench.context.listen(Self.endpoint("memory:ftp", .listen), ListenOptions(), server) else {
      fatalError("no listener")
    }
    control.onConnected = { [weak self] in self?.control_ = $0 }
    control.onDisconnected = { [weak self] _ in self?.control_ = nil }
    _ = connect("memory:ftp", control)
    turn()
    say("USER me")
    say("PASS secret")
    _ = heard()
  }
  deinit { control_ = nil }

  static func endpoint(_ words: String, _ use: Endpoint.Use) -> Endpoint {
    guard case .endpoint(let made) = Endpoint.parse(Array(words.utf8).span.bytes, for: use) else { fatalError(words) }
    return made
  }

  func connect(_ words: String, _ host: Host) -> Connect {
    let connect = Connect(bench.context, Self.endpoint(words, .connect), host, attemptDelay: 0, time: 30_000) {
      _, _, _ in
    }
    #expect(connect.begin() == .ok)
    return connect
  }

  func turn() { for _ in 0..<12 { bench.turn() } }

  func heard() -> [String] {
    let all = control.heard().filter { $0.hasPrefix("raw ") }.map { String($0.dropFirst(4)) }.joined()
    return all.components("\\r\\n").filter { !$0.isEmpty }
  }

  @discardableResult func say(_ line: String) -> [String] {
    bench.turn { _ = control_.map { put(line + "\r\n", $0) } }
    turn()
    return heard()
  }
  func put(_ text: String, _ conn: Conn) { put(Array(text.utf8), conn) }
  func put(_ bytes: [UInt8], _ conn: Conn) { _ = conn.write(bytes.count) { $0.put(bytes.span.bytes) } }

  /// A data connection that writes down what comes.
  final class Data {
    let host = Host(.raw)
    var conn: Conn?
    var text: String { host.events.filter { $0.hasPrefix("raw ") }.map { String($0.dropFirst(4)) }.joined() }
    var isOver: Bool { host.events.contains { $0.hasPrefix("disconnected") } }
    init() {
      host.onConnected = { [weak self] in self?.conn = $0 }
      host.onDisconnected = { [weak self] _ in self?.conn = nil }
    }
  }
  /// By EPSV.
  func open() -> Data {
    let answer = say("EPSV").joined()
    let port = answer.filter { $0.isNumber }.dropFirst(3)
    let data = Data()
    _ = connect("memory:ftp-data-\(port)", data.host)
    turn()
    return data
  }
}

extension String {
  func components(_ separator: String) -> [String] {
    var found: [String] = []
    var rest = self[...]
    while let hit = rest.range(of: separator) {
      found.append(String(rest[..<hit.lowerBound]))
      rest = rest[hit.upperBound...]
    }
    found.append(String(rest))
    return found
  }
}

extension Substring {
  func range(of word: String) -> Range<Substring.Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(word) { return at..<index(at, offsetBy: word.count) }
      at = index(after: at)
    }
    return nil
  }
}
