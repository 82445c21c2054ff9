import Bytes
import CPlait
import CSystem
import Framing
import Wire

/// The C callbacks of a table. The first six stand at the front of every one: see factory.h.
struct Calls {
  typealias Event = @convention(c) (UnsafeMutableRawPointer?, plait_conn) -> Void
  typealias End = @convention(c) (UnsafeMutableRawPointer?, plait_conn, UnsafePointer<plait_reason>?) -> Void
  typealias Data = @convention(c) (UnsafeMutableRawPointer?, plait_conn, UnsafePointer<UInt8>?, Int) -> Void
  typealias Block =
    @convention(c) (UnsafeMutableRawPointer?, plait_conn, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt32>?, Int) ->
    Int
  typealias Length = @convention(c) (UnsafeMutableRawPointer?, plait_conn, UInt64) -> Void

  var connected: Event?
  var disconnected: End?
  var readClosed: Event?
  var writePaused: Event?
  var writeResumed: Event?
  var release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  var message: Data?
  var messages: Block?
  var raw: Data?
  var lineTooLong: Data?
  var stringTooLong: Length?

  /// What every table has in front. The rest is its protocol's to fill in.
  init<T>(front table: T) {
    // Sound: all tables begin as the raw one does (factory.h), and none is smaller.
    let front = withUnsafeBytes(of: table) { $0.load(as: plait_raw_handler.self) }
    connected = front.connected
    disconnected = front.disconnected
    readClosed = front.read_closed
    writePaused = front.write_paused
    writeResumed = front.write_resumed
    release = front.release
  }
}

extension Calls {
  func tellEnd(_ conn: Conn, _ reason: Reason) {
    guard let disconnected else { return }
    reason.export { disconnected(conn.user, plait_conn(id: conn.id), &$0) }
  }

  func tellReadClosed(_ conn: Conn) -> Bool {
    guard let readClosed else { return false }
    readClosed(conn.user, plait_conn(id: conn.id))
    return true
  }

  /// Messages, as a block or one by one.
  @inline(__always) func take(_ block: RawSpan, _ each: HostCallback?, _ conn: Conn) -> Int {
    let context = conn.context
    let pairs = context.table.pairs
    let count = context.table.count
    // Sound: the block is alive for the call, and the table is ours until then: what the host calls can't scan.
    return block.withUnsafeBytes { bytes in
      let data = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
      if let messages { return messages(conn.user, plait_conn(id: conn.id), data, bytes.count, pairs, count) }
      guard let each else { return count }
      var next = pairs
      let end = pairs + 2 &* count
      while next < end {
        context.delivery.current = UnsafePointer(next)
        each(conn, data + Int(next[0]), Int(next[1]))
        next += 2
        if conn.mustReframe { break }
      }
      return (next - pairs) / 2
    }
  }
}

/// A factory that was never given out has no host to tell of its end.
protocol Tellable: AnyObject {
  var isGiven: Bool { get set }
}

/// What a host's factory speaks.
enum Speech {
  case raw
  case line(LineFramer, Delimiter)
  case int32(Int32Framer)
  case prefix(PrefixFramer)
  case netstring(NetstringFramer)
  case stateful(UInt, Int)
}

/// A factory whose protocols call the host.
class HostFactory: MessageFactory, Tellable {
  final let speech: Speech
  final let calls: Calls

  init(_ speech: Speech, _ calls: Calls, _ user: UnsafeMutableRawPointer?) {
    self.speech = speech
    self.calls = calls
    super.init(user: user)
    if calls.messages == nil, let message = calls.message { each = HostCallback(message) }
  }
  final var isGiven = false
  deinit { if isGiven { calls.release?(user) } }

  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    switch speech {
    case .raw: RawProtocol(self)
    case .line(let framer, _): LineProtocol(framer, self)
    case .int32(let framer): Int32Protocol(framer, self)
    case .prefix(let framer): PrefixProtocol(framer, self)
    case .netstring(let framer): NetstringProtocol(framer, self)
    case .stateful(let label, let wanted): StatefulProtocol(self, label, wanted)
    }
  }

  override func connected(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }

  override func disconnected(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
  @_optimize(speed) override func take(_ block: RawSpan, _ conn: Conn) -> Int { calls.take(block, each, conn) }

  override func takeRaw(_ bytes: RawSpan, _ conn: Conn) {
    guard let raw = calls.raw else { return }
    bytes.withUnsafeBytes {
      raw(conn.user, plait_conn(id: conn.id), $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
  }

  override func tooLong(_ bytes: RawSpan, _ length: UInt64, _ conn: Conn) -> Bool {
    let id = plait_conn(id: conn.id)
    if let lineTooLong = calls.lineTooLong {
      bytes.withUnsafeBytes {
        lineTooLong(conn.user, id, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
      }
      return true
    }
    guard let stringTooLong = calls.stringTooLong else { return false }
    stringTooLong(conn.user, id, length)
    return true
  }
}

/// Makes a factory the host's.
func give<F: Factory & Tellable>(_ out: UnsafeMutablePointer<plait_factory>?, _ made: F) -> Status {
  let status = addFactory(out, made)
  made.isGiven = status == .ok
  return status
}

/// Runs `body` on a factory with the context that it serves, or none; by the thread that may look into it.
func onServing(_ factory: plait_factory, _ body: (Factory, Context?) -> Status) -> Status {
  onFactory(factory) { factory in
    guard factory.reactor != 0 else { return body(factory, nil) }
    let index = Id.reactor(factory.reactor)
    guard csystem_record_lives(factory.reactor, index) != 0 else { return body(factory, nil) }
    guard let context = csystem_context(index) else { return notOwned(factory.reactor) }
    return Unmanaged<Context>.fromOpaque(context)._withUnsafeGuaranteedRef { body(factory, $0) }
  }
}

@_cdecl("plait_factory_get_counters") @implementation
public func plait_factory_get_counters(
  _ factory: plait_factory, _ out: UnsafeMutablePointer<plait_factory_counters>?
) -> CInt {
  onServing(factory) { factory, context in
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    let sum = factory.tally(context)
    out.pointee.open = sum.open
    out.pointee.total = sum.total
    out.pointee.refused = sum.refused
    out.pointee.refused_within = sum.refusedWithin
    out.pointee.closed = sum.closed
    out.pointee.children = sum.children
    out.pointee.bytes_in = sum.bytesIn
    out.pointee.bytes_out = sum.bytesOut
    return .ok
  }
}

@_cdecl("plait_factory_retain") @implementation
public func plait_factory_retain(_ factory: plait_factory) -> CInt { countShared(factory.id, Kind.factory, 1) }

@_cdecl("plait_factory_release") @implementation
public func plait_factory_release(_ factory: plait_factory) -> CInt { countShared(factory.id, Kind.factory, -1) }
