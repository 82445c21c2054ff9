import Bytes
import Framing
import Wire

/// Who answers a command.
public struct Responder: BitwiseCopyable {
  /// Nil: the host reads the box by names.
  public var command: Unmanaged<Command>?
  /// The host's function.
  public var function: UnsafeRawPointer?
  /// Its place among the factory's own, or -1.
  public var number: Int
  var hash: UInt64 = 0
  public init(command: Unmanaged<Command>?, function: UnsafeRawPointer?, number: Int = -1) {
    self.command = command
    self.function = function
    self.number = number
  }
}

/// Builds conns that speak AMP, answers what they are asked, and is their way out to the host: a subclass says what that is.
open class AMPFactory: MessageFactory {
  public final let options: AMPOptions
  /// What all requests that are answered at once, and all answers, are shown in.
  final var box: Unmanaged<Box>?
  final var responders = PlainList<Responder>()
  /// Numbers of responders by their names' hashes, plus 1; 0: free.
  final var places = PlainList<UInt32>()
  /// The responder that was found last: likely the next one, too.
  final var latest = 0
  /// What requests, and answers, looked like.
  final var requestShape = BoxShape()
  final var answerShape = BoxShape()
  /// Keeps the commands of the responders, also of those that were replaced.
  final var commands: [Command] = []
  /// Calls that have ended and can be used again.
  final var spareCalls: [AMPCall] = []
  /// The command of the answer that came last: likely that of the next one, too.
  final var expected: Command?
  final var expectedNow: Unmanaged<Command>?  // the same: not counted when it is looked at
  /// The command that was called last, for who looks commands up: its handle, and when that was known to be right.
  public final var called: Command?
  public final var calledId: UInt64 = 0
  public final var calledAt: UInt64 = 0
  /// How many conns there are that speak by it.
  final var connCount = 0
  final var rows = ByteBuffer()
  final var rowCount = 0

  /// Does the host want boxes as they are, or requests as a table of numbers?
  public final let wantsBoxes: Bool
  public final let wantsRequests: Bool

  public init(
    _ options: AMPOptions, wantsBoxes: Bool = false, wantsRequests: Bool = false, user: UnsafeMutableRawPointer?
  ) {
    self.options = options
    self.wantsBoxes = wantsBoxes
    self.wantsRequests = wantsRequests
    super.init(user: user)
  }

  deinit { box?.release() }

  // MARK: The host

  open func opened(_ conn: Conn) {}
  open func ended(_ conn: Conn, _ reason: Reason) {}
  open func takeBoxes(_ block: RawSpan, _ conn: Conn) -> Int { conn.context.table.count }
  open func takeRequests(_ block: RawSpan, _ rows: RawSpan, _ count: Int, _ conn: Conn) {}
  /// `function` and `number` are the responder's.
  open func respond(_ box: Box, _ function: UnsafeRawPointer?, _ number: Int, _ conn: Conn) {}
  /// Somebody else may know who answers a command: calls `respond` with who does, whose command has an owner meanwhile.
  open func locate(_ name: RawSpan, _ conn: Conn, _ respond: (Responder) -> Void) -> Bool { false }
  open func cancelled(_ box: Box?, _ tag: RawSpan, _ conn: Conn) {}
  open func extended(_ conn: Conn, _ large: Int) {}
  open func makeCall(_ context: Context) -> AMPCall { AMPCall(context) }
  /// How StartTLS is answered, if no responder is there for it; nil: TLS is not available.
  open func tls(_ conn: Conn) -> StartingTLS? { nil }

  // MARK: The conn

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    if let box, box._withUnsafeGuaranteedRef({ $0.context !== conn.context }) { rest() }
    let session = Session(self)
    conn.keep(session)
    conn.acceptDescriptors()
    return BoxProtocol(BoxFramer(session, longest: options.maxBox), self)
  }

  public final override func connected(_ conn: Conn) {
    connCount += 1
    _ = conn.withSession { session in
      session.isConnected = true
      if options.announces { session.announce(conn) }
      if options.keepAliveTime > 0 { session.keepAlive(conn) }
      return .ok
    }
    opened(conn)
  }

  public final override func disconnected(_ conn: Conn, _ reason: Reason) {
    _ = conn.withSession { session in
      session.end(reason, conn)
      return .ok
    }
    connCount -= 1
    ended(conn, reason)
    if connCount == 0 { rest() }
  }

  public final override func left(_ former: Protocol, _ conn: Conn, _ why: Reason) {
    guard let boxes = former as? BoxProtocol else { return }
    boxes.framer.session._withUnsafeGuaranteedRef { session in
      session.end(why, conn)
      if session.isConnected { connCount -= 1 }
    }
    if connCount == 0 { rest() }
  }

  /// Without conns nothing is held that keeps a reactor's context alive.
  final func rest() {
    box?._withUnsafeGuaranteedRef { $0.leave() }
    box?.release()
    box = nil
    spareCalls.removeAll()
    expect(nil)
    called = nil
    calledId = 0
  }

  final func expect(_ command: Command?) {
    expected = command
    expectedNow = command.map { Unmanaged.passUnretained($0) }
    answerShape.forget()
  }

  // MARK: Responders

  /// Adds who answers a command, or replaces who did; its number, or a status.
  public final func add(_ command: Command, _ function: UnsafeRawPointer?) -> Status {
    let name = command.nameBytes
    let found = find(name)
    guard responders.count < 1 << 20 else { return .limit }
    commands.append(command)
    var made = Responder(
      command: Unmanaged.passUnretained(command), function: function, number: found >= 0 ? found : responders.count)
    made.hash = AMPFactory.hash(name)
    if found >= 0 {
      responders[found] = made
      return Status(found)
    }
    guard responders.append(made) else { return .noMemory }
    if responders.count * 2 > places.count, !spread() { return .noMemory }
    place(responders.count - 1)
    return Status(responders.count - 1)
  }

  final func spread() -> Bool {
    let size = max(places.count * 2, 8)
    places.removeAll()
    guard places.resize(size, 0) else { return false }
    for index in 0..<responders.count - 1 { place(index) }
    return true
  }

  final func place(_ number: Int) {
    var place = Int(truncatingIfNeeded: responders[number].hash) & (places.count - 1)
    while places[place] != 0 { place = (place + 1) & (places.count - 1) }
    places[place] = UInt32(number + 1)
  }

  @inline(__always) static func hash(_ name: RawSpan) -> UInt64 {
    let hash = name.fnv
    return hash ^ hash >> 32
  }

  /// The number of a command's responder, or -1.
  @inline(__always) final func find(_ name: RawSpan) -> Int {
    if latest < responders.count,
      responders[latest].command?._withUnsafeGuaranteedRef({ $0.nameBytes.matches(name) }) ?? false
    {
      return latest
    }
    return search(name)
  }

  @_optimize(speed) @inline(never) final func search(_ name: RawSpan) -> Int {
    guard places.count > 0 else { return -1 }
    let hash = AMPFactory.hash(name)
    var place = Int(truncatingIfNeeded: hash) & (places.count &- 1)
    while places[place] != 0 {
      let number = Int(places[place]) &- 1
      let responder = responders[number]
      if responder.hash == hash,
        responder.command?._withUnsafeGuaranteedRef({ $0.nameBytes.isEqual(name) }) ?? false
      {
        latest = number
        return number
      }
      place = (place &+ 1) & (places.count &- 1)
    }
    return -1
  }

  // MARK: Receiving

  /// As long as boxes are as expected, each is looked at once, and answered.
  @_optimize(speed)
  public final override func takeInPlace(_ bytes: RawSpan, from start: Int, _ conn: Conn) -> Int {
    guard !wantsBoxes, !wantsRequests, let session = conn.session else { return start }
    return session._withUnsafeGuaranteedRef { takeExpected(bytes, from: start, conn, $0) }
  }

  @_optimize(speed) @inline(never)
  final func takeExpected(_ bytes: RawSpan, from start: Int, _ conn: Conn, _ session: Session) -> Int {
    let current = conn.context.table.pairs
    var at = start
    while !session.isExtended, !conn.mustReframe {
      current[0] = UInt32(truncatingIfNeeded: at &- start)
      var length = quick(bytes, at, current, conn, session)
      if length == 0 {
        if at == bytes.byteCount { break }
        length = quickAnswer(bytes, at, current, conn, session)
      }
      if length > 0 { at &+= length } else if !turn(to: bytes, at) { break }
    }
    return at
  }

  /// Another command is called than the one before: it is expected from now on. False: it is none of the responders', or was expected.
  @inline(never) final func turn(to bytes: RawSpan, _ at: Int) -> Bool {
    let rest = bytes.extracting(droppingFirst: at)
    var fields = Fields(width: 2)
    let former = latest
    while fields.next(rest) {
      guard fields.keyIn(rest).isEqual("_command") else { continue }
      return find(fields.valueIn(rest)) >= 0 && latest != former
    }
    return false
  }

  @_optimize(speed)
  public final override func take(_ block: RawSpan, _ conn: Conn) -> Int {
    if wantsBoxes { return takeBoxes(block, conn) }
    let context = conn.context
    let pairs = context.table.pairs
    let end = pairs + 2 &* context.table.count
    var next = pairs
    _ = conn.withSession { session in
      let isPlain = !wantsRequests && !session.isExtended
      while next < end {
        context.delivery.current = UnsafePointer(next)
        let at = Int(next[0])
        let length = Int(next[1])
        if !isPlain || !quickAgain(block, at, next, conn, session) { receiveAny(block, at, length, conn, session) }
        next += 2
        if conn.mustReframe { break }
      }
      if rowCount > 0 { giveRows(block, conn) }
      return .ok
    }
    return (next - pairs) / 2
  }

  @_optimize(speed) @inline(never)
  final func quickAgain(
    _ block: RawSpan, _ at: Int, _ row: UnsafeMutablePointer<UInt32>, _ conn: Conn, _ session: Session
  ) -> Bool { quick(block, at, row, conn, session) > 0 }

  @_optimize(speed) @inline(never)
  final func receiveAny(_ block: RawSpan, _ at: Int, _ length: Int, _ conn: Conn, _ session: Session) {
    receive(block, at, length, 2, conn, session)
  }

  /// A whole box.
  final func receive(_ block: RawSpan, _ at: Int, _ length: Int, _ width: Int, _ conn: Conn, _ session: Session) {
    let box = block.extracting(at..<at &+ length)
    let found = Reserved(box, width: width, isExtended: session.isExtended)
    if found.answer.isAbsent, found.error.isAbsent, !found.command.isAbsent {
      request(block, at, box, width, found, conn, session)
    } else {
      if rowCount > 0 { giveRows(block, conn) }
      answerOrMore(box, width, found, conn, session)
    }
  }

  @inline(never)
  final func answerOrMore(_ box: RawSpan, _ width: Int, _ found: Reserved, _ conn: Conn, _ session: Session) {
    if !found.answer.isAbsent || !found.error.isAbsent {
      answered(box, width, found, conn, session)
    } else if !found.part.isAbsent {
      session.take(part: found, box, self, conn)
    } else if !found.cancel.isAbsent {
      session.cancelled(found.cancel.of(box), self, conn)
    } else {
      conn.close(Reason(.malformed, text: "a box that is neither a request nor an answer"))
    }
  }

  @inline(__always) final func scratch(_ context: Context) -> Unmanaged<Box> { box ?? makeScratch(context) }

  @inline(never) final func makeScratch(_ context: Context) -> Unmanaged<Box> {
    let made = Unmanaged.passRetained(Box(context))
    made._withUnsafeGuaranteedRef { _ = $0.enter(Kind.box) }
    box = made
    return made
  }
}
