import Bench
import Bytes
import Testing
import Wire

@testable import Framing

/// Random streams, cut, paused, switched and taken in part at random, give what they give as a whole. A failure names
/// its seed.
struct DifferentialTests {
  /// What decides a run: the same stream, other chances.
  struct Chances {
    var random: Random
    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    mutating func oneIn(_ bound: Int) -> Bool { below(bound) == 0 }
  }

  static let delimiters = ["\r\n", "\n", "aab", ";;"]

  /// Messages of a few letters; "r" followed by a number has so many raw bytes follow it in line streams.
  func lineStream(_ chances: inout Chances, _ delimiter: String) -> [UInt8] {
    var stream: [UInt8] = []
    for _ in 0..<40 {
      switch chances.below(8) {
      case 0:
        let count = 1 + chances.below(30)
        stream += Array("r\(count)\(delimiter)".utf8)
        stream += (0..<count).map { _ in UInt8([13, 10, 97, 98, 59][chances.below(5)]) }
      case 1: stream += Array(delimiter.utf8)
      default:
        let letters: [UInt8] = [97, 98, 13, 10, 59, 120, 121]
        stream += (0..<chances.below(12)).map { _ in letters[chances.below(7)] } + [122] + Array(delimiter.utf8)
      }
    }
    return stream
  }

  /// A host that follows the raw counts, pauses and takes parts as `chances` says, and joins raw bytes.
  final class Follower {
    var heard: [String] = []
    var raw = ""
    var left = 0
    var chances: Chances
    let isCalm: Bool
    let host: Host

    init(_ host: Host, _ chances: Chances, isCalm: Bool) {
      self.host = host
      self.chances = chances
      self.isCalm = isCalm
      host.onMessage = { [unowned self] conn, message in
        accept(message, conn)
        if !isCalm, self.chances.oneIn(5) { _ = conn.pause() }
      }
      host.onTooLong = { [unowned self] _, _, length in heard.append("too long") }
      if !isCalm, self.chances.oneIn(2) { host.onBlock = { [unowned self] conn, messages in take(messages, conn) } }
    }

    func take(_ messages: [String], _ conn: Conn) -> Int {
      let most = chances.oneIn(3) ? chances.below(messages.count + 1) : messages.count
      for (index, message) in messages.prefix(most).enumerated() {
        accept(message, conn)
        if left > 0 { return index + 1 }
      }
      if chances.oneIn(5) { _ = conn.pause() }
      return most
    }

    func accept(_ message: String, _ conn: Conn) {
      heard.append(message)
      if message.hasPrefix("r"), let count = Int(message.dropFirst()), conn.tag == Tag.line {
        left = count
        conn.setRaw()
      }
    }
  }

  /// Raw bytes come through a factory of their own, since the rest has to be given back unescaped.
  final class Lines: MessageFactory {
    let delimiter: Delimiter
    let framer: LineFramer
    let follower: Follower
    init(_ follower: Follower, _ delimiter: String, longest: Int, skips: Bool) {
      self.delimiter = Delimiter.of(delimiter)
      framer = LineFramer(self.delimiter, longest: longest, skipsTooLong: skips)
      self.follower = follower
      super.init(user: nil)
    }
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { LineProtocol(framer, self) }
    override func take(_ block: RawSpan, _ conn: Conn) -> Int { follower.host.take(block, conn) }
    override func tooLong(_ bytes: RawSpan, _ length: UInt64, _ conn: Conn) -> Bool {
      follower.host.tooLong(bytes, length, conn)
    }
    override func takeRaw(_ bytes: RawSpan, _ conn: Conn) {
      let mine = min(follower.left, bytes.byteCount)
      follower.raw += text(bytes.extracting(first: mine))
      follower.left -= mine
      if follower.left == 0 {
        follower.heard.append("raw \(follower.raw)")
        follower.raw = ""
        conn.lines { lines, conn in _ = lines.setFramed(bytes.extracting(droppingFirst: mine), conn) }
      }
      if !follower.isCalm, follower.chances.oneIn(4) { _ = conn.pause() }
    }
  }

  func run(_ stream: [UInt8], _ follower: Follower, _ factory: MessageFactory) -> [String] {
    let bench = Bench()
    let peer = bench.open(factory)
    var at = 0
    while at < stream.count {
      let size = follower.isCalm ? stream.count : min(stream.count - at, 1 + follower.chances.below(20))
      peer.feed(stream[at..<at + size])
      at += size
      if !follower.isCalm, follower.chances.oneIn(3) { bench.turn { _ = peer.conn?.resume() } }
    }
    while peer.conn?.isPaused == true { bench.turn { _ = peer.conn?.resume() } }
    return follower.heard
  }

  @Test(arguments: 0..<400) func lines(_ seed: Int) {
    var chances = Chances(random: Random(seed: UInt64(seed)))
    let delimiter = Self.delimiters[seed % 4]
    let stream = lineStream(&chances, delimiter)
    let longest = seed % 3 == 0 ? 9 : 100
    let calm = Follower(.lines(delimiter), chances, isCalm: true)
    let wanted = run(stream, calm, Lines(calm, delimiter, longest: longest, skips: true))
    let wild = Follower(.lines(delimiter), chances, isCalm: false)
    let heard = run(stream, wild, Lines(wild, delimiter, longest: longest, skips: true))
    #expect(heard == wanted, "seed \(seed)")
    #expect(wanted.count >= 30)
  }

  @Test(arguments: 0..<200) func strings(_ seed: Int) {
    var chances = Chances(random: Random(seed: UInt64(seed)))
    let kind = seed % 4
    var stream: [UInt8] = []
    for _ in 0..<40 {
      let message = (0..<chances.below(14)).map { _ in UInt8(48 + chances.below(12)) }
      let count = UInt8(message.count)
      switch kind {
      case 0: stream += Array("\(count):".utf8) + message + [44]
      case 1: stream += [0, 0, 0, count] + message
      case 2: stream += [0, count] + message
      default: stream += [count, 0, 0, 0, 0] + message
      }
    }
    func host() -> Host {
      switch kind {
      case 0: .netstrings(longest: 9, readsLength: true)
      case 1: .strings32(longest: 9)
      case 2: .strings(2, longest: 9)
      default: .strings(5, little: true, longest: 9)
      }
    }
    let calm = Follower(host(), chances, isCalm: true)
    let wanted = run(stream, calm, calm.host)
    let wild = Follower(host(), chances, isCalm: false)
    #expect(run(stream, wild, wild.host) == wanted, "seed \(seed)")
    #expect(wanted.count == 40)
  }
}
