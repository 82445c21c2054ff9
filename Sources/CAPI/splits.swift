import Bytes
import CPlait
import Loopback
import Wire

/// A conversation that is had again and again, each time with the received bytes cut in another way.
struct Splits: ~Copyable {
  let options: plait_splits_options
  let data: UnsafePointer<UInt8>
  let count: Int
  /// What came of the first one.
  var sent = ByteBuffer()
  var events = ByteBuffer()
  var runs: UInt64 = 0
  /// Where, and in which of the two, the last one differs.
  var difference: (offset: Int, inEvents: Bool)?

  init(_ options: plait_splits_options, _ data: UnsafePointer<UInt8>, _ count: Int) {
    self.options = options
    self.data = data
    self.count = count
  }

  /// Has the conversation once.
  mutating func run(_ chunking: Chunking) -> Status {
    var reactor = plait_reactor()
    var wanted = plait_reactor_options()
    wanted.struct_size = UInt32(MemoryLayout<plait_reactor_options>.size)
    wanted.flags = UInt32(PLAIT_REACTOR_WITHOUT_LOOP)
    var status = CPlait.plait_reactor_new(&reactor, &wanted)
    guard status == .ok else { return status }
    var factory = plait_factory()
    status = options.make?(options.user, reactor, &factory) ?? .invalid
    if status == .ok { status = converse(reactor, factory, chunking) } else if status > 0 { status = .invalid }
    _ = CPlait.plait_reactor_free(reactor)
    _ = CPlait.plait_factory_release(factory)
    return status
  }

  mutating func converse(_ reactor: plait_reactor, _ factory: plait_factory, _ chunking: Chunking) -> Status {
    var transport = plait_string_transport()
    var conn = plait_conn()
    var status = CPlait.plait_string_transport_new(&transport, reactor, nil)
    if status == .ok { status = CPlait.plait_string_transport_attach(transport, factory, &conn) }
    guard status == .ok else { return status }
    feed(conn, chunking)
    if options.flags & UInt32(PLAIT_SPLITS_WITHOUT_END) == 0 { _ = CPlait.plait_conn_eof(conn, 0) }
    status = CPlait.plait_reactor_poll(reactor, 0)
    guard status == .ok else { return status }
    var told = plait_bytes()
    options.events?(options.user, &told)
    guard let heard = checked(told.data, told.len) else { return .invalid }
    return onStringTransport(transport) { _, handle in
      handle.transport.look { status = look($0, heard.bytes) }
      return status
    }
  }

  /// A conn that ends early gets no more.
  func feed(_ conn: plait_conn, _ chunking: Chunking) {
    var chunking = chunking
    var at = 0
    while at < count {
      let size = chunking.next(at, count)
      if CPlait.plait_conn_feed(conn, data + at, size) != .ok { return }
      at += size
    }
  }

  /// Keeps what came of the first, and compares what came of the others with it.
  mutating func look(_ sent: RawSpan, _ events: RawSpan) -> Status {
    runs += 1
    if runs == 1 {
      return self.sent.append(sent, limit: mostBytes) && self.events.append(events, limit: mostBytes) ? .ok : .noMemory
    }
    if let offset = Splits.difference(self.sent.bytes, sent) {
      difference = (offset, false)
    } else if let offset = Splits.difference(self.events.bytes, events) {
      difference = (offset, true)
    }
    return .ok
  }

  static func difference(_ one: RawSpan, _ two: RawSpan) -> Int? {
    if one.isEqual(two) { return nil }
    var at = 0
    while at < min(one.byteCount, two.byteCount), one.byte(at) == two.byte(at) { at += 1 }
    return at
  }
}

@_cdecl("plait_splits_run") @implementation
public func plait_splits_run(
  _ options: UnsafePointer<plait_splits_options>?, _ result: UnsafeMutablePointer<plait_splits_result>?
) -> CInt {
  var wanted = plait_splits_options()
  var status = readNeeded(options, &wanted)
  if status == .ok, result != nil { status = canTake(result) }
  guard status == .ok else { return status }
  let known = UInt32(PLAIT_SPLITS_WITHOUT_END)
  guard wanted.flags & ~known == 0, wanted.make != nil, checked(wanted.data.data, wanted.data.len) != nil,
    let data = wanted.data.data, wanted.data.len > 0, wanted.randoms <= 1 << 20
  else { return .invalid }
  let mostTwo = Int(truncatingIfNeeded: min(wanted.most_two, UInt64(PLAIT_BYTES_MAX)))
  let randoms = wanted.randoms == 0 ? 32 : Int(truncatingIfNeeded: wanted.randoms)
  let seed = wanted.seed == 0 ? 1 : wanted.seed
  var splits = Splits(wanted, data, wanted.data.len)
  var index = 0
  while let way = Chunking.at(index, wanted.data.len, mostTwo: mostTwo, randoms: randoms, seed: seed) {
    status = splits.run(way)
    guard status == .ok else { return status }
    if let found = splits.difference {
      tell(result, way, found.offset, found.inEvents, splits.runs)
      return 1
    }
    index += 1
  }
  tell(result, nil, 0, false, splits.runs)
  return .ok
}

func tell(
  _ result: UnsafeMutablePointer<plait_splits_result>?, _ way: Chunking?, _ offset: Int, _ inEvents: Bool,
  _ runs: UInt64
) {
  guard let result else { return }
  result.pointee.cut = way?.cut.rawValue ?? 0
  result.pointee.parameter = way?.parameter ?? 0
  result.pointee.runs = runs
  result.pointee.in_events = inEvents ? 1 : 0
  result.pointee.offset = UInt64(truncatingIfNeeded: offset)
}
