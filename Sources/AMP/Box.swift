import Bytes
import Wire

/// A request or an answer, under the host's eyes. A factory has one that is used for all that is answered at once; a
/// request that is answered later keeps the one that it had, with its tag and, if the host wants, its bytes.
public final class Box: Entity {
  final var conn: Unmanaged<Conn>?
  /// The fields, without the end; valid as long as the id, if `isReadable`.
  final var base = UnsafeRawPointer(ByteWriter.nowhere)
  final var length = 0
  final var width = 2
  final var isReadable = false
  /// It can still be answered.
  final var isOpen = false
  final var isKept = false
  public final internal(set) var isRequest = false
  final var command: Unmanaged<Command>?
  /// Where there is no command: is it StartTLS?
  final var asksForTLS = false
  final var owned: Command?
  final var schema: Command.Side = .arguments
  final var slots = PlainList<Slot>()
  /// The request's tag; an error's code and description.
  final var ask = Part.absent
  final var code = Part.absent
  final var details = Part.absent
  /// When the caller stops waiting, or nil.
  final var due: UInt64?
  /// A copy of the bytes, or of the tag alone.
  final var copy = ByteBuffer()
  final var next: Unmanaged<Box>?
  final var previous: Unmanaged<Box>?

  final var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: see `base`; who asks has looked at `isReadable`, or at the tag alone.
      _overrideLifetime(RawSpan(_unsafeStart: base, byteCount: length), borrowing: self)
    }
  }

  @inline(__always) final func show(_ box: RawSpan, _ width: Int, _ conn: Conn, ask: Part) {
    box.withUnsafeBytes { show($0.baseAddress ?? UnsafeRawPointer(ByteWriter.nowhere), $0.count, width, conn, ask) }
  }

  /// The same for a box that lies in `bytes`, and is not empty.
  @inline(__always) final func show(_ bytes: RawSpan, _ at: Int, _ length: Int, _ conn: Conn, ask: Part) {
    precondition(at >= 0 && length > 0 && at &+ length <= bytes.byteCount)
    bytes.withUnsafeBytes { show($0.baseAddress.unsafelyUnwrapped + at, length, 2, conn, ask) }  // sound: not empty
  }

  @inline(__always) private final func show(
    _ base: UnsafeRawPointer, _ length: Int, _ width: Int, _ conn: Conn, _ ask: Part
  ) {
    self.base = base
    self.length = length
    self.width = width
    self.conn = Unmanaged.passUnretained(conn)
    self.ask = ask
    code = .absent
    isReadable = true
  }

  /// Room for so many arguments.
  @inline(__always) final func prepare(_ count: Int) -> Bool { slots.count == count || resize(count) }
  @inline(never) final func resize(_ count: Int) -> Bool { slots.resize(count, Slot()) }

  // MARK: Reading

  /// The slot of a field of its command, or the status for there being none.
  @inline(__always) public final func slot(_ index: UInt32, _ body: (Slot, UInt32, Command) -> Status) -> Status {
    guard isReadable else { return .stale }
    guard let command, index < UInt32(truncatingIfNeeded: slots.count) else { return .invalid }
    return command._withUnsafeGuaranteedRef { command in
      let slot = slots[Int(index)]
      let type =
        schema == .arguments
        ? command.arguments.fields[Int(index)].type : command.response.fields[Int(index)].type
      return body(slot, type, command)
    }
  }

  public final func number(_ index: UInt32, _ value: inout Int64) -> Status {
    numberAtOnce(index, &value) ? .ok : noNumber(index)
  }

  /// A number as nearly all are. False: nothing was done.
  @inline(__always) public final func numberAtOnce(_ index: UInt32, _ value: inout Int64) -> Bool {
    guard isReadable, Int(index) < slots.count else { return false }
    let slot = slots[Int(index)]
    guard slot.isNumber, !slot.isLarge else { return false }
    value = slot.number
    return true
  }

  @inline(never) final func noNumber(_ index: UInt32) -> Status {
    slot(index) { slot, type, command in
      switch command.types[Int(type)].kind {
      case .integer, .boolean, .dateTime: break
      default: return .invalid
      }
      guard !slot.part.isAbsent else { return .absent }
      return .range
    }
  }

  public final func real(_ index: UInt32, _ value: inout Double) -> Status {
    slot(index) { slot, type, command in
      guard command.types[Int(type)].kind == .float else { return .invalid }
      guard !slot.part.isAbsent else { return .absent }
      value = Double(bitPattern: UInt64(bitPattern: slot.number))
      return .ok
    }
  }

  public final func text(_ index: UInt32, _ body: (RawSpan) -> Void) -> Status {
    slot(index) { slot, _, _ in
      guard !slot.part.isAbsent else { return .absent }
      body(slot.part.of(bytes))
      return .ok
    }
  }

  public final func value(_ index: UInt32, _ value: inout Value) -> Status {
    slot(index) { slot, type, command in
      var found = Value()
      command.fill(&found, bytes, slot, type)
      if command.types[Int(type)].kind == .descriptor, !slot.part.isAbsent {
        guard let conn else { return .stale }
        var fd: CInt = -1
        let status = conn._withUnsafeGuaranteedRef { $0.take(descriptor: UInt64(max(0, slot.number)), &fd) }
        guard status == .ok else { return status == .absent ? .value : status }
        found.integer = Int64(fd)
      }
      value = found
      return .ok
    }
  }

  /// A field by its key; the whole box for none.
  public final func field(_ key: RawSpan, _ body: (RawSpan) -> Void) -> Status {
    guard isReadable else { return .stale }
    if key.byteCount == 0 {
      body(bytes)
      return .ok
    }
    var fields = Fields(width: width)
    var found = Part.absent
    while fields.next(bytes) {
      if fields.keyIn(bytes).isEqual(key) { found = Part(fields.value, fields.valueLength) }
    }
    guard !found.isAbsent else { return .absent }
    body(found.of(bytes))
    return .ok
  }

  public final func error(_ code: (RawSpan) -> Void, _ description: (RawSpan) -> Void) -> Status {
    guard isReadable else { return .stale }
    guard !isRequest, !self.code.isAbsent else { return .absent }
    code(self.code.of(bytes))
    description(details.of(bytes))
    return .ok
  }

  /// Would an answer begin TLS?
  final var startsTLS: Bool { command?._withUnsafeGuaranteedRef { $0.startsTLS } ?? asksForTLS }
  /// Does an answer change what is spoken? Then values alone are none.
  final var isAnsweredOtherwise: Bool {
    startsTLS || command?._withUnsafeGuaranteedRef { $0.flags.contains(.switches) } ?? false
  }

  public final var isAsked: Bool { !ask.isAbsent }

  /// How many milliseconds the caller waits from now on; nil: it did not say.
  public final var waiting: UInt64? { due.map { $0 > context.now ? $0 - context.now : 0 } }

  // MARK: Keeping

  /// Keeps the bytes until the request is answered.
  public final func retain() -> Status {
    guard isRequest else { return .type }
    guard isReadable else { return .stale }
    guard copy.isEmpty else { return .ok }
    return keep(bytes) ? .ok : .noMemory
  }

  private final func keep(_ part: RawSpan) -> Bool {
    var buffer = ByteBuffer()
    guard buffer.append(part, limit: mostBytes) else { return false }
    // Sound: the memory stays where it is when the buffer is moved, and the copy does not change.
    buffer.bytes.withUnsafeBytes { base = $0.baseAddress ?? UnsafeRawPointer(ByteWriter.nowhere) }
    length = buffer.count
    copy = buffer.take()
    return true
  }

  /// The callback has returned and the request is still open: it is kept, with its tag at least.
  final func stay(_ session: Session) -> Bool {
    if copy.isEmpty {
      isReadable = false
      slots.removeAll()
      if isAsked {
        let length = Int(ask.length)
        guard length == 0 || keep(ask.of(bytes)) else { return false }
        ask = Part(0, length)
        if length == 0 { self.length = 0 }
      }
    }
    owned = command?.takeUnretainedValue()
    isKept = true
    settleIn()
    next = session.kept
    session.kept?._withUnsafeGuaranteedRef { $0.previous = Unmanaged.passUnretained(self) }
    session.kept = Unmanaged.passUnretained(self)
    session.requestCount += 1
    return true
  }

  /// It was answered, or can't be any more.
  @inline(__always) final func finish(_ session: Session, _ conn: Conn) {
    isOpen = false
    isReadable = false
    if isKept { leaveList(session, conn) } else { renew(Kind.box) }
  }

  @inline(never) final func leaveList(_ session: Session, _ conn: Conn) {
    if session.rare != nil { session.forgetTag(self) }
    isKept = false
    if let previous {
      previous._withUnsafeGuaranteedRef { $0.next = next }
    } else {
      session.kept = next
    }
    next?._withUnsafeGuaranteedRef { $0.previous = previous }
    next = nil
    previous = nil
    self.conn = nil
    session.requestCount -= 1
    unregister()
    if session.isChoked, session.requestCount < session.options.maxRequests {
      session.isChoked = false
      _ = conn.resume()
    }
  }
}
