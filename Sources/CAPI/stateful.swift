import Bytes
import CPlait
import CSystem
import Framing
import Wire

/// The states of a factory, with names of their own.
final class StateTable {
  struct Entry {
    let name: UnsafeMutablePointer<CChar>
    let handler: plait_state_fn
  }
  let entries: UnsafeMutablePointer<Entry>
  private(set) var count = 0
  private(set) var initial = 0

  init(_ entries: UnsafeMutablePointer<Entry>) { self.entries = entries }
  deinit {
    for index in 0..<count { free(entries[index].name) }
    free(entries)
  }

  enum Made {
    case table(StateTable)
    case failed(Status)
  }

  /// Copies a host's table.
  static func make(_ states: UnsafePointer<plait_state>, _ count: Int) -> Made {
    guard let memory = malloc(count * MemoryLayout<Entry>.stride) else { return .failed(.noMemory) }
    let table = StateTable(memory.assumingMemoryBound(to: Entry.self))
    for index in 0..<count {
      let status = table.add(states[index])
      if status != .ok { return .failed(status) }
    }
    guard let initial = table.find("init") else { return .failed(.invalid) }
    table.initial = initial
    return .table(table)
  }

  func add(_ state: plait_state) -> Status {
    guard let name = state.name, let handler = state.handler else { return .invalid }
    let length = strnlen(name, Int(PLAIT_STATE_NAME_MAX) + 1)
    guard length > 0, length <= Int(PLAIT_STATE_NAME_MAX), find(name) == nil, strcmp(name, StateTable.done) != 0 else {
      return .invalid
    }
    guard let copy = malloc(length + 1) else { return .noMemory }
    memcpy(copy, name, length + 1)
    (entries + count).initialize(to: Entry(name: copy.assumingMemoryBound(to: CChar.self), handler: handler))
    count += 1
    return .ok
  }

  static var done: UnsafePointer<CChar> {
    let word: StaticString = "done"
    return UnsafeRawPointer(word.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  func find(_ word: StaticString) -> Int? { find(UnsafeRawPointer(word.utf8Start).assumingMemoryBound(to: CChar.self)) }
  func find(_ name: UnsafePointer<CChar>) -> Int? {
    var index = 0
    while index < count {
      if strcmp(entries[index].name, name) == 0 { return index }
      index += 1
    }
    return nil
  }

  /// The name by number; behind the last one stands the end.
  func name(_ index: Int) -> UnsafePointer<CChar> {
    index < count ? UnsafePointer(entries[index].name) : StateTable.done
  }
}

/// A factory of strings whose protocols have states. A conn's is its protocol's mark.
final class StatesFactory: HostFactory {
  let table: StateTable

  init(_ speech: Speech, _ calls: Calls, _ table: StateTable, _ user: UnsafeMutableRawPointer?) {
    self.table = table
    super.init(speech, calls, user)
  }

  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    let built = super.build(conn, origin)
    built?.mark = UInt32(truncatingIfNeeded: table.initial)
    return built
  }

  override func take(_ block: RawSpan, _ conn: Conn) -> Int {
    let context = conn.context
    let (count, pairs, entries) = (context.table.count, context.table.pairs, table.entries)
    let id = plait_conn(id: conn.id)
    // Sound: the framer's offsets lie in the block, and the mark in the table until the conn closes.
    return block.withUnsafeBytes { all in
      guard let data = all.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
      var index = 0
      while index < count {
        context.delivery.current = UnsafePointer(pairs + 2 &* index)
        let handler = entries[Int(conn.mark)].handler
        let next = handler(conn.user, id, data + Int(pairs[2 &* index]), Int(pairs[2 &* index &+ 1]))
        index &+= 1
        if let next, !conn.isReplaced { go(next, conn) }
        if conn.mustReframe { break }
      }
      return index
    }
  }

  func go(_ name: UnsafePointer<CChar>, _ conn: Conn) {
    if let index = table.find(name) {
      conn.mark = UInt32(truncatingIfNeeded: index)
    } else if strcmp(name, StateTable.done) == 0 {
      conn.mark = UInt32(truncatingIfNeeded: table.count)
      conn.close(.ok)
    } else {
      conn.context.log(.error, "conn", "a handler named a state that is not in its table")
      conn.close(Reason(.invalid, detail: StatesFactory.complaint(name)))
    }
  }

  static func complaint(_ name: UnsafePointer<CChar>) -> Text? {
    var words = ByteBuffer()
    let front: StaticString = "no such state: "
    let length = strnlen(name, Int(PLAIT_STATE_NAME_MAX))
    guard
      words.append(UnsafeRawBufferPointer(start: front.utf8Start, count: front.utf8CodeUnitCount).bytes, limit: 256),
      words.append(UnsafeRawBufferPointer(start: name, count: length).bytes, limit: 256)
    else { return nil }
    return Text.make(words.bytes)
  }
}

extension Calls {
  init(_ table: plait_stateful_string_handler) {
    self.init(front: table)
    stringTooLong = table.string_too_long
  }
  init(_ table: plait_stateful_handler) { self.init(front: table) }
}

@_cdecl("plait_stateful_string_factory_new") @implementation
public func plait_stateful_string_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ options: UnsafePointer<plait_string_options>?,
  _ handler: UnsafePointer<plait_stateful_string_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_stateful_string_handler()
  var wanted = plait_string_options()
  var status = unused(readNeeded(handler, &table), table.reserved)
  if status == .ok { status = unused(read(options, &wanted), wanted.reserved) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard let states = table.states, table.state_count > 0, table.state_count <= UInt64(PLAIT_STATES_MAX),
    let speech = speech(wanted, readsLength: table.string_too_long != nil)
  else { return .invalid }
  switch StateTable.make(states, Int(truncatingIfNeeded: table.state_count)) {
  case .failed(let status): return status
  case .table(let made): return give(out, StatesFactory(speech, Calls(table), made, user))
  }
}

/// Runs `body` on a conn of named states, with its factory.
func onStates(_ conn: plait_conn, _ body: (Conn, StatesFactory) -> Status) -> Status {
  onConn(conn) { conn in
    var made: MessageFactory?
    let status: Status
    switch conn.tag {
    case Tag.string32: status = conn.speaking(Tag.string32) { (strings: Int32Protocol) in keep(strings.factory, &made) }
    case Tag.string: status = conn.speaking(Tag.string) { (strings: PrefixProtocol) in keep(strings.factory, &made) }
    default: status = conn.speaking(Tag.netstring) { (strings: NetstringProtocol) in keep(strings.factory, &made) }
    }
    guard status == .ok, let states = made as? StatesFactory else { return .type }
    return body(conn, states)
  }
}
private func keep(_ factory: MessageFactory, _ out: inout MessageFactory?) -> Status {
  out = factory
  return .ok
}

@_cdecl("plait_stateful_string_set_state") @implementation
public func plait_stateful_string_set_state(_ conn: plait_conn, _ name: UnsafePointer<CChar>?) -> CInt {
  onStates(conn) { conn, states in
    guard let name, let index = states.table.find(name) else { return .invalid }
    guard !conn.isClosing else { return .closed }
    conn.mark = UInt32(truncatingIfNeeded: index)
    return .ok
  }
}

@_cdecl("plait_stateful_string_get_state") @implementation
public func plait_stateful_string_get_state(
  _ conn: plait_conn, _ name: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> CInt {
  onStates(conn) { conn, states in
    guard let name else { return .invalid }
    name.pointee = states.table.name(Int(conn.mark))
    return .ok
  }
}

/// A factory whose conns hand so many bytes to the handler of their state.
final class CountingFactory: HostFactory {
  override func takeRaw(_ bytes: RawSpan, _ conn: Conn) {
    var handler: plait_stateful_fn?
    _ = conn.speaking(Tag.stateful) { (stateful: StatefulProtocol) in
      handler = unsafeBitCast(stateful.label, to: plait_stateful_fn?.self)  // sound: made of one by this file
      return .ok
    }
    bytes.withUnsafeBytes {
      handler?(conn.user, plait_conn(id: conn.id), $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
  }
}

@_cdecl("plait_stateful_factory_new") @implementation
public func plait_stateful_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ handler: UnsafePointer<plait_stateful_handler>?,
  _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_stateful_handler()
  let status = unused(readNeeded(handler, &table), table.reserved)
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  guard table.initial != nil, table.initial_len <= UInt64(PLAIT_BYTES_MAX) else { return .invalid }
  let first = Speech.stateful(unsafeBitCast(table.initial, to: UInt.self), Int(truncatingIfNeeded: table.initial_len))
  return give(out, CountingFactory(first, Calls(table), user))
}

@_cdecl("plait_stateful_set_state") @implementation
public func plait_stateful_set_state(_ conn: plait_conn, _ handler: plait_stateful_fn?, _ len: Int) -> CInt {
  guard handler != nil, len >= 0, len <= mostBytes else { return .invalid }
  return onConn(conn) { conn in
    conn.speaking(Tag.stateful) { (stateful: StatefulProtocol) in
      if conn.isClosing { return .closed }
      stateful.set(unsafeBitCast(handler, to: UInt.self), len, conn)
      return .ok
    }
  }
}
