import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

/// Logs of the traffic.
struct TrafficTests {
  final class Paper: TrafficSink {
    var text = ""
    var fault = Status.ok
    override func write(_ lines: RawSpan, _ number: UInt64, _ conn: Conn) -> Status {
      if fault == .ok { text += Bench.plain(lines) }
      return fault
    }
  }
  final class Logging: TrafficFactory {
    let paper = Paper()
    var papers: [Paper]?
    override func sink(_ number: UInt64) -> TrafficSink? {
      guard papers != nil else { return paper }
      papers?.append(Paper())
      return papers?.last
    }
    override func words(_ reason: Reason, _ out: inout ByteBuffer) {
      _ = out.append(Array("status \(reason.status)".utf8).span.bytes, limit: 1000)
    }
  }

  static func style(_ set: (inout TrafficStyle) -> Void = { _ in }) -> TrafficStyle {
    var style = TrafficStyle()
    set(&style)
    return style
  }

  static func echo() -> Host {
    let host = Host(.raw)
    host.onRaw = { conn, bytes in conn.write(bytes) }
    return host
  }

  @Test func asText() {
    let bench = Bench()
    let factory = Logging(TrafficTests.echo(), TrafficTests.style())
    let first = bench.come(factory, from: "1.2.3.4")
    let second = bench.come(factory)
    first?.feed("hi \"you\"\\")
    second?.feed([0, 9, 13, 10, 127, 200])
    first?.turn { $0.close(.ok) }
    second?.end(.system(-104))
    #expect(
      factory.paper.text == """
        * 1 1.2.3.4:1000
        * 2
        C 1: "hi \\"you\\"\\\\"
        S 1: "hi \\"you\\"\\\\"
        C 2: "\\x00\\t\\r\\n\\x7f\\xc8"
        S 2: "\\\\x00\\\\x09\\\\r\\\\n\\\\x7f\\\\xc8"
        S 1: *
        C 1: status 0
        C 2: status -1104

        """)
    #expect(factory.tally.written == UInt64(factory.paper.text.utf8.count) && factory.tally.lost == 0)
    factory.resetNumbers()
    _ = bench.come(factory)
    #expect(factory.paper.text.hasSuffix("* 1\n"))
  }

  @Test func asAHexdump() {
    let bench = Bench()
    let factory = Logging(Host(.raw), TrafficTests.style { $0.isHexdump = true })
    let peer = bench.come(factory)
    peer?.feed("hello\r\n")
    peer?.feed("0123456789abcdef!")
    #expect(
      factory.paper.text == """
        * 1
        C 1 00000000  68 65 6c 6c 6f 0d 0a                             |hello..|
        C 1 00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|
        C 1 00000010  21                                               |!|

        """)
  }

  @Test func elided() {
    for (isHexdump, line) in [(false, "C 1: \"abcd\" ... 6 more\n"), (true, "... 6 more\n")] {
      let factory = Logging(
        Host(.raw),
        TrafficTests.style {
          $0.isHexdump = isHexdump
          $0.lengthLimit = 4
        })
      let bench = Bench()
      bench.come(factory)?.feed("abcdefghij")
      #expect(factory.paper.text.hasSuffix(line), "\(factory.paper.text)")
      #expect(factory.paper.text.split(separator: "\n").count == (isHexdump ? 3 : 2))
    }
  }

  @Test func withTheTime() {
    let bench = Bench()
    let factory = Logging(Host(.raw), TrafficTests.style { $0.showsTime = true })
    bench.advance(12_034)
    bench.come(factory)?.feed("x")
    #expect(factory.paper.text == "12.034 * 1\n12.034 C 1: \"x\"\n")
  }

  /// A full log costs lines, never the connection.
  @Test func full() {
    let bench = Bench()
    let host = TrafficTests.echo()
    let factory = Logging(host, TrafficTests.style { $0.sizeLimit = 20 })
    let peer = bench.come(factory)
    for _ in 0..<5 { peer?.feed("abc") }
    #expect(factory.paper.text == "* 1\nC 1: \"abc\"\n" && peer?.sent == "abcabcabcabcabc")
    #expect(factory.tally.lastError == .limit && factory.tally.lost > 0)
  }

  @Test func failing() {
    let bench = Bench()
    let host = TrafficTests.echo()
    let factory = Logging(host, TrafficTests.style())
    let peer = bench.come(factory)
    factory.paper.fault = .system(-28)
    peer?.feed("abc")
    factory.paper.fault = .ok
    peer?.feed("d")
    #expect(factory.paper.text == "* 1\nC 1: \"d\"\nS 1: \"d\"\n" && peer?.sent == "abcd")
    #expect(factory.tally.lastError == .system(-28))
  }

  @Test func aLogForEach() {
    let bench = Bench()
    let factory = Logging(Host(.raw), TrafficTests.style())
    factory.papers = []
    bench.come(factory)?.feed("a")
    bench.come(factory)?.feed("b")
    #expect(factory.papers?.map { $0.text } == ["* 1\nC 1: \"a\"\n", "* 2\nC 2: \"b\"\n"])
  }

  @Test func childrenAreLogged() {
    let bench = Bench()
    let factory = Logging(Host(.raw), TrafficTests.style())
    let peer = bench.come(factory)
    guard
      case .conn(let child) = Conn.open(bench.context, Output(), Host(.raw), Origin(.connected, parent: peer?.conn))
    else { return #expect(Bool(false)) }
    bench.turn { child.start() }
    bench.turn { child.received([UInt8(65)].span.bytes) }
    #expect(factory.paper.text == "* 1\n* 2\nC 2: \"A\"\n")
  }

  /// Who was refused further in never connected.
  @Test func refused() {
    let gate = Gate(Host(.raw))
    gate.isOpen = false
    let factory = Logging(gate, TrafficTests.style())
    #expect(Bench().come(factory) == nil && factory.paper.text == "")
  }

  @Test func toTheReactorsLog() {
    final class Notes: Log {
      var lines: [String] = []
      override func write(_ level: LogLevel, _ subsystem: StaticString, _ words: RawSpan) {
        lines.append("\(subsystem) \(Bench.plain(words))")
      }
    }
    final class Spewing: TrafficFactory {
      override func sink(_ number: UInt64) -> TrafficSink? { ReactorLogSink() }
    }
    for level in [LogLevel.debug, .info] {
      let bench = Bench()
      let notes = Notes(level: level.rawValue)
      bench.context.log = notes
      bench.come(Spewing(Host(.raw), TrafficTests.style { $0.isHexdump = true }))?.feed("0123456789abcdefg")
      #expect(
        notes.lines.count == (level == .debug ? 3 : 0) && notes.lines.first == (level == .debug ? "traffic * 1" : nil))
    }
  }
}

extension Bench {
  static func plain(_ bytes: RawSpan) -> String { bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}
