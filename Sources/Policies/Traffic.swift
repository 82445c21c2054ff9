import Bytes
import Wire

/// What of the traffic is logged, and how: traffic.h, plait_traffic_options.
public struct TrafficStyle {
  public var isHexdump = false
  public var showsTime = false
  /// Bytes that are shown of one piece; the rest is only counted.
  public var lengthLimit = Int.max
  /// Bytes of a log, after which nothing is written.
  public var sizeLimit = UInt64.max
  public init() {}
}

/// Where a log goes: all of a factory's, or one connection's. What can't be written is lost, and nothing else.
open class TrafficSink {
  final var size: UInt64 = 0
  final var isFull = false
  public init() {}
  /// Takes the lines of one event; or says why not.
  open func write(_ lines: RawSpan, _ number: UInt64, _ conn: Conn) -> Status { .ok }
}

/// The reactor's own log.
public final class ReactorLogSink: TrafficSink {
  public override func write(_ lines: RawSpan, _ number: UInt64, _ conn: Conn) -> Status {
    guard let log = conn.context.log, LogLevel.debug.rawValue <= log.level else { return .ok }
    var start = 0
    while start < lines.byteCount {
      let end = lines.position(of: 10, from: start)
      guard end >= 0 else { break }
      log.write(.debug, "traffic", lines.extracting(start..<end))
      start = end + 1
    }
    return .ok
  }
}

/// plait_traffic_counters
public struct TrafficCounters {
  public var lastError: Status = .ok
  public var written: UInt64 = 0
  public var lost: UInt64 = 0
  public init() {}
}

/// Logs what goes over a factory's connections.
open class TrafficFactory: Policy {
  public final let style: TrafficStyle
  public final private(set) var tally = TrafficCounters()
  final var number: UInt64 = 0
  /// What lines are made in; out of here while a sink is called.
  final var scratch = ByteBuffer()

  public init(_ inner: Factory, _ style: TrafficStyle) {
    self.style = style
    super.init(inner)
  }

  open override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    log(conn)
    return inner.make(conn, origin)
  }

  /// Where this connection's log goes; nil: nowhere, for the reason that `lose` is told.
  open func sink(_ number: UInt64) -> TrafficSink? { nil }
  /// A status in words.
  open func words(_ reason: Reason, _ out: inout ByteBuffer) {}

  /// The next connection is number 1 again.
  public final func resetNumbers() { number = 0 }

  final func log(_ conn: Conn) {
    number += 1
    conn.add(TrafficLayer(self, number, sink(number)))
  }

  public final func lose(_ count: Int, _ why: Status) {
    tally.lost += UInt64(truncatingIfNeeded: count)
    tally.lastError = why
  }

  /// Writes the lines that were made.
  final func emit(_ layer: TrafficLayer, _ conn: Conn) {
    var lines = scratch.take()  // a sink may be the host
    let count = lines.count
    if let sink = layer.sink, !sink.isFull {
      sink.isFull = sink.size + UInt64(truncatingIfNeeded: count) > style.sizeLimit
      let status = sink.isFull ? Status.limit : sink.write(lines.bytes, layer.number, conn)
      if status == .ok {
        sink.size += UInt64(truncatingIfNeeded: count)
        tally.written += UInt64(truncatingIfNeeded: count)
      } else {
        lose(count, status)
      }
    } else {
      lose(count, layer.sink == nil ? tally.lastError : .limit)
    }
    lines.removeAll()
    if lines.capacity <= 1 << 17 { scratch = lines }
  }
}

/// One connection's part of the log.
final class TrafficLayer: Layer {
  let factory: TrafficFactory
  let number: UInt64
  let sink: TrafficSink?
  var isKnown = false

  init(_ factory: TrafficFactory, _ number: UInt64, _ sink: TrafficSink?) {
    self.factory = factory
    self.number = number
    self.sink = sink
  }

  override func inherited(by child: Conn) { factory.log(child) }

  override func connected(_ conn: Conn, _ place: Int) {
    isKnown = true
    var lines = factory.scratch.take()
    TrafficText.begin(&lines, factory.style, conn)
    TrafficText.put("* ", &lines)
    TrafficText.put(number, &lines)
    var address = Address()
    var words = ByteBuffer()
    if conn.peer(&address) == .ok { address.write(to: &words) }
    if !words.isEmpty { TrafficText.put(" ", &lines) }
    TrafficText.putQuoted(words.bytes, &lines)
    finish(&lines, conn)
    conn.passConnected(above: place)
  }

  override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    note(UInt8(ascii: "C"), bytes, conn)
    conn.pass(bytes, above: place)
  }

  override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
    if !block.isEmpty { note(UInt8(ascii: "S"), block.bytes, conn) }
  }

  override func closing(_ conn: Conn, _ place: Int) {
    guard isKnown else { return }
    var lines = factory.scratch.take()
    head(UInt8(ascii: "S"), &lines, conn)
    TrafficText.put(": *", &lines)
    finish(&lines, conn)
  }

  override func disconnected(_ conn: Conn, _ reason: Reason) {
    guard isKnown else { return }
    var lines = factory.scratch.take()
    head(UInt8(ascii: "C"), &lines, conn)
    TrafficText.put(": ", &lines)
    factory.words(reason, &lines)
    finish(&lines, conn)
  }

  func finish(_ lines: inout ByteBuffer, _ conn: Conn) {
    TrafficText.put("\n", &lines)
    factory.scratch = lines.take()
    factory.emit(self, conn)
  }

  func head(_ side: UInt8, _ out: inout ByteBuffer, _ conn: Conn) {
    TrafficText.begin(&out, factory.style, conn)
    TrafficText.put(side, &out)
    TrafficText.put(" ", &out)
    TrafficText.put(number, &out)
  }

  func note(_ side: UInt8, _ bytes: RawSpan, _ conn: Conn) {
    guard let sink else { return factory.lose(bytes.byteCount, factory.tally.lastError) }
    if sink.isFull { return factory.lose(bytes.byteCount, .limit) }
    let style = factory.style
    let shown = min(bytes.byteCount, style.lengthLimit)
    var lines = factory.scratch.take()
    if style.isHexdump {
      var at = 0
      while at < shown {
        head(side, &lines, conn)
        TrafficText.putHexdump(bytes.extracting(at..<min(at + 16, shown)), at, &lines)
        TrafficText.put(at + 16 < shown || shown < bytes.byteCount ? "\n" : "", &lines)
        at += 16
      }
      if shown < bytes.byteCount { head(side, &lines, conn) }
    } else {
      head(side, &lines, conn)
      TrafficText.put(": \"", &lines)
      TrafficText.putQuoted(bytes.extracting(first: shown), &lines)
      TrafficText.put("\"", &lines)
    }
    if shown < bytes.byteCount {
      TrafficText.put(" ... ", &lines)
      TrafficText.put(UInt64(truncatingIfNeeded: bytes.byteCount - shown), &lines)
      TrafficText.put(" more", &lines)
    }
    finish(&lines, conn)
  }
}
