import Bench
import Bytes
import Files
import Loopback
import Testing
import Wire

@testable import FTP

/// Clients that write down what they hear.
final class Caller: FTPClientFactory {
  var events: [String] = []
  var onReady: (Conn) -> Void = { _ in }

  init(_ change: (inout FTPClientOptions) -> Void = { _ in }) {
    var options = FTPClientOptions()
    change(&options)
    super.init(options, user: nil)
  }
  override func ready(_ greeting: [UInt8], _ conn: Conn) {
    events.append("ready " + text(greeting))
    onReady(conn)
  }
  override func disconnected(_ conn: Conn, _ reason: Reason) { events.append("ended " + Self.words(reason)) }

  static func words(_ reason: Reason) -> String {
    let words = reason.detail.map { text($0.bytes) } ?? reason.text.map { "\($0)" } ?? ""
    return "\(reason.status)" + (words.isEmpty ? "" : " " + words)
  }
  func heard() -> [String] {
    defer { events = [] }
    return events
  }
}

/// A call that writes down what has come of it, beside what its factory hears.
final class Asked: FTPClientCall {
  let name: String
  let caller: Caller
  var taken: [UInt8] = []
  var steps: [String] = []
  var answer: (Asked) -> Status = { _ in .ok }
  /// What a source gives: all of a piece at once; nil: later.
  var given: [[UInt8]?] = []

  init(_ name: String, _ request: FTPClientRequest, _ caller: Caller, _ conn: Conn) {
    self.name = name
    self.caller = caller
    super.init(request, conn)
  }

  override func told(_ reason: Reason) {
    var words = "\(name): "
    words += reason.status == .ok ? "\(code)" : Caller.words(reason) + (reason.code == 0 ? "" : " [\(reason.code)]")
    if !value.isEmpty { words += " value=" + text(value) }
    if number != 0 { words += " number=\(number)" }
    if offset != 0 { words += " offset=\(offset)" }
    if moved != 0 { words += " moved=\(moved)" }
    if gathered.count > 0 { words += " got=" + text(gathered.copied(0..<gathered.count)) }
    if !taken.isEmpty { words += " took=" + text(taken) }
    caller.events.append(words)
  }
  override func take(_ bytes: RawSpan) -> Status {
    taken += bytes.copied
    return answer(self)
  }
  override func give(_ room: UnsafeMutableRawPointer, _ length: Int, _ count: inout Int) -> Status {
    let status = answer(self)
    guard status == .ok, !given.isEmpty else { return status }
    guard let piece = given.removeFirst() else { return 1 }
    for (index, byte) in piece.enumerated() { room.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
    count = piece.count
    return .ok
  }
  override func progress(_ moved: UInt64, _ total: UInt64) { steps.append("\(moved)/\(total)") }
}

extension FTPClientRequest {
  init(_ action: FTPAction, _ path: String, _ other: String = "") {
    self.init(action)
    self.path = Array(path.utf8)
    self.other = Array(other.utf8)
  }
  /// With a file of this system's.
  init(_ action: FTPAction, _ path: String, local: String) {
    self.init(action, path)
    self.local = Text.make(copying: Array(local.utf8))
  }
  /// With the test's own sink or source.
  init(byCallback action: FTPAction, _ path: String) {
    self.init(action, path)
    isByCallback = true
  }
}

extension Bench {
  /// Begins a call, as a host would between turns.
  @discardableResult func ask(
    _ name: String, _ request: FTPClientRequest, _ caller: Caller, _ conn: Conn?, _ change: (Asked) -> Void = { _ in }
  ) -> Asked? {
    guard let conn else { return nil }
    let call = Asked(name, request, caller, conn)
    change(call)
    var status = Status.ok
    turn {
      status = conn.speaking(Tag.ftpClient) { (client: FTPClient) in client.begin(call, conn) }
    }
    if status != .ok { caller.events.append("\(name): refused \(status)") }
    return status == .ok ? call : nil
  }
}

/// A client whose server is the test: it says what it likes.
final class Scripted {
  let memory = MemoryEnvironment()
  let bench: Bench
  let caller: Caller
  let peer: Peer

  init(_ caller: Caller = Caller(), isIn: Bool = true) {
    bench = Bench(memory)
    self.caller = caller
    peer = bench.open(caller)
    bench.turn()
    guard isIn else { return }
    #expect(say("220 hello") == ["USER anonymous"])
    #expect(say("331 who?") == ["PASS anonymous@"])
    #expect(say("230 come in") == ["TYPE I"])
    #expect(say("200 so be it") == [])
    #expect(caller.heard() == ["ready 220 hello\\n"])
  }

  func heard() -> [String] {
    let lines = String(decoding: peer.output.sent, as: UTF8.self).components("\r\n").filter { !$0.isEmpty }
    peer.output.sent = []
    return lines
  }
  /// A reply; what is said to it.
  @discardableResult func say(_ line: String) -> [String] {
    peer.feed(line + "\r\n")
    for _ in 0..<3 { bench.turn() }
    return heard()
  }
  @discardableResult func ask(_ name: String, _ request: FTPClientRequest) -> Asked? {
    let call = bench.ask(name, request, caller, peer.conn)
    for _ in 0..<3 { bench.turn() }
    return call
  }
}

/// A client and a server in memory, with both kinds of connections: the server is the test, or the library's own.
final class Pair {
  let memory = MemoryEnvironment()
  let bench: Bench
  let caller: Caller
  var conn: Conn?
  var fault: Reason?

  // The test as a server.
  let control = Host(.raw)
  var other: Conn?
  let data = Host(.raw)
  var stream: Conn?

  init(_ caller: Caller = Caller(), _ server: Factory? = nil) {
    bench = Bench(memory)
    self.caller = caller
    caller.onReady = { [weak self] in self?.conn = $0 }
    control.onConnected = { [weak self] in self?.other = $0 }
    control.onDisconnected = { [weak self] _ in self?.other = nil }
    data.onConnected = { [weak self] in self?.stream = $0 }
    data.onDisconnected = { [weak self] _ in self?.stream = nil }
    listen("memory:ftp", server ?? control)
    let connect = Connect(
      bench.context, MemoryClient.endpoint("memory:ftp", .connect), caller, attemptDelay: 0, time: 30_000
    ) { [weak self] _, _, reason in self?.fault = reason }
    #expect(connect.begin() == .ok)
    turn()
    if server == nil { logIn() }
  }
  deinit { conn = nil }

  func listen(_ words: String, _ factory: Factory) {
    guard
      case .listener = bench.context.listen(MemoryClient.endpoint(words, .listen), ListenOptions(), factory)
    else { fatalError("no listener") }
  }

  func logIn() {
    say("220 hello")
    say("230 come in")
    say("200 so be it")
    _ = heard()
    _ = caller.heard()
  }

  func turn() { for _ in 0..<24 { bench.turn() } }
  func heard() -> [String] {
    let all = control.heard().filter { $0.hasPrefix("raw ") }.map { String($0.dropFirst(4)) }.joined()
    return all.components("\\r\\n").filter { !$0.isEmpty }
  }
  @discardableResult func say(_ line: String) -> [String] {
    put(line + "\r\n", other)
    turn()
    return heard()
  }
  func put(_ text: String, _ conn: Conn?) {
    bench.turn { if let conn { _ = conn.write(text.utf8.count) { $0.put(Array(text.utf8).span.bytes) } } }
    turn()
  }
  func end(_ status: Status = .ok) {
    bench.turn { status == .ok ? stream?.close(.ok) : stream?.abort(status) }
    turn()
  }
  @discardableResult
  func ask(_ name: String, _ request: FTPClientRequest, _ change: (Asked) -> Void = { _ in }) -> Asked? {
    let call = bench.ask(name, request, caller, conn, change)
    turn()
    return call
  }
  func resume() {
    bench.turn {
      guard let conn else { return }
      _ = conn.speaking(Tag.ftpClient) { (client: FTPClient) in
        client.resume(conn)
        return .ok
      }
    }
    turn()
  }
  /// What has come over the data connection.
  var received: String { data.events.filter { $0.hasPrefix("raw ") }.map { String($0.dropFirst(4)) }.joined() }
}
