import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import SOCKS

/// A proxy whose targets are names in memory; it writes down what it hears.
final class Proxy: SOCKSServerFactory {
  var events: [String] = []
  var wantsLogin = false
  var wantsRequest = false
  var wantsData = false
  /// What a question is answered at once; nil: later.
  var says: SOCKSReply?
  var onQuestion: ((Conn, UInt64) -> Void)?

  static func make(_ change: (inout SOCKSServerOptions) -> Void = { _ in }) -> Proxy {
    var options = SOCKSServerOptions()
    change(&options)
    return Proxy(options, user: nil)
  }

  override func place(_ host: Text, _ port: Int) -> Endpoint? {
    parsed("memory:\(text(host.bytes))-\(port)".replacing(":", with: ".", from: 7), .connect)
  }
  override func placeToListen(_ conn: Conn, _ ip: IP) -> Endpoint? { parsed("memory:bound", .listen) }
  /// What is told when a name's addresses are known.
  var found: (([IP]) -> Void)?
  var canResolve = false
  var searches: [Search] = []
  final class Search: Attempt {
    var isCancelled = false
    override func cancel() { isCancelled = true }
  }
  override func resolve(_ host: Text, _ context: Context, _ done: @escaping ([IP]) -> Void) -> Attempt? {
    guard canResolve else { return nil }
    found = done
    searches.append(Search())
    return searches.last
  }
  override func isExpected(_ peer: Address, _ ip: IP) -> Bool { ip == IP(ipv4: 0x0102_0304) }
  override var asksLogin: Bool { wantsLogin }
  override var asksHost: Bool { wantsRequest }
  override var hears: Bool { wantsData }
  override func ended(_ conn: Conn, _ reason: Reason) { events.append("ended \(reason.status) \(reason.code)") }
  override func askLogin(_ conn: Conn, _ question: UInt64, _ wish: SOCKSWish) {
    note("login \(question)", wish)
    answer(conn, question)
  }
  override func ask(_ conn: Conn, _ question: UInt64, _ wish: SOCKSWish) {
    note("request \(question)", wish)
    answer(conn, question)
  }
  override func established(_ conn: Conn, _ wish: SOCKSWish) { note("open", wish) }
  override func heard(_ client: Conn, _ bytes: RawSpan, toClient: Bool) {
    events.append("\(toClient ? "<" : ">") \(text(bytes))")
  }

  func note(_ what: String, _ wish: SOCKSWish) {
    func shown(_ part: Text?) -> String { part.map { text($0.bytes) } ?? "-" }
    events.append(
      "\(what): \(wish.version) \(wish.command) \(shown(wish.host)):\(wish.port) \(shown(wish.user)) \(shown(wish.password))"
    )
  }
  func answer(_ conn: Conn, _ question: UInt64) {
    onQuestion?(conn, question)
    guard let says else { return }
    #expect(conn.answer(question, says) == .ok)
  }
}

extension Conn {
  func answer(_ question: UInt64, _ reply: SOCKSReply) -> Status {
    speaking(Tag.socksServer) { (server: SOCKSServer) in server.answer(question, reply, self) }
  }
}

extension String {
  /// An endpoint's name has no colons.
  func replacing(_ part: Character, with other: Character, from start: Int) -> String {
    String(enumerated().map { $0.offset >= start && $0.element == part ? other : $0.element })
  }
}

func parsed(_ words: String, _ use: Endpoint.Use) -> Endpoint? {
  let bytes = Array(words.utf8)
  guard case .endpoint(let made) = Endpoint.parse(bytes.span.bytes, for: use) else { return nil }
  return made
}

/// A reactor with a proxy and a target that it can reach.
struct Town {
  let bench = Bench()
  let proxy: Proxy
  let host = Host(.raw)
  /// The target's end of the newest tunnel.
  let far = Far()
  final class Far {
    var conn: UInt64 = 0
    var heard = ""
  }

  init(_ proxy: Proxy = .make(), at name: String = "memory:1.2.3.4-80") {
    self.proxy = proxy
    let far = far
    host.onConnected = { far.conn = $0.id }
    host.onRaw = { _, bytes in far.heard += bytes }
    host.onReadClosed = { _ in far.heard += "|" }
    guard let endpoint = parsed(name, .listen),
      case .listener = bench.context.listen(endpoint, ListenOptions(), host)
    else { fatalError("cannot listen") }
  }

  func client(_ output: Output = Output()) -> Peer { bench.open(proxy, output) }
  /// What the target does.
  func act(_ body: (Conn) -> Void) { bench.turn { if let conn = bench.context.conn(far.conn) { body(conn) } } }
  func say(_ words: String) { act { _ = $0.write(words) } }
  func turns() { for _ in 0..<4 { bench.turn() } }
}

/// Bytes as they are written in the specification: numbers, and texts in quotation marks.
func bytes(_ parts: Any...) -> [UInt8] {
  parts.flatMap { part -> [UInt8] in
    if let number = part as? Int { return [UInt8(number)] }
    if let words = part as? String { return Array(words.utf8) }
    return part as? [UInt8] ?? []
  }
}
