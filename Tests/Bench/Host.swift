import Bytes
import CPlait
import CSystem
import Framing
import Wire

/// A host: writes down what it hears, and does what the test wants meanwhile.
public final class Host: MessageFactory {
  public enum Speech {
    case raw
    case line(LineFramer, Delimiter)  // which the framer only borrows
    case int32(Int32Framer)
    case prefix(PrefixFramer)
    case netstring(NetstringFramer)
  }

  public let speech: Speech
  public private(set) var events: [String] = []
  /// Only counted, where there would be too many to write down.
  public var isCounting = false
  public private(set) var count = 0
  /// How many blocks there were, and how many messages they had.
  public private(set) var blocks: [Int] = []

  public var onConnected: (Conn) -> Void = { _ in }
  public var onMessage: (Conn, String) -> Void = { _, _ in }
  /// Takes a block as a whole, and answers how many messages of it are taken; nil: all come one by one.
  public var onBlock: ((Conn, [String]) -> Int)? { didSet { each = onBlock == nil ? Host.callback : nil } }
  public var onRaw: (Conn, String) -> Void = { _, _ in }
  /// Nil: there is nobody to tell.
  public var onTooLong: ((Conn, String, UInt64) -> Void)?
  public var onReadClosed: ((Conn) -> Void)?
  public var onWritePaused: (Conn) -> Void = { _ in }
  public var onWriteResumed: (Conn) -> Void = { _ in }
  public var onDisconnected: (Conn) -> Void = { _ in }
  /// Does it build a protocol?
  public var isWilling = true
  public var layers: [Layer] = []

  public init(_ speech: Speech) {
    self.speech = speech
    super.init(user: own)
    own.initialize(to: .passUnretained(self))
    each = Host.callback
  }
  deinit { own.deallocate() }

  /// What a callback finds its host by, as a host in C would.
  let own = UnsafeMutablePointer<Unmanaged<Host>>.allocate(capacity: 1)
  static var callback: HostCallback {
    HostCallback { user, conn, data, count in
      guard let user, let conn = csystem_speaker(conn.id) else { return }
      let host = user.assumingMemoryBound(to: Unmanaged<Host>.self).pointee.takeUnretainedValue()
      host.hear(
        Unmanaged<Conn>.fromOpaque(conn).takeUnretainedValue(),
        host.isCounting ? "" : text(UnsafeRawBufferPointer(start: data, count: count).bytes))
    }
  }

  func hear(_ conn: Conn, _ message: String) {
    note(message)
    onMessage(conn, message)
  }

  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    for layer in layers { conn.add(layer) }
    guard isWilling else { return nil }
    return switch speech {
    case .raw: RawProtocol(self)
    case .line(let framer, _): LineProtocol(framer, self)
    case .int32(let framer): Int32Protocol(framer, self)
    case .prefix(let framer): PrefixProtocol(framer, self)
    case .netstring(let framer): NetstringProtocol(framer, self)
    }
  }

  /// What it heard since the last time.
  public func heard() -> [String] {
    defer { events = [] }
    return events
  }

  func note(_ event: @autoclosure () -> String) {
    count += 1
    if !isCounting { events.append(event()) }
  }

  public override func connected(_ conn: Conn) {
    note("connected")
    onConnected(conn)
  }
  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    note("disconnected \(reason.status)")
    onDisconnected(conn)
  }
  public override func readClosed(_ conn: Conn) -> Bool {
    note("read closed")
    onReadClosed?(conn)
    return onReadClosed != nil
  }
  public override func writePaused(_ conn: Conn) {
    note("write paused")
    onWritePaused(conn)
  }
  public override func writeResumed(_ conn: Conn) {
    note("write resumed")
    onWriteResumed(conn)
  }

  public override func takeRaw(_ bytes: RawSpan, _ conn: Conn) {
    let bytes = Bench.copy(bytes)
    note("raw \(bytes)")
    onRaw(conn, bytes)
  }

  public override func tooLong(_ bytes: RawSpan, _ length: UInt64, _ conn: Conn) -> Bool {
    let bytes = Bench.copy(bytes)
    note(bytes.isEmpty ? "too long: \(length)" : "too long \(bytes)")
    onTooLong?(conn, bytes, length)
    return onTooLong != nil
  }

  public override func take(_ block: RawSpan, _ conn: Conn) -> Int {
    let context = conn.context
    let count = context.table.count
    blocks.append(count)
    if let onBlock {
      let messages = (0..<count).map { Bench.message($0, block, context) }
      let taken = onBlock(conn, messages)
      for message in messages.prefix(max(0, taken)) { note(message) }
      return taken
    }
    // One by one, as the border has it: what a callback changes is seen by the next message.
    var index = 0
    while index < count {
      context.delivery.current = UnsafePointer(context.table.pairs + 2 * index)
      hear(conn, isCounting ? "" : Bench.message(index, block, context))
      index += 1
      if conn.mustReframe { break }
    }
    return index
  }
}

extension Bench {
  static func copy(_ bytes: RawSpan) -> String { text(bytes) }
  static func message(_ index: Int, _ block: RawSpan, _ context: Context) -> String {
    let start = context.table.offset(index)
    return text(block.extracting(start..<start + context.table.length(index)))
  }
}

extension Host {
  /// Lines that end at `delimiter`.
  public static func lines(_ delimiter: String = "\r\n", longest: Int = 16384, skips: Bool = false) -> Host {
    let delimiter = Delimiter.of(delimiter)
    return Host(.line(LineFramer(delimiter, longest: longest, skipsTooLong: skips), delimiter))
  }
  public static func netstrings(longest: Int = 99999, readsLength: Bool = false) -> Host {
    Host(.netstring(NetstringFramer(longest: longest, readsLength: readsLength)))
  }
  public static func strings(_ bytes: Int, little: Bool = false, longest: Int = 99999) -> Host {
    Host(.prefix(PrefixFramer(bytes: bytes, littleEndian: little, longest: longest)))
  }
  public static func strings32(longest: Int = 99999) -> Host { Host(.int32(Int32Framer(longest: longest))) }
}

extension Delimiter {
  public static func of(_ text: String) -> Delimiter {
    let bytes = Array(text.utf8)
    guard let made = make(bytes.span.bytes) else { fatalError("no delimiter has that length") }
    return made
  }
}

extension Peer {
  /// The line protocol of the conn.
  public func lines(_ body: (LineProtocol, Conn) -> Void) { if let conn { conn.lines(body) } }
}

extension Conn {
  public func lines(_ body: (LineProtocol, Conn) -> Void) {
    _ = speaking(Tag.line) { (lines: LineProtocol) in
      body(lines, self)
      return .ok
    }
  }
  public func setRaw() { lines { lines, conn in lines.setRaw(conn) } }
  public func setLines(_ extra: String = "") {
    let bytes = Array(extra.utf8)
    lines { lines, conn in _ = lines.setFramed(bytes.span.bytes, conn) }
  }
  public func setDelimiter(_ text: String) { lines { lines, conn in lines.setDelimiter(Delimiter.of(text), conn) } }
  public func clear() -> String {
    var dropped = ""
    lines { lines, conn in
      lines.clear(conn) { part in dropped += text(part) }
    }
    return dropped
  }
  /// Writes text as it is.
  @discardableResult public func write(_ words: String) -> Status {
    let bytes = Array(words.utf8)
    return write(bytes.count) { $0.put(bytes.span.bytes) }
  }
}
